"""MEME minimal motif files: https://meme-suite.org/meme/doc/meme-format.html."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.motif_matrix import Floats, MotifMatrix, matrix_of_rows
from tracktools.formats.numerals import is_whole

_SETTING = re.compile(r"(\w+)\s*=\s*([^\s=]+)")


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
                raise InputError(f"the alphabet is {alphabet[:30]!r}", path=path, line=number, mend="DNA is needed")
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
    path: Path, motifs: Sequence[MotifMatrix], background: Floats, e_values: Sequence[float] | None = None
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
