"""Answers kept by sequence: the same bits as without, and only what differs is computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dilated_networks import SMALL, random_codes, random_dilated
from networks import SMALL as SMALL_TRANSFORMER
from networks import random_network
from tracktools.config import DilatedConfig
from tracktools.engine import Engine, Window, make_engine
from tracktools.engine.kept_answers import LONGEST_PIECE_BP, KeepingEngine, piece_borders
from tracktools.engine.native.library import usable_kernels
from tracktools.errors import ConfigError, OutputError
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import parameters_of

FAR = DilatedConfig(n_channels=8, stem_width_bp=5, dilations_bp=(1, 20, 3))

pytestmark = pytest.mark.skipif(
    not usable_kernels("dilated"), reason="no native engine here: `tracktools info` says why"
)


def keeping(folder: Path, model: Dilated, precision: str = "exact") -> KeepingEngine:
    parameters = parameters_of(model)
    engine = make_engine("native", parameters, threads=2, precision=precision)
    return KeepingEngine(engine, model.config, folder, parameters.sha256)


def plain(model: Dilated) -> Engine:
    return make_engine("native", model, threads=1)


def substituted(codes: npt.NDArray[np.uint8], share: float, seed: int = 5) -> npt.NDArray[np.uint8]:
    generator, changed = np.random.default_rng(seed), codes.copy()
    at = np.flatnonzero(generator.random(len(codes)) < share)
    changed[at] = (changed[at] + generator.integers(1, 4, len(at), dtype=np.uint8)) % 4
    return changed


def same(one: Sequence[npt.NDArray[np.float32]], other: Sequence[npt.NDArray[np.float32]]) -> bool:
    return [answers.tobytes() for answers in one] == [answers.tobytes() for answers in other]


@pytest.mark.parametrize("config", [SMALL, FAR], ids=["near", "far"])
def test_answers_are_those_of_the_engine_bit_by_bit(tmp_path: Path, config: DilatedConfig) -> None:
    model = random_dilated(config, gain=0.7)
    genome = random_codes(20_000)
    windows = [Window(genome, 0, 20_000), Window(genome[5000:9000], 300, 3700), Window(genome[-31:], 0, 31)]
    windows += [Window(genome[: n + 7], n // 2, n) for n in (0, 1, 2, 15, 16, 17, 40)]
    windows += [Window(np.full(1500, code, dtype=np.uint8), 3, 1490) for code in (0, 4)]
    expected = plain(model).probabilities_many(windows)
    for _ in range(2):
        engine = keeping(tmp_path, model)
        for _ in range(2):
            assert same(engine.probabilities_many(windows), expected)
        engine.close()


def test_nothing_is_computed_twice_also_by_a_later_process_and_in_another_order(tmp_path: Path) -> None:
    model, genome = random_dilated(FAR, gain=0.7), random_codes(30_000) % 4
    first = keeping(tmp_path, model)
    first.probabilities_many([Window(genome, 0, 30_000)])
    assert first.computed_bp == first.asked_bp == 30_000
    first.close()
    later = keeping(tmp_path, model)
    later.probabilities_many([Window(genome, 0, 30_000)])
    assert later.computed_bp == 0
    moved = np.concatenate([genome[21_000:], random_codes(500, seed=8) % 4, genome[:21_000]])
    answers = later.probabilities_many([Window(moved, 0, len(moved))])
    assert same(answers, plain(model).probabilities_many([Window(moved, 0, len(moved))]))
    assert 500 < later.computed_bp < 1500  # what is new, and the pieces around five ends


def test_only_what_changes_can_reach_is_computed(tmp_path: Path) -> None:
    model, genome = random_dilated(SMALL, gain=0.7), random_codes(60_000) % 4
    first = keeping(tmp_path, model)
    first.probabilities(genome, 0, 60_000)
    first.close()
    strain = substituted(genome, 0.001)
    second = keeping(tmp_path, model)
    assert second.probabilities(strain, 0, 60_000).tobytes() == plain(model).probabilities(strain, 0, 60_000).tobytes()
    assert second.computed_bp < 0.25 * 60_000


def test_an_end_of_the_molecule_is_not_taken_for_its_inside(tmp_path: Path) -> None:
    model, genome = random_dilated(SMALL, gain=0.7), random_codes(400) % 4
    engine = keeping(tmp_path, model)
    for start in range(0, 30):  # the same letters, each time with less before them
        window = Window(genome[start:], 0, 400 - start)
        assert same(engine.probabilities_many([window]), plain(model).probabilities_many([window]))
        engine.close()


def test_networks_and_precisions_do_not_share_answers(tmp_path: Path) -> None:
    codes = random_codes(3000)
    for seed in (1, 2):
        model = random_dilated(SMALL, seed=seed, gain=0.7)
        for precision in ("exact", "fast"):
            engine = keeping(tmp_path, model, precision)
            expected = make_engine("native", model, precision=precision).probabilities(codes, 0, 3000)
            assert engine.probabilities(codes, 0, 3000).tobytes() == expected.tobytes()
            engine.close()


@pytest.mark.parametrize("empty", [False, True])
def test_a_damaged_file_is_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture, empty: bool) -> None:
    model, codes = random_dilated(SMALL, gain=0.7), random_codes(9000)
    first = keeping(tmp_path, model)
    expected = first.probabilities(codes, 0, 9000)
    first.close()
    (kept,) = tmp_path.glob("*/*.npz")
    data = bytearray(kept.read_bytes())
    data[-3000] ^= 1  # of an answer
    kept.write_bytes(b"" if empty else data)
    second = keeping(tmp_path, model)
    assert f"{kept} is damaged and left out" in caplog.text
    assert second.probabilities(codes, 0, 9000).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "twist", ["above 1", "below 0", "not a number", "whole numbers", "other keys", "a table", "too few"]
)
def test_a_file_of_what_no_engine_answers_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, twist: str
) -> None:
    model, window = random_dilated(), [Window(random_codes(3000), 0, 3000)]
    engine = keeping(tmp_path, model)
    expected = engine.probabilities_many(window)
    engine.close()
    (path,) = tmp_path.rglob("*.npz")
    with np.load(path) as arrays:
        keys, lengths, values = arrays["keys"], arrays["lengths"], arrays["values"]
    match twist:
        case "above 1" | "below 0" | "not a number":
            values[7] = {"above 1": 1.5, "below 0": -0.1, "not a number": np.nan}[twist]
        case "whole numbers":
            values = values.astype(np.int64)
        case "other keys":
            keys = keys.astype("S20")
        case "a table":
            values = values[:, None]
        case "too few":
            values = values[1:]
    np.savez(path, keys=keys, lengths=lengths, values=values)
    again = keeping(tmp_path, model)
    assert f"{path.name} is damaged and left out" in caplog.text
    assert same(again.probabilities_many(window), expected)
    assert again.computed_bp == 3000


def test_a_cache_that_cannot_be_written_is_a_warning_and_the_answers_hold(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, window = random_dilated(), [Window(random_codes(3000), 0, 3000)]
    engine = keeping(tmp_path, model)
    engine.store.folder.write_text("no folder")
    assert same(engine.probabilities_many(window), plain(model).probabilities_many(window))
    engine.close()
    engine.probabilities_many([Window(random_codes(3000, seed=4), 0, 3000)])
    engine.close()
    assert caplog.text.count("what this run computes is not kept there") == 1
    assert [path.name for path in tmp_path.iterdir()] == [engine.store.folder.name]


def test_engines_whose_bits_depend_on_where_a_window_begins_are_refused(tmp_path: Path) -> None:
    for model in (random_dilated(), random_network(SMALL_TRANSFORMER)):
        engine = make_engine("torch", model)
        with pytest.raises(ConfigError, match="leave out --cache"):
            KeepingEngine(engine, model.config, tmp_path, "0" * 64)


def test_a_cache_that_is_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "cache"):
        with pytest.raises(OutputError, match="cannot be made"):
            keeping(folder, random_dilated())
    assert (tmp_path / "file").read_text() == "mine"


def test_borders_depend_on_the_letters_around_them_alone() -> None:
    codes = random_codes(5000)
    borders = piece_borders(codes, 100, 4900)
    assert (borders[0], borders[-1]) == (100, 4900)
    assert np.diff(borders).min() > 0
    assert np.diff(borders).max() <= LONGEST_PIECE_BP
    shifted = piece_borders(codes[1234:], 100, 3666)
    assert set(shifted[5:-1] + 1234) <= set(borders)
    assert len(piece_borders(np.zeros(9, dtype=np.uint8), 4, 4)) == 1
