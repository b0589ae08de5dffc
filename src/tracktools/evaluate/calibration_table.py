"""How often a base of a given value is a TSS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tracktools.arrays import Float64, Floating, Int64
from tracktools.calibration import calibrated
from tracktools.config import EvaluateConfig
from tracktools.evaluate.scoring import Ground
from tracktools.resampling import bootstrap_interval

_TOP_BASES = 64  # in the bin of the highest values; each next bin is twice as large


def calibration_table(
    ground: Ground,
    truths: Mapping[str, Sequence[Int64]],
    config: EvaluateConfig,
    calibration: Mapping[str, list[float]] | None = None,
) -> pd.DataFrame:
    """Return the share of TSS among bases of like values.

    Bins are cut by rank, whatever is true: the 64 highest bases, the next 128, and so on; equal values stay together.

    Parameters
    ----------
    ground : Ground
        The signal.
    truths : mapping of str to sequence of ndarray
        For each set, the TSS on each line of `ground`.
    config : EvaluateConfig
        Confidence of the intervals.
    calibration : mapping, optional
        A checkpoint's map from model output to probability.

    Returns
    -------
    DataFrame
        `set`, `lowest`, `highest`, `mean`, `calibrated` (mean after the map, NaN without one), `positions`,
        `positives`, `share`, `share_low`, `share_high`; the lowest values first.
    """
    borders = _borders(np.sort(ground.bases.values))
    blocks = np.repeat(np.arange(len(ground.bases.sizes)), ground.bases.sizes)
    bins = np.searchsorted(borders, ground.bases.values, side="right") - 1
    cells = (len(ground.bases.sizes), len(borders))
    sizes = np.bincount(blocks * cells[1] + bins, minlength=cells[0] * cells[1]).reshape(cells)
    values = ground.bases.values.astype(np.float64)
    shared = {
        "lowest": borders,
        "highest": np.append(borders[1:], values.max()),
        "mean": _means(bins, values, cells[1]),
    }
    mapped = np.full(cells[1], np.nan)
    if calibration is not None:
        mapped = _means(bins, calibrated(values, calibration), cells[1])
    parts = []
    for name, lines in truths.items():
        at = [line.signal[truth] for line, truth in zip(ground.lines, lines, strict=True)]
        where = [line.blocks[truth] for line, truth in zip(ground.lines, lines, strict=True)]
        hit = np.searchsorted(borders, np.concatenate(at), side="right") - 1
        hits = np.bincount(np.concatenate(where) * cells[1] + hit, minlength=sizes.size).reshape(cells)
        drawn, found = ground.weights @ sizes, ground.weights @ hits
        shares = np.divide(found, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0)
        spans = np.array([bootstrap_interval(column, config.confidence) for column in shares[1:].T])
        table = pd.DataFrame(
            {"set": name}
            | shared
            | {"calibrated": mapped, "positions": sizes.sum(axis=0), "positives": hits.sum(axis=0)}
            | {"share": shares[0], "share_low": spans[:, 0], "share_high": spans[:, 1]}
        )
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _borders(ascending: Floating) -> Floating:
    """Return the lowest value of each bin, ascending and distinct."""
    ranks = [len(ascending)]  # from the top
    while len(ascending) > (rank := _TOP_BASES * (2 ** len(ranks) - 1)):
        ranks.append(rank)
    return np.unique(ascending[len(ascending) - np.array(ranks)])


def _means(bins: Int64, values: Float64, n: int) -> Float64:
    means: Float64 = np.bincount(bins, values, minlength=n) / np.bincount(bins, minlength=n)
    return means
