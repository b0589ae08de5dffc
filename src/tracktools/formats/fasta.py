"""FASTA files: plain, gzip or bgzip, any line length, any number of contigs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracktools.arrays import Letters
from tracktools.errors import InputError
from tracktools.formats.input_file import open_maybe_gzip

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some Windows editors put it before UTF-8
_OTHER_KINDS = (
    # how such files begin, what they are, and the way from there to FASTA
    (b"@", "FASTQ or SAM", "reads are no genome: name the assembled sequences"),
    (b"LOCUS ", "GenBank", "download FASTA, or convert it"),
    (b"ID   ", "EMBL", "download FASTA, or convert it"),
    (b"##gff", "GFF3", "name the FASTA that it annotates"),
    (b"PK\x03\x04", "zip", "unzip it"),
    (b"BZh", "bzip2", "decompress it, or use gzip"),
    (b"\xfd7zXZ", "xz", "decompress it, or use gzip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "decompress it, or use gzip"),
    (_GZIP_MAGIC, "gzip in gzip", "decompress it once"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
    (b"<", "a web page", "download the file itself"),
)
_AS_DNA = bytes.maketrans(b"Uu", b"Tt")
_IUPAC = b"ACGTURYSWKMBDHVN"
_NUCLEOTIDES = _IUPAC + _IUPAC.lower()


def read_fasta(path: Path, *, after_gff3: bool = False) -> Iterator[tuple[str, Letters]]:
    """Yield each sequence of a FASTA file.

    Parameters
    ----------
    path : Path
        The file; gzip and bgzip are recognised by their content, not by the name.
    after_gff3 : bool
        Pass over the lines before the first sequence: the FASTA section of a GFF3 file.

    Yields
    ------
    name : str
        First word of the header line.
    sequence : ndarray of uint8, shape (length,)
        Letters as ASCII codes, case kept; U is read as T.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged or no FASTA; if a name is missing or used twice; if a sequence is empty
        or contains a letter that is no IUPAC nucleotide code (a protein, for instance). Names the line.
    """
    name: str | None = None
    names: set[str] = set()
    letters = bytearray()
    header_line = number = 0
    with open_maybe_gzip(path) as file:
        for number, line in enumerate(file, start=1):
            text = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).strip()
            if text.startswith(b">"):
                if name is not None:
                    yield name, _sequence(letters, name, path, header_line)
                name, letters, header_line = _name(text, names, path, number), bytearray(), number
            elif text and name is None and not after_gff3:
                raise _not_fasta(text, path, number)
            elif text and name is not None:
                check_nucleotides(text, path, number)
                letters += text.translate(_AS_DNA)
    if name is None and after_gff3:
        hint = "name the FASTA that it annotates"
        raise InputError("is GFF3 without a sequence", path=path, hint=hint)
    if name is None:
        raise InputError(
            "is empty" if number == 0 else "contains no sequence", path=path, hint="a FASTA file is needed"
        )
    yield name, _sequence(letters, name, path, header_line)


def _not_fasta(text: bytes, path: Path, line: int) -> InputError:
    for start, kind, hint in _OTHER_KINDS:
        if text.startswith(start):
            return InputError(f"is not FASTA but {kind}", path=path, line=line, hint=hint)
    hint = "each sequence begins with a line '>NAME'"
    return InputError("is not FASTA: the first line does not start with '>'", path=path, line=line, hint=hint)


def _name(header: bytes, names: set[str], path: Path, line: int) -> str:
    if b"\r" in header:
        hint = "save it with Unix line ends: tr '\\r' '\\n'"
        raise InputError("lines end in CR alone, as on an old Macintosh", path=path, line=line, hint=hint)
    words = header[1:].decode("utf-8", errors="replace").split()
    if not words:
        raise InputError("a header line without a name", path=path, line=line, hint="write >NAME")
    if words[0] in names:
        raise InputError(f"the name {words[0]!r} is used twice", path=path, line=line, hint="rename one of the two")
    names.add(words[0])
    return words[0]


def as_dna(text: bytes) -> bytes:
    """Return letters with U read as T."""
    return text.translate(_AS_DNA)


def check_nucleotides(text: bytes, path: Path | None = None, line: int | None = None) -> None:
    """Raise `InputError` for the first letter that is no IUPAC nucleotide code."""
    others = text.translate(None, delete=_NUCLEOTIDES)
    if others:
        letter = chr(others[0])
        hint = "a protein? a nucleotide FASTA is needed" if letter.isalpha() or letter == "*" else "remove it"
        raise InputError(f"{letter!r} is no nucleotide letter", path=path, line=line, hint=hint)


def _sequence(letters: bytearray, name: str, path: Path, line: int) -> Letters:
    if not letters:
        raise InputError(f"{name!r} has no sequence", path=path, line=line, hint="remove the record")
    sequence = np.frombuffer(letters, dtype=np.uint8)
    sequence.flags.writeable = False
    return sequence
