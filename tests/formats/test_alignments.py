from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pysam
import pytest

from bam_files import SIZES, pair, record, write_bam
from tracktools.errors import InputError
from tracktools.formats.alignments import USED, read_contig_sizes, read_fragments


def fragments(path: Path, library: Any = "forward", min_mapq: int = 0) -> tuple[list[Any], Counter[str]]:
    tally: Counter[str] = Counter()
    return [tuple(f) for f in read_fragments(path, library=library, min_mapq=min_mapq, tally=tally)], tally


@pytest.mark.parametrize("mode", ["wb", "w"], ids=["BAM", "SAM"])
@pytest.mark.parametrize(("library", "forward_read_is_reverse"), [("forward", False), ("reverse", True)])
def test_the_strand_of_a_single_read(tmp_path: Path, mode: str, library: str, forward_read_is_reverse: bool) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 50, flag=0x10)], mode=mode)
    found, tally = fragments(path, library)
    assert found == [(0, ((10, 30),), forward_read_is_reverse), (0, ((50, 70),), not forward_read_is_reverse)]
    assert tally == {USED: 2}
    assert read_contig_sizes(path) == SIZES


@pytest.mark.parametrize("read1_reverse", [False, True])
def test_a_pair_is_one_fragment_with_the_strand_of_read_1(tmp_path: Path, read1_reverse: bool) -> None:
    path = write_bam(tmp_path / "a.bam", pair(1, 100, 190, read1_reverse=read1_reverse))
    found, tally = fragments(path, "forward")
    assert found == [(1, ((100, 190),), read1_reverse)]
    assert tally == {USED: 1, "second read of a pair": 1}
    assert fragments(path, "reverse")[0] == [(1, ((100, 190),), not read1_reverse)]
    assert fragments(path, "unstranded")[0] == [(1, ((100, 190),), False)]


def test_a_mate_alone_still_tells_the_strand(tmp_path: Path) -> None:
    paired, read1, read2, reverse, mate_unmapped = 0x1, 0x40, 0x80, 0x10, 0x8
    flags = [paired | read1 | mate_unmapped, paired | read2 | mate_unmapped, paired | read2 | mate_unmapped | reverse]
    path = write_bam(tmp_path / "a.bam", [record(0, 10 * i, flag=flag) for i, flag in enumerate(flags)])
    assert [fragment[2] for fragment in fragments(path)[0]] == [False, True, False]


def test_gaps_and_clips_are_not_aligned_bases(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, "5S10M3D10M20N10M2I5M4S")])
    assert fragments(path)[0] == [(0, ((10, 20), (23, 33), (53, 63), (63, 68)), False)]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    flags = [0x4, 0x100, 0x800, 0x400, 0x200, 0]
    records = [record(0, 10, "" if flag == 0x4 else "20M", flag) for flag in flags] + [record(0, 11, mapq=9)]
    found, tally = fragments(write_bam(tmp_path / "a.bam", records), min_mapq=10)
    assert len(found) == 1
    assert tally == {
        USED: 1,
        "unmapped": 1,
        "secondary": 1,
        "supplementary": 1,
        "duplicate": 1,
        "failed quality control": 1,
        "mapping quality below 10": 1,
    }


def test_no_index_is_needed_and_real_reads_are_all_there(data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "reads/rnaseq_Mtb/ERR262980_1_10000.bam"
    copy = tmp_path / "alone.bam"
    copy.write_bytes(source.read_bytes())
    found, tally = fragments(copy)
    assert tally == {USED: 4525}
    assert read_contig_sizes(copy) == {"AL123456.3": 4411532}
    with pysam.AlignmentFile(str(source)) as file:
        assert [f[1] for f in found] == [tuple(read.get_blocks()) for read in file]


# --- hostile files --------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        fragments(path)
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
    found, _ = fragments(write_bam(tmp_path / "b", [record(0, 380)]))
    assert found == [(0, ((380, 400),), False)]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"CRAM\3\0", "is CRAM (samtools view -b"),
        (b">c1\nACGT\n", "is neither BAM nor SAM with a header"),
        (b"", "is neither BAM nor SAM with a header"),
        (b"r1\t0\tc1\t1\t60\t4M\t*\t0\t0\tACGT\t*\n", "is neither BAM nor SAM with a header"),
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
