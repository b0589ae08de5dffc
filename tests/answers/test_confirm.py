"""Predictions against measurements: each TSS once, the right status, distances along the strand, counts that add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tracktools.answers.confirm import Confirmation, ConfirmOptions, confirm_tss, score_bins
from tracktools.cli import tracktools
from tracktools.errors import ConfigError
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Contig, Genome
from tracktools.profile.matrix import SignalSource

GENOME = Genome("g", (Contig("chr", np.frombuffer(b"ACGT" * 100, dtype=np.uint8)),))

Row = tuple[int, str, int]


def bed(path: Path, *rows: Row) -> Path:
    path.write_text("".join(f"chr\t{at}\t{at + 1}\tt{at}\t{score}\t{strand}\n" for at, strand, score in rows))
    return path


def confirmed(folder: Path, predicted: list[Row], **measured: list[Row]) -> Confirmation:
    sets = {name: bed(folder / f"{name}.bed", *rows) for name, rows in measured.items()}
    return confirm_tss(bed(folder / "p.bed", *predicted), sets, GENOME)


def test_status_distance_and_sets_of_each_tss(tmp_path: Path) -> None:
    found = confirmed(
        tmp_path, [(100, "+", 900), (50, "-", 800), (200, "+", 700)], a=[(103, "+", 1), (52, "-", 7)], b=[(102, "+", 5)]
    )
    rows = {(r["position"], r["strand"]): r for r in found.table.to_dict("records")}
    assert set(rows) == {(101, "+"), (51, "-"), (201, "+")}
    assert [rows[101, "+"][n] for n in ("status", "distance", "support", "sets")] == ["confirmed", 3, 2, "a;b"]
    assert [rows[51, "-"][n] for n in ("status", "distance", "support")] == ["confirmed", -2, 1]
    assert rows[201, "+"]["status"] == "predicted_only"
    assert found.counts() == {"confirmed": 2, "predicted_only": 1, "measured_only": 0}


def test_the_best_prediction_takes_the_measured_tss_and_the_other_is_predicted_only(tmp_path: Path) -> None:
    found = confirmed(tmp_path, [(100, "+", 1), (104, "+", 9)], a=[(101, "+", 1)])
    by_position = found.table.set_index("position")["status"].to_dict()
    assert by_position == {101: "predicted_only", 105: "confirmed"}


def test_what_is_on_the_other_strand_confirms_nothing(tmp_path: Path) -> None:
    found = confirmed(tmp_path, [(100, "+", 1)], a=[(100, "-", 1)])
    assert found.counts() == {"confirmed": 0, "predicted_only": 1, "measured_only": 1}


def test_reads_next_to_the_end_of_a_contig_are_the_sum_of_what_is_there(tmp_path: Path) -> None:
    values = {"chr": np.ones(400, dtype=np.float32)}
    write_bigwig(tmp_path / "s.bw", {"chr": 400}, values)
    signal = SignalSource("rna", tmp_path / "s.bw", tmp_path / "s.bw")
    sites, options = bed(tmp_path / "p.bed", (2, "+", 1), (200, "+", 1)), ConfirmOptions(reads=[signal])
    table = confirm_tss(sites, {"a": sites}, GENOME, options).table
    assert table["reads_rna"].tolist() == [8, 11]


SITES = st.lists(st.tuples(st.integers(0, 99), st.sampled_from("+-"), st.integers(0, 1000)), min_size=1, max_size=10)


@given(SITES, SITES)
def test_every_tss_is_there_once_and_mirror_images_agree(predicted: list[Row], measured: list[Row]) -> None:
    def unique(rows: list[Row]) -> list[Row]:
        return list({(at, strand): (at, strand, score) for at, strand, score in rows}.values())

    def counts(predicted: list[Row], measured: list[Row]) -> dict[str, int]:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            return confirmed(Path(folder), predicted, a=measured).counts()

    def mirror(rows: list[Row]) -> list[Row]:
        return [(399 - at, "-" if strand == "+" else "+", score) for at, strand, score in rows]

    calls, known = unique(predicted), unique(measured)
    found = counts(calls, known)
    assert found["confirmed"] + found["predicted_only"] == len(calls)
    assert found["confirmed"] + found["measured_only"] == len(known)
    scores = [score for *_, score in calls]
    if len(set(scores)) == len(scores) and len(calls) + len(known) < 3:  # else ties choose by position
        assert counts(mirror(calls), mirror(known)) == found


def test_bins_hold_all_calls_once_and_never_cut_equal_scores() -> None:
    scores = np.repeat([0.9, 0.5, 0.5, 0.1], 10)
    status = np.where(np.arange(40) % 2 == 0, "confirmed", "predicted_only")
    bins = score_bins(pd.DataFrame({"score": scores, "status": status}), n_measured=40)
    assert bins["calls"].sum() == 40
    assert bins["confirmed"].sum() == 20
    assert bins["score_to"].tolist() == sorted(set(scores), reverse=True), "equal scores stay together"
    assert bins["recall"].iloc[-1] == 0.5
    row = bins.iloc[0]
    assert row["precision_low"] < row["precision"] < row["precision_high"]
    assert score_bins(pd.DataFrame({"score": [], "status": []}), n_measured=3).empty


def test_lists_are_ranked_by_what_speaks_for_them(tmp_path: Path) -> None:
    found = confirmed(
        tmp_path,
        [(10, "+", 100), (30, "+", 900)],
        a=[(100, "+", 5), (150, "+", 9), (200, "+", 1)],
        b=[(200, "+", 1)],
    )
    assert found.ranked("predicted_only")["position"].tolist() == [31, 11]
    assert found.ranked("measured_only")["position"].tolist() == [201, 151, 101]


def test_no_measured_set_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a measured set"):
        confirm_tss(bed(tmp_path / "p.bed", (1, "+", 1)), {}, GENOME)
    with pytest.raises(ConfigError, match="give the measured set another name"):
        confirm_tss(tmp_path / "p.bed", {"predicted": tmp_path / "p.bed"}, GENOME)


def test_the_command_writes_tables_a_picture_and_a_track_for_the_hub(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">chr\n" + "ACGT" * 100 + "\n")
    bed(tmp_path / "p.bed", (100, "+", 900), (50, "-", 800))
    bed(tmp_path / "m.bed", (101, "+", 1), (300, "+", 1))
    words = ["tss", "confirm", str(tmp_path / "p.bed"), f"rna={tmp_path / 'm.bed'}", "--genome", str(tmp_path / "g.fa")]
    done = CliRunner().invoke(tracktools, [*words, "-o", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "1 confirmed, 1 predicted only, 1 measured only" in done.output
    assert "predicted: Read 2 TSS: 2 taken, 0 left out" in done.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written >= {
        "tss.tsv",
        "tss.xlsx",
        "candidates.tsv",
        "missed.tsv",
        "bins.tsv",
        "confirmation.svg",
        "tracks.tsv",
    }
    table, _ = read_bed(tmp_path / "out" / "confirmation.bed")
    assert table["status"].tolist() == ["predicted_only", "confirmed", "measured_only"]
    assert table["itemRgb"].nunique() == 3
    hub = ["hub", "build", str(tmp_path / "out"), "--genome", str(tmp_path / "g.fa"), "-o", str(tmp_path / "hub")]
    assert CliRunner().invoke(tracktools, hub).exit_code == 0
    assert CliRunner().invoke(tracktools, ["hub", "check", str(tmp_path / "hub")]).exit_code == 0
