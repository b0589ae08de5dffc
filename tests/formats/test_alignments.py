from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pysam
import pytest

from bam_files import SIZES, pair, record, write_bam
from tracktools.errors import InputError
from tracktools.formats.alignments import RECORDS, Alignment, read_alignments, read_contig_sizes


def alignments(path: Path, min_mapq: int = 0) -> tuple[list[Alignment], Counter[str]]:
    tally: Counter[str] = Counter()
    return list(read_alignments(path, min_mapq=min_mapq, tally=tally)), tally


@pytest.mark.parametrize("mode", ["wb", "w"], ids=["BAM", "SAM"])
def test_a_read_as_the_file_has_it(tmp_path: Path, mode: str) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 50, flag=0x10)], mode=mode)
    found, tally = alignments(path)
    assert found == [
        Alignment("r0", 0, 10, ((10, 30),), False, 0, -1),
        Alignment("r1", 0, 50, ((50, 70),), True, 0, -1),
    ]
    assert tally == {RECORDS: 2}
    assert read_contig_sizes(path) == SIZES


def test_a_mate_is_where_the_record_of_a_proper_pair_says(tmp_path: Path) -> None:
    left, right = pair(1, 100, 190, read1_reverse=True)
    alone = right | {"flag": right["flag"] & ~0x2}
    path = write_bam(tmp_path / "a.bam", [left, right, alone])
    assert [(read.number, read.mate_start) for read in alignments(path)[0]] == [(2, 170), (1, 100), (1, -1)]


def test_gaps_and_clips_are_not_aligned_bases(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, "5S10M3D10M20N10M2I5M4S")])
    (read,) = alignments(path)[0]
    assert read.blocks == ((10, 20), (23, 33), (53, 63), (63, 68))


@pytest.mark.parametrize("mode", ["wb", "w"], ids=["BAM", "SAM"])
def test_a_read_that_covers_no_base_is_left_out(tmp_path: Path, mode: str) -> None:
    records = [record(0, 10, cigar) for cigar in ("40I", "20S", "5S10N5S", "7D", "20M")]
    found, tally = alignments(write_bam(tmp_path / "a.bam", records, mode=mode))
    assert [read.name for read in found] == ["r4"]
    assert tally == {RECORDS: 5, "without an aligned base": 4}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    flags = [0x4, 0x100, 0x800, 0x400, 0x200, 0]
    records = [record(0, 10, "" if flag == 0x4 else "20M", flag) for flag in flags] + [record(0, 11, mapq=9)]
    found, tally = alignments(write_bam(tmp_path / "a.bam", records), min_mapq=10)
    assert len(found) == 1
    assert tally == {
        RECORDS: 7,
        "unmapped": 1,
        "secondary": 1,
        "supplementary": 1,
        "duplicate": 1,
        "failed quality control": 1,
        "below mapping quality 10": 1,
    }


def test_no_index_is_needed_and_real_reads_are_all_there(data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "reads/rnaseq_Mtb/ERR262980_1_10000.bam"
    copy = tmp_path / "alone.bam"
    copy.write_bytes(source.read_bytes())
    found, tally = alignments(copy)
    assert tally == {RECORDS: 4525}
    assert read_contig_sizes(copy) == {"AL123456.3": 4411532}
    with pysam.AlignmentFile(str(source)) as file:
        assert [read.blocks for read in found] == [tuple(read.get_blocks()) for read in file]


# --- hostile files --------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        alignments(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_a_bam_out_of_order_is_refused(tmp_path: Path) -> None:
    for name, records in (("a", [record(0, 9), record(0, 8)]), ("b", [record(1, 0), record(0, 9)])):
        assert "is not sorted by coordinate: 'r1' (samtools sort" in refusal(write_bam(tmp_path / name, records))


def many(path: Path) -> Path:
    """Write a BAM of several compressed blocks."""
    letters = random.Random(5)
    records = [record(0, i // 40, name="".join(letters.choices("ACGTacgtXYZ", k=60))) for i in range(9000)]
    return write_bam(path, records)


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.999])
def test_a_cut_bam_is_refused(tmp_path: Path, keep: float, capfd: pytest.CaptureFixture[str]) -> None:
    whole = many(tmp_path / "whole.bam").read_bytes()
    path = tmp_path / "cut.bam"
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "is cut short: the last block of bgzip is missing" in refusal(path)
    assert capfd.readouterr().err == ""


def test_a_bam_with_a_hole_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = many(tmp_path / "whole.bam").read_bytes()
    path = tmp_path / "hole.bam"
    path.write_bytes(whole[: len(whole) // 2] + bytes(200) + whole[len(whole) // 2 + 200 :])
    assert "is damaged: truncated file" in refusal(path)
    assert capfd.readouterr().err == ""


def test_a_read_past_the_end_is_refused(tmp_path: Path) -> None:
    assert "'r0' ends at 401 on c1, which has 400 bp" in refusal(write_bam(tmp_path / "a", [record(0, 381)]))
    (read,) = alignments(write_bam(tmp_path / "b", [record(0, 380)]))[0]
    assert read.blocks == ((380, 400),)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"CRAM\3\0", "is damaged"),
        (b"BAI\1\0\0\0\0", "is the index of a BAM file (name the BAM file"),
        (b"CSI\1\0\0\0\0", "is the index of a BAM file (name the BAM file"),
        (b">c1\nACGT\n", "is not BAM, CRAM, or SAM with a header"),
        (b"", "is not BAM, CRAM, or SAM with a header"),
        (b"r1\t0\tc1\t1\t60\t4M\t*\t0\t0\tACGT\t*\n", "is not BAM, CRAM, or SAM with a header"),
        (b"\x1f\x8b\x08broken", "is damaged"),
        (bytes.fromhex("1f8b08040000000000ff0600424302001b00"), "is cut short"),
        (b"@HD\tVN:1.6\n@SQ\tSN:c1\tLN:9\nr1\t0\n", "is damaged"),
    ],
)
def test_what_is_no_bam_is_refused(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "a.bam"
    path.write_bytes(content)
    assert part in refusal(path)


def test_a_missing_file_and_a_header_without_sequences(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.bam")
    with pytest.raises(InputError, match="names no sequences in its header"):
        read_contig_sizes(write_bam(tmp_path / "a.bam", [], sizes={}))
