"""Motif collections of either format, known by their contents."""

from __future__ import annotations

import re
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.meme import read_meme
from tracktools.formats.motif_matrix import MotifMatrix
from tracktools.formats.transfac import read_transfac


def read_motifs(path: Path) -> list[MotifMatrix]:
    """Read a collection of motifs: MEME (minimal or whole) or TRANSFAC, plain or gzip, any line ends.

    Returns
    -------
    list of MotifMatrix
        In file order; a name that comes again gets ``_2``, ``_3`` behind it.

    Raises
    ------
    InputError
        If the file is missing, neither format, or holds no matrix; or as `read_meme` and `read_transfac`.
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
        raise InputError("is no motif file", path=path, mend="MEME or TRANSFAC matrices are needed")
    if not motifs:
        raise InputError("holds no matrix", path=path)
    return _with_own_names(motifs)


def _with_own_names(motifs: list[MotifMatrix]) -> list[MotifMatrix]:
    seen: dict[str, int] = {}
    named = []
    for motif in motifs:
        seen[motif.name] = seen.get(motif.name, 0) + 1
        again = "" if seen[motif.name] == 1 else f"_{seen[motif.name]}"
        named.append(MotifMatrix(motif.name + again, motif.alternate, motif.shares, motif.n_sites))
    return named
