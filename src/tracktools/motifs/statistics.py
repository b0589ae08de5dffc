"""The tests that decide on motifs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact

from tracktools.arrays import Float64


def fisher_greater(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Return Fisher's exact one-sided p that the first share of hits is the greater one by chance.

    Examples
    --------
    >>> round(fisher_greater(3, 4, 1, 4), 6)  # the tea tasting lady
    0.242857
    >>> fisher_greater(0, 4, 1, 4)
    1.0
    """
    table = [[hits, n - hits], [other_hits, other_n - other_hits]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def benjamini_hochberg(p_values: Sequence[float] | Float64) -> Float64:
    """Return q-values (Benjamini & Hochberg 1995); a p that is nan is no test, and its q is nan.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.5, float("nan"), 0.02]).tolist()
    [0.03, 0.5, nan, 0.03]
    """
    p = np.asarray(p_values, dtype=np.float64)
    q = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if len(tested):
        q[tested] = false_discovery_control(p[tested], method="bh")
    return q


def more_than_dealt(observed: int, chances: Float64) -> tuple[float, float]:
    """Return the expected number of successes of unequal chances, and p of at least the observed number.

    Parameters
    ----------
    observed : int
        Successes.
    chances : ndarray of float64, shape (n,)
        Chance of each trial; the sum is Poisson-binomial, and its tail is taken exactly by dynamic programming.

    Examples
    --------
    >>> more_than_dealt(2, np.array([0.5, 0.5]))
    (1.0, 0.25)
    """
    expected = float(chances.sum())
    if observed <= 0:
        return expected, 1.0
    upto = np.zeros(observed + 1)  # chance of 0 … observed - 1 successes so far, and of more
    upto[0] = 1.0
    for chance in chances.tolist():
        moved = chance * upto[:-1]
        upto[:-1] -= moved
        upto[1:] += moved
    return expected, float(min(upto[-1], 1.0))
