"""Aligned reads in BAM, SAM and CRAM files. With `formats.fasta`, the only user of pysam.

Format: https://samtools.github.io/hts-specs/SAMv1.pdf. Files are read from start to end, so no index is needed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import pysam

from tracktools.errors import InputError
from tracktools.formats.input_file import local_path, open_maybe_gzip

RECORDS = "records"
MATE_UNKNOWN = -1
Blocks = tuple[tuple[int, int], ...]

_PAIRED, _PROPER, _UNMAPPED, _REVERSE, _READ_1, _READ_2 = 0x1, 0x2, 0x4, 0x10, 0x40, 0x80
_LEFT_OUT = (  # in the order in which they are looked at: a record is counted once
    (_UNMAPPED, "unmapped"),
    (0x100, "secondary"),
    (0x800, "supplementary"),
    (0x400, "duplicate"),
    (0x200, "failed quality control"),
)
_ANY_LEFT_OUT = sum(bit for bit, _ in _LEFT_OUT)
_ALL_BUT_LETTERS = "required_fields=0x1ff"  # bases and qualities are not decoded, so that CRAM needs no reference

pysam.set_verbosity(0)  # htslib writes to stderr by itself


class Alignment(NamedTuple):
    """One read, as far as it is aligned.

    Parameters
    ----------
    name : str
        Name of the read, which its mate has too.
    contig : int
        Number of the sequence in the header of the file.
    start : int
        Where the record is sorted by [0-based]: the first base of its CIGAR, which may be a deleted one.
    blocks : tuple of (start, end)
        Aligned bases, 0-based and half-open, ascending, not empty: no deletion, intron or clipped base.
    reverse : bool
        Whether the read is aligned as its reverse complement.
    number : {0, 1, 2, 3}
        Read 1 or 2 of a pair; 0: a single read; 3: of a pair, but the file does not say which.
    mate_start : int
        Where the mate starts on the same sequence, if the aligner calls the two a proper pair; else `MATE_UNKNOWN`.
        What the record says: whether the file contains the mate is another question.
    """

    name: str
    contig: int
    start: int
    blocks: Blocks
    reverse: bool
    number: int
    mate_start: int


def read_contig_sizes(path: Path) -> dict[str, int]:
    """Return the length [bp] of each sequence that the header names, in its order.

    Raises
    ------
    InputError
        If the file is missing, is no BAM, SAM or CRAM, is cut short, or names no sequence.
    """
    with _open(path) as file:
        try:
            sizes = dict(zip(file.references, file.lengths, strict=True))
        except ValueError as error:  # a name that is no text
            raise InputError(f"is damaged: {error}", path=path, hint="copy or align it again") from None
    if not sizes:
        raise InputError("names no sequences in its header", path=path, hint="are the reads aligned?")
    return sizes


def read_contig_checksums(path: Path) -> dict[str, str]:
    """Return the MD5 of each sequence in capitals, where the header tells it (``M5``), as that of CRAM always does.

    Raises
    ------
    InputError
        As `read_contig_sizes`.
    """
    with _open(path) as file:
        try:
            lines = file.header.to_dict().get("SQ", [])
        except ValueError:  # somebody's name in it is not ASCII
            return {}
    return {line["SN"]: line["M5"].lower() for line in lines if "M5" in line}


def read_alignments(
    path: Path, *, min_mapq: int, tally: Counter[str], contigs: Collection[int] | None = None
) -> Iterator[Alignment]:
    """Yield the reads of a coordinate-sorted BAM, SAM or CRAM file that can be used, by contig, then start.

    Parameters
    ----------
    path : Path
        The file.
    min_mapq : int
        Reads below this mapping quality are left out.
    tally : Counter
        Gets the number of `RECORDS` and, by reason, of those left out: unmapped, secondary, supplementary, duplicate,
        failed quality control, low mapping quality, without an aligned base, on other sequences.
    contigs : collection of int, optional
        Numbers of the sequences whose reads are wanted; by default all.

    Raises
    ------
    InputError
        If the file is no BAM, SAM or CRAM, is cut short or damaged, is not sorted, or a read lies past the end of its
        sequence.
    """
    file, last = _open(path), (0, 0)
    sizes = file.lengths
    try:
        for read in file.fetch(until_eof=True):
            tally[RECORDS] += 1
            reason = _reason_to_leave_out(read, min_mapq, contigs)
            blocks = () if reason else _blocks(read)
            if not blocks:
                tally[reason or "without an aligned base"] += 1
                continue
            here = read.reference_id, read.reference_start
            if here < last:
                hint = "samtools sort -o sorted.bam FILE"
                raise InputError(f"is not sorted by coordinate: {read.query_name!r}", path=path, hint=hint)
            last = here
            if blocks[-1][1] > sizes[read.reference_id]:
                what = f"{read.query_name!r} ends at {blocks[-1][1]:,}"
                where = f"{read.reference_name}, which has {sizes[read.reference_id]:,} bp"
                raise InputError(f"{what} on {where}", path=path, hint="is the header of another genome?")
            yield _alignment(read, blocks)
    except (OSError, ValueError, OverflowError, NotImplementedError) as error:
        raise InputError(f"is damaged: {error}", path=path, hint="copy or align it again") from None
    finally:
        with suppress(OSError):  # a damaged file, which was reported, does not close
            file.close()


def alignment_format(path: Path) -> Literal["BAM", "CRAM", "SAM"]:
    """Return the format of a file of aligned reads, by its content.

    Raises
    ------
    InputError
        If it is none of them, missing, or cut short.
    """
    with open_maybe_gzip(Path(path)) as stream:
        start = stream.read(4)
    if start == b"BAM\1":
        return "BAM"
    if start == b"CRAM":
        return "CRAM"
    if start in (b"BAI\1", b"CSI\1"):
        raise InputError("is the index of a BAM file", path=path, hint="name the BAM file; no index is needed")
    if not start.startswith(b"@"):
        hint = "aligned reads are needed; a header is added by samtools view -b -T genome.fa -o reads.bam FILE"
        raise InputError("is not BAM, CRAM, or SAM with a header", path=path, hint=hint)
    return "SAM"


def _open(path: Path) -> pysam.AlignmentFile:
    mode = {"BAM": "rb", "CRAM": "rc", "SAM": "r"}[alignment_format(path)]
    try:
        return pysam.AlignmentFile(os.fspath(local_path(path)), mode, check_sq=False, format_options=[_ALL_BUT_LETTERS])
    except (OSError, ValueError, OverflowError, NotImplementedError) as error:
        raise InputError(f"is damaged: {error}", path=path, hint="copy or align it again") from None


def _reason_to_leave_out(read: pysam.AlignedSegment, min_mapq: int, contigs: Collection[int] | None) -> str | None:
    flag = read.flag
    if flag & _ANY_LEFT_OUT:
        return next(reason for bit, reason in _LEFT_OUT if flag & bit)
    if read.reference_id < 0:
        return "unmapped"
    if contigs is not None and read.reference_id not in contigs:
        return "on sequences that the genome lacks"
    if read.mapping_quality < min_mapq:
        return f"below mapping quality {min_mapq}"
    return None


def _blocks(read: pysam.AlignedSegment) -> Blocks:
    if not read.cigartuples:  # pysam fails on a read without CIGAR
        return ()
    return tuple(block for block in read.get_blocks() if block[0] < block[1])


def _alignment(read: pysam.AlignedSegment, blocks: Blocks) -> Alignment:
    flag, contig = read.flag, read.reference_id
    number, mate_start = 0, MATE_UNKNOWN
    if flag & _PAIRED:
        number = {_READ_1: 1, _READ_2: 2}.get(flag & (_READ_1 | _READ_2), 3)
        if flag & _PROPER and read.next_reference_id == contig:
            mate_start = read.next_reference_start
    # mates without a name are known by where the two start
    name = read.query_name or "*{}-{}".format(*sorted((read.reference_start, mate_start)))
    return Alignment(name, contig, read.reference_start, blocks, bool(flag & _REVERSE), number, mate_start)


def write_bai(bam: Path, bai: Path, *, path: Path) -> None:
    """Make the index of a sorted BAM file.

    Parameters
    ----------
    bam : Path
        Sorted by position.
    bai : Path
        The index to write.
    path : Path
        The file of the user, for messages.

    Raises
    ------
    InputError
        If the file is not sorted, or is damaged.
    """
    try:
        pysam.index("-b", "-o", str(bai), str(bam))
    except pysam.utils.SamtoolsError:
        raise InputError("cannot be indexed", path=path, hint="sort it first: samtools sort") from None
