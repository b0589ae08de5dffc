"""Pseudogenes against predictions: planted signals and TSS on both strands, at ends, across the origin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from click.testing import CliRunner

from tracktools.answers.pseudogenes import ANTISENSE_BP, UPSTREAM_BP, Evidence, rank_pseudogenes
from tracktools.cli import tracktools
from tracktools.formats.bigwig import BigWigWriter
from tracktools.genome import Contig, Genome
from tracktools.profile.matrix import SignalSource
from tracktools.report import make_report
from tracktools.run import PROVENANCE_FILE
from tracktools.tracks import Track, write_provenance, write_tracks

LENGTH = 3_000
Site = tuple[int, str, float]


def genome(*, circular: bool = False) -> Genome:
    return Genome("g", (Contig("chr", np.frombuffer(b"ACGT" * (LENGTH // 4), dtype=np.uint8), circular=circular),))


def predictions(folder: Path, *planted: Site, called: tuple[tuple[int, str], ...] = ()) -> Path:
    """Write a folder as predict leaves it: 0.01 everywhere, but for the planted values."""
    folder.mkdir()
    tracks = []
    for strand, word in (("+", "plus"), ("-", "minus")):
        values: npt.NDArray[np.float32] = np.full(LENGTH, 0.01, dtype=np.float32)
        for position, at, height in planted:
            if at == strand:
                values[position] = height
        path = folder / f"g.{word}.bw"
        with BigWigWriter(path, {"chr": LENGTH}) as writer:
            writer.add("chr", 0, values)
        tracks.append(Track(name=word, path=path, format="bigWig", strand=strand, group="predictions"))
    bed(folder / "g.called_tss.bed", *called)
    write_tracks(folder, tracks)
    write_provenance(folder, started=0)
    return folder


def bed(path: Path, *sites: tuple[int, str]) -> Path:
    path.write_text("".join(f"chr\t{at}\t{at + 1}\tt{at}\t1\t{strand}\n" for at, strand in sorted(sites)))
    return path


def pseudo(*spans: tuple[int, int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": "chr", "start": [s for s, _, _ in spans], "end": [e for _, e, _ in spans],
            "strand": [strand for *_, strand in spans], "name": [f"p{s}" for s, _, _ in spans], "locus_tag": "",
            "biotype": "pseudogene", "is_pseudo": True, "product": "",
        }
    )  # fmt: skip


def ranked(
    home: Path, spans: list[tuple[int, int, str]], *planted: Site, circular: bool = False,
    called: tuple[tuple[int, str], ...] = (), **measured: tuple[tuple[int, str], ...],
) -> pd.DataFrame:  # fmt: skip
    folder = predictions(home / "p", *planted, called=called)
    sets = {name: bed(home / f"{name}.bed", *sites) for name, sites in measured.items()}
    return rank_pseudogenes(pseudo(*spans), genome(circular=circular), Evidence.of_folder(folder, sets))


@pytest.mark.parametrize("offset", [-UPSTREAM_BP, -1, 0])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_start_site_upstream_is_found_at_its_base(tmp_path: Path, strand: str, offset: int) -> None:
    first = 1000 if strand == "+" else 1399
    at = first + offset if strand == "+" else first - offset
    row = ranked(tmp_path, [(1000, 1400, strand)], (at, strand, 0.8), called=((at, strand),), a=((at, strand),)).iloc[0]
    assert row["upstream_output"] == pytest.approx(0.8)
    assert row["upstream_position"] == row["predicted_tss"] == row["measured_tss"] == at + 1
    assert row["measured_sets"] == "a"
    assert row["inside_output"] == pytest.approx(0.01)
    assert row["antisense_output"] == pytest.approx(0.01)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_what_is_further_away_is_not_upstream(tmp_path: Path, strand: str) -> None:
    at = 1000 - UPSTREAM_BP - 1 if strand == "+" else 1399 + UPSTREAM_BP + 1
    row = ranked(tmp_path, [(1000, 1400, strand)], (at, strand, 0.8), called=((at, strand),)).iloc[0]
    assert row["upstream_output"] == pytest.approx(0.01)
    assert pd.isna(row["predicted_tss"])
    assert pd.isna(row["measured_tss"])


@pytest.mark.parametrize(("strand", "other"), [("+", "-"), ("-", "+")])
def test_inside_and_antisense_are_told_apart(tmp_path: Path, strand: str, other: str) -> None:
    edge = 1000 - ANTISENSE_BP
    planted = ((1200, strand, 0.5), (edge, other, 0.7), (1399 + ANTISENSE_BP + 1, other, 0.9))
    row = ranked(
        tmp_path, [(1000, 1400, strand)], *planted, called=((edge, other),), a=((1300, other),), b=((1300, other),)
    ).iloc[0]
    assert row["inside_output"] == pytest.approx(0.5)
    assert row["antisense_output"] == pytest.approx(0.7)
    assert (row["antisense_predicted"], row["antisense_measured"]) == (1, 1)


def test_across_the_origin_of_a_circle_and_not_of_a_line(tmp_path: Path) -> None:
    planted = (LENGTH - 50, "+", 0.8)
    assert ranked(tmp_path, [(100, 400, "+")], planted, circular=True).iloc[0]["upstream_position"] == LENGTH - 49
    (tmp_path / "line").mkdir()
    assert ranked(tmp_path / "line", [(100, 400, "+")], planted).iloc[0]["upstream_output"] == pytest.approx(0.01)


def test_the_highest_output_upstream_comes_first(tmp_path: Path) -> None:
    table = ranked(tmp_path, [(500, 600, "+"), (1500, 1600, "-"), (2500, 2600, "+")], (450, "+", 0.2), (1650, "-", 0.9))
    assert table["gene"].tolist() == ["p1500", "p500", "p2500"]
    assert table["rank"].tolist() == [1, 2, 3]


def test_a_mirror_image_has_the_same_numbers(tmp_path: Path) -> None:
    spans, planted = [(1000, 1400, "+")], ((900, "+", 0.8), (1100, "+", 0.4), (1300, "-", 0.6))
    one = ranked(tmp_path, spans, *planted, called=((900, "+"),)).iloc[0]
    (tmp_path / "m").mkdir()
    flip = {"+": "-", "-": "+"}
    turned = tuple((LENGTH - 1 - at, flip[strand], height) for at, strand, height in planted)
    other = ranked(tmp_path / "m", [(LENGTH - 1400, LENGTH - 1000, "-")], *turned, called=((LENGTH - 901, "-"),)).iloc[
        0
    ]
    for name in ("upstream_output", "inside_output", "antisense_output", "antisense_predicted"):
        assert one[name] == other[name]
    assert one["predicted_tss"] - 1 == LENGTH - 1 - (other["predicted_tss"] - 1)


def test_the_command_writes_the_ranking_next_to_the_tracks_and_the_report_shows_it(tmp_path: Path) -> None:
    fasta, gff = tmp_path / "g.fa", tmp_path / "g.gff3"
    fasta.write_text(">chr\n" + "ACGT" * (LENGTH // 4) + "\n")
    gff.write_text("chr\tx\tpseudogene\t1001\t1400\t.\t+\t.\tID=p;Name=psX;pseudo=true\n")
    folder = predictions(tmp_path / "p", (950, "+", 0.8), called=((950, "+"),))
    command = ["annotation", gff, "--genome", fasta, "--rank-pseudogenes", folder, "-o", tmp_path / "out"]
    result = CliRunner().invoke(tracktools, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    assert "1 pseudogenes, 1 with a called TSS upstream" in result.output
    row = pd.read_csv(tmp_path / "out" / "pseudogenes.tsv", sep="\t").iloc[0]
    assert (row["gene"], row["predicted_tss"], row["locus"]) == ("psX", 951, "chr:501-1900")
    assert row["hub_link"] == "index.html#chr:501-1900"
    assert str(folder / "g.plus.bw") in (tmp_path / "out" / PROVENANCE_FILE).read_text()
    made = make_report([tmp_path / "out"], tmp_path / "r.html")
    assert made.sections == ["Pseudogenes, ranked", "Genes"]
    assert "psX" in made.page.read_text()


def test_what_is_no_prediction_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "g.gff3").write_text("chr\tx\tpseudogene\t1\t9\t.\t+\t.\tID=p;pseudo=true\n")
    (tmp_path / "g.fa").write_text(">chr\n" + "ACGT" * 10 + "\n")
    arguments = [
        "annotation",
        str(tmp_path / "g.gff3"),
        "--genome",
        str(tmp_path / "g.fa"),
        "-o",
        str(tmp_path / "out"),
    ]
    for more, said in (
        (["--rank-pseudogenes", str(tmp_path)], "is no folder of predictions"),
        (["--measured", f"a={tmp_path / 'a.bed'}"], "name the predictions with --rank-pseudogenes"),
    ):
        result = CliRunner().invoke(tracktools, [*arguments, *more])
        assert result.exit_code == 1
        assert said in str(result.exception)
        assert not (tmp_path / "out").exists()


def test_the_signal_may_be_named_by_its_files(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "p", (950, "+", 0.8))
    evidence = Evidence(SignalSource("s", folder / "g.plus.bw", folder / "g.minus.bw"), folder / "g.called_tss.bed")
    assert rank_pseudogenes(pseudo((1000, 1400, "+")), genome(), evidence).iloc[0]["upstream_position"] == 951
