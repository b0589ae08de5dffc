"""What GenBank and EMBL files say of a record before its features: names, length, whether it is a circle.

Programs that export GenBank differ here most, and Biopython drops ``circular`` from a first line that it does not know.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError

_LENGTH = re.compile(
    r"(?:(?P<name>\S(?:.*?\S)?)\s++)?(?P<length>\d{1,15})\s++bp\b(?P<rest>.*)", re.IGNORECASE
)  # runs of blanks are taken whole (++), or a line of nothing else would take hours
_COLLIDED = re.compile(r"(?P<name>\S+)\s+bp\b(?P<rest>.*)", re.IGNORECASE)
_PROTEIN = re.compile(r"\b\d+\s+aa\b")
_NO_NAME = re.compile(r"\.?|xxx|<?unknown([_ ]?id)?>?(\.\d+)?", re.IGNORECASE)  # what exporters write for want of one


@dataclass(frozen=True)
class FlatHead:
    """The head of one record.

    Parameters
    ----------
    names : tuple of str
        Version, accession, locus name: those that there are, without repeats; at least one.
    length : int
        Length of the sequence [bp].
    circular : bool
        Whether the first line says ``circular``.
    is_embl : bool
        Whether it is EMBL, and not GenBank.
    """

    names: tuple[str, ...]
    length: int
    circular: bool
    is_embl: bool

    @property
    def name(self) -> str:
        """The first of the names."""
        return self.names[0]

    @property
    def other_names(self) -> tuple[str, ...]:
        """The others."""
        return self.names[1:]


def read_head(lines: Sequence[str], path: Path, line: int) -> FlatHead:
    """Read the head of a record.

    Parameters
    ----------
    lines : sequence of str
        Of one record, from ``LOCUS`` or ``ID`` on.
    path, line
        The file, and where in it the record begins; for messages.

    Raises
    ------
    InputError
        If the record has no name, no length, or is a protein.
    """
    return _embl(lines, path, line) if lines[0].startswith("ID ") else _genbank(lines, path, line)


def _genbank(lines: Sequence[str], path: Path, line: int) -> FlatHead:
    wrapped = itertools.takewhile(lambda text: text[:1].isspace(), lines[1:])  # some programs break a long line
    said = " ".join([lines[0].removeprefix("LOCUS").strip(), *(text.strip() for text in wrapped)]).strip()
    if _PROTEIN.search(said):
        raise InputError("is a protein", path=path, line=line, hint="the record of the genome is needed")
    plain, collided = _LENGTH.fullmatch(said), _COLLIDED.fullmatch(said)
    found = plain or collided
    locus, rest = (found["name"] or "", found["rest"]) if found else (said, "")
    length = int(plain["length"]) if plain else _count_bases(lines)
    if plain is None and collided is not None:  # a long name leaves no space before the length
        locus = locus.removesuffix(str(length))
    if length == 0 and plain is None:
        hint = "write: LOCUS, the name, the length, bp"
        raise InputError("the LOCUS line says no length", path=path, line=line, hint=hint)
    names = _names([_field(lines, "VERSION"), _field(lines, "ACCESSION"), re.sub(r"\s+", "_", locus.strip())])
    if not names:
        hint = "write a name behind LOCUS, or a VERSION"
        raise InputError("a record without a name", path=path, line=line, hint=hint)
    return FlatHead(names, length, "circular" in rest.lower().split(), is_embl=False)


def _embl(lines: Sequence[str], path: Path, line: int) -> FlatHead:
    fields = [field.strip() for field in lines[0][2:].rstrip(".").split(";")]
    length = next((int(m[1]) for field in fields if (m := re.fullmatch(r"(\d{1,15}) BP", field, re.IGNORECASE))), 0)
    version = next((m[1] for field in fields if (m := re.fullmatch(r"SV (\d+)", field))), "")
    accession = (fields[0].split() or [""])[0]
    local = next((text[4:].strip(" _") for text in lines if text.startswith("AC * ")), "")
    versioned = f"{accession}.{version}" if version and not _NO_NAME.fullmatch(accession) else ""
    names = _names([versioned, accession, local])
    if not names or length == 0:
        raise InputError("the ID line has no name or no length", path=path, line=line, hint="download it again")
    return FlatHead(names, length, any("circular" in field.split() for field in fields), is_embl=True)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if not _NO_NAME.fullmatch(name))


def _field(lines: Sequence[str], key: str) -> str:
    """Return the first word of a field of the header."""
    for line in lines:
        if line.startswith("FEATURES"):
            break
        if line.startswith(key):
            return (line[len(key) :].split() or [""])[0]
    return ""


def _count_bases(lines: Sequence[str]) -> int:
    """Return the number of letters below ORIGIN, for a first line that does not tell the length."""
    at = next((i for i, line in enumerate(lines) if line.startswith("ORIGIN")), len(lines))
    return sum(sum(letter.isalpha() for letter in line) for line in lines[at + 1 :])
