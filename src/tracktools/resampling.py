"""Scores of a ranking, and their intervals by resampling blocks of the genome (the block bootstrap; Künsch 1989).

Neighbouring bases are not independent, so that whole blocks are drawn, with replacement. A draw is a weight for each
block. How many items of each block are at or above a value is counted once; a draw is then one matrix product, and
nothing is sorted again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float64, Floating, Int64

_CELLS = 1 << 21  # of the tables of counts by block and threshold that are held at once


@dataclass(frozen=True)
class Ranking:
    """The values of items, sorted within each block.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Block after block, ascending in each; no NaN.
    starts : ndarray of int64, shape (blocks + 1,)
        Where each block starts, and the end.
    """

    values: Floating
    starts: Int64

    @classmethod
    def of(cls, values: Floating, blocks: Int64, n_blocks: int) -> Ranking:
        """Sort values by block; `blocks` contains the block of each value, 0 to `n_blocks` - 1."""
        order = np.argsort(blocks, kind="stable")
        values = values[order]
        starts = np.concatenate(([0], np.cumsum(np.bincount(blocks, minlength=n_blocks))))
        for start, end in pairwise(starts):
            values[start:end].sort()
        return cls(values, starts)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def sizes(self) -> Int64:
        """Number of items in each block."""
        return np.diff(self.starts)

    def counts(self, thresholds: Floating, *, equal: bool) -> Float64:
        """Return how many items of each block exceed each threshold, or also equal it; shape (blocks, thresholds)."""
        side = "left" if equal else "right"
        below = [
            np.searchsorted(self.values[start:end], thresholds, side=side)  # type: ignore[call-overload]
            for start, end in pairwise(self.starts)
        ]
        return np.asarray(self.sizes[:, None] - np.array(below), dtype=np.float64)


@dataclass(frozen=True)
class Hits:
    """The items that are true: their values, which the ranking contains too, and their blocks; shapes (hits,)."""

    values: Floating
    blocks: Int64


@dataclass(frozen=True)
class RankingScores:
    """Scores of every draw of blocks.

    Parameters
    ----------
    average_precision, roc_auc : ndarray, shape (draws,)
        NaN where a draw has nothing to find; ROC AUC also where it has nothing else.
    recall : ndarray, shape (draws, limits)
        Greatest share found with no more false items than each limit.
    """

    average_precision: Float64
    roc_auc: Float64
    recall: Float64


def draw_blocks(n_blocks: int, draws: int, seed: int) -> Float64:
    """Return weights of blocks, shape (1 + draws, blocks): once every block, then draws with replacement."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=draws)
    return np.concatenate([np.ones((1, n_blocks)), drawn])


def score_ranking(
    ranking: Ranking, hits: Hits, weights: Float64, *, truths: Float64, false_limits: Float64 | None = None
) -> RankingScores:
    """Score a ranking in every draw of blocks.

    Parameters
    ----------
    ranking : Ranking
        All items.
    hits : Hits
        Those that are true.
    weights : ndarray, shape (draws, blocks)
        From `draw_blocks`.
    truths : ndarray, shape (draws,)
        How many there are to find: the hits, and what no item found.
    false_limits : ndarray, shape (draws, limits), optional
        Numbers of false items for the recall.

    Returns
    -------
    RankingScores
        Average precision is the sum of (step of recall) x precision over the distinct values, equal values taken
        together, as in `sklearn.metrics.average_precision_score`; what no item found adds nothing. ROC AUC is the share
        of pairs of a hit and a false item in which the hit is higher, ties counted half.
    """
    limits = np.zeros((len(weights), 0)) if false_limits is None else false_limits
    thresholds, at = np.unique(-hits.values, return_inverse=True)
    thresholds = -thresholds
    negatives = weights @ ranking.sizes - weights @ np.bincount(hits.blocks, minlength=len(ranking.sizes))
    true = np.zeros(len(weights))
    precisions, above_hits = np.zeros(len(weights)), np.zeros(len(weights))
    found = np.zeros(limits.shape)
    step = max(1, _CELLS // weights.shape[1])
    for first in range(0, len(thresholds), step):
        part = thresholds[first : first + step]
        here = (at >= first) & (at < first + step)
        new = np.zeros((weights.shape[1], len(part)))
        np.add.at(new, (hits.blocks[here], at[here] - first), 1)
        gained = weights @ new
        trues = true[:, None] + np.cumsum(gained, axis=1)
        called, higher = (weights @ ranking.counts(part, equal=equal) for equal in (True, False))
        precisions += np.sum(gained * trues / np.maximum(called, 1), axis=1)
        false_higher = higher - (trues - gained)
        above_hits += np.sum(gained * (false_higher + called - trues) / 2, axis=1)
        for limit in range(limits.shape[1]):
            within = called - trues <= limits[:, limit, None]
            found[:, limit] = np.maximum(found[:, limit], np.max(np.where(within, trues, 0), axis=1))
        true = trues[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(truths > 0, truths, np.nan)
        auc = 1 - above_hits / np.where(true * negatives > 0, true * negatives, np.nan)
        return RankingScores(precisions / known, auc, found / known[:, None])


def bootstrap_interval(draws: Float64, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of draws, NaN left out; NaN where there are fewer than two."""
    known = draws[~np.isnan(draws)]
    if len(known) < 2:
        return float("nan"), float("nan")
    low, high = np.percentile(known, [50 * (1 - confidence), 50 * (1 + confidence)])
    return float(low), float(high)


class PrecisionRecall(NamedTuple):
    """Precision and recall at and above each threshold, descending; shapes (points,)."""

    thresholds: Float64
    precision: Float64
    recall: Float64


def precision_recall(ranking: Ranking, hits: Hits, truths: int) -> PrecisionRecall:
    """Return precision and recall by threshold; a point a distinct hit value."""
    thresholds, counts = np.unique(-hits.values, return_counts=True)
    everything = np.sort(ranking.values)
    called = len(everything) - np.searchsorted(everything, -thresholds, side="left")
    true = np.cumsum(counts)
    return PrecisionRecall(-thresholds.astype(np.float64), true / called, true / max(truths, 1))
