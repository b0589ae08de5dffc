"""What a file contains is seen in its content, whatever it is called."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hubs import write_bam
from tracktools.errors import InputError
from tracktools.formats.bed import BED6, write_bed
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.bigwig import write_bigwig
from tracktools.formats.recognise import recognise_format
from tracktools.formats.twobit import write_twobit

TEXTS = {
    "bed": ("c\t1\t5\n", "c 1 5 name 0 +\n", "track name=x\nc\t1\t5\n",
            "#chrom\tchromStart\tchromEnd\n", "\ufeffc\t1\t5\r\n",
            "# a remark\n#chrom\tchromStart\tchromEnd\n",
            "browser position c:1-9\n#\n\nc\t1\t5\ta\t0\t-\n", "c\t1\t5\t7a\n"),
    "bedGraph": ("c\t1\t5\t0.5\n", "track type=bedGraph\nc\t1\t5\t-2\nc\t5\t6\t1e-3\n", "c 1 5 7\n"),
    "gff3": ("##gff-version 3\n", "c\tx\tgene\t1\t9\t.\t+\t.\tID=a\n", "#!remark\nc\tx\tCDS\t1\t9\t.\t-\t0\tID=a\n"),
    "wiggle": ("fixedStep chrom=c start=1 step=1\n0.5\n", "track type=wiggle_0\nvariableStep chrom=c\n1 2\n"),
    "tracks": ("name\tpath\tformat\nx\ta.bw\tbigWig\n", "# mine\npath\tname\tformat\n"),
    "genbank": ("LOCUS       U00096  4641652 bp    DNA     circular BCT\n",),
    "fasta": (">c\nACGT\n",),
    "sam": ("@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n",),
    "unknown": ("", "hello\n", "a,b,c\n1,2,3\n", "c\tx\t5\n"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TEXTS.items() for text in texts])
def test_text_is_known_by_its_lines_plain_and_gzip(tmp_path: Path, kind: str, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode())
    (tmp_path / "a.gz").write_bytes(gzip.compress(text.encode()))
    assert recognise_format(tmp_path / "a.txt") == recognise_format(tmp_path / "a.gz") == kind


def test_a_bed_with_numbers_for_names_is_known_by_its_own_name(tmp_path: Path) -> None:
    for name, kind in (("a.bed", "bed"), ("a.BED.gz", "bed"), ("a.bedgraph", "bedGraph"), ("a", "bedGraph")):
        (tmp_path / name).write_text("c\t1\t5\t7\n")
        assert recognise_format(tmp_path / name) == kind


def test_long_text_is_known_though_it_is_cut_within_a_line(tmp_path: Path) -> None:
    rows = "".join(f"chromosome_é\t{number}\t{number + 1}\tname{number}\t0\t+\n" for number in range(10_000))
    (tmp_path / "a").write_text(rows)
    assert recognise_format(tmp_path / "a") == "bed"


def test_binary_kinds(tmp_path: Path) -> None:
    write_bigwig(tmp_path / "w.bed", {"c": 9}, {"c": np.ones(9, dtype=np.float32)})
    table = pd.DataFrame([("c", 1, 5, "n", 0, "+")], columns=BED6.columns)
    write_bigbed(tmp_path / "b.bw", {"c": 9}, table, BED6)
    write_bed(tmp_path / "t.bb", table, BED6)
    write_bam(tmp_path / "r", {"c": 3000})
    write_twobit(tmp_path / "g", [("c", np.frombuffer(b"ACGT", dtype=np.uint8))])
    (tmp_path / "noise").write_bytes(bytes(range(200, 256)) * 40)
    kinds = {"w.bed": "bigWig", "b.bw": "bigBed", "t.bb": "bed", "r": "bam", "g": "2bit", "noise": "unknown"}
    assert {name: recognise_format(tmp_path / name) for name in kinds} == kinds


def test_a_damaged_or_missing_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"c\t1\t5\n" * 1000)[:-20])
    with pytest.raises(InputError, match="is damaged"):
        recognise_format(tmp_path / "cut.gz")
    with pytest.raises(InputError, match="no such file"):
        recognise_format(tmp_path / "nowhere")
