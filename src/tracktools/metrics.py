"""How well a signal or a set of calls agrees with measured TSS: pure functions on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from tracktools.arrays import Bool, Floating, Int64


@dataclass(frozen=True)
class PositionScores:
    """Per-position agreement, the protocol of the paper.

    Parameters
    ----------
    roc_auc, average_precision : float
        NaN where there is no positive or no negative.
    positives, positions : int
        Their ratio is the prevalence: the average precision of a signal that knows nothing.
    """

    roc_auc: float
    average_precision: float
    positives: int
    positions: int


def score_positions(signal: Floating, is_tss: Bool) -> PositionScores:
    """Compare a signal with measured TSS at every base; bases without a value (NaN) are left out."""
    known = ~np.isnan(signal)
    signal, is_tss = signal[known], is_tss[known]
    positives = int(is_tss.sum())
    if positives in (0, len(is_tss)):
        return PositionScores(float("nan"), float("nan"), positives, len(is_tss))
    return PositionScores(
        float(roc_auc_score(is_tss, signal)),
        float(average_precision_score(is_tss, signal)),
        positives,
        len(is_tss),
    )


def match_calls(calls: Int64, heights: Floating, tss: Int64, tolerance_bp: int) -> Bool:
    """Return which calls found a TSS, shape (len(calls),); see `match_positions`."""
    found: Bool = match_positions(calls, heights, tss, tolerance_bp) >= 0
    return found


def match_positions(calls: Int64, heights: Floating, tss: Int64, tolerance_bp: int) -> Int64:
    """Match calls and measured TSS of one strand one-to-one.

    Parameters
    ----------
    calls, tss : ndarray of int64
        Positions; `tss` ascending and distinct.
    heights : ndarray, shape (len(calls),)
        The highest call chooses first; equal ones in order of position.
    tolerance_bp : int
        A call takes the nearest TSS that no other has taken within this distance (of two equally near, the lower).

    Returns
    -------
    ndarray of int64, shape (len(calls),)
        Index of the TSS that each call found; -1 where it found none.
    """
    match = np.full(len(calls), -1, dtype=np.int64)
    taken = np.zeros(len(tss), dtype=bool)
    first = np.searchsorted(tss, calls - tolerance_bp, side="left")
    last = np.searchsorted(tss, calls + tolerance_bp, side="right")
    order = np.lexsort((calls, -heights))
    for call in order[first[order] < last[order]]:
        near = [at for at in range(first[call], last[call]) if not taken[at]]
        if near:
            nearest = min(near, key=lambda at: (abs(int(tss[at] - calls[call])), at))
            taken[nearest] = True
            match[call] = nearest
    return match


def best_f1_threshold(heights: Floating, found: Bool, n_tss: int) -> tuple[float, float]:
    """Return the height at and above which calls have the best F1, and that F1.

    F1 is 2 TP / (calls + TSS); of equal ones the higher threshold wins. NaN and 0 where there are no calls.
    """
    if len(heights) == 0 or n_tss == 0:
        return float("nan"), 0.0
    order = np.argsort(-heights, kind="stable")
    true = np.cumsum(found[order])
    f1 = 2 * true / (np.arange(1, len(order) + 1) + n_tss)
    last_of_height = np.append(heights[order][1:] != heights[order][:-1], True)  # equal heights are called together
    best = int(np.argmax(np.where(last_of_height, f1, -1)))
    return float(heights[order][best]), float(f1[best])
