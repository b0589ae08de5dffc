"""What kind of data a file contains, by its content; its name decides only where the content allows two."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path

from tracktools.formats.bbi import BIGBED_MAGIC, BIGWIG_MAGIC
from tracktools.formats.input_file import open_maybe_gzip

_LOOKED_AT = 1 << 16  # bytes
_LINES = 200
_MAGICS = {BIGWIG_MAGIC: "bigWig", BIGBED_MAGIC: "bigBed", 0x1A412743: "2bit"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|inf", re.IGNORECASE)
_WIGGLE = re.compile(r"track\s.*\btype=[\"']?wiggle_0|fixedStep\s|variableStep\s")


def recognise_format(path: Path) -> str:
    """Return what a file holds.

    Parameters
    ----------
    path : Path
        The file, plain or gzip.

    Returns
    -------
    str
        bigWig, bigBed, bam, bed, bedGraph, gff3, or: tracks (a table that names tracks), genbank, wiggle, 2bit, fasta,
        sam, cram; ``unknown`` where it is none of them.

    Raises
    ------
    InputError
        If the file is missing, cannot be read, or is damaged.
    """
    with open_maybe_gzip(path) as file:
        head = file.read(_LOOKED_AT)
    for order in ("<I", ">I"):
        if len(head) >= 4 and (kind := _MAGICS.get(struct.unpack_from(order, head)[0])):
            return kind
    if head.startswith((b"BAM\1", b"CRAM")):
        return head[:4].strip(b"\1").decode().lower()
    try:
        text = head.decode("utf-8-sig", errors="strict" if len(head) < _LOOKED_AT else "ignore")
    except UnicodeDecodeError:
        return "unknown"
    return _kind_of_text(text.splitlines()[:_LINES], path)


def _kind_of_text(lines: Sequence[str], path: Path) -> str:
    for pattern, kind in (
        (r">", "fasta"),
        (r"LOCUS\s", "genbank"),
        (r"##\s*gff-version", "gff3"),
        (r"@(HD|SQ|RG|PG|CO)\t", "sam"),
        (r"#chrom\t", "bed"),
    ):
        if any(re.match(pattern, line) for line in lines[:1]):
            return kind
    if any(_WIGGLE.match(line) for line in lines):
        return "wiggle"
    rows = [line for line in lines if line.strip() and not re.match(r"#|track(\s|$)|browser(\s|$)", line)]
    if not rows:
        return "bed" if any(line.startswith("#chrom") for line in lines) else "unknown"
    if {"name", "path"} <= {word.strip() for word in rows[0].split("\t")}:
        return "tracks"
    return _kind_of_rows([row.split("\t") if "\t" in row else row.split() for row in rows], path)


def _kind_of_rows(rows: Sequence[Sequence[str]], path: Path) -> str:
    def whole(column: int) -> bool:
        return all(len(row) > column and row[column].isdigit() for row in rows[:-1] or rows)  # the last may be cut

    if len(rows[0]) >= 8 and whole(3) and whole(4) and rows[0][6] in ("+", "-", ".", "?"):
        return "gff3"
    if not (whole(1) and whole(2)):
        return "unknown"
    named_bed = path.name.removesuffix(".gz").lower().endswith(".bed")
    if all(len(row) == 4 and _NUMBER.fullmatch(row[3]) for row in rows[:-1] or rows) and not named_bed:
        return "bedGraph"
    return "bed"
