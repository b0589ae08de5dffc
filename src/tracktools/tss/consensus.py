"""The curation rule on sorted arrays: the position on which most sources agree, then the next.

The rule is greedy: of all remaining positions, take the one with the greatest key, let it absorb the remaining ones
within the window, repeat. Counting over the *remaining* positions makes the count at which a position is taken equal to
its support, so positions come out in order of support, and dropping a poorly supported one changes no other.

Absorbing a position only ever lowers the keys of others, and reaches no farther than two windows. Hence **a position
whose key is greater than all others within two windows is taken by the greedy rule whatever happens elsewhere**, with
just the neighbours it has now: all such positions are taken at once (`_take_local_maxima`), and the rest is looked at
again. Where that is slow, as on a run of equal keys, in which each position waits for the one before, the few that are
left are walked through in order (`_take_in_order`). Either way the result is that of the literal rule.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Int64

Masks = npt.NDArray[np.uint64]

_T = TypeVar("_T", bound=np.generic)

MAX_SOURCES = 64  # one bit each
_WORTHWHILE_SHARE = 0.02  # of the remaining positions, settled by one round


def take_greedily(positions: Int64, masks: Masks, priorities: Int64, window_bp: int) -> Int64:
    """Group positions around those that the curation rule takes.

    Parameters
    ----------
    positions : ndarray of int64, shape (n,)
        Strictly increasing positions on a line [bp]; what must not meet is more than two windows apart.
    masks : ndarray of uint64, shape (n,)
        Sources that have the position, a bit per source.
    priorities : ndarray of int64, shape (n,)
        A permutation of 0 … n-1: among positions with equally many sources within the window, the greatest goes first.
    window_bp : int
        Positions at most so far from the taken one are absorbed.

    Returns
    -------
    ndarray of int64, shape (n,)
        Index of the position that absorbed each position; taken ones have their own index. Taken positions are more
        than a window apart.
    """
    owners = np.full(len(positions), -1, dtype=np.int64)
    remaining = np.arange(len(positions), dtype=np.int64)
    while len(remaining):
        args = positions[remaining], masks[remaining], priorities[remaining], window_bp
        settled = _take_local_maxima(*args)
        done = settled >= 0
        owners[remaining[done]] = remaining[settled[done]]
        remaining = remaining[~done]
        if len(remaining) and done.mean() < _WORTHWHILE_SHARE:
            args = positions[remaining], masks[remaining], priorities[remaining], window_bp
            owners[remaining] = remaining[_take_in_order(*args)]
            break
    return owners


def _take_local_maxima(positions: Int64, masks: Masks, priorities: Int64, window_bp: int) -> Int64:
    """Take every position whose key is the greatest within two windows; return owners, -1 where none yet."""
    low, high = window_bounds(positions, window_bp)
    counts = count_bits(reduce_ranges(np.bitwise_or, masks, low, high))
    keys = counts * (int(priorities.max()) + 1) + priorities
    taken = np.flatnonzero(reduce_ranges(np.maximum, keys, *window_bounds(positions, 2 * window_bp)) == keys)
    owners = np.full(len(positions), -1, dtype=np.int64)
    sizes = high[taken] - low[taken]
    members = np.arange(int(sizes.sum())) + np.repeat(low[taken] - np.cumsum(sizes) + sizes, sizes)
    owners[members] = np.repeat(taken, sizes)
    return owners


def _take_in_order(positions: Int64, masks: Masks, priorities: Int64, window_bp: int) -> Int64:
    """Take positions one by one: by count, then by priority; a position whose count has fallen waits for its level."""
    low, high = (bounds.tolist() for bounds in window_bounds(positions, window_bp))
    mask_list: list[int] = masks.tolist()
    counts = count_bits(reduce_ranges(np.bitwise_or, masks, *window_bounds(positions, window_bp)))
    levels: list[list[int]] = [[] for _ in range(MAX_SOURCES + 1)]
    for count in np.unique(counts):
        levels[count] = np.flatnonzero(counts == count).tolist()
    priority: list[int] = priorities.tolist()
    owners = [-1] * len(mask_list)
    for count in range(MAX_SOURCES, 0, -1):
        for index in sorted(levels[count], key=priority.__getitem__, reverse=True):
            if owners[index] >= 0:
                continue
            free = [other for other in range(low[index], high[index]) if owners[other] < 0]
            union = 0
            for other in free:
                union |= mask_list[other]
            if union.bit_count() < count:
                levels[union.bit_count()].append(index)
                continue
            for other in free:
                owners[other] = index
    return np.array(owners, dtype=np.int64)


def window_bounds(positions: Int64, distance_bp: int) -> tuple[Int64, Int64]:
    """Return the half-open index range of the sorted positions at most `distance_bp` from each position."""
    low = np.searchsorted(positions, positions - distance_bp, side="left")
    high = np.searchsorted(positions, positions + distance_bp, side="right")
    return low, high


def reduce_ranges(reduce: np.ufunc, values: npt.NDArray[_T], low: Int64, high: Int64) -> npt.NDArray[_T]:
    """Reduce ``values[low[i]:high[i]]`` for every i, by an operation for which ``x op x = x`` (maximum, or).

    Parameters
    ----------
    reduce : ufunc
        Idempotent, commutative and associative.
    values : ndarray, shape (n,)
    low, high : ndarray of int64, shape (m,)
        Half-open, non-empty ranges.

    Notes
    -----
    Sparse table (Bender & Farach-Colton 2000): a range is covered by two stretches of 2**k values; one level of the
    table is in memory at a time, so the cost is n log(longest range) steps and two arrays.
    """
    lengths = high - low
    result = values[low]
    table, span = values, 1
    while True:
        here = (lengths >= span) & (lengths < 2 * span) if span > 1 else lengths == 1
        result[here] = reduce(table[low[here]], table[high[here] - span])
        if not len(lengths) or int(lengths.max()) < 2 * span:
            return result
        table = reduce(table[:-span], table[span:])
        span *= 2


def count_bits(masks: Masks) -> Int64:
    """Return the number of set bits of each mask."""
    return np.bitwise_count(masks).astype(np.int64)
