"""The bases around attended places, 5' to 3' on the strand of the TSS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tracktools.arrays import Bool, Codes, Int64
from tracktools.genome import UNKNOWN, Genome

_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of one width, the attended base in the middle.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Row of the table that each came from.
    attended : ndarray of int64, shape (n,)
        Attended base, 0-based on the plus strand.
    codes : ndarray of uint8, shape (n, width)
        A 0, C 1, G 2, T 3, else 4.
    """

    rows: Int64
    attended: Int64
    codes: Codes

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: Int64 | Bool) -> Windows:
        """Return some of the windows."""
        return Windows(self.rows[which], self.attended[which], self.codes[which])


def cut_windows(
    table: pd.DataFrame, offsets: int | Int64, genome: Genome, upstream_bp: int, downstream_bp: int
) -> Windows:
    """Cut the windows around the bases that lie at an offset from each position of a table.

    Parameters
    ----------
    table : DataFrame
        `chrom`, `position`, `strand` of answers, 0-based.
    offsets : int or ndarray of int64, shape (n,)
        Offset of the attended base: along the strand, upstream negative.
    genome : Genome
        A window wraps on a circular contig; on a linear one, a window that leaves the contig is left out. So is one
        with a letter that is not A, C, G or T, and one longer than its contig.
    upstream_bp, downstream_bp : int
        Bases before and after the attended one.

    Returns
    -------
    Windows
        In the order of the table.
    """
    at = np.broadcast_to(np.asarray(offsets, dtype=np.int64), (len(table),))
    width = upstream_bp + 1 + downstream_bp
    codes = np.full((len(table), width), UNKNOWN, dtype=np.uint8)
    attended = np.zeros(len(table), dtype=np.int64)
    chroms, strands = table["chrom"].to_numpy(), table["strand"].to_numpy()
    for contig in genome:
        for strand, sign in (("+", 1), ("-", -1)):
            here = np.flatnonzero((chroms == contig.name) & (strands == strand))
            if not len(here) or len(contig) < width:
                continue
            base = table["position"].to_numpy(dtype=np.int64)[here] + sign * at[here]
            places = base[:, None] + sign * (np.arange(width) - upstream_bp)
            if contig.circular:
                base, places = base % len(contig), places % len(contig)
            inside = (places.min(axis=1) >= 0) & (places.max(axis=1) < len(contig))
            found = contig.codes[places[inside]]
            codes[here[inside]] = found if sign > 0 else _COMPLEMENT[found]
            attended[here] = base
    known = np.flatnonzero((codes != UNKNOWN).all(axis=1))
    return Windows(known.astype(np.int64), attended[known], codes[known])


def distinct_windows(windows: Windows, table: pd.DataFrame, genome: Genome, min_distance_bp: int) -> Windows:
    """Return the windows that tell something new, the first of each kind.

    Of windows whose attended bases lie less than `min_distance_bp` apart on one strand the first stays, and of windows
    with the same letters (copies of a repeat).
    """
    chroms, strands = (table[name].to_numpy()[windows.rows] for name in ("chrom", "strand"))
    taken: set[tuple[str, str, int]] = set()
    letters: set[bytes] = set()
    kept = []
    sizes = genome.chrom_sizes
    for number, (chrom, strand, base) in enumerate(zip(chroms, strands, windows.attended.tolist(), strict=True)):
        text = windows.codes[number].tobytes()
        if (chrom, strand, base) in taken or text in letters:
            continue
        kept.append(number)
        letters.add(text)
        near = range(base - min_distance_bp + 1, base + min_distance_bp)
        taken.update((chrom, strand, place % sizes[chrom]) for place in near)
    return windows.take(np.array(kept, dtype=np.int64))


def interval_of(attended: int, strand: str, first: int, last: int) -> tuple[int, int]:
    """Return the half-open plus-strand interval of bases `first` to `last` (exclusive) of a window.

    Parameters
    ----------
    attended : int
        Attended base.
    strand : {"+", "-"}
        Of the TSS.
    first, last : int
        Along the strand, relative to the attended base; upstream negative.

    Examples
    --------
    >>> interval_of(100, "+", -2, 4), interval_of(100, "-", -2, 4)
    ((98, 104), (97, 103))
    """
    return (attended + first, attended + last) if strand == "+" else (attended - last + 1, attended - first + 1)


def as_text(codes: Codes) -> str:
    """Return letters of codes, shape (n,).

    Examples
    --------
    >>> as_text(np.array([3, 0, 3, 4], dtype=np.uint8))
    'TATN'
    """
    return "".join("ACGTN"[code] for code in codes)
