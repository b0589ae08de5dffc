"""Spearman's rho over every position of a genome, from counts alone, with a bound.

Spearman's rho is Pearson's r of ranks, and ranks are known only when all
values are: here they are binned.

* The weights of a head at a distance are counted in logarithmic bins (`engine.attention.bin_of`). At the end the counts
  say which ranks the members of a bin hold between them, and each is given their mean.
* An output p is ranked when it comes, by g(p), the rank of p in a pilot: the outputs of windows spread evenly over the
  genome. How often each value of g came is counted, too.

**Bound.** Take ranks of n positions, less their mean and scaled to length 1, as points on a sphere: the true ranks of
weights a and outputs p, and what replaces them here, b and g. A correlation is the cosine of an angle, and angles on
a sphere obey the triangle inequality::

    |angle(a, p) - angle(b, g)| <= angle(a, b) + angle(p, g)

a = b + e, with e the differences of ranks from their mean within a bin. They sum to 0 in each bin, so e is orthogonal
to b, and tan^2 angle(a, b) = |e|^2 / |b|^2. A bin of m members contains m consecutive ranks; were all its weights
different, its share of |e|^2 would be m (m^2 - 1) / 12, and equal ones only lessen it. So |e|^2 is at most the sum of
m (m^2 - 1) / 12, while |b|^2 is known.

In the same way p = h + f, with h the mean true rank of all outputs that share a value of g, known from the counts, and
f orthogonal to h and to g, which is a function of the same value. So

    cos angle(p, g) = cos angle(h, g) |h| / |p| >= r(h, g) |h| / sqrt(|h|^2 + sum m (m^2 - 1) / 12).

With both angles at their largest, the true rho lies between the cosines of angle(b, g) plus and minus their sum; the
larger distance from rho is the bound that is reported. It holds whatever the data are. (Positions near a 5' end, which
do not see the farther distances, are left out of b but not of the spread of g: on a linear contig of n positions that
may add 512 / n.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float32, Float64, Int64

RANKS = 1 << 16


class Ranker:
    """Rank of an output among those of a pilot, 0 ... 65,535; between two of them, in proportion.

    Parameters
    ----------
    pilot : ndarray of float32, shape (n,)
        Outputs; NaN is left out.
    """

    def __init__(self, pilot: Float32) -> None:
        known = np.sort(pilot[~np.isnan(pilot)]).astype(np.float64)
        self._values, counts = np.unique(known, return_counts=True)
        middle = np.cumsum(counts) - counts / 2
        self._ranks = middle / max(len(known), 1) * (RANKS - 1)

    def __call__(self, outputs: Float32) -> npt.NDArray[np.uint16]:
        """Return the ranks of outputs, shape (n,); those of NaN mean nothing."""
        if not len(self._values):
            return np.zeros(len(outputs), dtype=np.uint16)
        return np.interp(np.nan_to_num(outputs), self._values, self._ranks).round().astype(np.uint16)


def binned_spearman(counts: Int64, rank_sums: Int64, rank_counts: Int64) -> tuple[Float64, Float64]:
    """Return rho and its bound for each distance (see the module); NaN where all weights share a bin.

    Parameters
    ----------
    counts, rank_sums : ndarray of int64, shape (W, BINS)
        Members of each bin of weights, and the sum of their outputs' g.
    rank_counts : ndarray of int64, shape (RANKS,)
        How often each value of g came, over all positions.
    """
    m = counts.astype(np.float64)
    n = m.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        b = m.cumsum(axis=1) - m / 2 - n[:, None] / 2  # mean rank of a bin, less that of all
        b_squared = (m * b * b).sum(axis=1)
        e_squared = (m * (m * m - 1)).sum(axis=1) / 12
        g_mean = rank_sums.sum(axis=1) / n
        # The spread of g is taken over all positions; the few near 5' ends that do not see a distance are in it, too.
        g = np.arange(RANKS) - (np.arange(RANKS) * rank_counts).sum() / rank_counts.sum()
        g_squared = (rank_counts * g * g).sum() / rank_counts.sum() * n
        rho = (b * (rank_sums - m * g_mean[:, None])).sum(axis=1) / np.sqrt(b_squared * g_squared)
        angle = np.arctan2(np.sqrt(e_squared), np.sqrt(b_squared)) + _angle_of_pilot(rank_counts)
        here = np.arccos(np.clip(rho, -1, 1))
        high, low = np.cos(np.maximum(here - angle, 0)), np.cos(np.minimum(here + angle, np.pi))
    return np.clip(rho, -1, 1), np.maximum(high - rho, rho - low)


def _angle_of_pilot(rank_counts: Int64) -> float:
    """Return the largest angle between the true ranks of the outputs and g."""
    m = rank_counts.astype(np.float64)
    n = m.sum()
    h = m.cumsum() - m / 2 - n / 2
    g = np.arange(len(m)) - (np.arange(len(m)) * m).sum() / n
    h_squared, g_squared = (m * h * h).sum(), (m * g * g).sum()
    f_squared = (m * (m * m - 1)).sum() / 12
    if not (h_squared > 0 and g_squared > 0):
        return np.pi
    cosine = (m * h * g).sum() / np.sqrt(g_squared * (h_squared + f_squared))
    return float(np.arccos(np.clip(cosine, -1, 1)))
