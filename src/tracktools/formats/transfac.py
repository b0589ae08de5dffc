"""TRANSFAC matrix files, as RegulonDB and PRODORIC give them, read with patience.

A record ends with ``//``. ``AC`` is the accession, ``ID`` and ``NA`` are names, ``P0`` or ``PO`` names the letters of
the columns, and the numbered lines after it hold a row each: counts or shares, and perhaps a consensus letter last.
http://gene-regulation.com/pub/databases/transfac/doc/matrix1SM.html
"""

from __future__ import annotations

import re
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.motif_matrix import MotifMatrix, matrix_of_rows

_ROW = re.compile(r"\d+\s+\S")
_LETTERS = "ACGT"


def read_transfac(text: str, path: Path) -> list[MotifMatrix]:
    """Return the matrices of a TRANSFAC file, in its order.

    Parameters
    ----------
    text : str
        Whole contents, lines ended by ``\\n``. The last record may lack its ``//``; a record without any matrix (a
        comment, a header) is passed over; one without names is called by its place.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If a row of a matrix does not hold four numbers, or the letters are not A, C, G, T; names the line.
    """
    matrices: list[MotifMatrix] = []
    record: list[tuple[int, str]] = []
    for number, line in enumerate([*text.split("\n"), "//"], start=1):
        if line.strip() != "//":
            record.append((number, line.rstrip()))
            continue
        matrix = _matrix(record, path, len(matrices) + 1)
        if matrix is not None:
            matrices.append(matrix)
        record = []
    return matrices


def _matrix(record: list[tuple[int, str]], path: Path, place: int) -> MotifMatrix | None:
    fields: dict[str, str] = {}
    rows: list[list[float]] = []
    columns: list[int] | None = None
    start = 0
    for number, line in record:
        tag, value = line[:2], line[2:].strip()
        if tag in ("P0", "PO"):
            columns, start = _columns(value, path, number), number
        elif columns is not None and _ROW.match(line):
            rows.append(_row(line, columns, path, number))
        elif tag.isalpha() and value:
            fields.setdefault(tag, value)
    if columns is None:
        return None
    name = fields.get("AC") or fields.get("ID") or fields.get("NA") or f"matrix_{place}"
    other = next((fields[tag] for tag in ("NA", "ID") if fields.get(tag, name) != name), "") or _factor(record)
    try:
        return matrix_of_rows(name, other if other != name else "", rows)
    except ValueError as error:
        raise InputError(f"the matrix {name!r} {error}", path=path, line=start) from None


def _factor(record: list[tuple[int, str]]) -> str:
    """Return the factor that PRODORIC names in a comment, ``CC  ac: MexR``; a width is no name."""
    found = (re.fullmatch(r"CC\s+ac:\s*(\S.*)", line) for _, line in record)
    names = [match[1].strip() for match in found if match]
    return next((name for name in names if "=" not in name), "")


def _columns(value: str, path: Path, line: int) -> list[int]:
    letters = value.upper().replace("U", "T").split()
    if sorted(letters[:4]) != sorted(_LETTERS):
        raise InputError(
            f"the letters of a matrix are {value!r}", path=path, line=line, mend="A, C, G and T are needed"
        )
    return [letters.index(letter) for letter in _LETTERS]


def _row(line: str, columns: list[int], path: Path, number: int) -> list[float]:
    words = line.split()[1:5]
    try:
        values = [float(word) for word in words]
        return [values[column] for column in columns]
    except (ValueError, IndexError):
        raise InputError(
            f"{line!r} is no row of a matrix", path=path, line=number, mend="four numbers are needed"
        ) from None
