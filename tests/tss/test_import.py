"""Tables in every shape, and what becomes of each row."""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from tracktools.cli import main
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import TSS_SOURCE, read_bed
from tracktools.genome import Contig, Genome
from tracktools.tracks import read_tracks
from tracktools.tss.folders import import_folder
from tracktools.tss.importing import ImportRequest, import_tss
from tracktools.tss.layouts import Layout
from tracktools.tss.row_parser import five_prime_base
from tracktools.tss.table import make_table, rank_fractions, read_positions, read_tss_set, with_source_score

Run = Callable[..., Result]
LETTERS = np.frombuffer(b"ACGT" * 500, dtype=np.uint8)
GENOME = Genome("made", (Contig("c1", LETTERS[:1000]), Contig("c2", LETTERS[:600])))
POINTS = Layout("table", position="pos", strand="strand", base="1", chrom="seq")


def read(path: Path, layout: Layout | None = POINTS, **settings) -> tuple[list[tuple[str, int, str]], list[str]]:
    found = import_tss([path], ImportRequest("x", layout, **settings), GENOME)
    table = found.table
    bases = list(zip(table["chrom"], table["chromStart"].tolist(), table["strand"], strict=True))
    return bases, [f"{refusal.line}: {refusal.reason}" for refusal in found.refused]


def text(folder: Path, *lines: str, name: str = "table.tsv", end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


HEADER = "seq\tpos\tstrand"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c1\t2021-03-01\t+", "pos is '2021-03-01': a spreadsheet has made a date of it"),
        ("c1\t1-Mar\t+", "pos is '1-Mar': a spreadsheet has made a date of it"),
        ("c1\tMar-01\t+", "pos is 'Mar-01': a spreadsheet has made a date of it"),
        ("c1\t4.64E+06\t+", "pos is '4.64E+06': a spreadsheet has rounded it"),
        ("c1\t12.5\t+", "pos is '12.5', not a whole number"),
        ("c1\tlac\t+", "pos is 'lac', not a whole number"),
        ("c1\t-7\t+", "pos is '-7', not a whole number"),
        ("c1\t\t+", "has no pos"),
        ("c1\tNA\t+", "has no pos"),
        ("c1\t10\t", "has no strand"),
        ("c1\t10\t.", "has no strand"),
        ("c1\t10\tup", "strand is 'up', neither + nor -"),
        ("c1\t10", "has only 2 columns, none for 'strand'"),
        ("c1\t10\t+\tmore", "has 4 columns, the header 3"),
        ("c1\t0\t+", "position 0 is before the first base"),
        ("c1\t1001\t-", "base 1001 (1-based) is beyond the ends of c1, which has 1000"),
        (
            "\t10\t+",
            "the cell of 'seq' is empty: fill the cells down, or say --fill-down to take each from the row above",
        ),
        ("c9\t10\t+", "sequence 'c9' is not in the genome, which has c1, c2: say --rename c9=c1 if it is that"),
    ],
)
def test_each_row_that_cannot_be_taken_says_why(row: str, reason: str, tmp_path: Path) -> None:
    path = text(tmp_path, HEADER, "c1\t5\t+", row, "c2\t600\t-")
    assert read(path) == ([("c1", 4, "+"), ("c2", 599, "-")], [f"3: {reason}"])
    with pytest.raises(InputError) as stopped:
        read(path, strict=True)
    assert str(stopped.value).startswith(f"{path}:3: {reason}")


@pytest.mark.parametrize(
    ("plus", "minus"), [("+", "-"), ("forward", "reverse"), ("Plus", "Minus"), ("1", "-1"), ("F", "R")]
)
def test_words_for_strands(plus: str, minus: str, tmp_path: Path) -> None:
    assert read(text(tmp_path, HEADER, f"c1\t5\t{plus}", f"c1\t9\t{minus}"))[0] == [("c1", 4, "+"), ("c1", 8, "-")]


@pytest.mark.parametrize("number", ["1000", "1,000", "1000.0", '"1000"'])
def test_ways_to_write_a_number(number: str, tmp_path: Path) -> None:
    assert read(text(tmp_path, HEADER, f'"c1"\t{number}\t+'))[0] == [("c1", 999, "+")]


def shapes(folder: Path) -> dict[str, Path]:
    lines = [HEADER, "c1\t5\t+", "c2\t9\t-"]
    plain = "\n".join(lines) + "\n"
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append([int(cell) if cell.isdigit() else cell for cell in line.split("\t")])
    book.save(folder / "book.xlsx")
    made = {
        "crlf.tsv": plain.replace("\n", "\r\n").encode(),
        "bom.tsv": b"\xef\xbb\xbf" + plain.encode(),
        "utf16.tsv": plain.encode("utf-16"),
        "comma.csv": plain.replace("\t", ",").encode(),
        "semicolon.csv": plain.replace("\t", ";").encode(),
        "blank.tsv": plain.replace("\n", "\n\n").encode(),
        "comment.tsv": b"# made by hand, in 2020\n" + plain.encode(),
        "hash.tsv": b"#" + plain.encode(),
        "latin.tsv": "seq\tpos\tstrand\n# caf\xe9\n".encode("cp1252") + plain.split("\n", 1)[1].encode(),
        "open.tsv": plain.rstrip("\n").encode(),
        "packed.tsv.gz": gzip.compress(plain.encode()),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in [*made, "book.xlsx"]}


def test_shapes_of_one_table_give_one_set(tmp_path: Path) -> None:
    for name, path in shapes(tmp_path).items():
        assert read(path) == ([("c1", 4, "+"), ("c2", 8, "-")], []), name


def test_a_date_cell_of_excel_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["seq", "pos", "strand"], ["c1", 7, "+"], ["c1", datetime.datetime(2021, 3, 1), "+"]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    assert read(tmp_path / "book.xlsx") == (
        [("c1", 6, "+")],
        ["3: pos is '2021-03-01': a spreadsheet has made a date of it"],
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n\n", "contains no line"),
        (b"\x00\x01\x02\xff" * 50, "is not text but binary"),
        (b"PK\x03\x04 not a workbook", "is no readable xlsx file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (.xls)"),
        (gzip.compress(b"seq\tpos\tstrand\n" * 99, mtime=0)[:-20], "is damaged"),
        (b"seq\tpos\tstrand\n", "contains no row of data"),
        (b"seq\tpos\tpos\tstrand\nc1\t1\t1\t+\n", "the column 'pos' is there twice"),
        (b"seq\tstart\tstrand\nc1\t1\t+\n", "has no column 'pos'"),
        (b"pos\tstrand\n1\t+\n", "has no column 'seq'"),
        (b"seq\tpos\tstrand\nc1\tx\t+\nc1\ty\t?\nc1\tx\t+\n", "no row could be taken; 2 of 3: pos is 'x'"),
    ],
)
def test_files_that_are_no_table_are_one_clear_line(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read(path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@given(position=st.integers(1, 10**7), length=st.integers(1, 5000), strand=st.sampled_from("+-"))
def test_conventions_agree_with_each_other(position: int, length: int, strand: str) -> None:
    """The same interval in each convention has the same 5' base, and mirrors onto itself."""
    start, end = position - 1, position - 1 + length  # 0-based, half-open
    base = five_prime_base(start, end, strand, "0")
    assert base == five_prime_base(start + 1, end, strand, "1") == five_prime_base(start, end, strand, "border")
    assert base == five_prime_base(start if strand == "+" else end, None, strand, "border")
    assert base == five_prime_base(base, None, strand, "0") == five_prime_base(base + 1, None, strand, "1")
    size = 2 * 10**7
    turned = five_prime_base(size - end, size - start, "-" if strand == "+" else "+", "0")
    assert turned == size - 1 - base


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["c1\t10\t20\ta\t0\t+", "c1\t10\t20\tb\t0\t-"], [("c1", 10, "+"), ("c1", 19, "-")]),  # BED
        (["track name=x", "c1\t10\t11\ta\t0\t+"], [("c1", 10, "+")]),
        (["c1 10 11 a 0 +", "c1 30 31 b 0 -"], [("c1", 10, "+"), ("c1", 30, "-")]),
        (
            ["##gff-version 3", "c1\tx\tTSS\t10\t20\t.\t+\t.\tID=a", "c1\tx\tTSS\t10\t20\t3\t-\t.\tName=b"],
            [("c1", 9, "+"), ("c1", 19, "-")],
        ),
        (['c1\tx\ttranscript\t10\t20\t.\t-\t.\tgene_id "a";'], [("c1", 19, "-")]),  # GTF
    ],
)
def test_bed_gff_and_gtf_are_told_by_their_content(
    lines: list[str], expected: list[tuple[str, int, str]], tmp_path: Path
) -> None:
    assert read(text(tmp_path, *lines), None) == (expected, [])


def test_a_feature_type_must_be_chosen_where_there_are_several(tmp_path: Path) -> None:
    path = text(tmp_path, "c1\tx\tgene\t5\t9\t.\t+\t.\tID=a", "c1\tx\tTSS\t3\t3\t.\t+\t.\tID=b")
    with pytest.raises(InputError, match=r"2 types: TSS, gene \(choose one: say --feature TSS"):
        read(path, None)
    assert read(path, None, feature="TSS")[0] == [("c1", 2, "+")]
    with pytest.raises(InputError, match="no feature of type 'CDS'"):
        read(path, None, feature="CDS")


def test_rows_on_one_base_become_one(tmp_path: Path) -> None:
    layout = Layout("table", "pos", "strand", "1", chrom="seq", score="s", conditions=("when",))
    path = text(
        tmp_path,
        "seq\tpos\tstrand\ts\twhen",
        "c1\t5\t+\t2\tlog",
        "c1\t5\t+\t7\tlate",
        "c1\t5\t-\t\tlog",
        "c1\t9\t+\t1\t",
    )
    table = import_tss([path], ImportRequest("x", layout), GENOME).table
    assert table[["chromStart", "strand", "condition", "sourceLine"]].to_numpy().tolist() == [
        [4, "+", "late,log", 2],
        [4, "-", "log", 4],
        [8, "+", "", 5],
    ]
    np.testing.assert_array_equal(table["sourceScore"], [7, np.nan, 1])
    assert table["score"].tolist() == [750, 500, 250]


def test_names_go_through_the_table_of_aliases_and_are_never_guessed(tmp_path: Path) -> None:
    genome = Genome("ecoli", (Contig("NC_000913.3", LETTERS),))
    names = ("NC_000913.3", "U00096.3", "chr", "gi|545778205|gb|U00096.3|", "U00096.2", "plasmid")
    path = text(tmp_path, HEADER, *(f"{name}\t{at}\t+" for at, name in enumerate(names, start=5)))
    found = import_tss([path], ImportRequest("x", POINTS), genome)
    assert found.table["chrom"].tolist() == ["NC_000913.3"] * 4 + ["NC_000913.2"]
    assert found.other_assembly == {"NC_000913.2": "NC_000913.3"}
    assert [refusal.line for refusal in found.refused] == [7]
    renamed = import_tss([path], ImportRequest("x", POINTS, renames={"plasmid": "NC_000913.3"}), genome)
    assert renamed.refused == ()


def test_a_vague_name_does_not_bring_the_embedded_genome(tmp_path: Path) -> None:
    named = text(tmp_path, HEADER, "U00096.3\t5\t+", name="named.tsv")
    vague = text(tmp_path, HEADER, "chr\t5\t+", name="vague.tsv")
    assert import_tss([named], ImportRequest("x", POINTS)).genome.name == "NC_000913.3"
    assert import_tss([vague], ImportRequest("x", POINTS)).genome is None


def test_where_takes_rows_by_value(tmp_path: Path) -> None:
    path = text(tmp_path, HEADER + "\tlevel", "c1\t5\t+\tSTRONG", "c1\t6\t+\tWEAK", "c1\t7\t+\tSTRONG")
    assert len(read(path, where={"level": ("STRONG",)})[0]) == 2
    with pytest.raises(InputError, match="no row is left: 3 where level is not NONE"):
        read(path, where={"level": ("NONE",)})
    with pytest.raises(InputError, match="no column 'grade'"):
        read(path, where={"grade": ("A",)})


def test_shifts_go_along_the_plus_strand(tmp_path: Path) -> None:
    path = text(tmp_path, HEADER, "c1\t5\t+", "c1\t5\t-", "c1\t1\t-")
    bases, refused = read(path, shift_plus=2, shift_minus=-1)
    assert bases == [("c1", 3, "-"), ("c1", 6, "+")]
    assert refused == ["4: base 0 (1-based) is beyond the ends of c1, which has 1000"]


def test_the_folder_is_whole(tmp_path: Path, run: Run) -> None:
    path = text(tmp_path, HEADER + "\twhen", "U00096.3\t5\t+\tlog", "U00096.3\t9\t-\tlate", "U00096.3\tx\t+\tlog")
    words = ["--format", "table", "--position-column", "pos", "--strand-column", "strand", "--base", 1]
    words += ["--chrom-column", "seq", "--condition-column", "when", "--by-condition", "--color", "1,2,3"]
    result = run("tss", "import", path, "-o", tmp_path / "out", "--name", "mine", *words)
    assert "2 positions (table)" in result.stdout
    out = tmp_path / "out"
    names = {"mine.bed", "mine.late.bed", "mine.log.bed", "refused.tsv", "check.tsv", "tracks.tsv", "provenance.json"}
    assert {file.name for file in out.iterdir()} == names
    table, schema = read_bed(out / "mine.bed")
    assert schema == TSS_SOURCE
    assert table["name"].tolist() == ["mine_NC_000913.3_5_f", "mine_NC_000913.3_9_r"]
    assert len(read_bed(out / "mine.log.bed")[0]) == 1
    tracks = read_tracks(out)
    assert [track.name for track in tracks] == ["tss_mine", "tss_mine_late", "tss_mine_log"]
    assert {track.color for track in tracks} == {"1,2,3"}
    refused = (out / "refused.tsv").read_text().splitlines()
    assert refused[0] == "path\tline\treason\ttext"
    assert refused[1].startswith(f"{path}\t4\tpos is 'x', not a whole number\t")
    record = json.loads((out / "provenance.json").read_text())
    assert record["genome"]["name"] == "NC_000913.3"
    assert len((out / "check.tsv").read_text().splitlines()) == 1 + 20 + 20  # as it is, and by the chain from .2


def test_nothing_is_left_of_an_import_that_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = text(tmp_path, "c1\t5\t6\tx\t0\t?")
    with pytest.raises(SystemExit) as stopped:
        main(["tss", "import", str(path), "-o", str(tmp_path / "out"), "--name", "x"])
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert error == f"Error: {path}:1: no row could be taken; 1 of 1: strand is '?', neither + nor -\n"
    assert [file.name for file in tmp_path.iterdir()] == ["table.tsv"]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "-x"])
def test_names_that_would_not_do_as_a_file_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no name for a set"):
        import_tss([text(tmp_path, HEADER, "c1\t5\t+")], ImportRequest(name, POINTS), GENOME)


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), max_size=12))
def test_rank_fractions_are_symmetric_about_the_median(scores: list[int | None]) -> None:
    values = np.array([np.nan if score is None else score for score in scores], dtype=np.float64)
    fractions = rank_fractions(values)
    np.testing.assert_allclose(fractions + rank_fractions(-values), 1.0)
    known = fractions[~np.isnan(values)]
    assert (fractions[np.isnan(values)] == 0.5).all()
    assert len(known) == 0 or known.mean() == pytest.approx(0.5)


def test_the_quick_reader_reads_what_the_careful_one_does(tmp_path: Path) -> None:
    plain = text(tmp_path, "c1\t5\t6\ta\t10\t+", "c2\t7\t8\tb\t20\t-", name="plain.bed")
    equal = text(tmp_path, "c1\t5\t6\ta\t10\t+", "c2\t7\t8\tb\t10\t-", name="equal.bed")
    header = "#" + "\t".join(TSS_SOURCE.columns)
    named = text(
        tmp_path, header, "c1\t5\t6\ta\t1\t+\tnan\t\t\t\t3", "c1\t7\t8\tb\t1\t-\t2.5\t\t\t\t4", name="named.bed"
    )
    odd = text(tmp_path, "track name=x", "c1 5 6 a 10 +", name="odd.bed")
    packed = tmp_path / "packed.bed.gz"
    packed.write_bytes(gzip.compress(named.read_bytes()))
    empty = text(tmp_path, header, name="empty.bed")
    for path in (plain, equal, named, odd, packed, empty):
        quick, careful = read_positions(path), with_source_score(read_tss_set(path)[0])
        for column in ("chrom", "chromStart", "strand"):
            assert quick[column].tolist() == careful[column].tolist(), path
        np.testing.assert_array_equal(quick["sourceScore"].to_numpy(float), careful["sourceScore"].to_numpy(float))
    assert np.isnan(read_positions(equal)["sourceScore"]).all()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("c1\t5\t9\ta\t10\t+", "1 items are not one base long, the first is c1:5-9"),
        ("c1\t5\t6\ta\t10\t.", "1 items have no strand"),
        ("c1\tx\t6\ta\t10\t+", "chromStart is 'x'"),
        ("c1\t5\t6", "has 3 columns and no strand"),
        ("c1\t5\t6\ta\t10\t?", "strand is '?'"),
    ],
)
def test_a_set_that_is_none_is_refused_with_the_line(line: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_positions(text(tmp_path, line, name="set.bed"))
    assert problem in str(caught.value)


def test_an_empty_table_is_made() -> None:
    assert make_table([], "x").columns.tolist() == list(TSS_SOURCE.columns)


def test_a_line_of_megabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.bed"
    path.write_text(f"c1\t100\t101\t{'x' * 200_000}\t5\t+\n")
    assert len(import_tss([path], ImportRequest("a")).table) == 1


@pytest.mark.parametrize("color", ["red", "1,2,999", "1,2"])
def test_a_colour_that_is_none_is_refused(tmp_path: Path, color: str) -> None:
    path = tmp_path / "a.bed"
    path.write_text("c1\t100\t101\tx\t5\t+\n")
    with pytest.raises(ConfigError, match="write R,G,B"):
        import_folder([path], ImportRequest("a"), tmp_path / "out", color=color)
    assert not (tmp_path / "out").exists()
