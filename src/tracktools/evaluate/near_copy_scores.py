"""Scores without the bases that are near-copies of training sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Bool
from tracktools.config import EvaluateConfig
from tracktools.evaluate.scoring import Ground, SetScores
from tracktools.resampling import Hits, Ranking, bootstrap_interval, score_ranking

COLUMNS = ("near_copies", "near_copy_positives", "ap_apart", "ap_apart_low", "ap_apart_high")


def add_apart(
    table: pd.DataFrame,
    ground: Ground,
    scores: Mapping[str, SetScores],
    near: Sequence[Bool],
    config: EvaluateConfig,
) -> pd.DataFrame:
    """Return the table of scores with the average precision by base without near-copies.

    Parameters
    ----------
    table : DataFrame
        From `score_table`.
    ground : Ground
        The signal.
    scores : mapping of str to SetScores
        What each set gives on all bases.
    near : sequence of ndarray of bool
        The near-copies of each stretch, from `find_near_copies`.
    config : EvaluateConfig
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`: scored positions of both strands that are near-copies, TSS on them, and the average
        precision on the others with its interval; only in rows of the bases.
    """
    lines = [(line, near[number // 2]) for number, line in enumerate(ground.lines)]  # two strands a stretch
    kept = [~np.isnan(line.signal) & ~copy for line, copy in lines]
    n_blocks = ground.weights.shape[1]
    rest = Ranking.of(
        np.concatenate([line.signal[here] for (line, _), here in zip(lines, kept, strict=True)]),
        np.concatenate([line.blocks[here] for (line, _), here in zip(lines, kept, strict=True)]),
        n_blocks,
    )
    table = table.copy()
    for name, one in scores.items():
        truths = [truth[here[truth]] for truth, here in zip(one.truths, kept, strict=True)]
        hits = Hits(
            np.concatenate([line.signal[at] for (line, _), at in zip(lines, truths, strict=True)]),
            np.concatenate([line.blocks[at] for (line, _), at in zip(lines, truths, strict=True)]),
        )
        found = ground.weights @ np.bincount(hits.blocks, minlength=n_blocks)
        draws = score_ranking(rest, hits, ground.weights, truths=found).average_precision
        positives = sum(map(len, one.truths)) - len(hits.values)
        values: list[Any] = [
            ground.positions - len(rest),
            positives,
            draws[0],
            *bootstrap_interval(draws[1:], config.confidence),
        ]
        table.loc[(table["set"] == name) & (table["level"] == "base"), list(COLUMNS)] = values
    return table.astype({"near_copies": "Int64", "near_copy_positives": "Int64"})
