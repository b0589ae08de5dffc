"""Compare a loaded signal with TSS sets: base by base, and peak by peak."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Float64, Int64
from tracktools.calls import call_positions
from tracktools.config import EvaluateConfig
from tracktools.errors import InputError
from tracktools.evaluate.signals import MARGIN_BP, LoadedStretch
from tracktools.evaluate.stretches import positions_in
from tracktools.evaluate.tss_sets import TssSet, tss_offsets
from tracktools.interval import STRANDS, Interval, Strand
from tracktools.metrics import match_positions
from tracktools.resampling import Hits, Ranking, bootstrap_interval, draw_blocks, precision_recall, score_ranking

log = logging.getLogger(__name__)

_FEW_BLOCKS = 20


@dataclass(frozen=True)
class RankedSignal:
    """One strand of one stretch: what was read there, and the calls.

    Parameters
    ----------
    stretch, size_bp, strand :
        Where, and the length of the sequence.
    signal : ndarray of float32, shape (len(stretch),)
        Plus-strand order; NaN where there is no value.
    blocks : ndarray of int64, shape (len(stretch),)
        Block of each base; the two strands of a base are in one block.
    calls : ndarray of int64, shape (calls,)
        Distances from the start of the stretch, ascending.
    """

    stretch: Interval
    size_bp: int
    strand: Strand
    signal: Float32
    blocks: Int64
    calls: Int64

    @property
    def heights(self) -> Float32:
        """Values of the calls."""
        return self.signal[self.calls]


@dataclass(frozen=True)
class Ground:
    """All that does not depend on the TSS set.

    Parameters
    ----------
    lines : tuple of RankedSignal
        Both strands of every stretch.
    bases, calls : Ranking
        Every base that has a value; every call.
    weights : ndarray, shape (1 + resamples, blocks)
        Draws of blocks, see `draw_blocks`.
    """

    lines: tuple[RankedSignal, ...]
    bases: Ranking
    calls: Ranking
    weights: Float64

    @property
    def positions(self) -> int:
        """Number of bases that have a value, both strands counted."""
        return len(self.bases)


@dataclass(frozen=True)
class Curve:
    """Precision by recall; `tolerance_bp` is None for the bases themselves."""

    set_name: str
    tolerance_bp: int | None
    thresholds: Float64
    precision: Float64
    recall: Float64


@dataclass(frozen=True)
class SetScores:
    """What one set gives: rows of the table, curves, and for each line the TSS that each call found (-1: none)."""

    rows: list[dict[str, Any]]
    curves: list[Curve]
    matches: list[Int64]
    truths: list[Int64]


def prepare(loaded: Sequence[LoadedStretch], config: EvaluateConfig) -> Ground:
    """Call, rank and cut into blocks what was read.

    Raises
    ------
    InputError
        If no base has a value.
    """
    lowest = min((float(np.nanmin(one.inner(s), initial=np.inf)) for one in loaded for s in STRANDS), default=np.inf)
    if not np.isfinite(lowest):
        raise InputError("the signal has no value in the bases to be scored")
    lines, n_blocks = [], 0
    for one in loaded:
        blocks = n_blocks + np.arange(len(one.stretch), dtype=np.int64) // config.block_bp
        n_blocks = int(blocks[-1]) + 1
        for strand in STRANDS:
            calls = _calls(one, strand, lowest, config.min_distance_bp)
            lines.append(RankedSignal(one.stretch, one.size_bp, strand, one.inner(strand), blocks, calls))
    if n_blocks < _FEW_BLOCKS:
        log.warning(
            "warning: %d blocks of %s bp are few to draw intervals from: take them as rough",
            n_blocks,
            f"{config.block_bp:,}",
        )
    known = [~np.isnan(line.signal) for line in lines]
    return Ground(
        tuple(lines),
        Ranking.of(
            np.concatenate([line.signal[here] for line, here in zip(lines, known, strict=True)]),
            np.concatenate([line.blocks[here] for line, here in zip(lines, known, strict=True)]),
            n_blocks,
        ),
        Ranking.of(
            np.concatenate([line.heights for line in lines]),
            np.concatenate([line.blocks[line.calls] for line in lines]),
            n_blocks,
        ),
        draw_blocks(n_blocks, config.resamples, config.seed),
    )


def _calls(one: LoadedStretch, strand: Strand, lowest: float, min_distance_bp: int) -> Int64:
    """Return every local maximum above the floor of the signal, as distances from the start of the stretch."""
    values = one.values[strand]
    with np.errstate(invalid="ignore"):
        positions = np.flatnonzero(values > lowest)
    chosen = call_positions(positions, values[positions], strand, length=len(values), min_distance_bp=min_distance_bp)
    calls = positions[chosen] - MARGIN_BP
    return calls[(calls >= 0) & (calls < len(one.stretch))]


def score_set(name: str, tss: TssSet, ground: Ground, config: EvaluateConfig) -> SetScores:
    """Score the signal against one set.

    Returns
    -------
    SetScores
        One row for the bases, and one for each tolerance of `config`. TSS on bases without a value are left out of
        both, and counted in the column ``unscored``.
    """
    everywhere = [tss_offsets(tss, line.stretch, line.size_bp, line.strand) for line in ground.lines]
    truths = [at[~np.isnan(line.signal[at])] for line, at in zip(ground.lines, everywhere, strict=True)]
    blocks = np.concatenate([line.blocks[at] for line, at in zip(ground.lines, truths, strict=True)])
    n_truths = ground.weights @ np.bincount(blocks, minlength=ground.weights.shape[1])
    shared = {
        "set": name,
        "positives": len(blocks),
        "unscored": sum(map(len, everywhere)) - len(blocks),
        "positions": ground.positions,
        "prevalence": len(blocks) / ground.positions,
    }
    values = np.concatenate([line.signal[at] for line, at in zip(ground.lines, truths, strict=True)])
    hits = Hits(values, blocks)
    rows = [shared | _base_row(ground, hits, n_truths, config)]
    curves = [Curve(name, None, *precision_recall(ground.bases, hits, len(blocks)))]
    matches: list[Int64] = []
    for tolerance in config.tolerances_bp:
        matches = [
            match_positions(line.calls, line.heights, at, tolerance)
            for line, at in zip(ground.lines, truths, strict=True)
        ]
        found = [line.calls[match >= 0] for line, match in zip(ground.lines, matches, strict=True)]
        hits = Hits(
            np.concatenate([line.signal[at] for line, at in zip(ground.lines, found, strict=True)]),
            np.concatenate([line.blocks[at] for line, at in zip(ground.lines, found, strict=True)]),
        )
        rows.append(shared | _peak_row(ground, hits, n_truths, tolerance, config))
        curves.append(Curve(name, tolerance, *precision_recall(ground.calls, hits, len(blocks))))
    return SetScores(rows, curves, matches, truths)


def _base_row(ground: Ground, hits: Hits, n_truths: Float64, config: EvaluateConfig) -> dict[str, Any]:
    scores = score_ranking(ground.bases, hits, ground.weights, truths=n_truths)
    row: dict[str, Any] = {"level": "base", "tolerance_bp": 0}
    row |= _with_interval("roc_auc", scores.roc_auc, config) | _with_interval("ap", scores.average_precision, config)
    return row | {"chance_ap": n_truths[0] / ground.positions if n_truths[0] else np.nan}


def _peak_row(ground: Ground, hits: Hits, n_truths: Float64, tolerance: int, config: EvaluateConfig) -> dict[str, Any]:
    positions = ground.weights @ ground.bases.sizes
    limits = positions[:, None] / 1e6 * np.array(config.false_calls_per_mb)
    scores = score_ranking(ground.calls, hits, ground.weights, truths=n_truths, false_limits=limits)
    found, calls = len(hits.values), len(ground.calls)
    row: dict[str, Any] = {"level": "peak", "tolerance_bp": tolerance, "calls": calls, "found": found}
    row |= _with_interval("ap", scores.average_precision, config)
    # The same calls in random order have the precision found / calls all the way to their last recall.
    row["chance_ap"] = found / calls * found / n_truths[0] if calls and n_truths[0] else np.nan
    for column, rate in enumerate(config.false_calls_per_mb):
        row |= _with_interval(f"recall_at_{rate}", scores.recall[:, column], config)
    return row


def _with_interval(name: str, draws: Float64, config: EvaluateConfig) -> dict[str, float]:
    low, high = bootstrap_interval(draws[1:], config.confidence)
    return {name: float(draws[0]), f"{name}_low": low, f"{name}_high": high}


def score_table(scores: Sequence[SetScores], config: EvaluateConfig) -> pd.DataFrame:
    """Return the rows of all sets as one table; columns that a level does not have are NaN."""
    columns = ["set", "level", "tolerance_bp", "positives", "unscored", "positions", "prevalence", "calls", "found"]
    for name in ("roc_auc", "ap"):
        columns += [name, f"{name}_low", f"{name}_high"]
    columns.append("chance_ap")
    for rate in config.false_calls_per_mb:
        columns += [f"recall_at_{rate}", f"recall_at_{rate}_low", f"recall_at_{rate}_high"]
    table = pd.DataFrame([row for one in scores for row in one.rows], columns=columns)
    return table.astype({"calls": "Int64", "found": "Int64"})


def list_peaks(ground: Ground, scores: Mapping[str, SetScores], config: EvaluateConfig) -> pd.DataFrame:
    """Return the highest calls with the distance to the TSS that each found, set by set, at the widest tolerance.

    Returns
    -------
    DataFrame
        `chrom`, `chromStart`, `chromEnd`, `strand`, `value` and a column per set: distance along the strand from call
        to TSS, downstream positive; missing where it found none. Highest first.
    """
    parts = []
    for number, line in enumerate(ground.lines):
        at = positions_in(line.stretch, line.calls, line.size_bp)
        columns: dict[str, Any] = {"chrom": line.stretch.chrom, "chromStart": at, "chromEnd": at + 1}
        columns |= {"strand": line.strand, "value": line.heights}
        for name, one in scores.items():
            match, truth = one.matches[number], one.truths[number]
            distance = pd.array(np.zeros(len(match), dtype=np.int64), dtype="Int64")
            sign = 1 if line.strand == "+" else -1
            hit = match >= 0
            distance[hit] = sign * (truth[match[hit]] - line.calls[hit])
            distance[~hit] = pd.NA
            columns[name] = distance
        parts.append(pd.DataFrame(columns))
    table = pd.concat(parts, ignore_index=True)
    listed = max(1, round(ground.positions / 1e6 * config.listed_calls_per_mb))
    return table.sort_values("value", ascending=False, kind="stable", ignore_index=True).head(listed)
