"""What is chosen on the validation region: the weights, the threshold of calls, the calibration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Bool, Float32
from tracktools.calibration import fit_calibration
from tracktools.calls import call_positions
from tracktools.config import PredictConfig
from tracktools.engine import make_engine
from tracktools.engine.grid import score_region
from tracktools.gene_context import GenomeContext
from tracktools.genome import Genome
from tracktools.interval import Strand
from tracktools.metrics import PositionScores, best_f1_threshold, match_calls, score_positions
from tracktools.model.networks import Network
from tracktools.splits import Split
from tracktools.train.windows import LabelArrays

MATCH_TOLERANCE_BP = 5
_LOWEST_CALL = 0.01  # of the candidates among which the threshold is looked for
_RESAMPLES = 200
_RESAMPLED_BP = 10_000  # blocks of the bootstrap: longer than an operon's distance between TSS
_MOST_BLOCKS = 1 << 32  # of a contig: numbers of blocks of different contigs never meet


@dataclass(frozen=True)
class RegionSignal:
    """Model output and truth of one strand of one validation region; arrays of shape (end - start,)."""

    contig: int
    strand: Strand
    start: int
    signal: Float32
    is_tss: Bool


def score_part(
    model: Network,
    genome: Genome,
    labels: LabelArrays,
    split: Split,
    part: str,
    threads: int,
    context: GenomeContext | None = None,
) -> list[RegionSignal]:
    """Score both strands of every region of a part, with the full context of the genome."""
    config = PredictConfig()
    engine = make_engine("auto", model, threads=threads, precision="exact", device="cpu")
    scored = []
    for number, contig in enumerate(genome):
        for region in split.regions_of(contig, part):
            where = (genome, number, region.start, region.end)
            signals = score_region(*where, engine, model.config, config.block_bp, context)
            for strand, signal in signals.items():
                is_tss = labels[number, strand][region.start : region.end]
                scored.append(RegionSignal(number, strand, region.start, signal, is_tss))
    return scored


def position_scores(scored: list[RegionSignal]) -> PositionScores:
    """Return the per-position scores over all regions and strands together."""
    return score_positions(
        np.concatenate([one.signal for one in scored]), np.concatenate([one.is_tss for one in scored])
    )


def choose_threshold(scored: list[RegionSignal], seed: int) -> dict[str, Any]:
    """Choose the call threshold: best F1 within 5 bp, one-to-one; with its bootstrap interval over 10-kb blocks.

    A network that finds nothing has none: its values are None, and F1 is 0.
    """
    heights, found, block_of_call, block_of_tss = (
        np.concatenate(parts) for parts in zip(*map(_matched, scored), strict=True)
    )
    if not found.any():
        return {"threshold": None, "interval": None, "f1": 0.0}
    threshold, f1 = best_f1_threshold(heights, found, len(block_of_tss))
    blocks = np.unique(np.concatenate([block_of_call, block_of_tss]))
    rng = np.random.default_rng(seed)
    resampled = []
    for _ in range(_RESAMPLES):
        drawn = np.bincount(rng.integers(len(blocks), size=len(blocks)), minlength=len(blocks))
        times = drawn[np.searchsorted(blocks, block_of_call)]
        n_tss = int(drawn[np.searchsorted(blocks, block_of_tss)].sum())
        resampled.append(best_f1_threshold(np.repeat(heights, times), np.repeat(found, times), n_tss)[0])
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return {"threshold": threshold, "interval": (float(low), float(high)), "f1": f1}


def _matched(one: RegionSignal) -> tuple[npt.NDArray[Any], ...]:
    positions = np.flatnonzero(one.signal >= _LOWEST_CALL)
    calls = positions[call_positions(positions, one.signal[positions], one.strand, length=len(one.signal))]
    tss = np.flatnonzero(one.is_tss)
    heights = one.signal[calls]
    found = match_calls(calls, heights, tss, MATCH_TOLERANCE_BP)
    first = one.contig * _MOST_BLOCKS
    return heights, found, first + (one.start + calls) // _RESAMPLED_BP, first + (one.start + tss) // _RESAMPLED_BP


def choose_calibration(scored: list[RegionSignal]) -> dict[str, list[float]]:
    """Fit the monotone map from model output to the share of TSS, per position."""
    signal = np.concatenate([one.signal for one in scored])
    return fit_calibration(signal, np.concatenate([one.is_tss for one in scored]))


def chosen_on(scored: list[RegionSignal], seed: int) -> dict[str, Any]:
    """Return what is chosen and measured on the validation part, as fields of `Metadata`."""
    threshold = choose_threshold(scored, seed)
    return {
        "metrics": {
            "validation": as_metrics(position_scores(scored), "valid"),
            "calls": {"f1": threshold["f1"], "tolerance_bp": MATCH_TOLERANCE_BP},
        },
        "call_threshold": threshold["threshold"],
        "call_threshold_interval": threshold["interval"],
        "calibration": choose_calibration(scored),
    }


def as_metrics(scores: PositionScores, region: str) -> dict[str, Any]:
    """Return scores as a checkpoint stores them, with n and prevalence."""
    return {"region": region, "prevalence": scores.positives / scores.positions, **asdict(scores)}
