"""Motif matrices: what the files of motif collections hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MotifMatrix:
    """A motif as a file holds it.

    Parameters
    ----------
    name : str
        Identifier; may hold any printable characters, blanks included.
    alternate : str
        Second name, such as that of the transcription factor; empty where there is none.
    shares : ndarray of float64, shape (width, 4)
        Share of A, C, G, T in each column; each row sums to 1.
    n_sites : float
        Number of sites that it was counted on; 0 where unknown.
    """

    name: str
    alternate: str
    shares: Floats
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
