"""TSS sets on one line: all sequences and strands one after the other, each read 5' to 3'.

On the line two positions are comparable by one number, strands far apart from each other, so that what is done for one
strand of one sequence is done for all at once. The minus strand is mirrored, which makes every result the same for a
genome and its reverse complement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.arrays import Float64, Int64
from tracktools.tss.consensus import Masks, count_bits, reduce_ranges, window_bounds
from tracktools.tss.table import rank_fractions

_RANK_STEPS = 2**40  # ranks are summed as whole numbers: the order of sources cannot change the sum


@dataclass(frozen=True)
class PlacedSet:
    """The distinct positions of one set.

    Parameters
    ----------
    name : str
        Name of the set.
    index : ndarray of int64, shape (n,)
        Ascending indices into `Line.at`.
    score : ndarray of float64, shape (n,)
        The best score that the set gives the position; nan without one.
    """

    name: str
    index: Int64
    score: Float64


@dataclass(frozen=True)
class Line:
    """The distinct positions of several sets.

    Parameters
    ----------
    at : ndarray of int64, shape (n,)
        Ascending; positions of two strands or sequences are farther apart than `margin_bp` of `join_sets`.
    masks : ndarray of uint64, shape (n,)
        Sets that have the position: bit i is ``sources[i]``.
    sources : tuple of PlacedSet
        In order of name.
    chroms : tuple of str
        Sequences, in order of name.
    stride : int
        Length of each strand's stretch of the line; strands follow in the order chrom 0 +, chrom 0 -, chrom 1 +, …
    margin_bp : int
        Empty end of each stretch.
    """

    at: Int64
    masks: Masks
    sources: tuple[PlacedSet, ...]
    chroms: tuple[str, ...]
    stride: int
    margin_bp: int

    def places(self, index: Int64) -> tuple[npt.NDArray[np.object_], Int64, npt.NDArray[np.object_]]:
        """Return sequence, 0-based base and strand of positions."""
        stretch, offset = np.divmod(self.at[index], self.stride)
        minus = stretch % 2 == 1
        start = np.where(minus, self.stride - self.margin_bp - 1 - offset, offset)
        chrom = np.array([*self.chroms, ""], dtype=object)[stretch // 2]
        return chrom, start, np.where(minus, "-", "+").astype(object)

    def priorities(self) -> Int64:
        """Return ranks, 0 the least, by sources on the base, then mean rank of score in them, then the 5'-most."""
        rank_sums = np.zeros(len(self.at), dtype=np.int64)
        for source in self.sources:
            rank_sums[source.index] += np.round(rank_fractions(source.score) * _RANK_STEPS).astype(np.int64)
        # Rank sums are compared between bases with equally many sources only: there they order as the means do.
        least_first = np.lexsort((-self.at, -rank_sums, count_bits(self.masks)))
        ranks = np.empty(len(self.at), dtype=np.int64)
        ranks[least_first] = np.arange(len(self.at))
        return ranks

    def near(self, window_bp: int) -> Masks:
        """Return the sets that have a position at most a window from each position, itself included."""
        if not len(self.at):
            return self.masks
        return reduce_ranges(np.bitwise_or, self.masks, *window_bounds(self.at, window_bp))


def join_sets(tables: Mapping[str, pd.DataFrame], margin_bp: int) -> Line:
    """Put the distinct positions of sets on one line.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name; `chrom`, `chromStart`, `strand` and perhaps `sourceScore`. Of rows on one base the best-scored counts.
    margin_bp : int
        Positions of two strands or sequences are farther apart than this.
    """
    names = sorted(tables)
    chroms = sorted({str(chrom) for table in tables.values() for chrom in table["chrom"].unique()})
    longest = 1 + max((int(table["chromStart"].max()) for table in tables.values() if len(table)), default=0)
    stride = longest + margin_bp
    placed = [_place(tables[name], chroms, longest, stride) for name in names]
    at = np.unique(np.concatenate([positions for positions, _ in placed]))
    masks = np.zeros(len(at), dtype=np.uint64)
    sources = []
    for bit, (name, (positions, score)) in enumerate(zip(names, placed, strict=True)):
        index = np.searchsorted(at, positions)
        masks[index] |= np.uint64(1 << bit)
        sources.append(PlacedSet(name, index, score))
    return Line(at, masks, tuple(sources), tuple(chroms), stride, margin_bp)


def _place(table: pd.DataFrame, chroms: Sequence[str], longest: int, stride: int) -> tuple[Int64, Float64]:
    start = table["chromStart"].to_numpy(dtype=np.int64)
    minus = (table["strand"] == "-").to_numpy(dtype=np.int64)
    ranks = table["chrom"].map({chrom: index for index, chrom in enumerate(chroms)}).to_numpy(dtype=np.int64)
    at = ((2 * ranks + minus) * stride + np.where(minus == 1, longest - 1 - start, start)).astype(np.int64)
    score = table["sourceScore"].to_numpy(dtype=np.float64) if "sourceScore" in table else np.full(len(table), np.nan)
    best = np.lexsort((-score, at))  # nan comes last
    best = best[np.diff(at[best], prepend=-1) > 0]
    return at[best], score[best]
