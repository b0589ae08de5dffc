"""GenBank and EMBL flat files: sequences and features. The one door to Biopython, which is imported when it is needed.

Format: https://www.insdc.org/submitting-standards/feature-table/. The header is read by `flat_head`; Biopython gets the
features and the sequence.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from tracktools.arrays import Letters
from tracktools.errors import InputError
from tracktools.formats.fasta import check_nucleotides
from tracktools.formats.feature_row import FeatureRow
from tracktools.formats.flat_head import FlatHead, read_head
from tracktools.formats.input_file import open_bytes
from tracktools.formats.text_file import first_line, open_text

_STRANDS = {1: "+", -1: "-"}
_CONTINUATION = re.compile(r"(?:FT| {2}) {19}([^/ ].*)")  # of a qualifier
_BROKEN = re.compile(r"\S[-/]$|\d'?,$")
_NEW_WORD = re.compile(r"(?:and|or|to)\b")  # alpha- and beta-subunit
_WHOLE = "source"  # describes the sequence, not a place on it
_END = "//"
_LONGEST_LOCUS = 16  # letters of a name that every reader of the first line takes


@dataclass(frozen=True, eq=False)
class FlatRecord:
    """One record of a GenBank or EMBL file.

    Parameters
    ----------
    name : str
        Its version (``U00096.3``); where it has none, or several records have the same, its locus name.
    other_names : tuple of str
        What else the file calls it: accession and locus name.
    length : int
        Length of the sequence [bp].
    circular : bool
        Whether its first line says ``circular``.
    letters : ndarray of uint8, shape (length,), or None
        ASCII codes, upper case, U as T; None where the file contains no sequence.
    rows : tuple of FeatureRow
        Its features, a row per part; without ``source``.
    unread : int
        Features whose location cannot be read, or is on another record.
    line : int
        Line on which it begins.
    """

    name: str
    other_names: tuple[str, ...]
    length: int
    circular: bool
    letters: Letters | None
    rows: tuple[FeatureRow, ...]
    unread: int
    line: int


def is_flat_file(path: Path) -> bool:
    """Return whether a file is GenBank or EMBL, by its first line."""
    line = first_line(path)
    if "Genetic Sequence Data Bank" in line:  # the head of a release file, before its first record
        return True
    return line.startswith("LOCUS") or (line.startswith("ID   ") and ("BP." in line or ";" in line))


def read_flat_file(path: Path) -> list[FlatRecord]:
    """Read the records of a GenBank or EMBL file, plain or gzip.

    Raises
    ------
    InputError
        If the file is missing, damaged or cut short; if a record has no name or the name of another, its sequence is
        not as long as it says, or contains a letter that is no nucleotide. Names the line.
    """
    with open_bytes(path) as file:
        digest = hashlib.file_digest(cast(io.BufferedReader, file), "sha256").digest()
    return list(_read_once(path, digest))


@lru_cache(maxsize=1)  # a genome that is its own annotation is read for each of the two
def _read_once(path: Path, _sha256: bytes) -> tuple[FlatRecord, ...]:
    records = [_read(text, path) for text in _split(path)]
    if not records:
        raise InputError("contains no record", path=path, hint="a GenBank file begins with LOCUS")
    uses = Counter(record.name for record in records)
    records = [_renamed(record) if uses[record.name] > 1 else record for record in records]
    seen: set[str] = set()
    for record in records:
        if record.name in seen:
            hint = "give each record a LOCUS name of its own"
            raise InputError(f"the name {record.name!r} is used twice", path=path, line=record.line, hint=hint)
        seen.add(record.name)
    return tuple(records)


def flat_sequences(records: Sequence[FlatRecord], path: Path) -> Iterator[tuple[str, Letters]]:
    """Yield name and letters of each record of a file that is used as a genome.

    Raises
    ------
    InputError
        If a record contains no sequence.
    """
    for record in records:
        if record.letters is None:
            hint = "download it with its sequence (NCBI: GenBank (full)), or name the FASTA"
            raise InputError(f"{record.name} has no sequence", path=path, line=record.line, hint=hint)
        yield record.name, record.letters


def _renamed(record: FlatRecord) -> FlatRecord:
    """Return a record under its locus name, for a file whose versions are all alike."""
    name = record.other_names[-1] if record.other_names else record.name
    return replace(record, name=name, rows=tuple(replace(row, chrom=name) for row in record.rows))


@dataclass(frozen=True)
class _Text:
    """The lines of a record; `line` is that of the first in the file."""

    lines: list[str]
    line: int


def _split(path: Path) -> Iterator[_Text]:
    lines: list[str] = []
    start = 0
    with open_text(path) as file:
        for number, raw in enumerate(file, start=1):
            line = raw.rstrip()
            if not lines and line.startswith(("LOCUS", "ID ")):
                start, lines = number, [line]
            elif lines and line.startswith("LOCUS"):
                raise _cut(path, start)
            elif lines and line == _END:
                yield _Text(lines, start)
                lines = []
            elif lines and line:
                lines.append(line)
    if lines:
        raise _cut(path, start)


def _cut(path: Path, line: int) -> InputError:
    return InputError("the record does not end: '//' is missing", path=path, line=line, hint="download it again")


def _read(text: _Text, path: Path) -> FlatRecord:
    head = read_head(text.lines, path, text.line)
    parsed = _parse(text, head, path)
    letters = _letters(parsed.seq, path, text.line)
    if letters is not None and len(letters) != head.length:
        problem = f"{head.name} has {len(letters):,} bases, and its first line says {head.length:,}"
        raise InputError(problem, path=path, line=text.line, hint="download it again, or correct the line")
    rows, unread = _rows(parsed.features, head.name, text.line)
    said = {"Is_circular": str(head.circular).lower()}
    whole = FeatureRow(head.name, "sequence-region", 0, head.length, ".", said, text.line)
    every = (whole, *rows)
    return FlatRecord(head.name, head.other_names, head.length, head.circular, letters, every, unread, text.line)


def _parse(text: _Text, head: FlatHead, path: Path) -> Any:
    """Return Biopython's record of the features and the sequence, below a first line of a form that it knows."""
    from Bio import SeqIO

    shape = "circular" if head.circular else "linear"
    if head.is_embl:
        kind, first = "embl", f"ID   x; SV 1; {shape}; genomic DNA; STD; UNC; {head.length} BP."
        bodies: tuple[str, ...] = ("FH", "FT", "SQ", "CO ")
    else:
        kind, first = "genbank", f"LOCUS       x {head.length} bp DNA {shape} UNK 01-JAN-2000"
        bodies = ("FEATURES", "ORIGIN", "CONTIG", "BASE COUNT")
    at = next((i for i, line in enumerate(text.lines) if line.startswith(bodies)), None)
    if at is None:
        raise InputError("has neither features nor a sequence", path=path, line=text.line, hint="download it again")
    lines = [first, *_unwrapped(text.lines[at:])]
    if not head.is_embl and not any(line.startswith(("ORIGIN", "CONTIG", "WGS")) for line in lines):
        lines.append("ORIGIN")  # without a sequence some programs leave it out, and Biopython needs it
    lines += [_END, ""]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what could not be read is counted below
        try:
            return SeqIO.read(io.StringIO("\n".join(lines)), kind)  # type: ignore[no-untyped-call]
        except (ValueError, AssertionError, IndexError, KeyError, TypeError) as error:
            problem = f"cannot be read: {str(error)[:100] or 'damaged'}"
            raise InputError(problem, path=path, line=text.line, hint="correct it, or download it again") from None


def _unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Join lines that were broken within a word, behind ``-``, ``/`` or ``2,``: others are joined with a space."""
    held = ""
    for line in lines:
        goes_on = _CONTINUATION.match(line)
        if (
            goes_on
            and _BROKEN.search(held[-4:])
            and not _NEW_WORD.match(goes_on[1])
            and (held[-1] != "," or goes_on[1][0].isdigit())
        ):
            held += goes_on[1]
            continue
        if held:
            yield held
        held = line
    yield held


def _letters(sequence: Any, path: Path, line: int) -> Letters | None:
    if not getattr(sequence, "defined", True) or len(sequence) == 0:
        return None
    letters = bytes(sequence).upper().replace(b"U", b"T")
    check_nucleotides(letters, path, line)
    return np.frombuffer(letters, dtype=np.uint8)


def _rows(features: Sequence[Any], name: str, line: int) -> tuple[list[FeatureRow], int]:
    rows: list[FeatureRow] = []
    unread = 0
    for number, feature in enumerate(features):
        if feature.type == _WHOLE:
            continue
        attributes = _attributes(feature.qualifiers)
        parts = [] if feature.location is None else _parts(feature.location)
        unread += not parts
        rows += [
            FeatureRow(name, feature.type, start, end, strand, attributes, line, number) for start, end, strand in parts
        ]
    return rows, unread


def _parts(location: Any) -> list[tuple[int, int, str]]:
    """Return start, end and strand of each part; none where a part lies on another record or cannot be read."""
    try:
        parts = [(int(part.start), int(part.end), _STRANDS.get(part.strand, ".")) for part in location.parts]
    except (TypeError, ValueError):
        return []
    if any(part.ref is not None for part in location.parts) or any(start >= end for start, end, _ in parts):
        return []
    return parts


def _attributes(qualifiers: dict[str, list[str]]) -> dict[str, str]:
    """Return the first value of each qualifier; one without a value, such as ``/pseudo``, is ``true``."""
    attributes = {name: " ".join(values[0].split()) or "true" for name, values in qualifiers.items() if values}
    attributes.pop("translation", None)
    seed = next(
        (value.removeprefix("SEED:") for value in qualifiers.get("db_xref", ()) if value.startswith("SEED:")), ""
    )
    attributes["db_xref"] = seed  # RAST names its genes by nothing else
    return attributes


def new_flat_file(sequences: Iterable[tuple[str, Letters, bool]]) -> bytes:
    """Return a GenBank file of sequences without features but ``source``.

    Parameters
    ----------
    sequences : iterable of (name, letters, circular)
        Letters are ASCII codes.
    """
    from Bio import SeqIO
    from Bio.Seq import Seq
    from Bio.SeqFeature import FeatureLocation, SeqFeature
    from Bio.SeqRecord import SeqRecord

    records = []
    for name, letters, circular in sequences:
        record = SeqRecord(Seq(letters.tobytes().upper()), id=name, name=name[:_LONGEST_LOCUS], description=name)
        record.annotations |= {"molecule_type": "DNA", "topology": "circular" if circular else "linear"}
        whole: Any = SeqFeature(FeatureLocation(0, len(letters), 1), type=_WHOLE)  # type: ignore[no-untyped-call]
        record.features.append(whole)
        records.append(record)
    text = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are longer than the first line once held
        SeqIO.write(records, text, "genbank")
    return text.getvalue().encode()
