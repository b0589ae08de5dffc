"""Near-copies of training sequence are found, whichever strand, and only as near as the rule says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from tracktools.config import EvaluateConfig, PredictConfig
from tracktools.errors import ConfigError
from tracktools.evaluate import ScopeOptions, SignalInput, evaluate_tracks
from tracktools.evaluate.inputs import read_all
from tracktools.evaluate.near_copies import fill_holes, find_near_copies
from tracktools.evaluate.near_copy_scores import COLUMNS
from tracktools.evaluate.run import score_material
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Contig, Genome, load_genome
from tracktools.interval import Interval
from tracktools.splits import Region, Split, paper_split

LENGTH, BORDER = 9000, 6000  # training up to the border, test behind it
PLACE, COPY_BP = 7000, 400
COMPLEMENT = np.zeros(256, dtype=np.uint8)
COMPLEMENT[list(b"ACGTN")] = list(b"TGCAN")


def random_letters(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", dtype=np.uint8), LENGTH)


def near(letters: np.ndarray, *, circular: bool = False) -> np.ndarray:
    genome = Genome("g", (Contig("chr", letters, circular=circular),))
    name = genome.contigs[0].sequence_sha256
    split = Split((Region(name, 0, BORDER, "train"), Region(name, BORDER, LENGTH, "test")))
    (found,) = find_near_copies(genome, split, [Interval("chr", BORDER, LENGTH)])
    assert len(found) == LENGTH - BORDER
    return np.flatnonzero(found) + BORDER


def substituted(letters: np.ndarray, every: int) -> np.ndarray:
    """Another letter at every so manyth base, not quite evenly."""
    changed = letters.copy()
    at = np.arange(0, len(letters), every) + np.random.default_rng(1).integers(0, max(every // 2, 1))
    at = at[at < len(letters)]
    changed[at] = COMPLEMENT[changed[at]]
    return changed


def test_random_sequence_has_no_near_copy() -> None:
    assert len(near(random_letters())) == 0


@pytest.mark.parametrize("antisense", [False, True])
def test_a_copy_is_found_to_the_base(antisense: bool) -> None:
    letters = random_letters()
    copy = letters[1000 : 1000 + COPY_BP]
    letters[PLACE : PLACE + COPY_BP] = COMPLEMENT[copy[::-1]] if antisense else copy
    found = near(letters)
    first, last = PLACE + 50, PLACE + COPY_BP - 50  # windows of equal letters alone
    assert set(range(first, last + 1)) <= set(found.tolist())
    assert found.min() >= first - 10 - 6  # ten letters of a window may differ, and some agree by chance
    assert found.max() <= last + 10 + 6
    assert (np.diff(found) == 1).all()


@pytest.mark.parametrize(("every", "is_near"), [(14, True), (7, False)])
@pytest.mark.parametrize("antisense", [False, True])
def test_a_diverged_copy_is_near_up_to_a_tenth(every: int, is_near: bool, antisense: bool) -> None:
    letters = random_letters(2)
    copy = substituted(letters[2000 : 2000 + COPY_BP], every)
    letters[PLACE : PLACE + COPY_BP] = COMPLEMENT[copy[::-1]] if antisense else copy
    found = near(letters)
    assert (len(found) > COPY_BP - 120) == is_near
    assert is_near or len(found) == 0


def test_a_lost_letter_makes_no_hole() -> None:
    letters = random_letters(3)
    copy = letters[500 : 500 + COPY_BP]
    letters[PLACE : PLACE + COPY_BP - 1] = np.delete(copy, COPY_BP // 2)
    found = near(letters)
    assert (np.diff(found) == 1).all()
    assert len(found) >= COPY_BP - 1 - 100


def test_unknown_letters_are_no_copy_of_unknown_letters() -> None:
    letters = random_letters(4)
    letters[300:700] = letters[PLACE : PLACE + COPY_BP] = ord("N")
    assert len(near(letters)) == 0


@pytest.mark.parametrize("circular", [False, True])
def test_a_copy_at_the_end_is_judged_by_the_letters_that_there_are(circular: bool) -> None:
    letters = random_letters(5)
    letters[-200:] = letters[3000:3200]
    found = near(letters, circular=circular)
    assert found.min() <= LENGTH - 150
    assert found.max() == LENGTH - 40 or (circular and LENGTH - 40 < found.max() < LENGTH - 30)  # some agree by chance


def test_training_sequence_that_crosses_the_origin_is_searched_as_one() -> None:
    letters = random_letters(6)
    letters[4000:4200] = np.concatenate([letters[-100:], letters[:100]])
    genome = Genome("g", (Contig("chr", letters, circular=True),))
    name = genome.contigs[0].sequence_sha256
    parts = [(0, 3000, "train"), (3000, 5000, "test"), (5000, LENGTH, "train")]
    split = Split(tuple(Region(name, *part) for part in parts))
    (found,) = find_near_copies(genome, split, [Interval("chr", 3000, 5000)])
    assert found[1050:1151].all()


def test_the_ap_apart_is_that_of_the_other_bases(tmp_path: Path) -> None:
    rng, size = np.random.default_rng(8), 30_011
    signals = {strand: rng.random(size, dtype=np.float32) for strand in "+-"}
    signals["+"][50:70] = np.nan
    truth = {strand: rng.random(size) < 0.01 for strand in "+-"}
    paths = [tmp_path / f"x.{word}.bw" for word in ("plus", "minus")]
    for path, strand in zip(paths, "+-", strict=True):
        signals[strand][truth[strand]] += 0.2
        write_bigwig(path, {"chr": size}, {"chr": signals[strand]})
    rows = [f"chr\t{at}\t{at + 1}\tt\t0\t{strand}\n" for strand in "+-" for at in np.flatnonzero(truth[strand])]
    (tmp_path / "set.bed").write_text("".join(rows))
    near = np.zeros(size, dtype=bool)
    near[5000:9000] = True
    config = EvaluateConfig(region="all", resamples=20)
    judged = SignalInput(plus=paths[0], minus=paths[1])
    read = read_all(judged, {"set": tmp_path / "set.bed"}, ScopeOptions(), config, PredictConfig())
    table = score_material(read, config, [near]).table
    row = table[table["level"] == "base"].iloc[0]
    kept = {strand: ~near & ~np.isnan(signals[strand]) for strand in "+-"}
    values, true = (np.concatenate([each[strand][kept[strand]] for strand in "+-"]) for each in (signals, truth))
    assert row["ap_apart"] == pytest.approx(average_precision_score(true, values))
    assert row["ap_apart_low"] < row["ap_apart"] < row["ap_apart_high"]
    assert row["near_copies"] == 2 * 4000
    assert row["near_copy_positives"] == sum(truth[strand][near].sum() for strand in "+-")
    assert table[table["level"] == "peak"][list(COLUMNS)].isna().all(axis=None)
    assert row["ap"] == pytest.approx(score_material(read, config).table["ap"].iloc[0])


def test_near_copies_of_what_is_not_known_or_trained_on_are_refused(tmp_path: Path) -> None:
    size = 4_641_652
    for word in ("plus", "minus"):
        write_bigwig(tmp_path / f"x.{word}.bw", {"NC_000913.3": size}, {"NC_000913.3": np.ones(9, np.float32)})
        write_bigwig(tmp_path / f"y.{word}.bw", {"other": 500}, {"other": np.ones(9, np.float32)})
    for name, chrom, region, words in (
        ("x", "NC_000913.3", "all", "bases that trained the model are scored"),
        ("y", "other", "all", "needs to know what was trained on"),
    ):
        (tmp_path / "set.bed").write_text(f"{chrom}\t5\t6\tt\t0\t+\n")
        judged = SignalInput(plus=tmp_path / f"{name}.plus.bw", minus=tmp_path / f"{name}.minus.bw")
        config = EvaluateConfig(region=region, near_copies=True)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=words):
            evaluate_tracks(judged, {"set": tmp_path / "set.bed"}, tmp_path / "out", config=config)


@pytest.mark.slow
def test_the_ribosomal_operons_of_e_coli_are_found(data_dir: Path) -> None:
    genome = load_genome(data_dir / "genome" / "NC_000913.3.fa.gz", circular=["all"])
    split = paper_split(genome.contigs[0])
    start, end = 2738785, 3667115
    (found,) = find_near_copies(genome, split, [Interval("NC_000913.3", start, end)])
    assert found[3427221 + 300 - start : 3427221 + 1200 - start].mean() > 0.95  # rrsD, 16S, of seven copies
    assert 0.005 < found.mean() < 0.05


@pytest.mark.parametrize(("apart", "is_filled"), [(99, True), (100, False)])
def test_a_hole_between_near_bases_is_filled_when_a_window_spans_both(apart: int, is_filled: bool) -> None:
    near = np.zeros(300, dtype=bool)
    near[[20, 20 + apart]] = True  # a window of 100 bases contains two bases that are at most 99 apart
    assert fill_holes(near).sum() == (apart + 1 if is_filled else 2)
    assert near.sum() == 2, "what is given stays as it is"
