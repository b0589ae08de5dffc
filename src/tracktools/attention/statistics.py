"""Statistics of a head over a group of positions: mean, maximum, and correlation with the model output."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Float64, Floating, Int64

FLAT = 1e-5  # a smaller standard deviation, as a share of the mean, is rounding: no correlation is given
TINY = 1e-15  # if no weight is larger, their squares are lost below what float32 can hold: no correlation is given
_LEAST = 3  # positions for a correlation
_AT_ONCE = 64  # distances that are ranked together


class Profile(NamedTuple):
    """Statistics by distance, shape (W,) each; NaN where there are none.

    `spearman_bound` says how far the true rank correlation may be from `spearman`: 0 where ranks are exact.
    """

    mean: Float64
    largest: Float64
    pearson: Float64
    spearman: Float64
    spearman_bound: Float64


def profile_of(weights: Float32, outputs: Float32, sees: Int64) -> Profile:
    """Describe a head over sampled positions.

    Parameters
    ----------
    weights : ndarray of float32, shape (n, W)
        By distance upstream.
    outputs : ndarray of float32, shape (n,)
    sees : ndarray of int64, shape (n,)
        How many distances each position can see; what it cannot see is left out.
    """
    W = weights.shape[1]
    result = Profile(*(np.full(W, np.nan) for _ in Profile._fields))
    first = 0
    for reach in np.unique(sees):  # distances first ... reach - 1 are seen by the same positions
        rows = sees > first
        for start in range(first, reach, _AT_ONCE):
            chosen = slice(start, min(start + _AT_ONCE, reach))
            _describe(result, chosen, weights[:, chosen][rows], outputs[rows])  # no more columns than are described
        first = reach
    return result


def _describe(result: Profile, chosen: slice, weights: Float32, outputs: Float32) -> None:
    by_distance = np.ascontiguousarray(weights.T, dtype=np.float64)
    result.mean[chosen] = by_distance.mean(axis=1)
    result.largest[chosen] = by_distance.max(axis=1)
    pearson = correlation(by_distance, outputs.astype(np.float64))
    result.pearson[chosen] = np.where(result.largest[chosen] > TINY, pearson, np.nan)
    flat = np.isnan(result.pearson[chosen])
    result.spearman[chosen] = np.where(flat, np.nan, correlation(ranks_of(by_distance), ranks_of(outputs[None])[0]))
    result.spearman_bound[chosen] = np.where(flat, np.nan, 0.0)


def correlation(x: Float64, y: Float64) -> Float64:
    """Return Pearson's r of each row of x, shape (m, n), with y, shape (n,); NaN where one of them is flat."""
    if len(y) < _LEAST:
        return np.full(len(x), np.nan)
    mean = x.mean(axis=1)
    x = x - mean[:, None]
    y = y - y.mean()
    spread_x, spread_y = np.sqrt((x * x).mean(axis=1)), np.sqrt((y * y).mean())
    defined = (spread_x > FLAT * np.abs(mean)) & (spread_y > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (x @ y) / len(y) / (spread_x * spread_y)
    return np.where(defined, np.clip(r, -1, 1), np.nan)


def ranks_of(values: Floating) -> Float64:
    """Rank each row, shape (m, n): 1 for the smallest; equal values share their mean rank.

    Examples
    --------
    >>> ranks_of(np.array([[0.3, 0.1, 0.3, 9.0]])).tolist()
    [[2.5, 1.0, 2.5, 4.0]]
    """
    m, n = values.shape
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    new = np.ones((m, n), dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(new)  # of runs of equal values, over all rows
    ends = np.append(starts[1:], m * n)
    middle = (starts % n + ends - 1 - starts // n * n) / 2 + 1
    ranks = np.empty((m, n))
    np.put_along_axis(ranks, order, np.repeat(middle, ends - starts).reshape(m, n), axis=1)
    return ranks
