"""Files of motif collections: MEME, TRANSFAC and JASPAR.

MEME: https://meme-suite.org/meme/doc/meme-format.html. JASPAR (counts, a row per letter): https://jaspar.elixir.no/docs.
TRANSFAC, as RegulonDB and PRODORIC give it: a record ends with ``//``; ``AC`` is the accession, ``ID`` and ``NA`` are
names, ``P0`` or ``PO`` names the letters of the columns, and the numbered lines after it hold a row each: counts or
shares, and perhaps a consensus letter last (http://gene-regulation.com/pub/databases/transfac/doc/matrix1SM.html).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Float64
from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.numerals import is_whole

_SETTING = re.compile(r"\b(\w+)\s*=\s*([^\s=]+)")
_ROW = re.compile(r"\d+\s+\S")
_LETTERS = "ACGT"


@dataclass(frozen=True, eq=False)
class MotifMatrix:
    """A motif as a file holds it.

    Parameters
    ----------
    name : str
        Identifier; may hold any printable characters, blanks included.
    alternate : str
        Second name, such as that of the transcription factor; empty if there is none.
    shares : ndarray of float64, shape (width, 4)
        Share of A, C, G, T in each column; each row sums to 1.
    n_sites : float
        Number of sites that it was counted on; 0 where unknown.
    """

    name: str
    alternate: str
    shares: Float64
    n_sites: float = 0.0

    def __len__(self) -> int:
        return len(self.shares)

    @property
    def label(self) -> str:
        """Both names, for people."""
        return f"{self.name} {self.alternate}" if self.alternate not in ("", self.name) else self.name


def matrix_of_rows(name: str, alternate: str, rows: list[list[float]], n_sites: float = 0.0) -> MotifMatrix:
    """Return a matrix from rows of counts or of shares.

    Parameters
    ----------
    name, alternate : str
        Names; an empty `name` takes the place of the `alternate`.
    rows : list of list of float
        Four numbers a column of the motif, in the order A, C, G, T: counts, shares or per cent. A row of zeros (no site
        reaches so far) becomes four equal shares.
    n_sites : float
        Number of sites; if 0, the largest sum of a row where that looks like a count (above 1.5).

    Raises
    ------
    ValueError
        If there is no row, a row has not four numbers, or one is negative or not finite.
    """
    if not rows:
        raise ValueError("has no rows")
    if any(len(row) != 4 for row in rows):
        raise ValueError("has a row without four numbers")
    counts = np.array(rows, dtype=np.float64)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("has a number that is negative or none")
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), 0.25)
    largest = float(sums.max())
    return MotifMatrix(name or alternate, alternate, shares, n_sites or (largest if largest > 1.5 else 0.0))


def read_motifs(path: Path) -> list[MotifMatrix]:
    """Read a collection of motifs: MEME (minimal or whole) or TRANSFAC, plain or gzip, any line ends.

    Returns
    -------
    list of MotifMatrix
        In file order; a name that comes again gets ``_2``, ``_3`` behind it.

    Raises
    ------
    InputError
        If the file is missing, neither format, or contains no matrix; or as `read_meme` and `read_transfac`.
    """
    path = Path(path)
    with open_maybe_gzip(path) as file:
        text = file.read().decode("utf-8-sig", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "letter-probability matrix" in text or text.lstrip().startswith("MEME version"):
        motifs = read_meme(text, path)
    elif re.search(r"(?m)^P[0O]\s", text):
        motifs = read_transfac(text, path)
    else:
        raise InputError("is no motif file", path=path, hint="MEME or TRANSFAC matrices are needed")
    if not motifs:
        raise InputError("contains no matrix", path=path)
    return _with_own_names(motifs)


def _with_own_names(motifs: list[MotifMatrix]) -> list[MotifMatrix]:
    seen: dict[str, int] = {}
    named = []
    for motif in motifs:
        seen[motif.name] = seen.get(motif.name, 0) + 1
        again = "" if seen[motif.name] == 1 else f"_{seen[motif.name]}"
        named.append(MotifMatrix(motif.name + again, motif.alternate, motif.shares, motif.n_sites))
    return named


def read_meme(text: str, path: Path) -> list[MotifMatrix]:
    """Return the motifs of a MEME file, minimal or whole, in its order.

    Parameters
    ----------
    text : str
        Whole contents, lines ended by ``\\n``. The ``letter-probability matrix`` of each ``MOTIF`` is read; its width
        may be missing, its numbers may be counts, and anything else in the file (log-odds, URLs) is passed over.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If the alphabet is not DNA, a matrix is cut short, or a row does not hold four numbers; names the line.
    """
    motifs: list[MotifMatrix] = []
    lines = text.split("\n")
    name, alternate, number = "", "", 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if line.upper().startswith("ALPHABET="):
            alphabet = line.partition("=")[2].strip().strip('"').upper()
            if alphabet[:4] not in ("ACGT", "ACGU", ""):
                raise InputError(f"the alphabet is {alphabet[:30]!r}", path=path, line=number, hint="DNA is needed")
        elif line.split(maxsplit=1)[:1] == ["MOTIF"]:
            words = line.split(maxsplit=2)[1:]
            name, alternate = (*words, "", "")[:2]
        elif line.startswith("letter-probability matrix"):
            settings = dict(_SETTING.findall(line.partition(":")[2]))
            rows, number = _rows(lines, number, settings.get("w"), path)
            try:
                called = name or f"motif_{len(motifs) + 1}"
                motifs.append(matrix_of_rows(called, alternate, rows, _number(settings.get("nsites"))))
            except ValueError as error:
                raise InputError(f"the motif {name!r} {error}", path=path, line=number) from None
            name = alternate = ""
    return motifs


def _number(text: str | None) -> float:
    try:
        return max(float(text or 0), 0.0)
    except ValueError:
        return 0.0


def _rows(lines: Sequence[str], number: int, width: str | None, path: Path) -> tuple[list[list[float]], int]:
    """Return the rows that start at line index `number`, and the index of the line after them."""
    rows: list[list[float]] = []
    wanted = int(width) if width and is_whole(width) else None
    while number < len(lines) and (wanted is None or len(rows) < wanted):
        words = lines[number].split()
        if not words and not rows:  # MEME itself puts no empty line here, others do
            number += 1
            continue
        try:
            rows.append([float(word) for word in words])
        except ValueError:
            break
        if not words:
            rows.pop()
            break
        number += 1
    if wanted is not None and len(rows) < wanted:
        raise InputError(f"a matrix has {len(rows)} rows, not w= {wanted}", path=path, line=min(number + 1, len(lines)))
    return rows, number


def write_meme(
    path: Path, motifs: Sequence[MotifMatrix], background: Float64, e_values: Sequence[float] | None = None
) -> None:
    """Write motifs as MEME minimal, version 4.

    Parameters
    ----------
    path : Path
        File to write; it appears complete or not at all.
    motifs : sequence of MotifMatrix
        Names are written without blanks.
    background : ndarray, shape (4,)
        Share of A, C, G, T in the genome.
    e_values : sequence of float, optional
        Of each motif; 0 without.
    """
    lines = ["MEME version 4", "", "ALPHABET= ACGT", "", "strands: + -", "", "Background letter frequencies"]
    lines += [" ".join(f"{letter} {share:.6f}" for letter, share in zip("ACGT", background, strict=True)), ""]
    for motif, e_value in zip(motifs, e_values or [0.0] * len(motifs), strict=True):
        names = "_".join(motif.name.split()), "_".join(motif.alternate.split())
        lines.append(" ".join(["MOTIF", *filter(None, names)]))
        head = f"alength= 4 w= {len(motif)} nsites= {motif.n_sites:.0f} E= {e_value:.3g}"
        lines.append(f"letter-probability matrix: {head}")
        lines += [" " + " ".join(f"{share:.6f}" for share in row) for row in motif.shares] + [""]
    with atomic_file(path) as partial:
        partial.write_text("\n".join(lines), encoding="utf-8")


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
            f"the letters of a matrix are {value!r}", path=path, line=line, hint="A, C, G and T are needed"
        )
    return [letters.index(letter) for letter in _LETTERS]


def _row(line: str, columns: list[int], path: Path, number: int) -> list[float]:
    words = line.split()[1:5]
    try:
        values = [float(word) for word in words]
        return [values[column] for column in columns]
    except (ValueError, IndexError):
        raise InputError(
            f"{line!r} is no row of a matrix", path=path, line=number, hint="four numbers are needed"
        ) from None


def write_jaspar(path: Path, motifs: Sequence[MotifMatrix]) -> None:
    """Write motifs as JASPAR; shares times sites give the counts, which are whole numbers.

    Parameters
    ----------
    path : Path
        File to write; it appears complete or not at all.
    motifs : sequence of MotifMatrix
        Names are written without blanks; `n_sites` of each is at least 1.
    """
    blocks = []
    for motif in motifs:
        blocks.append(f">{'_'.join(motif.name.split())}\t{'_'.join(motif.alternate.split())}\n")
        counts = (motif.shares * motif.n_sites).round().astype(int)
        for letter, row in zip("ACGT", counts.T, strict=True):
            blocks.append(f"{letter}  [ {' '.join(f'{count:5d}' for count in row)} ]\n")
    with atomic_file(path) as partial:
        partial.write_text("".join(blocks), encoding="utf-8")
