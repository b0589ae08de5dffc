"""Aligned reads in BAM and SAM files, as fragments of RNA with a strand. With `formats.fasta`, the door to pysam.

Format: https://samtools.github.io/hts-specs/SAMv1.pdf. Files are read from start to end, so no index is needed.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import pysam

from tracktools.errors import InputError
from tracktools.formats.fasta import open_maybe_gzip

Library = Literal["forward", "reverse", "unstranded"]
USED = "used"

pysam.set_verbosity(0)  # htslib writes to stderr by itself


class Fragment(NamedTuple):
    """A fragment of RNA, as far as its reads were aligned.

    Parameters
    ----------
    contig : int
        Number of the sequence in the header of the file.
    blocks : tuple of (start, end)
        Aligned bases, 0-based and half-open, ascending.
    reverse : bool
        Whether the RNA is of the minus strand.
    """

    contig: int
    blocks: tuple[tuple[int, int], ...]
    reverse: bool


def read_contig_sizes(path: Path) -> dict[str, int]:
    """Return the length [bp] of each sequence that the header names, in its order.

    Raises
    ------
    InputError
        If the file is missing, is no BAM or SAM, is cut short, or names no sequence.
    """
    with _open(path) as file:
        sizes = dict(zip(file.references, file.lengths, strict=True))
    if not sizes:
        raise InputError("names no sequences in its header", path=path, mend="are the reads aligned?")
    return sizes


def read_fragments(path: Path, *, library: Library, min_mapq: int, tally: Counter[str]) -> Iterator[Fragment]:
    """Yield the fragments of a coordinate-sorted BAM or SAM file, by contig, then start.

    A properly paired pair is one fragment from its first to its last base; any other read is one by itself.

    Parameters
    ----------
    path : Path
        The file.
    library : {"forward", "reverse", "unstranded"}
        ``forward``: read 1 (or the only read) has the sequence of the RNA. ``reverse``: it has the reverse complement,
        as after dUTP marking. ``unstranded``: nothing tells; every fragment counts as plus.
    min_mapq : int
        Reads below this mapping quality are left out.
    tally : Counter
        Gets the number of records that were `USED` and, by reason, of those left out: unmapped, secondary,
        supplementary, duplicate, failed quality control, low mapping quality, second read of a pair.

    Raises
    ------
    InputError
        If the file is no BAM or SAM, is cut short or damaged, is not sorted, or a read lies past the end of its
        sequence.
    """
    file, last = _open(path), (0, 0)
    sizes = file.lengths
    try:
        for read in file.fetch(until_eof=True):
            reason = _reason_to_leave_out(read, min_mapq)
            tally[reason or USED] += 1
            if reason is not None:
                continue
            here = read.reference_id, read.reference_start
            if here < last:
                mend = "samtools sort -o sorted.bam FILE"
                raise InputError(f"is not sorted by coordinate: {read.query_name!r}", path=path, mend=mend)
            last = here
            blocks = _blocks(read)
            if blocks[-1][1] > sizes[read.reference_id]:
                what = f"{read.query_name!r} ends at {blocks[-1][1]:,}"
                where = f"{read.reference_name}, which has {sizes[read.reference_id]:,} bp"
                raise InputError(f"{what} on {where}", path=path, mend="is the header of another genome?")
            yield Fragment(read.reference_id, blocks, _is_reverse(read, library))
    except (OSError, ValueError) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="copy or align it again") from None
    finally:
        with suppress(OSError):  # a damaged file, which was reported, does not close
            file.close()


def _open(path: Path) -> pysam.AlignmentFile:
    with open_maybe_gzip(Path(path)) as stream:
        try:
            start = stream.read(4)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"is damaged: {error}", path=path, mend="copy it again") from None
    if start == b"CRAM":
        raise InputError("is CRAM", path=path, mend="samtools view -b -o reads.bam FILE")
    if start != b"BAM\1" and not start.startswith(b"@"):
        raise InputError("is neither BAM nor SAM with a header", path=path, mend="aligned reads are needed")
    try:
        return pysam.AlignmentFile(os.fspath(path), "rb" if start == b"BAM\1" else "r", check_sq=False)
    except (OSError, ValueError) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="copy or align it again") from None


def _reason_to_leave_out(read: pysam.AlignedSegment, min_mapq: int) -> str | None:
    if read.is_unmapped or not read.cigartuples:
        return "unmapped"
    if read.is_secondary:
        return "secondary"
    if read.is_supplementary:
        return "supplementary"
    if read.is_duplicate:
        return "duplicate"
    if read.is_qcfail:
        return "failed quality control"
    if read.mapping_quality < min_mapq:
        return f"mapping quality below {min_mapq}"
    if read.is_proper_pair and read.template_length < 0:
        return "second read of a pair"
    return None


def _blocks(read: pysam.AlignedSegment) -> tuple[tuple[int, int], ...]:
    if read.is_proper_pair and read.template_length > 0:
        return ((read.reference_start, read.reference_start + read.template_length),)
    return tuple(read.get_blocks())


def _is_reverse(read: pysam.AlignedSegment, library: Library) -> bool:
    if library == "unstranded":
        return False
    first_is_reverse = read.is_reverse != read.is_read2  # the two reads of a pair face each other
    return bool(first_is_reverse != (library == "reverse"))
