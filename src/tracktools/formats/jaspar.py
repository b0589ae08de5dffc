"""JASPAR motif files: counts, a row a letter; https://jaspar.elixir.no/docs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracktools.formats.atomic import atomic_file
from tracktools.formats.motif_matrix import MotifMatrix


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
