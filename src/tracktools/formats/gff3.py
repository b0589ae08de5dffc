"""GFF3 rows: plain or gzip, Windows line ends, an embedded FASTA, percent-encoded attributes.

Format: https://github.com/The-Sequence-Ontology/Specifications/blob/master/gff3.md (version 1.26).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tracktools.errors import InputError
from tracktools.formats.fasta import open_maybe_gzip

_GTF_ATTRIBUTE = re.compile(r'\s*\w+ +("[^"]*"|[^=]+)\s*')
_OTHER_VERSION = re.compile(r"##\s*gff-version\s+(?!3)\S+")


@dataclass(frozen=True, slots=True)
class Gff3Row:
    """One feature line.

    Parameters
    ----------
    chrom : str
        Name of the sequence.
    type : str
        Sequence Ontology term, such as ``gene``.
    start, end : int
        0-based and half-open. On a circular sequence `end` may lie past its length: the feature crosses the origin.
    strand : str
        ``+``, ``-`` or ``.``; the ``?`` of GFF3 becomes ``.``.
    attributes : mapping of str to str
        Column nine, decoded; a list of values stays one text with commas.
    line : int
        Line of the file, counted from 1.
    """

    chrom: str
    type: str
    start: int
    end: int
    strand: str
    attributes: Mapping[str, str]
    line: int


def read_gff3(path: Path) -> Iterator[Gff3Row]:
    """Yield the feature lines of a GFF3 file.

    Parameters
    ----------
    path : Path
        The file; gzip is recognised by its content. Comments, directives and everything from ``##FASTA`` (or a line
        that starts with ``>``) on are passed over.

    Raises
    ------
    InputError
        If the file is missing, damaged or no text; if a line has not nine columns, a coordinate that is no number, a
        start below 1 or past its end, or an unknown strand; if the file is GTF or GFF2. Names the line.
    """
    path = Path(path)
    try:
        with open_maybe_gzip(path) as file:
            for number, raw in enumerate(file, start=1):
                if b"\0" in raw:
                    raise InputError("is not text", path=path, line=number, mend="a GFF3 file is needed")
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").rstrip("\r\n")
                if text.startswith(("##FASTA", ">")):
                    return
                if _OTHER_VERSION.match(text):
                    raise InputError(f"is not GFF3: {text!r}", path=path, line=number, mend="download GFF3")
                if text.strip() and not text.startswith("#"):
                    yield _row(text, path, number)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="download or compress it again") from None


def _row(text: str, path: Path, line: int) -> Gff3Row:
    columns = text.split("\t")
    if len(columns) != 9:
        mend = "GFF3 has nine, separated by tabs"
        if len(text.split(None, 8)) == 9 and len(columns) == 1:
            mend += "; this line has spaces"
        raise InputError(f"has {len(columns)} columns: {text[:40]!r}", path=path, line=line, mend=mend)
    chrom, _, kind, start, end, _, strand, _, attributes = columns
    for name, value in (("start", start), ("end", end)):
        if not (value.isascii() and value.isdigit()):
            raise InputError(f"{name} is {value!r}", path=path, line=line, mend="a whole number is needed")
    if not 1 <= int(start) <= int(end):
        mend = "GFF3 counts from 1 and needs start <= end, on both strands"
        raise InputError(f"the feature goes from {start} to {end}", path=path, line=line, mend=mend)
    if strand not in ("+", "-", ".", "?"):
        raise InputError(f"strand is {strand!r}", path=path, line=line, mend="write +, -, . or ?")
    return Gff3Row(
        chrom=unquote(chrom),
        type=kind,
        start=int(start) - 1,
        end=int(end),
        strand="." if strand == "?" else strand,
        attributes=_attributes(attributes, path, line),
        line=line,
    )


def _attributes(text: str, path: Path, line: int) -> dict[str, str]:
    values: dict[str, str] = {}
    name = ""
    for piece in text.split(";"):
        if "=" in piece:
            name, value = piece.strip().split("=", 1)
            values[name] = value
        elif name and piece.strip():
            values[name] += ";" + piece  # a semicolon that the writer forgot to encode
        elif _GTF_ATTRIBUTE.fullmatch(piece):
            mend = "GFF3 writes name=value; convert it, or download the GFF3 of the same annotation"
            raise InputError(f"is GTF, not GFF3: {piece.strip()[:40]!r}", path=path, line=line, mend=mend)
        elif piece.strip() not in ("", "."):
            raise InputError(
                f"attribute {piece[:40]!r} has no '='", path=path, line=line, mend="GTF or GFF2? GFF3 writes name=value"
            )
    return {unquote(name): unquote(value) for name, value in values.items()}
