"""GFF3 and GTF rows: plain or gzip, any line ends, an embedded FASTA, the dialects that people have.

GFF3: https://github.com/The-Sequence-Ontology/Specifications/blob/master/gff3.md (version 1.26). GTF: `gtf`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tracktools.errors import InputError
from tracktools.formats.feature_row import FeatureRow
from tracktools.formats.gtf import gtf_attributes, link_by_gene_id
from tracktools.formats.text_file import first_line, open_text

_OTHER_VERSION = re.compile(r"##\s*gff-version\s+(?!3)\S+")
_SEQUENCE_REGION = re.compile(r"##sequence-region\s+(\S+)\s+1\s+(\d{1,12})\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_OTHER_KINDS = (
    (">", "FASTA: a sequence without annotation"),
    ("@", "FASTQ or SAM: reads"),
    ("PK\x03\x04", "zip: unzip it"),
    ("<", "a web page: download the file itself"),
)


def read_gff3(path: Path) -> Iterator[FeatureRow]:
    """Yield the feature lines of a GFF3 or GTF file.

    Parameters
    ----------
    path : Path
        The file; gzip and UTF-16 are recognised by their content. Comments, directives and everything from
        ``##FASTA`` (or a line that starts with ``>``) on are passed over. Quotes that a spreadsheet put around a
        column, or a writer around a value, are taken off. A GTF row is known by its ninth column, and linked by its
        ``gene_id`` as GFF3 links by ``ID`` and ``Parent``. A ``##sequence-region`` line gives a row of that type.

    Raises
    ------
    InputError
        If the file is missing, damaged or no text; if a line has not nine columns, a coordinate that is no number, a
        start below 1 or past its end, or an unknown strand; if the file is GFF2. Names the line.
    """
    path = Path(path)
    old_version: tuple[str, int] | None = None
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            text = line.rstrip("\n")
            if number == 1:
                _refuse_other_kinds(text, path)
            if "\0" in text:
                raise InputError("is not text", path=path, line=number, hint="GFF3, GTF or GenBank is needed")
            if text.startswith(("##FASTA", ">")):
                return
            if _OTHER_VERSION.match(text):
                old_version = (text, number)
            elif region := _SEQUENCE_REGION.fullmatch(text):
                yield FeatureRow(unquote(region[1]), "sequence-region", 0, int(region[2]), ".", {}, number)
            elif text.strip() and not text.startswith("#"):
                row, is_gtf = _row(text, path, number)
                if old_version is not None and not is_gtf:
                    problem, at = f"is not GFF3: {old_version[0]!r}", old_version[1]
                    raise InputError(problem, path=path, line=at, hint="download GFF3")
                yield row


def is_gff3(path: Path) -> bool:
    """Return whether a file is GFF3 by its first line; whether a sequence is in it, only the whole file tells."""
    return first_line(path).startswith("##gff-version")


def is_circle(row: FeatureRow) -> bool:
    """Return whether a row calls its whole sequence circular: ``Is_circular=true``."""
    said = next((value for name, value in row.attributes.items() if name.lower() == "is_circular"), "")
    return row.start == 0 and said.lower() == "true"


def _refuse_other_kinds(text: str, path: Path) -> None:
    for start, kind in _OTHER_KINDS:
        if text.startswith(start):
            hint = "GFF3, GTF or GenBank is needed"
            raise InputError(f"is no annotation but {kind}", path=path, line=1, hint=hint)


def _row(text: str, path: Path, line: int) -> tuple[FeatureRow, bool]:
    columns = [_unquoted(column) for column in text.split("\t")]
    if len(columns) != 9:
        hint = "GFF3 has nine, separated by tabs"
        if len(text.split(None, 8)) == 9 and len(columns) == 1:
            hint += "; this line has spaces"
        raise InputError(f"has {len(columns)} columns: {text[:40]!r}", path=path, line=line, hint=hint)
    chrom, _, kind, start, end, _, strand, _, ninth = columns
    for name, value in (("start", start), ("end", end)):
        if not (value.isascii() and value.isdigit() and len(value) <= 15):
            raise InputError(f"{name} is {value[:40]!r}", path=path, line=line, hint="a whole number is needed")
    if not 1 <= int(start) <= int(end):
        hint = "GFF3 counts from 1 and needs start <= end, on both strands"
        raise InputError(f"the feature goes from {start} to {end}", path=path, line=line, hint=hint)
    if strand not in ("+", "-", ".", "?"):
        raise InputError(f"strand is {strand!r}", path=path, line=line, hint="write +, -, . or ?")
    try:
        gtf = gtf_attributes(ninth)
    except ValueError as error:
        hint = 'GTF writes name "value"; for each attribute'
        raise InputError(f"attribute {str(error)[:40]!r} is not GTF", path=path, line=line, hint=hint) from None
    if gtf is not None and not (gtf.get("gene_id") or gtf.get("transcript_id")):
        hint = "GTF needs a gene_id or transcript_id on each row; download GFF3 or GTF"
        raise InputError(f"is GFF2, without gene_id: {ninth[:40]!r}", path=path, line=line, hint=hint)
    row = FeatureRow(
        chrom=_clean(unquote(chrom)),
        type=kind,
        start=int(start) - 1,
        end=int(end),
        strand="." if strand == "?" else strand,
        attributes=_attributes(ninth, path, line) if gtf is None else link_by_gene_id(kind, gtf),
        line=line,
    )
    return row, gtf is not None


def _unquoted(value: str) -> str:
    """Take off the quotes that a spreadsheet puts around a column, and halve those that it doubled inside."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('""', '"')
    return value


def _clean(value: str) -> str:
    """Return a text without control characters: a decoded ``%09`` would end a column of the files made from it."""
    return _CONTROL.sub(" ", value).strip()


def _attributes(text: str, path: Path, line: int) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    name = ""
    for piece in text.split(";"):
        if "=" in piece:
            name, value = piece.strip().split("=", 1)
            values[name] = [value]
        elif name and piece.strip():
            values[name].append(piece)  # a semicolon that the writer forgot to encode
        elif piece.strip() not in ("", "."):
            raise InputError(
                f"attribute {piece[:40]!r} has no '='", path=path, line=line, hint="GTF or GFF2? GFF3 writes name=value"
            )
    whole = {name: ";".join(pieces).strip() for name, pieces in values.items()}
    return {_clean(unquote(name)): _clean(unquote(_unquoted(value))) for name, value in whole.items()}
