"""`evaluate`: scores of planted signals, on both strands, with gaps, at ends and across the origin; errors; the log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import average_precision_score, roc_auc_score

from networks import random_network
from tracktools.cli import tracktools
from tracktools.config import EvaluateConfig, ModelConfig, PredictConfig
from tracktools.errors import ConfigError, InputError, OutputError, TracktoolsError
from tracktools.evaluate import Evaluation, ScopeOptions, SignalInput, evaluate_tracks
from tracktools.evaluate.inputs import read_all
from tracktools.evaluate.run import score_material
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import load_genome
from tracktools.interval import Interval
from tracktools.model.checkpoint import Metadata, save_checkpoint
from tracktools.predict import predict_sequence

SIZES = {"chr1": 61_003, "chr2": 23_507}
Signals = Mapping[tuple[str, str], np.ndarray]


def zeros() -> dict[tuple[str, str], np.ndarray]:
    return {(chrom, strand): np.zeros(size, np.float32) for chrom, size in SIZES.items() for strand in "+-"}


def noise(seed: int = 1, top: float = 0.1) -> dict[tuple[str, str], np.ndarray]:
    rng = np.random.default_rng(seed)
    return {key: (top * rng.random(len(array))).astype(np.float32) for key, array in zeros().items()}


def spread(seed: int = 2, n: int = 120) -> list[tuple[str, int, str]]:
    """TSS at least 50 bp apart, away from the ends."""
    rng = np.random.default_rng(seed)
    return [
        (chrom, int(at) * 50 + 25, strand)
        for chrom, size in SIZES.items()
        for strand in "+-"
        for at in np.sort(rng.choice(np.arange(2, size // 50 - 2), n // 4, replace=False))
    ]


def write_pair(folder: Path, signals: Signals, *, minus_sign: int = 1) -> SignalInput:
    for strand, name, sign in (("+", "plus", 1), ("-", "minus", minus_sign)):
        write_bigwig(folder / f"x.{name}.bw", SIZES, {chrom: sign * signals[chrom, strand] for chrom in SIZES})
    return SignalInput(plus=folder / "x.plus.bw", minus=folder / "x.minus.bw")


def write_set(path: Path, tss: list[tuple[str, int, str]]) -> Path:
    path.write_text("".join(f"{chrom}\t{at}\t{at + 1}\tt\t0\t{strand}\n" for chrom, at, strand in tss))
    return path


def judge(folder: Path, signals: Signals, tss: list[tuple[str, int, str]], **changes: object) -> pd.DataFrame:
    return scored(write_pair(folder, signals), write_set(folder / "set.bed", tss), **changes).table


def scored(judged: SignalInput, bed: Path, wanted: ScopeOptions | None = None, **changes: object) -> Evaluation:
    """Evaluate one set without writing anything."""
    config = EvaluateConfig(**{"region": "all", "resamples": 40, **changes})  # type: ignore[arg-type]
    return score_material(read_all(judged, {"set": bed}, wanted or ScopeOptions(), config, PredictConfig()), config)


def base_row(table: pd.DataFrame) -> pd.Series:
    return table[table["level"] == "base"].iloc[0]


def peak_row(table: pd.DataFrame, tolerance: int) -> pd.Series:
    return table[(table["level"] == "peak") & (table["tolerance_bp"] == tolerance)].iloc[0]


def test_a_signal_on_the_very_bases_is_perfect_on_both_strands(tmp_path: Path) -> None:
    signals, tss = noise(), spread()
    for chrom, at, strand in tss:
        signals[chrom, strand][at] = 0.9
    table = judge(tmp_path, signals, tss)
    row = base_row(table)
    assert (row["ap"], row["roc_auc"], row["positives"]) == (1, 1, len(tss))
    assert row["positions"] == 2 * sum(SIZES.values())
    assert row["prevalence"] == row["chance_ap"] == len(tss) / (2 * sum(SIZES.values()))
    for tolerance in (0, 1, 2, 5, 10):
        assert peak_row(table, tolerance)["ap"] == 1
        assert peak_row(table, tolerance)["recall_at_1"] == 1


def test_strands_exchanged_know_nothing(tmp_path: Path) -> None:
    signals, tss = noise(), spread()
    for chrom, at, strand in tss:
        signals[chrom, "-" if strand == "+" else "+"][at] = 0.9
    assert base_row(judge(tmp_path, signals, tss))["ap"] < 0.01


def test_the_scores_by_base_are_those_of_scikit_learn(tmp_path: Path) -> None:
    signals, tss = noise(5, 1.0), spread()
    for chrom, at, strand in tss[::2]:
        signals[chrom, strand][at] += 0.5
    signals["chr1", "+"][1000:1400] = np.nan
    truth = {key: np.zeros(len(array), bool) for key, array in signals.items()}
    for chrom, at, strand in tss:
        truth[chrom, strand][at] = True
    values, is_tss = (np.concatenate([table[key] for key in signals]) for table in (signals, truth))
    known = ~np.isnan(values)
    row = base_row(judge(tmp_path, signals, tss))
    assert row["ap"] == pytest.approx(average_precision_score(is_tss[known], values[known]))
    assert row["roc_auc"] == pytest.approx(roc_auc_score(is_tss[known], values[known]))
    assert row["positions"] == known.sum()
    assert row["unscored"] == (is_tss & ~known).sum()
    assert row["ap_low"] < row["ap"] < row["ap_high"]


@pytest.mark.parametrize("shift", [1, -1])
def test_one_base_off_is_nothing_at_the_exact_base_and_everything_within_one(tmp_path: Path, shift: int) -> None:
    signals, tss = noise(), spread()
    for chrom, at, strand in tss:
        signals[chrom, strand][at + shift] = 0.9
    table = judge(tmp_path, signals, tss)
    assert base_row(table)["ap"] < 0.01
    assert peak_row(table, 0)["ap"] < 0.01
    assert peak_row(table, 1)["ap"] == 1


def test_shuffled_labels_score_their_prevalence(tmp_path: Path) -> None:
    row = base_row(judge(tmp_path, noise(6, 1.0), spread(7, 400), resamples=200))
    assert row["ap_low"] <= row["prevalence"] <= row["ap_high"]
    assert row["roc_auc_low"] <= 0.5 <= row["roc_auc_high"]


def test_two_peaks_at_one_tss_are_one_hit_and_one_false_call(tmp_path: Path) -> None:
    signals = zeros()
    signals["chr1", "-"][5000], signals["chr1", "-"][5007] = 0.9, 0.8
    row = peak_row(judge(tmp_path, signals, [("chr1", 5004, "-"), ("chr2", 9, "+")]), 5)
    assert (row["calls"], row["found"]) == (2, 1)
    assert row["ap"] == pytest.approx(1 / 2)  # the highest call finds one of two TSS
    assert row["chance_ap"] == pytest.approx(1 / 2 * 1 / 2)


def test_recall_at_a_number_of_false_calls(tmp_path: Path) -> None:
    """With 0.169 Mb, 10 false calls per Mb allow one, 100 allow sixteen."""
    signals, tss = zeros(), spread()
    for number, (chrom, at, strand) in enumerate(tss):
        signals[chrom, strand][at] = 0.9 if number < 30 else 0.5
    for at in (10_037, 20_037, 30_037):  # between the TSS, which are at 25 mod 50
        signals["chr1", "+"][at] = 0.7 if at < 20_000 else 0.6
    row = peak_row(judge(tmp_path, signals, tss), 5)
    assert row["recall_at_1"] == pytest.approx(30 / len(tss))
    assert row["recall_at_10"] == pytest.approx(30 / len(tss))
    assert row["recall_at_100"] == 1


def test_the_floor_of_a_signal_is_no_peak(tmp_path: Path) -> None:
    signals = zeros()
    signals["chr2", "+"][100:103] = 1
    signals["chr2", "+"][300:400] = np.nan  # zeros between gaps are above nothing
    assert peak_row(judge(tmp_path, signals, [("chr2", 100, "+")]), 0)["calls"] == 1


def test_a_slope_that_rises_beyond_the_border_is_no_peak(tmp_path: Path) -> None:
    signals = zeros()
    signals["chr1", "+"][1995:2010] = np.linspace(0.1, 0.9, 15)
    bed = write_set(tmp_path / "set.bed", [("chr1", 1999, "+")])
    (tmp_path / "part.bed").write_text("chr1\t1000\t2000\n")
    table = scored(write_pair(tmp_path, signals), bed, ScopeOptions(regions=tmp_path / "part.bed")).table
    assert peak_row(table, 10)["calls"] == 0
    assert base_row(table)["ap"] == 1
    assert base_row(table)["positions"] == 2000


def test_gaps_are_left_out_or_zero(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    signals, tss = {key: np.full_like(array, np.nan) for key, array in zeros().items()}, spread()
    for chrom, at, strand in tss[:80]:
        signals[chrom, strand][at : at + 2] = 0.9, 0.3
    with caplog.at_level(logging.WARNING):
        row = base_row(judge(tmp_path, signals, tss))
    assert (row["positions"], row["positives"], row["unscored"], row["ap"]) == (160, 80, 40, 1)
    assert "--absent zero" in caplog.text
    row = base_row(judge(tmp_path, signals, tss, absent="zero"))
    assert (row["positions"], row["positives"], row["unscored"]) == (2 * sum(SIZES.values()), 120, 0)
    assert 0.66 < row["ap"] < 0.67


def planted(n: int = 120) -> tuple[dict[tuple[str, str], np.ndarray], list[tuple[str, int, str]]]:
    """A signal that is highest at each TSS, and these."""
    signals, tss = noise(), spread(n=n)
    for chrom, at, strand in tss:
        signals[chrom, strand][at] = 0.9
    return signals, tss


def test_a_minus_file_stored_negative_gives_the_same_scores_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    signals, tss = planted()
    bed = write_set(tmp_path / "set.bed", tss)
    as_made = scored(write_pair(tmp_path, signals), bed).table
    assert "stored negative" not in caplog.text
    code, _, err = run_cli(
        tmp_path / "x.plus.bw", write_pair(tmp_path, signals, minus_sign=-1).minus, "--tss", f"set={bed}",
        "--region", "all", "--resamples", 20, "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    assert "x.minus.bw: the minus strand is stored negative; its values are read as positive" in err
    assert base_row(pd.read_csv(tmp_path / "out" / "scores.tsv", sep="\t"))["ap"] == base_row(as_made)["ap"] == 1
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())["parameters"]
    assert record["judged"]["read"]["minus_strand"] == "stored negative, read as positive"
    assert record["counts"]["set"] == "Read 120 TSS: 120 taken, 0 left out"


def test_values_of_both_signs_are_one_line(tmp_path: Path) -> None:
    signals, tss = planted()
    signals["chr2", "-"][5] = -0.3
    with pytest.raises(InputError, match=r"x\.minus\.bw: contains values of both signs"):
        scored(write_pair(tmp_path, signals), write_set(tmp_path / "set.bed", tss))


def test_exchanged_strands_are_noticed_and_the_hint_fixes_it(tmp_path: Path) -> None:
    signals, tss = planted(20)
    bed, judged = write_set(tmp_path / "set.bed", tss), write_pair(tmp_path, signals)
    common = ("--tss", f"set={bed}", "--region", "all", "--resamples", 5, "--force", "-o", tmp_path / "out")
    code, _, err = run_cli(judged.minus, judged.plus, *common)
    assert (code, "at 20 of 20 TSS the signal is higher on the other strand" in err) == (0, True), err
    assert "exchanged" in (tmp_path / "out" / "provenance.json").read_text()
    code, _, err = run_cli(judged.plus, judged.minus, *common)
    assert (code, "exchanged" in err) == (0, False)


def test_names_of_signal_and_sets_are_joined_by_rename(tmp_path: Path) -> None:
    signals, tss = planted()
    judged = write_pair(tmp_path, signals)
    bed = write_set(tmp_path / "set.bed", [(chrom.replace("chr1", "CP1.1"), *rest) for chrom, *rest in tss])
    common = ("--tss", f"set={bed}", "--region", "all", "--resamples", 5, "-o", tmp_path / "out")
    code, _, err = run_cli(judged.plus, judged.minus, *common)
    assert (code, "CP1.1" in err, "--rename CP1.1=chr1" in err) == (1, True, True)
    code, _, err = run_cli(judged.plus, judged.minus, *common, "--rename", "chr1=CP1.1")
    assert code == 0, err
    assert "set: Read 120 TSS: 120 taken, 0 left out" in err
    n = sum(chrom == "chr1" for chrom, *_ in tss)
    code, _, err = run_cli(judged.plus, judged.minus, *common, "--force", "--only-genome")
    assert code == 0, err
    expected = f"Read 120 TSS: {120 - n} taken, {n} left out ({n} on sequences that the genome does not have)"
    assert expected in err


@pytest.mark.parametrize("minus_sign", [1, -1])
def test_sets_without_a_positive_value_are_scored_without_a_picture_on_a_log_scale(
    tmp_path: Path, minus_sign: int
) -> None:
    signals, tss = zeros(), spread()
    signals["chr1", "+"][10:500] = signals["chr1", "-"][20:30] = 3
    judged = write_pair(tmp_path, signals, minus_sign=minus_sign)
    bed = write_set(tmp_path / "set.bed", [one for one in tss if one[0] == "chr2"])
    code, _, err = run_cli(
        judged.plus, judged.minus, "--tss", f"a={bed}", "--region", "all", "--resamples", 5,
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    assert (tmp_path / "out" / "calibration.png").is_file()


def test_peaks_tell_the_distance_along_the_strand(tmp_path: Path) -> None:
    signals = zeros()
    signals["chr1", "+"][700], signals["chr1", "-"][900], signals["chr2", "-"][50] = 0.9, 0.8, 0.7
    tss = [("chr1", 702, "+"), ("chr1", 902, "-")]
    sets = {"set": write_set(tmp_path / "set.bed", tss)}
    config = EvaluateConfig(region="all", resamples=5)
    evaluation = evaluate_tracks(write_pair(tmp_path, signals), sets, tmp_path / "out", config=config)
    peaks = evaluation.peaks
    assert peaks[["chrom", "chromStart", "strand"]].to_numpy().tolist() == [
        ["chr1", 700, "+"],
        ["chr1", 900, "-"],
        ["chr2", 50, "-"],
    ]
    assert peaks["set"].tolist()[:2] == [2, -2]
    assert pd.isna(peaks["set"].iloc[2])
    written = pd.read_csv(tmp_path / "out" / "peaks.tsv", sep="\t")
    assert written["chromEnd"].tolist() == [701, 901, 51]


def test_calibration_counts_every_base_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    signals = {key: rng.random(len(array)).astype(np.float32) ** 3 for key, array in zeros().items()}
    tss = [
        (chrom, int(at), strand)
        for (chrom, strand), array in signals.items()
        for at in np.flatnonzero(rng.random(len(array)) < array / 2)  # a base is a TSS in half as many cases as said
    ]
    table = scored(write_pair(tmp_path, signals), write_set(tmp_path / "set.bed", tss)).calibration
    assert table["positions"].sum() == 2 * sum(SIZES.values())
    assert table["positives"].sum() == len(tss)
    assert table["positions"].iloc[-1] == 64
    expected = table["mean"] / 2
    assert (np.abs(table["share"] - expected) < 4 * np.sqrt(expected / table["positions"])).all()
    assert ((table["share_low"] <= table["share"]) & (table["share"] <= table["share_high"])).all()
    assert (table["lowest"].to_numpy()[1:] > table["lowest"].to_numpy()[:-1]).all()


# --- the genome, the split, the model ---------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path) -> tuple[Path, Path]:
    """A FASTA of two sequences, and a checkpoint that knows a split of the first; test lies across the origin."""
    rng = np.random.default_rng(3)
    fasta = tmp_path / "genome.fa"
    fasta.write_text("".join(f">{c}\n{''.join(rng.choice(list('ACGT'), size))}\n" for c, size in SIZES.items()))
    sha = load_genome(fasta)["chr1"].sequence_sha256
    regions = [(0, 700, "test"), (700, 30_000, "train"), (30_000, 31_500, "valid"), (60_000, 61_003, "test")]
    split = [{"sequence_sha256": sha, "start": start, "end": end, "part": part} for start, end, part in regions]
    checkpoint = tmp_path / "model.safetensors"
    network = random_network(ModelConfig(n_layers=1, n_heads=2, d_model=8, d_head=8, attention_window_bp=16), seed=4)
    save_checkpoint(checkpoint, network, Metadata(name="small", split=split, genome={"name": "genome"}))
    return fasta, checkpoint


def test_a_model_scores_as_its_own_bigwigs_do(tmp_path: Path, model: tuple[Path, Path]) -> None:
    from tracktools import load_model

    fasta, checkpoint = model
    tss = [("chr1", 30_010, "+"), ("chr1", 31_499, "-"), ("chr1", 29_999, "+"), ("chr1", 31_500, "-")]
    bed = write_set(tmp_path / "set.bed", tss)
    sets = {"set": bed}
    wanted = ScopeOptions(genome=fasta, split_of=checkpoint)
    config = PredictConfig(threads=1)
    wanted_of_model = ScopeOptions(genome=fasta)
    of_model = evaluate_tracks(
        SignalInput(model=checkpoint), sets, tmp_path / "one", wanted=wanted_of_model, predict=config
    )
    genome, loaded = load_genome(fasta), load_model(checkpoint)
    strands = {contig.name: predict_sequence(contig.letters, model=loaded, config=config) for contig in genome}
    signals = {(name, s): pair[number] for name, pair in strands.items() for number, s in enumerate("+-")}
    of_files = scored(write_pair(tmp_path, signals), bed, wanted, region="valid", resamples=200)
    assert of_model.table["positives"].unique().tolist() == [2]
    assert base_row(of_model.table)["positions"] == 2 * 1500
    pd.testing.assert_frame_equal(of_model.table, of_files.table, rtol=1e-9)
    made = json.loads((tmp_path / "one" / "provenance.json").read_text())
    assert made["model"]["sha256"] == loaded.sha256
    assert made["genome"]["sha256"] == genome.sha256


def test_a_model_is_scored_on_all_of_a_genome_that_it_has_no_split_of_unless_a_part_is_named(
    tmp_path: Path, model: tuple[Path, Path]
) -> None:
    _, checkpoint = model
    other = tmp_path / "other.fa"
    other.write_text(f">c\n{''.join(np.random.default_rng(5).choice(list('ACGT'), 700))}\n")
    sets, judged = {"set": write_set(tmp_path / "set.bed", [("c", 300, "+")])}, SignalInput(model=checkpoint)
    few = EvaluateConfig(resamples=5)
    scores = evaluate_tracks(judged, sets, tmp_path / "out", wanted=ScopeOptions(genome=other), config=few)
    assert (scores.scope.label, list(scores.scope.stretches)) == ("all", [Interval("c", 0, 700)])
    made = json.loads((tmp_path / "out/provenance.json").read_text())["parameters"]
    assert made["region"] == made["config"]["region"] == "all"
    assert "the model has no split of the genome other: all of it is scored (--region all)" in made["warnings"]
    for wanted, region in (
        (ScopeOptions(genome=other), "valid"),
        (ScopeOptions(genome=other, split_of=checkpoint), None),
    ):
        with pytest.raises(ConfigError, match="no split is known for the genome other: say --region all"):
            scored(judged, sets["set"], wanted, region=region)
    near = EvaluateConfig(near_copies=True)
    with pytest.raises(ConfigError, match="--near-copies needs to know what was trained on"):
        evaluate_tracks(judged, sets, tmp_path / "near", wanted=ScopeOptions(genome=other), config=near)


def test_a_part_goes_on_across_the_origin_of_a_circle(tmp_path: Path, model: tuple[Path, Path]) -> None:
    fasta, checkpoint = model
    signals = zeros()
    signals["chr1", "+"][[61_001, 0]] = 0.6, 0.9  # closer than calls may be, across the origin
    tss = [("chr1", 61_000, "+"), ("chr1", 699, "-")]
    bed = write_set(tmp_path / "set.bed", tss)
    found = {}
    for circular in ((), ("chr1",)):
        wanted = ScopeOptions(genome=fasta, circular=circular, split_of=checkpoint)
        evaluation = scored(write_pair(tmp_path, signals), bed, wanted, region="test")
        row = peak_row(evaluation.table, 5)
        assert (row["positives"], row["positions"]) == (2, 2 * 1703)
        assert len(evaluation.scope.stretches) == 2 - len(circular)
        found[circular] = (row["calls"], row["found"], evaluation.peaks["chromStart"].tolist())
    assert found[()] == (2, 1, [0, 61_001])
    assert found[("chr1",)] == (1, 1, [0])  # 3 bp past the TSS, across the origin


def test_the_test_region_is_announced_and_logged(
    tmp_path: Path, model: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    fasta, checkpoint = model
    sets = {"set": write_set(tmp_path / "set.bed", [("chr1", 60_900, "+"), ("chr1", 300, "-")])}
    log, config = tmp_path / "test-log.md", EvaluateConfig(region="test", resamples=5)
    wanted = ScopeOptions(genome=fasta)
    for name in ("one", "two"):
        caplog.clear()
        evaluate_tracks(
            SignalInput(model=checkpoint), sets, tmp_path / name, wanted=wanted, test_log=log, config=config
        )
        assert "1,703 bp of the test region" in caplog.text
    row = base_row(scored(SignalInput(model=checkpoint), sets["set"], wanted, region="test").table)
    lines = log.read_text().splitlines()
    assert lines[-1] == lines[-2]
    cells = [cell.strip() for cell in lines[-1].split("|")]
    assert len(cells[2]) == 64
    assert cells[3:5] == ["set", f"2 / {row['positions']}"]
    assert cells[5:7] == [f"{row['roc_auc']:.4f}", f"{row['ap']:.4f}"]
    with pytest.raises(ConfigError, match="no base of the test region is scored"):
        evaluate_tracks(SignalInput(model=checkpoint), sets, tmp_path / "y", wanted=wanted, test_log=log)
    assert log.read_text().splitlines() == lines
    fasta_log = tmp_path / "genome.fa"
    with pytest.raises(OutputError, match="is no test log"):
        evaluate_tracks(SignalInput(model=checkpoint), sets, tmp_path / "z", wanted=wanted, test_log=fasta_log)


# --- errors, and the command line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bed", "message"),
    [
        ("", "contains no TSS"),
        ("chr1\t5\t6\tt\t0\t.\n", r"without a strand \(the sixth column must be \+ or -\)"),
        ("chr1\t5\t6\n", "without a strand"),
        ("chr1\t5\t9\tt\t0\t+\n", r"1 items are not one base long, the first is chr1:5-9 \(tss import"),
        ("chr3\t5\t6\tt\t0\t+\n", r"is on chr3, which the genome does not have \(the genome has chr1, chr2"),
        ("chr2\t23507\t23508\tt\t0\t+\n", "end past the end of their sequence"),
    ],
)
def test_a_set_that_will_not_do_is_one_clear_line_and_leaves_nothing(tmp_path: Path, bed: str, message: str) -> None:
    judged = write_pair(tmp_path, noise())
    path = tmp_path / "set.bed"
    path.write_text(bed)
    with pytest.raises(InputError, match=message) as caught:
        evaluate_tracks(judged, {"set": path}, tmp_path / "out", config=EvaluateConfig(region="all"))
    assert str(caught.value).startswith(f"{path}:")
    assert not list(tmp_path.glob("out*"))


def test_a_set_elsewhere_has_a_row_without_scores(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "part.bed").write_text("chr2\t100\t20000\n")
    sets = {"here": write_set(tmp_path / "a.bed", [("chr2", 150, "+")]),
            "elsewhere": write_set(tmp_path / "b.bed", [("chr1", 150, "+")])}  # fmt: skip
    wanted = ScopeOptions(regions=tmp_path / "part.bed")
    evaluation = evaluate_tracks(write_pair(tmp_path, noise()), sets, tmp_path / "out", wanted=wanted)
    rows = evaluation.table[evaluation.table["set"] == "elsewhere"]
    assert rows["ap"].isna().all()
    assert (rows["positives"] == 0).all()
    assert "elsewhere has no TSS in the scored bases" in caplog.text
    assert "2 blocks of 10,000 bp are few" in caplog.text


def test_sets_of_another_assembly_are_sent_to_lift(tmp_path: Path) -> None:
    sizes = {"NC_000913.3": 4_641_652}
    for name in ("plus", "minus"):
        write_bigwig(tmp_path / f"{name}.bw", sizes, {"NC_000913.3": np.ones(9, np.float32)})
    sets = {"old": write_set(tmp_path / "old.bed", [("U00096.2", 5, "+")])}
    with pytest.raises(InputError, match=r"another version of it, NC_000913\.3: .*with tss lift"):
        evaluate_tracks(SignalInput(plus=tmp_path / "plus.bw", minus=tmp_path / "minus.bw"), sets, tmp_path / "out")


def test_bigwigs_of_other_genomes_are_refused(tmp_path: Path, model: tuple[Path, Path]) -> None:
    fasta, _ = model
    judged = write_pair(tmp_path, noise())
    sets = {"set": write_set(tmp_path / "set.bed", spread())}
    with pytest.raises(ConfigError, match="'valid' of a genome that is not known: say --region all"):
        evaluate_tracks(judged, sets, tmp_path / "out")
    with pytest.raises(ConfigError, match="no split is known for the genome genome: say --region all"):
        evaluate_tracks(judged, sets, tmp_path / "out", wanted=ScopeOptions(genome=fasta))
    for sizes, message in (
        ({"chr1": 61_004, "chr2": 23_507}, "chr1 has 61,004 bp, and 61,003 in the genome"),
        ({"chrX": 400}, r"no sequence of the genome: it has chrX \(the genome has chr1, chr2"),
    ):
        for name in ("a", "b"):
            write_bigwig(tmp_path / f"{name}.bw", sizes, {next(iter(sizes)): np.ones(9, np.float32)})
        other = SignalInput(plus=tmp_path / "a.bw", minus=tmp_path / "b.bw")
        with pytest.raises(InputError, match=message):
            evaluate_tracks(other, sets, tmp_path / "out", wanted=ScopeOptions(genome=fasta))
    mixed = SignalInput(plus=judged.plus, minus=tmp_path / "b.bw")
    with pytest.raises(InputError, match=r"b\.bw: has other sequences than"):
        evaluate_tracks(mixed, sets, tmp_path / "out", wanted=ScopeOptions(genome=fasta))
    assert not (tmp_path / "out").exists()


def test_a_signal_without_any_value_is_refused(tmp_path: Path) -> None:
    nothing = {key: np.full_like(array, np.nan) for key, array in zeros().items()}
    with pytest.raises(InputError, match="no value in the bases to be scored"):
        judge(tmp_path, nothing, spread())


def run_cli(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(tracktools, ["evaluate", *map(str, arguments)], standalone_mode=True)
    error = result.exception if isinstance(result.exception, TracktoolsError) else ""  # `main` prints it
    return result.exit_code, result.stdout, f"{result.stderr}{error}"


def test_the_command_prints_the_table_that_it_writes(tmp_path: Path) -> None:
    judged = write_pair(tmp_path, noise())
    bed = write_set(tmp_path / "set.bed", spread())
    arguments = [judged.plus, judged.minus, "--tss", f"a={bed}", "--region", "all", "--resamples", "3"]
    code, out, _ = run_cli(*arguments, "-o", tmp_path / "out")
    assert code == 0
    assert out == (tmp_path / "out" / "scores.tsv").read_text()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["scores.tsv", "peaks.tsv", "calibration.tsv", "pr.svg", "pr.png", "calibration.svg", "calibration.png",
         "provenance.json"]
    )  # fmt: skip
    assert run_cli(*arguments, "-o", tmp_path / "again")[0] == 0
    for path in (tmp_path / "out").iterdir():
        if path.name != "provenance.json":
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.bw"], "one model is needed, or two bigWigs, PLUS and MINUS"),
        (["a.bw", "b.bw", "c.bw"], "3 files to score"),
        (["a.bw", "b.bw", "--tss", "x.bed"], "'x.bed' is not NAME=BED"),
        (["a.bw", "b.bw", "--tss", "set=y.bed"], "'set' is named twice"),
    ],
)
def test_wrong_use_is_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    code, _, err = run_cli(*arguments, "--tss", "set=x.bed", "-o", tmp_path / "out")
    assert code == 2
    assert message in err


def test_bigwigs_are_judged_without_torch(tmp_path: Path) -> None:
    judged = write_pair(tmp_path, noise())
    bed = write_set(tmp_path / "set.bed", spread())
    arguments = ["evaluate", str(judged.plus), str(judged.minus), "--tss", f"a={bed}", "--region", "all"]
    code = f"""
import sys
from tracktools.cli import main
try:
    main({[*arguments, "--resamples", "3", "-o", str(tmp_path / "out")]!r})
finally:
    assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("set\tlevel\t")


def test_names_of_sets_are_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'a b' is no name for a set"):
        evaluate_tracks(write_pair(tmp_path, noise()), {"a b": tmp_path / "set.bed"}, tmp_path / "two")
