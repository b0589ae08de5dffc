"""Calling TSS from a signal: local maxima at or above a threshold, to the base."""

from __future__ import annotations

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.config import CallConfig
from tracktools.interval import Strand


def call_positions(
    positions: Int64,
    values: Float32,
    strand: Strand,
    *,
    length: int,
    circular: bool = False,
    min_distance_bp: int = CallConfig.min_distance_bp,
) -> Int64:
    """Return the called TSS of one strand of one contig.

    Parameters
    ----------
    positions : ndarray of int64, shape (n,)
        The 0-based positions whose value is at or above the threshold, ascending. All others are lower, or without a
        value, and so never decide anything: a caller can stream through a chromosome and keep only these.
    values : ndarray of float32, shape (n,)
        Their values; no NaN.
    strand : {"+", "-"}
        Decides which end of a plateau, and which of two equal maxima, is the 5'-most.
    length : int
        Length of the contig [bp].
    circular : bool
        Whether the last base is a neighbour of the first.
    min_distance_bp : int
        Calls are at least this far apart: of two closer maxima the higher wins, of equal ones the 5'-most.

    Returns
    -------
    ndarray of int64
        Indices into `positions`, ascending. A call is a local maximum; a plateau (equal values side by side) is one, at
        its 5'-most base.

    Examples
    --------
    >>> call_positions(np.array([1, 2, 4]), np.array([0.9, 0.9, 0.5], np.float32), "-", length=5, min_distance_bp=2)
    array([1, 2])
    """
    if strand == "-":  # read the strand from its 5' end, where ascending is downstream
        positions, values = length - 1 - positions[::-1], values[::-1]
    maxima = _local_maxima(positions, values, length, circular)
    kept = _keep_apart(maxima, positions, values, min_distance_bp, length if circular else None)
    return kept if strand == "+" else np.sort(len(positions) - 1 - kept)


def _local_maxima(positions: Int64, values: Float32, length: int, circular: bool) -> Int64:
    """Return the index of the first base of every run of equal values that is higher than its neighbours."""
    if len(positions) == 0:
        return np.empty(0, dtype=np.int64)
    touches = np.diff(positions) == 1
    starts = np.concatenate(([0], np.flatnonzero(~touches | (values[1:] != values[:-1])) + 1))
    heights = values[starts]
    before = np.concatenate(([-np.inf], np.where(touches[starts[1:] - 1], heights[:-1], -np.inf)))
    after = np.concatenate((np.where(touches[starts[1:] - 1], heights[1:], -np.inf), [-np.inf]))
    if circular and positions[0] == 0 and positions[-1] == length - 1 and len(starts) > 1:
        before[0], after[-1] = heights[-1], heights[0]
        if heights[0] == heights[-1]:  # one run across the origin: it starts where its last part starts
            before[0], after[-1] = np.inf, after[0]
    maximal: Int64 = starts[(heights > before) & (heights > after)]
    return maximal


def _keep_apart(
    candidates: Int64,
    positions: Int64,
    values: Float32,
    min_distance_bp: int,
    circle_bp: int | None,
) -> Int64:
    """Keep the highest of candidates closer than a distance, greedily from the highest down; indices, ascending.

    In rounds: who outranks every undecided neighbour is kept, and its neighbours go. That gives what the greedy walk
    gives, since such a one is met before any neighbour that could forbid it.
    """
    at = positions[candidates]
    rank = np.empty(len(at), dtype=np.int64)
    rank[np.lexsort((at, -values[candidates]))] = np.arange(len(at))
    one, other = _too_close(at, min_distance_bp, circle_bp)
    kept = np.zeros(len(at), dtype=bool)
    undecided = np.ones(len(at), dtype=bool)
    while undecided.any():
        outranked = np.zeros(len(at), dtype=bool)
        outranked[np.where(rank[one] < rank[other], other, one)] = True
        winners = undecided & ~outranked
        kept |= winners
        undecided &= outranked
        undecided[other[winners[one]]] = undecided[one[winners[other]]] = False
        both = undecided[one] & undecided[other]
        one, other = one[both], other[both]
    return candidates[kept]


def _too_close(at: Int64, min_distance_bp: int, circle_bp: int | None) -> tuple[Int64, Int64]:
    """Return the pairs, as two arrays of indices, of ascending positions that are closer than a distance."""
    ones, others = [], []
    for step in range(1, len(at)):
        near = np.flatnonzero(at[step:] - at[:-step] < min_distance_bp)
        if not len(near):
            break
        ones.append(near)
        others.append(near + step)
    if circle_bp is not None:
        first = np.flatnonzero(at - at[:1] < min_distance_bp)
        for index in np.flatnonzero(at > circle_bp - min_distance_bp + at[:1]) if len(at) else ():
            near = first[(at[first] + circle_bp - at[index] < min_distance_bp) & (first != index)]
            ones.append(np.full(len(near), index))
            others.append(near)
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *ones]), np.concatenate([empty, *others])
