"""Median, its bootstrap interval, mean and quartiles of the values at each offset from a set of sites."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import binom

from tracktools.arrays import Float32, Float64, Int64

COLUMNS = ("offset", "n", "median", "medianLow", "medianHigh", "mean", "quartile1", "quartile3")


def summarise(matrix: Float32, *, confidence: float) -> pd.DataFrame:
    """Describe the columns of a matrix of values around sites.

    Parameters
    ----------
    matrix : ndarray of float32, shape (sites, 2 * flank + 1)
        NaN where there is no value.
    confidence : float
        Of the interval of the median, such as 0.95.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row per offset, upstream ones negative: `n` sites with a value; `median` and its bootstrap interval
        over sites; `mean`; the quartiles. NaN where no site has a value.
    """
    flank = matrix.shape[1] // 2
    ranked = np.sort(matrix, axis=0).astype(np.float64)  # NaN last
    n = (~np.isnan(ranked)).sum(axis=0)
    if not len(ranked):
        ranked = np.full((1, matrix.shape[1]), np.nan)  # so that an empty set has n = 0 and no median, too
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without values has no median, and says n = 0
        first, median, third = np.nanpercentile(ranked, [25, 50, 75], axis=0)
        mean = np.nanmean(ranked, axis=0)
    low, high = _median_interval(ranked, n, confidence)
    values = (np.arange(-flank, flank + 1), n, median, low, high, mean, first, third)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _median_interval(ranked: Float64, n: Int64, confidence: float) -> tuple[Float64, Float64]:
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    for size in np.unique(n[n >= 2]):
        columns = np.flatnonzero(n == size)
        bottom, top = median_ranks(int(size), confidence)
        low[columns], high[columns] = ranked[bottom, columns], ranked[top, columns]
    return low, high


@cache
def median_ranks(n: int, confidence: float) -> tuple[int, int]:
    """Return the ranks, from 0, of the values that bound the bootstrap's percentile interval of a median.

    The median of a draw with replacement is at most the k-th smallest of n values if half of the n drawn ones or more
    are among the k smallest, so that its distribution is binomial and no draw is needed (Efron 1979, Annals of
    Statistics 7:1, section 3). For an even n the lower bound is that of the lower middle value, the upper bound that of
    the upper one.

    Examples
    --------
    >>> median_ranks(100, 0.95)
    (39, 60)
    """
    shares = np.arange(1, n + 1) / n
    at_most = [binom.sf(middle - 1, n, shares) for middle in ((n + 1) // 2, n // 2 + 1)]
    low = int(np.searchsorted(at_most[0], (1 - confidence) / 2, side="right"))
    high = int(np.searchsorted(at_most[1], (1 + confidence) / 2, side="left"))
    return low, min(high, n - 1)
