"""What benchmarks of TSS prediction share: one way to score a signal, and a promoter matrix as the simplest rival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.answers.promoters import FIRST_BP, LAST_BP, WINDOW_BP, PromoterModel, find_elements, shipped_model
from tracktools.arrays import Codes
from tracktools.config import EvaluateConfig
from tracktools.evaluate.scoring import prepare, score_set
from tracktools.evaluate.signals import MARGIN_BP, LoadedStretch
from tracktools.evaluate.tss_sets import TssSet
from tracktools.genome import Contig, Genome
from tracktools.interval import STRANDS, Interval, Strand
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.conditioned import Conditioned, average_conditioned
from tracktools.model.registry import as_model

FALSE_PER_KB = 1000  # false calls a million scored positions: one a kilobase of strand
_AT_ONCE = 20_000  # bases that the matrix scans in one piece
_AROUND_BP = 3  # letters on both sides of the TSS that the placed matrix reads

Floats = npt.NDArray[np.float32]
Signals = Mapping[str, Mapping[Strand, Floats]]  # of each sequence: a value per base of both strands, NaN for none


def scores_of(signals: Signals, tss: TssSet, stretches: Sequence[Interval], block_bp: int = 10_000) -> dict[str, Any]:
    """Score a signal on stretches of both strands.

    Returns
    -------
    dict
        ``tss``, ``positions``, ``prevalence``; ``roc_auc``, ``ap`` (of bases), ``ap_5`` (of peaks, within 5 bp),
        ``recall`` (of peaks within 5 bp, at one false call a kilobase), each with ``_low`` and ``_high``, the 95 %
        interval over blocks; ``enrichment``, the AP over the prevalence.
    """
    config = EvaluateConfig(tolerances_bp=(5,), false_calls_per_mb=(FALSE_PER_KB,), block_bp=block_bp)
    loaded = [
        LoadedStretch(
            one,
            len(signals[one.chrom]["+"]),
            {strand: _with_margins(signals[one.chrom][strand], one) for strand in STRANDS},
        )
        for one in stretches
    ]
    base, peak = score_set("tss", tss, prepare(loaded, config), config).rows
    row: dict[str, Any] = {"tss": base["positives"], "positions": base["positions"], "prevalence": base["prevalence"]}
    for end in ("", "_low", "_high"):
        row[f"roc_auc{end}"], row[f"ap{end}"] = base[f"roc_auc{end}"], base[f"ap{end}"]
        row[f"ap_5{end}"], row[f"recall{end}"] = peak[f"ap{end}"], peak[f"recall_at_{FALSE_PER_KB}{end}"]
    return row | {"enrichment": base["ap"] / base["prevalence"]}


def _with_margins(values: Floats, one: Interval) -> Floats:
    padded = np.full(len(one) + 2 * MARGIN_BP, np.nan, dtype=np.float32)
    first, last = max(one.start - MARGIN_BP, 0), min(one.end + MARGIN_BP, len(values))
    padded[first - one.start + MARGIN_BP :][: last - first] = values[first:last]
    return padded


@dataclass(frozen=True)
class PlacedMatrix:
    """The -35 and -10 matrices, and where the TSS lies behind them: shares of distances, letters at the TSS in bits."""

    promoters: PromoterModel
    distances: npt.NDArray[np.float64]  # bits of each place of the -10, from the farthest
    start: npt.NDArray[np.float64]  # bits of the letters around the TSS, shape (2 * _AROUND_BP + 1, 5)


def learn_matrix(genome: Genome, tss: TssSet, stretches: Sequence[Interval]) -> PlacedMatrix:
    """Learn where the TSS lies behind the shipped matrices, and its letters, from the TSS of some stretches."""
    upstream, around = [], []
    for one in stretches:
        contig = genome[one.chrom]
        for strand in STRANDS:
            at = tss.get((one.chrom, strand), np.zeros(0, dtype=np.int64))
            for position in at[(at >= one.start) & (at < one.end)].tolist():
                here = position if strand == "+" else len(contig) - 1 - position
                if WINDOW_BP <= here < len(contig) - _AROUND_BP:
                    upstream.append(contig.strand_codes(here - WINDOW_BP, here, strand))
                    around.append(contig.strand_codes(here - _AROUND_BP, here + _AROUND_BP + 1, strand))
    codes = np.stack(upstream)
    shares = np.bincount(codes.ravel(), minlength=5)[:4] / codes.size
    promoters, places = shipped_model(), LAST_BP - FIRST_BP + 1
    found = find_elements(codes, promoters)["minus10_position"].to_numpy()
    distances = np.bincount(found - FIRST_BP, minlength=places) + 1.0
    letters = np.stack(around)[:, :, None] == np.arange(4)
    start = np.log2((letters.sum(axis=0) + 1.0) / (len(letters) + 4) / shares)
    bits = np.log2(distances / distances.sum() * places)
    return PlacedMatrix(promoters, bits, np.hstack([start, np.zeros((len(start), 1))]))


def scan_promoters(contig: Contig, start: int, end: int, promoters: PromoterModel) -> dict[Strand, Floats]:
    """Score [start, end) by the best pair of hexamers upstream of each base, wherever the -10 lies there."""
    return _scan(contig, start, end, promoters, None)


def scan_placed(contig: Contig, start: int, end: int, matrix: PlacedMatrix) -> dict[Strand, Floats]:
    """Score [start, end) by the best pair, the distance of its -10, and the letters around the base."""
    return _scan(contig, start, end, matrix.promoters, matrix)


def scan_windows(codes: Codes, matrix: PlacedMatrix) -> npt.NDArray[np.float32]:
    """Score every base of windows, shape (N, L), 5' to 3', on their own strand alone."""
    before = np.full((len(codes), WINDOW_BP), 4, dtype=np.uint8)  # unknown letters part the windows from each other
    after = np.full((len(codes), _AROUND_BP), 4, dtype=np.uint8)
    rows = np.hstack([before, codes, after])
    flat = np.concatenate([rows.ravel(), np.full(_AROUND_BP, 4, dtype=np.uint8)])
    scores = _scores(flat, rows.size - WINDOW_BP, matrix.promoters, matrix)  # of the bases from WINDOW_BP on
    own = np.concatenate([np.zeros(WINDOW_BP), scores]).reshape(rows.shape)
    return own[:, WINDOW_BP : WINDOW_BP + codes.shape[1]].astype(np.float32)


def _scan(
    contig: Contig, start: int, end: int, promoters: PromoterModel, placed: PlacedMatrix | None
) -> dict[Strand, Floats]:
    signals: dict[Strand, Floats] = {}
    for strand in STRANDS:
        first, last = (start, end) if strand == "+" else (len(contig) - end, len(contig) - start)
        parts = [
            _scan_piece(contig, strand, at, min(at + _AT_ONCE, last), promoters, placed)
            for at in range(first, last, _AT_ONCE)
        ]
        values = np.concatenate(parts).astype(np.float32)
        signals[strand] = values if strand == "+" else values[::-1]
    return signals


def _scan_piece(
    contig: Contig, strand: Strand, first: int, last: int, promoters: PromoterModel, placed: PlacedMatrix | None
) -> npt.NDArray[np.float64]:
    low, high = max(first - WINDOW_BP, 0), min(last + _AROUND_BP, len(contig))
    codes = np.full(last - first + WINDOW_BP + _AROUND_BP, 4, dtype=np.uint8)
    codes[low - first + WINDOW_BP :][: high - low] = contig.strand_codes(low, high, strand)
    return _scores(codes, last - first, promoters, placed)


def _scores(
    codes: Codes, length: int, promoters: PromoterModel, placed: PlacedMatrix | None
) -> npt.NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW_BP)[:length]
    table = find_elements(windows, promoters)
    score = table["promoter_score"].to_numpy(dtype=np.float64, copy=True)
    if placed is None:
        return score
    score += placed.distances[table["minus10_position"].to_numpy() - FIRST_BP]
    for place, bits in enumerate(placed.start):
        score += bits[codes[WINDOW_BP - _AROUND_BP + place :][:length]]
    return score


def mean_model(paths: Sequence[Path | str], gene_context: Mapping[str, Any] | None = None) -> Checkpoint:
    """Return the mean of networks that are set to a genome, in log-odds, with a table of the gene context."""
    models = [as_model(path) for path in paths]
    networks = [model.model for model in models]
    assert all(isinstance(network, Conditioned) for network in networks)
    mean = average_conditioned([network for network in networks if isinstance(network, Conditioned)])
    metadata = replace(models[0].metadata, gene_context=gene_context)
    return replace(models[0], network=mean.eval(), metadata=metadata, sha256="")  # it is not that of a file
