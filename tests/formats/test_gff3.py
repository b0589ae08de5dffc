from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tracktools.errors import InputError
from tracktools.formats.gff3 import read_gff3

ROW = "c1\tsrc\tgene\t11\t20\t.\t-\t.\tID=g1;product=16S%2C 23S%3B 5%25;note=a,b"


def write(folder: Path, text: str) -> Path:
    path = folder / "a.gff3"
    path.write_bytes(text.encode())
    return path


def test_a_row_is_read_with_its_line(tmp_path: Path) -> None:
    (row,) = read_gff3(write(tmp_path, "##gff-version 3\n# said\n\n" + ROW + "\n"))
    assert (row.chrom, row.type, row.start, row.end, row.strand, row.line) == ("c1", "gene", 10, 20, "-", 4)
    assert row.attributes == {"ID": "g1", "product": "16S,23S; 5%".replace("16S,", "16S, "), "note": "a,b"}


@pytest.mark.parametrize(
    "text",
    [
        ROW.replace("\n", "\r\n") + "\r\n",
        "\ufeff" + ROW,
        ROW + "\n##FASTA\n>c1\nACGT\tACGT\n",
        ROW + "\n>c1\nACGT\n",
        "##gff-version   3.1.26\n" + ROW + ";\n###\n",
    ],
    ids=["windows", "byte order mark", "FASTA directive", "bare FASTA", "trailing semicolon"],
)
def test_what_editors_and_tools_add_changes_nothing(tmp_path: Path, text: str) -> None:
    (row,) = read_gff3(write(tmp_path, text))
    (plain,) = read_gff3(write(tmp_path, ROW))
    assert row.attributes == plain.attributes
    assert (row.chrom, row.start, row.end) == (plain.chrom, plain.start, plain.end)


def test_gzip_is_known_by_content(tmp_path: Path) -> None:
    path = tmp_path / "plain_name"
    path.write_bytes(gzip.compress(ROW.encode()))
    assert [row.start for row in read_gff3(path)] == [10]


def test_a_forgotten_semicolon_stays_in_the_value(tmp_path: Path) -> None:
    (row,) = read_gff3(write(tmp_path, ROW.replace("note=a,b", "product=kinase; putative;locus_tag=t")))
    assert row.attributes["product"] == "kinase; putative"
    assert row.attributes["locus_tag"] == "t"


def test_percent_encoding_in_the_name_of_a_sequence(tmp_path: Path) -> None:
    (row,) = read_gff3(write(tmp_path, ROW.replace("c1", "c%201").replace("-\t.\tID", "?\t.\tID")))
    assert (row.chrom, row.strand) == ("c 1", ".")


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (ROW.replace("ID=g1", 'name "g1"').split(";")[0], 1, "is GFF2, without gene_id: 'name \"g1\"'"),
        ("##gff-version 2\n" + ROW, 1, "is not GFF3: '##gff-version 2'"),
        (ROW.replace("\t", " "), 1, "this line has spaces"),
        ("# x\n" + ROW.replace("\t.\t-", "\t-"), 2, "has 8 columns"),
        (ROW.replace("11", "0"), 1, "goes from 0 to 20"),
        (ROW.replace("11", "21"), 1, "goes from 21 to 20"),
        (ROW.replace("11", "1e1"), 1, "start is '1e1'"),
        (ROW.replace("20\t.", "²\t."), 1, "end is '²'"),
        (ROW.replace("\t-\t", "\tx\t"), 1, "strand is 'x'"),
        (ROW.replace("ID=g1;", "g1;"), 1, "attribute 'g1' has no '='"),
        ("BAM\1\0\0" + ROW, 1, "is not text"),
        ("LOCUS       U00096", 1, "has 1 columns: 'LOCUS       U00096'"),
    ],
)
def test_an_error_is_one_line_with_file_and_line(tmp_path: Path, text: str, line: int, part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        list(read_gff3(path))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gff.gz"
    path.write_bytes(gzip.compress((ROW + "\n").encode() * 1000)[:-20])
    with pytest.raises(InputError, match=r"is damaged"):
        list(read_gff3(path))
