"""Changed outputs: each has the bits of a run over the changed sequence, whatever was computed with it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dilated_networks import SMALL, random_codes, random_dilated
from tracktools import load_model
from tracktools.arrays import Codes, Float32
from tracktools.config import DilatedConfig
from tracktools.engine.changes import changed_outputs
from tracktools.engine.dilated_engine import DilatedEngine
from tracktools.engine.interface import Changes, Engine, Window
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.engine.native.dilated import NativeDilatedEngine
from tracktools.engine.native.library import Kernel, usable_kernels
from tracktools.engine.substitutions import Places, substituted_outputs
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import parameters_of

KERNELS = usable_kernels("dilated")
SHAPES = {
    "small": SMALL,
    "members": DilatedConfig(n_channels=40, stem_width_bp=9, dilations_bp=(1, 2, 4, 8), n_members=3),
    "wide": DilatedConfig(n_channels=97, stem_width_bp=1, conv_width_bp=5, dilations_bp=(3, 1), n_members=2),
    "gaps": DilatedConfig(n_channels=8, stem_width_bp=3, dilations_bp=(50, 1)),  # most bases within reach are not seen
    "pointwise": DilatedConfig(n_channels=33, stem_width_bp=7, conv_width_bp=1, dilations_bp=(1,)),
    "stem": DilatedConfig(n_channels=7, stem_width_bp=5, dilations_bp=()),
}


@cache
def shaped(name: str) -> Dilated:
    return random_dilated(SHAPES[name], gain=0.7)


@pytest.fixture(params=KERNELS, ids=lambda kernel: kernel.name)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    found: Kernel = request.param
    return found


def engine_of(kernel: Kernel, model: Dilated, threads: int = 1) -> NativeDilatedEngine:
    return NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=threads)


def all_around(codes: Codes, halo: int, places: list[int] | None = None) -> Changes:
    """Every base, or some, with all outputs that can see it."""
    offsets = np.flatnonzero(codes < 4) if places is None else np.array(places)
    return Changes(codes, offsets, np.maximum(offsets - halo, 0), np.minimum(offsets + halo + 1, len(codes)))


def run_each(engine: Engine, changes: Changes) -> Float32:
    windows = []
    for offset, first, last in zip(*changes[1:], strict=True):
        for letter in range(4):
            codes = changes.codes.copy()
            codes[offset] = letter
            windows.append(Window(codes, int(first), int(last)))
    return np.concatenate(engine.probabilities_many(windows))


@pytest.mark.parametrize("name", SHAPES)
def test_every_change_has_the_bits_of_a_run_over_the_changed_sequence(kernel: Kernel, name: str) -> None:
    engine = engine_of(kernel, shaped(name))
    for length in (1, 2, 14, 67, 131):
        changes = all_around(random_codes(length, seed=length), SHAPES[name].halo_upstream_bp)
        (found,) = engine.changed([changes])
        assert found.tobytes() == (run_each(engine, changes) if len(changes.offsets) else found).tobytes(), length


def test_a_few_outputs_of_the_shipped_network(kernel: Kernel) -> None:
    model = load_model("ecoli-tss-dilated").model
    assert isinstance(model, Dilated)
    engine, codes = engine_of(kernel, model), random_codes(400)
    offsets = np.array([o for o in (118, 119, 160, 189, 195, 200, 201, 221, 282) if codes[o] < 4])
    changes = Changes(codes, offsets, np.full(len(offsets), 195), np.full(len(offsets), 206))
    (found,) = engine.changed([changes])
    assert found.tobytes() == run_each(engine, changes).tobytes()
    by_letter = found.reshape(len(offsets), 4, 11)
    assert (by_letter.min(axis=1) < by_letter.max(axis=1)).any(axis=1).sum() >= len(offsets) - 2  # they are seen


@pytest.mark.skipif(not KERNELS, reason="no native engine here: `tracktools info` says why")
def test_order_company_and_threads_change_no_bit() -> None:
    halo = SHAPES["members"].halo_upstream_bp
    one, three = (engine_of(KERNELS[-1], shaped("members"), threads) for threads in (1, 3))
    codes = random_codes(700)
    forward = all_around(codes, halo)
    backward = Changes(codes, *(column[::-1].copy() for column in forward[1:]))
    short, far = all_around(random_codes(9), halo), all_around(codes, halo, [int(np.flatnonzero(codes < 4)[-1])])
    answers = three.changed([forward, short, backward, far])
    for changes, answer in zip((forward, short, backward, far), answers, strict=True):
        assert one.changed([changes])[0].tobytes() == answer.tobytes()
    sizes = 4 * (backward.lasts - backward.firsts)
    turned = np.split(answers[2], np.cumsum(sizes)[:-1])[::-1]
    assert np.concatenate(turned).tobytes() == answers[0].tobytes()
    assert one.changed([]) == []


@pytest.mark.parametrize("name", ["small", "gaps"])
def test_torch_gives_what_it_gives_for_each_mutant(name: str) -> None:
    engine, config = DilatedEngine(shaped(name), threads=1), SHAPES[name]
    codes = random_codes(300)
    changes = all_around(codes, config.halo_upstream_bp, np.flatnonzero(codes < 4)[::17].tolist())
    (found,) = changed_outputs([changes], engine, config, 500)
    assert found.tobytes() == run_each(engine, changes).tobytes()


@pytest.mark.skipif(not KERNELS, reason="no native engine here: `tracktools info` says why")
@pytest.mark.parametrize("batch_bp", [1, 1 << 20])
def test_places_give_the_same_as_mutant_by_mutant(batch_bp: int, tmp_path: Path) -> None:
    config, codes = SMALL, random_codes(120)
    engine = engine_of(KERNELS[-1], shaped("small"))
    asked = [
        Places(Window(codes, 40, 51), np.array([5, 33, 39, 45, 60, 57, 110])),
        Places(Window(codes[:40], 0, 40), np.arange(40)),
        Places(Window(np.tile(codes[:30], 2), 10, 20), np.arange(30), 30),  # a circle of 30 bases, seen twice
        Places(Window(codes, 7, 7), np.array([3])),
    ]
    torch_engine = DilatedEngine(shaped("small"), threads=1)
    keeping = KeepingEngine(engine, config, tmp_path, "0" * 64)
    expected = list(substituted_outputs(asked, torch_engine, config, batch_bp))
    for able in (engine, keeping):
        found = list(substituted_outputs(asked, able, config, batch_bp))
        assert [values.shape for values in found] == [(7, 4, 11), (40, 4, 40), (30, 4, 10), (1, 4, 0)]
        for values, others in zip(found, expected, strict=True):
            np.testing.assert_allclose(values, others, atol=1e-5, rtol=0)
