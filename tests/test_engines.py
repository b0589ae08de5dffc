"""Every engine computes the network of the paper, and nothing else decides what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import SMALL, letter_seeker, literal_probabilities, random_network, word_finder
from tracktools.blocks import plan_blocks
from tracktools.config import ModelConfig
from tracktools.engine import torch_engine
from tracktools.engine.grid import score_block
from tracktools.engine.interface import TOLERANCE, Engine, Window
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import Kernel, usable_kernels
from tracktools.engine.native.weights import fits
from tracktools.engine.torch_engine import TorchEngine
from tracktools.genome import Contig, Genome
from tracktools.interval import STRANDS, Strand
from tracktools.model.transformer import Transformer

MakeEngine = Callable[[Transformer], Engine]


def _native(kernel: Kernel, model: Transformer, threads: int = 1) -> Engine:
    """The native engine, or torch's for a network that the library does not take."""
    if not fits(model.config):
        return TorchEngine(model, threads=threads)
    return NativeEngine(model, kernel=kernel, threads=threads)


ENGINES: dict[str, MakeEngine] = {"torch": lambda model: TorchEngine(model, threads=1)}
for _kernel in usable_kernels():
    if _kernel.precision == "exact":
        ENGINES[f"native-{_kernel.name}"] = partial(_native, _kernel)

FAST_KERNELS = [kernel for kernel in usable_kernels() if kernel.precision == "fast"]


ALL_ENGINES = ENGINES | {f"native-{kernel.name}": partial(_native, kernel) for kernel in FAST_KERNELS}


@pytest.fixture(params=ALL_ENGINES)
def make_any(request: pytest.FixtureRequest) -> MakeEngine:
    """Fast ones, too: to be compared within what the engine promises."""
    return ALL_ENGINES[request.param]


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> MakeEngine:
    return ENGINES[request.param]


def random_codes(length: int, seed: int = 0, n_codes: int = 5) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, n_codes, length, dtype=np.uint8)


def forward(model: Transformer, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    with torch.no_grad():
        return torch.sigmoid(model(torch.from_numpy(codes).long()[None]))[0].numpy()


@pytest.mark.parametrize("length", [1, 2, 31, 33, 600])
def test_network_of_the_paper_equals_its_equations(make: MakeEngine, length: int) -> None:
    model, codes = random_network(ModelConfig()), random_codes(length)
    expected = literal_probabilities(model, codes)
    assert np.ptp(expected) > 0.1 or length < 600
    np.testing.assert_allclose(forward(model, codes), expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(make(model).probabilities(codes, 0, length), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        ModelConfig(n_layers=1, n_heads=2, d_model=4, d_head=7, conv_width_bp=1, attention_window_bp=1),
        ModelConfig(n_layers=3, n_heads=1, d_model=32, d_head=16, conv_width_bp=5, attention_window_bp=33),
        ModelConfig(n_layers=2, n_heads=4, d_model=64, d_head=32, conv_width_bp=9, attention_window_bp=150),
        ModelConfig(n_layers=2, n_heads=6, d_model=32, d_head=32, conv_width_bp=7, attention_window_bp=100),
    ],
)
def test_any_architecture_equals_its_equations(make: MakeEngine, config: ModelConfig) -> None:
    model, codes = random_network(config, seed=1), random_codes(211, seed=1)
    expected = literal_probabilities(model, codes)
    np.testing.assert_allclose(forward(model, codes), expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(make(model).probabilities(codes, 0, 211), expected, atol=1e-5, rtol=0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 3))
@settings(deadline=None, max_examples=25)
def test_any_sequence_equals_its_equations(letters: list[int], seed: int) -> None:
    model, codes = random_network(SMALL, seed), np.array(letters, dtype=np.uint8)
    expected = literal_probabilities(model, codes)
    for make in ENGINES.values():
        np.testing.assert_allclose(make(model).probabilities(codes, 0, len(codes)), expected, atol=1e-5, rtol=0)


def test_a_window_with_its_halo_equals_the_whole(make: MakeEngine) -> None:
    model, codes = random_network(ModelConfig(n_layers=3)), random_codes(6000)
    engine, up, down = make(model), model.config.halo_upstream_bp, model.config.halo_downstream_bp
    whole = engine.probabilities(codes, 0, 6000)
    for first, last in [(0, 1), (17, 900), (2500, 4321), (5990, 6000)]:
        start = max(0, first - up)
        part = engine.probabilities(codes[start : last + down], first - start, last - start)
        np.testing.assert_allclose(part, whole[first:last], atol=1e-6, rtol=0)


def test_windows_on_the_grid_agree_in_every_bit(make: MakeEngine) -> None:
    model, codes = random_network(ModelConfig(n_layers=3)), random_codes(6000)
    engine, down = make(model), model.config.halo_downstream_bp
    whole = engine.probabilities(codes, 0, 6000)
    step = engine.alignment_bp
    for first, last in [(1700, 1702), (2500, 4321)]:
        start = (first - model.config.halo_upstream_bp) // step * step
        part = engine.probabilities(codes[start : last + down], first - start, last - start)
        assert part.tobytes() == whole[first:last].tobytes()


def test_windows_see_nothing_of_each_other(make: MakeEngine) -> None:
    model = random_network(SMALL)
    windows = [Window(random_codes(n, seed=n), 0, n) for n in (1, 32, 31, 700, 64, 5, 30, 33)]
    windows.append(Window(random_codes(50), 7, 41))
    windows.append(Window(random_codes(0), 0, 0))
    engine = make(model)
    together = engine.probabilities_many(windows)
    for window, answer in zip(windows, together, strict=True):
        assert engine.probabilities(*window).tobytes() == answer.tobytes()
    assert [len(answer) for answer in together] == [w.last - w.first for w in windows]


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "LEAST_PART_BP", 2000)
    model, codes = random_network(ModelConfig(n_layers=2)), random_codes(9000)
    makers: list[Callable[..., Engine]] = [lambda model, threads: TorchEngine(model, threads=threads)]
    makers += [partial(_native, kernel) for kernel in usable_kernels()]
    for make in makers:
        one, three = (make(model, threads=n).probabilities(codes, 5, 8900) for n in (1, 3))
        assert one.tobytes() == three.tobytes()


@pytest.mark.parametrize("kernel", FAST_KERNELS, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize("config", [ModelConfig(), SMALL])
def test_fast_stays_within_what_it_promises(kernel: Kernel, config: ModelConfig) -> None:
    model, codes = random_network(config, seed=3), random_codes(700)
    expected = literal_probabilities(model, codes)
    error = np.abs(_native(kernel, model).probabilities(codes, 0, 700) - expected).max()
    assert 1e-5 < error < TOLERANCE["fast"]  # more than 1e-5, or this was not the fast one


def test_the_halo_is_exactly_what_an_output_depends_on(make: MakeEngine) -> None:
    model, codes = random_network(SMALL), random_codes(90, n_codes=4)
    up, down, asked = SMALL.halo_upstream_bp, SMALL.halo_downstream_bp, 50
    gradient = gradient_of_output(model, codes, asked)
    touched = np.flatnonzero(gradient)
    assert (touched.min(), touched.max()) == (asked - up, asked + down)

    engine = make(model)
    before = engine.probabilities(codes, asked, asked + 1)
    outside = codes.copy()
    outside[: asked - up] = 4
    outside[asked + down + 1 :] = 4
    assert engine.probabilities(outside, asked, asked + 1) == before
    inside = codes.copy()
    inside[asked + down] ^= 1
    assert engine.probabilities(inside, asked, asked + 1) != before


def gradient_of_output(model: Transformer, codes: npt.NDArray[np.uint8], position: int) -> npt.NDArray[np.float64]:
    """Largest derivative of one output by the input states of each base, shape (L,)."""
    states: list[torch.Tensor] = []

    def keep(table: torch.Tensor) -> torch.Tensor:
        states.append(table[torch.from_numpy(codes).long()].detach().requires_grad_())
        return states[0]

    table = model.double().letter_table()
    own = keep(table)
    model.letter_table = lambda: own  # type: ignore[method-assign]
    log_odds = model(torch.arange(len(codes))[None])[0]
    (gradient,) = torch.autograd.grad(log_odds[position], own)
    del model.letter_table
    model.float()
    return gradient.abs().amax(dim=1).numpy()


@pytest.mark.parametrize(("distance_bp", "d_model"), [(0, 32), (9, 32), (40, 64)])
def test_a_planted_word_is_found_on_the_exact_base(make: MakeEngine, distance_bp: int, d_model: int) -> None:
    config = ModelConfig(n_layers=1, n_heads=1, d_model=d_model, attention_window_bp=64)
    word = np.array([3, 0, 3, 0, 0, 3, 2], dtype=np.uint8)
    codes = random_codes(3000, seed=4)
    for at in (100, 101 + len(word), 900, 2990):
        codes[at : at + len(word)] = word
    hits = np.flatnonzero((np.lib.stride_tricks.sliding_window_view(codes, len(word)) == word).all(axis=1))
    centres = hits + len(word) // 2 + distance_bp
    found = np.flatnonzero(make(word_finder(word, distance_bp, config)).probabilities(codes, 0, 3000) > 0.5)
    # nearer the start than `distance_bp` there is nothing to look at, and the network looks at what there is
    np.testing.assert_array_equal(found[found >= distance_bp], centres[centres < 3000])


@pytest.mark.parametrize("score", [200, 72, 66, 40, -40, -60, -66, -200])  # x 1.44 are powers of two
@pytest.mark.parametrize("window_bp", [12, 96])
def test_scores_of_any_size_and_a_largest_one_out_of_sight(make_any: MakeEngine, window_bp: int, score: float) -> None:
    config = ModelConfig(n_layers=1, n_heads=2, conv_width_bp=3, attention_window_bp=window_bp)
    model = letter_seeker(3, config, score)
    codes = random_codes(700, seed=2, n_codes=3)  # no T
    codes[[150, 151, 400, 690]] = 3
    codes[500:620] = 3  # for a while nothing else is seen
    expected, engine = literal_probabilities(model, codes), make_any(model)
    np.testing.assert_allclose(engine.probabilities(codes, 0, 700), expected, atol=TOLERANCE[engine.precision], rtol=0)


EDGES = ModelConfig(
    n_layers=2, n_heads=1, d_model=8, d_head=8, conv_width_bp=3, attention_window_bp=70, label_shift_bp=20
)
EDGES_BLOCK_BP = 97


def contigs_at_the_edges() -> Genome:
    """Contigs of 1 to 600 bases, some circular; unknown letters at the borders of blocks, at ends, and everywhere."""
    lengths = (1, 2, 19, 20, 21, 33, 63, 64, 65, 128, 129, 257, 600)
    contigs = [Contig(f"linear{n}", letters_of(random_codes(n, seed=n))) for n in lengths]
    contigs += [Contig(f"ring{n}", letters_of(random_codes(n, seed=n)), circular=True) for n in (1, 2, 64, 97)]
    bordered = random_codes(2 * EDGES_BLOCK_BP + 11, seed=4, n_codes=4)
    for border in range(EDGES_BLOCK_BP, len(bordered), EDGES_BLOCK_BP):
        bordered[[border - 1, border, -border, -border - 1]] = 4
    bordered[[0, -1]] = 4
    unknown = np.full(130, 4, dtype=np.uint8)
    contigs += [Contig("bordered", letters_of(bordered)), Contig("border_ring", letters_of(bordered), circular=True)]
    return Genome(
        "edges", (*contigs, Contig("unknown", letters_of(unknown)), Contig("ring_n", letters_of(unknown), True))
    )


def letters_of(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]


@cache
def literal_values(strand: Strand) -> tuple[npt.NDArray[np.float64], ...]:
    """What every base of a strand of `contigs_at_the_edges` must get, contig by contig; NaN where nothing."""
    model, up, down = random_network(EDGES, seed=6), EDGES.halo_upstream_bp, EDGES.halo_downstream_bp
    shift, values = EDGES.label_shift_bp, []
    for contig in contigs_at_the_edges():
        size = len(contig)
        if contig.circular:
            around = literal_probabilities(model, contig.strand_codes(-up, size + shift + down, strand))
            answers = around[up + shift : up + shift + size]
        else:
            alone = literal_probabilities(model, contig.strand_codes(0, size, strand))
            answers = np.concatenate([alone[shift:], np.full(min(shift, size), np.nan)])
        answers = answers if strand == "+" else answers[::-1]
        values.append(np.where(contig.codes == 4, np.nan, answers))
    return tuple(values)


@pytest.mark.parametrize("block_bp", [EDGES_BLOCK_BP, 131_072])
def test_short_contigs_and_unknown_letters_are_right_to_the_base(make_any: MakeEngine, block_bp: int) -> None:
    genome, engine = contigs_at_the_edges(), make_any(random_network(EDGES, seed=6))
    found = {strand: [np.full(len(contig), np.nan) for contig in genome] for strand in STRANDS}
    for block in plan_blocks(genome, block_bp, EDGES):
        for piece, values in block.split(score_block(block, genome, engine, EDGES)):
            found[piece.strand][piece.contig][piece.start : piece.end] = values
    for strand in STRANDS:
        for contig, expected, values in zip(genome, literal_values(strand), found[strand], strict=True):
            np.testing.assert_allclose(
                values, expected, atol=TOLERANCE[engine.precision], rtol=0, equal_nan=True, err_msg=contig.name
            )


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_circular_contig_has_no_seam(make: MakeEngine, strand: str) -> None:
    model = random_network(SMALL)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[random_codes(83, seed=9, n_codes=4)]
    contig = Contig("plasmid", letters, circular=True)
    turned = Contig("plasmid", np.roll(letters, 31 if strand == "+" else -31), circular=True)
    up, down = SMALL.halo_upstream_bp, SMALL.halo_downstream_bp
    here, there = (
        make(model).probabilities(c.strand_codes(-up, 83 + down, strand), up, up + 83) for c in (contig, turned)
    )
    np.testing.assert_allclose(np.roll(here, 31), there, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("codes", "first", "last"), [([0, 1], -1, 1), ([0, 1], 0, 3), ([0, 1], 2, 1), ([0, 5], 0, 1)])
def test_a_wrong_window_is_refused(make: MakeEngine, codes: list[int], first: int, last: int) -> None:
    with pytest.raises(ValueError, match=r"not within|no letter"):
        make(random_network(SMALL)).probabilities(np.array(codes, dtype=np.uint8), first, last)


MEASURE = """
import json, resource, sys
import numpy as np
from networks import random_network
from tracktools.config import ModelConfig
from tracktools.engine import make_engine

def resident(which):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(which)) * 1024

config = ModelConfig(n_layers=1, n_heads=1, attention_window_bp=64)
engine = make_engine(sys.argv[1], random_network(config), threads=2, device="cpu")
engine.probabilities(np.zeros(5000, dtype=np.uint8), 0, 5000)
before, n = resident("VmRSS"), int(sys.argv[2])
engine.probabilities(np.zeros(n, dtype=np.uint8), 0, n)
print(json.dumps([resident("VmHWM") - before, engine.memory_bytes(n)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("name", ["native", "torch"] if usable_kernels() else ["torch"])
@pytest.mark.parametrize("length", [131_072, 1_000_000])
def test_memory_stays_within_what_is_announced(name: str, length: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, name, str(length)],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )
    added, announced = json.loads(run.stdout)
    assert added < announced * 1.1 + (16 << 20)
    assert length < 1_000_000 or announced < 3 * added  # an announcement that is too large is no use either
