"""Tables as other programs and other people write them: sheets, quotes, commas, bounds, empty cells."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import Result

from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import TSS_SOURCE, read_bed, write_bed
from tracktools.genome import Contig, Genome
from tracktools.tss.curate import curate_tss
from tracktools.tss.folders import curate_folder, import_folder
from tracktools.tss.importing import ImportedSet, ImportRequest, import_tss
from tracktools.tss.layouts import Layout
from tracktools.tss.table import read_positions, read_tss_set

Run = Callable[..., Result]
LETTERS = np.frombuffer(b"ACGT" * 500, dtype=np.uint8)
GENOME = Genome("made", (Contig("c1", LETTERS[:1000]), Contig("c2", LETTERS[:600])))
ONE = Genome("one", (Contig("c1", LETTERS),))
POINTS = Layout("table", position="Pos", strand="Strand", base="1", chrom="Rep", score="Score")


def imported(path: Path, layout: Layout | None = POINTS, genome: Genome = GENOME, **settings) -> ImportedSet:
    return import_tss([path], ImportRequest("x", layout, **settings), genome)


def bases(found: ImportedSet) -> list[tuple[str, int, str]]:
    table = found.table
    return list(zip(table["chrom"], table["chromStart"].tolist(), table["strand"], strict=True))


def text(folder: Path, *lines: str, name: str = "table.txt") -> Path:
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


HEAD = ("Rep", "Pos", "Strand", "Score")
TWO = {"plus": [HEAD, ("c1", 100, "+", 5)], "minus": [HEAD, ("c2", 200, "-", 6)], "notes": [("made by hand",)]}


def test_further_sheets_are_named_and_read_when_asked_for(tmp_path: Path, run: Run) -> None:
    path = workbook(tmp_path / "t.xlsx", TWO)
    first = imported(path)
    assert bases(first) == [("c1", 99, "+")]
    assert first.sheets[str(path)] == {"read": ["plus"], "not_read": ["minus", "notes"]}
    assert "read the sheet 'plus', not 'minus', 'notes'" in first.notes[0]
    assert bases(imported(path, sheet="minus")) == [("c2", 199, "-")]
    everything = imported(path, sheet="all")
    assert bases(everything) == [("c1", 99, "+"), ("c2", 199, "-")]
    assert everything.sheets[str(path)] == {"read": ["plus", "minus"], "not_read": ["notes"]}
    import_folder([path], ImportRequest("x", POINTS), tmp_path / "out", genome=GENOME)
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())["parameters"]
    assert record["sheets"][str(path)]["not_read"] == ["minus", "notes"]
    assert record["counts"] == "Read 1 row: 1 taken, 0 left out"


def test_a_wrong_sheet_is_told_with_the_right_one(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", {"README": [("Table S3",)], "TSS": TWO["plus"]})
    with pytest.raises(InputError, match=r"t\.xlsx\[README\].*sheets 'README', 'TSS': say --sheet TSS"):
        imported(path)
    with pytest.raises(InputError, match=r"has no sheet 'tss' .*say --sheet TSS"):
        imported(path, sheet="tss")
    with pytest.raises(InputError, match="is no workbook"):
        imported(text(tmp_path, "Rep\tPos\tStrand\tScore", "c1\t1\t+\t1"), sheet="TSS")


def test_empty_cells_of_the_sequence_are_filled_from_above_alone_and_when_asked_for(tmp_path: Path) -> None:
    rows = [HEAD, ("c1", 100, "+", 1), (None, 200, "-", 1), ("c2", 300, "-", 1), (None, 400, "-", 1)]
    path = workbook(tmp_path / "t.xlsx", {"all": rows})
    found = imported(path)
    assert bases(found) == [("c1", 99, "+"), ("c2", 299, "-")]
    assert found.counts == "Read 4 rows: 2 taken, 2 left out (2 without a sequence name)"
    assert "--fill-down" in found.refused[0].reason
    with pytest.raises(ConfigError, match="--chrom and --chrom-column Rep together"):
        imported(path, chrom="c1")
    filled = imported(path, Layout(**{**vars(POINTS), "fill_down": True}))
    assert bases(filled) == [("c1", 99, "+"), ("c1", 199, "-"), ("c2", 299, "-"), ("c2", 399, "-")]
    assert bases(imported(path, genome=ONE, renames={"c2": "c1"})) == [("c1", 99, "+"), ("c1", 299, "-")]


@pytest.mark.parametrize(
    ("written", "value", "remark"),
    [
        (">100", 100, "read as a bound"),
        ("<0.5", 0.5, "read as a bound"),
        ("2,5", 2.5, "read with a decimal comma"),
        ("1,234.5", 1234.5, ""),
        ("infinity", None, "dropped"),
        ("1e400", None, "dropped"),
        ("3.5e38", None, "dropped"),
        ("-3.4e38", -3.4e38, ""),
        ("high", None, "dropped"),
        ("NA", None, "without a value"),
        ("", None, "without a value"),
        ("85%", 85, ""),
    ],
)
def test_a_score_never_rejects_a_position(written: str, value: float | None, remark: str, tmp_path: Path) -> None:
    found = imported(text(tmp_path, "\t".join(HEAD), f"c1\t5\t+\t{written}", "c1\t9\t-\t1.5"))
    assert bases(found) == [("c1", 4, "+"), ("c1", 8, "-")]
    scores = [None if np.isnan(score) else score for score in found.table["sourceScore"]]
    assert scores == [value, 1.5]
    assert dict(found.scores) == ({remark: 1} if remark else {})


@pytest.mark.parametrize("score", ["2.5", "5000", ">100", "NA", "-1", "inf"])
def test_a_score_that_bed_forbids_keeps_the_position_in_every_reader(score: str, tmp_path: Path, run: Run) -> None:
    path = text(tmp_path, f"c1\t4\t5\ta\t{score}\t+", "c1\t8\t9\tb\t7\t-", name="s.bed")
    assert len(read_positions(path)) == len(read_tss_set(path)[0]) == 2
    assert np.isfinite(read_positions(path)["sourceScore"].dropna()).all()
    with pytest.raises(InputError, match="score"):
        read_bed(path) if score != "2.5" else read_bed(text(tmp_path, f"c1\t4\t5\ta\t{score}\t+"))
    ran = run("tss", "curate", "--source", f"a={path}", "--min-support", 1, "-o", tmp_path / "out")
    assert ran.output.rstrip().endswith("Read 2 TSS: 2 taken, 0 left out")


HEAD6 = "#chrom\tchromStart\tchromEnd\tname\tscore\tstrand"
INFINITE = {
    "a.bed": ["c1\t4\t5\ta\tinf\t+", "c1\t8\t9\tb\t7\t-", "c1\t18\t19\tc\t1e39\t-", "c1\t21\t22\td\tNA\t-"],
    "b.bed": [f"{HEAD6}\tsourceScore", "c1\t4\t5\ta\t1\t+\t2.5", "c1\t8\t9\tb\t7\t-\tinf", "c1\t9\t10\tc\t7\t-\t-inf"],
    "c.bed": [
        f"{HEAD6}\tmodelOutput",
        "c1\t4\t5\ta\t1\t+\t1e30",
        "c1\t8\t9\tb\t7\t-\tinf",
        "c1\t9\t10\tc\t7\t-\t-3.5e38",
    ],
}


@pytest.mark.parametrize(("name", "line"), [("a.bed", 1), ("b.bed", 3), ("c.bed", 3)])
def test_scores_that_are_no_finite_number_are_counted_on_screen_and_in_files(
    name: str, line: int, tmp_path: Path, run: Run
) -> None:
    path = text(tmp_path, *INFINITE[name], name=name)
    genome = text(tmp_path, ">c1", "ACGTTGCATT" * 10, name="g.fa")
    chain = text(tmp_path, "chain 1 c1 100 + 0 100 d1 100 + 0 100 1", "100", name="o.chain")
    genes = text(tmp_path, "##sequence-region c1 1 100", "c1\tx\tgene\t30\t60\t.\t+\t.\tID=g1", name="g.gff")
    where = f"the first on line {line}: left out, the positions are kept"
    note = f"{path}: 2 scores are no finite number (the most is 3.4e38), {where}"
    commands = [("lift", path, "--chain", chain), ("classify", path, "--annotation", genes)]
    if name == "a.bed":
        commands.append(("curate", "--source", f"a={path}", "--min-support", 1))
        commands.append(("confirm", path, f"m={path}", "--genome", genome))
        commands.append(("table", path, "--genome", genome))
    for at, command in enumerate(commands):
        output = tmp_path / f"out{at}"
        ran = run("tss", *command, "-o", output)
        assert note in ran.stdout + ran.stderr, command
        parameters = json.loads((output / "provenance.json").read_text())["parameters"]
        assert note in parameters.get("warnings", parameters.get("notes")), command
        assert "inf" not in "".join(file.read_text() for file in output.glob("*.bed")), command


MASTER = (
    "SuperPos\tSuperStrand\tmapCount\tdetCount\tGenome\tdetected\tenriched\tstepHeight\tstepFactor\tenrichmentFactor\t"
    "classCount\tPos\tStrand\tLocus_tag\tProduct\tUTRlength\tGeneLength\tPrimary\tSecondary\tInternal\tAntisense"
)


def master_row(pos: int, strand: str, condition: str, height: str, classes: str, detected: int = 1) -> str:
    cells = [pos, strand, 2, 2, condition, detected, 1, height, ">100", "2.5", 1, pos, strand, "b1", "x", 50, 300]
    return "\t".join(map(str, [*cells, *classes]))


def test_a_master_table_gives_each_position_once(tmp_path: Path) -> None:
    rows = [
        master_row(100, "+", "lag", "1.3", "1000"),
        master_row(100, "+", "log", ">9", "0010"),
        master_row(300, "-", "lag", "2,5", "0001"),
        master_row(300, "-", "log", "0.1", "0001", detected=0),
    ]
    found = imported(text(tmp_path, MASTER, *rows), None, ONE)
    assert found.formats == ("tsspredator",)
    assert bases(found) == [("c1", 99, "+"), ("c1", 299, "-")]
    assert found.table["sourceScore"].tolist() == [9, 2.5]
    assert found.table["condition"].tolist() == ["lag,log", "lag"]
    assert found.table["evidence"].tolist() == ["internal,primary", "antisense"]
    assert found.counts == "Read 4 rows: 3 taken, 1 left out (1 where detected is not 1)"


def test_annogesic_is_known_by_its_attributes(tmp_path: Path) -> None:
    attributes = "Name=TSS%3A100_f;ID=tss0;type=Primary&Internal;UTR_length=Primary_48&Internal_NA;libs=lag&log"
    path = text(tmp_path, "##gff-version 3", f"c1\tmanual\tTSS\t100\t100\t.\t+\t.\t{attributes}")
    found = imported(path, None)
    assert found.formats == ("annogesic",)
    row = found.table.iloc[0]
    assert (row["name"], row["condition"], row["evidence"]) == ("TSS_100_f", "lag,log", "internal,primary")


def test_gene_wise_counts_of_reademption_are_read_where_they_count_tss(tmp_path: Path) -> None:
    head = "Orientation of counted reads relative to the strand location of the annotation"
    head += "\tSequence name\tSource\tFeature\tStart\tEnd\tScore\tStrand\tFrame\tAttributes\tlag\tlog"
    rows = ["sense\tc1\tx\tTSS\t100\t100\t.\t+\t.\tID=t1\t3\t4", "sense\tc2\tx\tTSS\t50\t60\t.\t-\t.\tID=t2\t0\t9"]
    rows.append("anti-sense\tc1\tx\tTSS\t100\t100\t.\t+\t.\tID=t1\t70\t70")
    found = imported(text(tmp_path, head, *rows), None)
    assert found.formats == ("reademption",)
    assert bases(found) == [("c1", 99, "+"), ("c2", 59, "-")]
    assert found.table["sourceScore"].tolist() == [7, 9]
    assert found.table["condition"].tolist() == ["lag,log", "log"]
    genes = text(tmp_path, head, *[row.replace("TSS", "CDS") for row in rows])
    with pytest.raises(InputError, match=r"counts reads of CDS, not of TSS .*--feature CDS"):
        imported(genes, None)
    assert len(imported(genes, None, feature="CDS").table) == 2


R_ROWS = ['"1"\t"c1"\t5\t"+"\t1.5', '"2"\t"c2"\t100\t"-"\tNA']


@pytest.mark.parametrize(
    "lines",
    [
        ['"Rep"\t"Pos"\t"Strand"\t"Score"', *R_ROWS],  # write.table(sep = "\t"): no name for the names of rows
        ['""\t"Rep"\t"Pos"\t"Strand"\t"Score"', *R_ROWS],  # col.names = NA
        ['"Pos"\t"Strand"\t"Score"\t"Rep"', '5\t"+"\t1.5\t"c1"', '100\t"-"\tNA\t"c2"'],  # row.names = FALSE
        ['"";"Rep";"Pos";"Strand";"Score"', '"1";"c1";5;"+";1,5', '"2";"c2";100;"-";NA'],  # write.csv2
        ["sep=;", "Rep;Pos;Strand;Score", "c1;5;+;1,5", "c2;100;-;"],  # Excel, German
        [
            '"Rep","Pos","Strand","Score"',
            '"c1","5","+","1,5"',
            '"c2","100","-","NA"',
        ],
    ],
)
def test_tables_of_r_and_of_german_excel_are_one_table(lines: list[str], tmp_path: Path) -> None:
    found = imported(text(tmp_path, *lines))
    assert bases(found) == [("c1", 4, "+"), ("c2", 99, "-")]
    assert found.table["sourceScore"].iloc[0] == 1.5
    assert np.isnan(found.table["sourceScore"].iloc[1])


def test_german_thousands_are_read_and_unclear_ones_refused(tmp_path: Path) -> None:
    head = ";".join(HEAD)
    found = imported(text(tmp_path, head, "c1;1.000;+;2,5", "c1;1,000;-;2,5"))
    assert bases(found) == [("c1", 999, "+")]
    assert found.refused[0].reason == "Pos is '1,000': thousands or decimals?"
    with pytest.raises(InputError, match="thousands or decimals"):
        imported(text(tmp_path, head, "c1;1,000;+;2", "c1;1,001;-;2"))


def bed_lines(width: int) -> list[str]:
    more = {9: "\t4\t5\t0", 12: "\t4\t5\t16711680\t1\t1,\t0,"}[width]
    return [f"c1\t4\t5\ta\t0\t+{more}", f"c1\t8\t9\tb\t0\t-{more.replace('4', '8', 1).replace('5', '9', 1)}"]


@pytest.mark.parametrize("width", [9, 12])
def test_bed9_and_bed12_are_sets(width: int, tmp_path: Path, run: Run) -> None:
    path = text(tmp_path, "track name=x", *bed_lines(width), name="s.bed")
    assert bases(imported(path, None)) == [("c1", 4, "+"), ("c1", 8, "-")]
    assert read_tss_set(path)[0]["chromStart"].tolist() == [4, 8]
    assert read_positions(path)["chromStart"].tolist() == [4, 8]
    ran = run("tss", "curate", "--source", f"a={path}", "--min-support", 1, "-o", tmp_path / "out")
    assert ran.exit_code == 0


def test_a_bed12_of_transcripts_gives_their_first_bases(tmp_path: Path) -> None:
    rows = ["c1\t10\t90\ta\t0\t+\t20\t80\t0\t2\t10,20,\t0,60,", "c1\t10\t90\tb\t0\t-\t20\t80\t0\t1\t80,\t0,"]
    assert bases(imported(text(tmp_path, *rows), None)) == [("c1", 10, "+"), ("c1", 89, "-")]


@pytest.mark.parametrize("chrom", ["U00096.3", "chr", "gi|1|gb|U00096.3|"])
def test_sets_under_known_names_of_one_sequence_are_joined(chrom: str, tmp_path: Path, run: Run) -> None:
    one = text(tmp_path, f"{chrom}\t99\t100\ta\t5\t+", name="a.bed")
    other = text(tmp_path, "NC_000913.3\t99\t100\tb\t5\t+", name="b.bed")
    for pair in ({"a": one, "b": other}, {"b": other, "a": one}):
        table = curate_tss(pair).table
        assert table[["chrom", "support"]].values.tolist() == [["NC_000913.3", 2]]
    ran = run("tss", "compare", "--source", f"a={one}", "--source", f"b={other}", "-o", tmp_path / "out")
    assert pd.read_csv(tmp_path / "out" / "shares.tsv", sep="\t")["shared"].min() == 1
    assert "known name of the same sequence" in ran.stderr


def test_sets_without_a_sequence_in_common_are_told_and_the_hint_joins_them(tmp_path: Path, run: Run) -> None:
    one, other = (text(tmp_path, f"{chrom}\t99\t100\ta\t5\t+", name=f"{chrom}.bed") for chrom in ("p1", "p2"))
    words = ("tss", "curate", "--source", f"a={one}", "--source", f"b={other}", "--force", "-o", tmp_path / "out")
    alone = run(*words)
    assert (
        "the sets a and b have no sequence in common: p1; p2 (if they are of one, say --rename p1=p2)" in alone.stderr
    )
    joined = run(*words, "--rename", "p1=p2")
    assert "no sequence in common" not in joined.stderr
    assert joined.stdout.rstrip().endswith("Read 2 TSS: 2 taken, 0 left out")


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        (["Rep\tPos\tStrand\tScore", "c1\t5\t(+)\t1", "c2\t9\t(-)\t1"], "Read 2 rows: 2 taken, 0 left out"),
        (["Rep\tPos\tStrand\tScore", "c1\t5.0\t1.0\t1", "c2\t9.0\t-1.0\t1"], "Read 2 rows: 2 taken, 0 left out"),
        (
            ["Rep\tPos\tStrand\tScore", "c1\t5\t+\t1", "Rep\tPos\tStrand\tScore", "c2\t9\t-\t1"],
            "Read 3 rows: 2 taken, 1 left out (1 that repeat the header)",
        ),
        (
            ["Table S1", "", "Rep,Pos,Strand,Score", "c1,5,+,1", "c2,9,-,1", "* from two growth phases"],
            "Read 3 rows: 2 taken, 1 left out (1 with too few columns)",
        ),
        (["Rep\tPos\tStrand\tScore", "c1\t5\t+\t5\" end", "c2\t9\t-\t1"], "Read 2 rows: 2 taken, 0 left out"),
    ],
)  # fmt: skip
def test_oddities_of_tables(lines: list[str], counts: str, tmp_path: Path) -> None:
    found = imported(text(tmp_path, *lines))
    assert bases(found) == [("c1", 4, "+"), ("c2", 8, "-")]
    assert found.counts == counts


@pytest.mark.parametrize(
    "lines",
    [
        ["1\t4\t5\ta\t7\t+", "1\t8\t9\tb\t7\t-"],  # Ensembl's names of chromosomes
        ["chrom\tchromStart\tchromEnd\tname\tscore\tstrand", "1\t4\t5\ta\t7\t+", "1\t8\t9\tb\t7\t-"],
        [
            "##gff-version 3",
            "1\tx\tTSS\t5\t5\t.\t+\t.\tID=a",
            "1\tx\tTSS\t9\t9\t.\t-\t.\tID=b",
            "##FASTA",
            ">1",
            "ACGT",
        ],
    ],
)
def test_files_without_a_layout_named_are_known(lines: list[str], tmp_path: Path) -> None:
    found = imported(text(tmp_path, *lines), None, renames={"1": "c1"})
    assert bases(found) == [("c1", 4, "+"), ("c1", 8, "-")]
    assert not found.refused


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("c1\t4\t5\t3\n", "is bedGraph, a signal without strand"),
        ("c1\t4\t+\t3\n", "has no header line"),
        ("<html><table><tr><td>5</td></tr></table></html>\n", "is a web page or XML, not a table"),
        ("Rep\tpos\tStrand\n", "cannot tell the kind of table"),
    ],
)
def test_files_that_are_something_else_are_named(content: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(content)
    with pytest.raises(InputError, match=problem):
        imported(tmp_path / "x", None)


def test_a_zip_archive_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("table.tsv", "Rep\tPos\tStrand\n")
    with pytest.raises(InputError, match="is a zip archive, not a table"):
        imported(tmp_path / "x.zip", None)


def test_a_name_of_a_tss_with_an_encoded_tab_is_one_word(tmp_path: Path) -> None:
    found = imported(text(tmp_path, "c1\tx\tTSS\t5\t5\t.\t+\t.\tName=a%09b%0Ac"), None)
    assert found.table["name"].tolist() == ["a_b_c"]
    write_bed(tmp_path / "x.bed", found.table, TSS_SOURCE)


def test_an_error_in_what_is_written_names_the_place_that_the_user_knows(tmp_path: Path) -> None:
    path = text(tmp_path, "c1\t4\t5\ta\t3\t+", name="a.bed")
    with pytest.raises(InputError, match=r"out/curated\.bed: row 1: chrom is 'a b'") as told:
        curate_folder({"a": path}, tmp_path / "out", min_support=1, renames={"c1": "a b"})
    assert "partial" not in str(told.value)


@pytest.mark.parametrize("number", ["9" * 25, "1e400", "1" + "0" * 12])
def test_a_number_beyond_every_sequence_is_one_line(number: str, tmp_path: Path) -> None:
    path = text(tmp_path, f"c1\t{number}\t{number}1\ta\t0\t+", name="s.bed")
    for read in (read_positions, read_tss_set, read_bed):
        with pytest.raises(InputError, match=r"chrom(Start|End) is"):
            read(path)
    found = imported(text(tmp_path, "\t".join(HEAD), f"c1\t{number}\t+\t1", "c1\t5\t+\t1"))
    assert bases(found) == [("c1", 4, "+")]


def test_a_number_of_thousands_of_digits_is_one_short_line(tmp_path: Path) -> None:
    path = text(tmp_path, "\t".join(HEAD), f"c1\t{'9' * 5000}\t+\t1", "c1\t5\t+\t1")
    with pytest.raises(InputError, match=r":2: \S+ is '9+…, a number of 5,000 digits") as told:
        imported(path)
    assert len(str(told.value)) < 600
