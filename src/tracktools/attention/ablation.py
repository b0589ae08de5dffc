"""``attention --ablate``: what the predictions lose without a head, on the validation part of the model's split."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from tracktools.arrays import Bool, Float32, Float64, Int64
from tracktools.attention.groups import Group
from tracktools.attention.places import GenomeKeys
from tracktools.attention.tables import head_names
from tracktools.config import AttentionConfig, EvaluateConfig, PredictConfig
from tracktools.engine import make_attentive_engine
from tracktools.engine.grid import score_region
from tracktools.errors import ConfigError
from tracktools.interval import STRANDS, Span, Strand
from tracktools.model.checkpoint import Metadata
from tracktools.model.heads import mean_contributions, without_head
from tracktools.model.transformer import Transformer
from tracktools.progress import show_progress
from tracktools.resampling import Hits, Ranking, bootstrap_interval, draw_blocks, score_ranking
from tracktools.splits import Split

log = logging.getLogger(__name__)


_MEAN_WINDOW_BP = 1024  # sequences over which a head's mean contribution is taken
_MEAN_WINDOWS = 48


@dataclass(frozen=True)
class Scored:
    """Outputs of all stretches and strands: `signal`, `is_tss`, and the 10-kb `block` of each base; shapes (n,)."""

    signal: Float32
    is_tss: Bool
    block: Int64

    def average_precision(self, weights: Float64) -> Float64:
        """Return the average precision in every draw of blocks, the first of which is all of them."""
        n_blocks = weights.shape[1]
        ranking = Ranking.of(self.signal, self.block, n_blocks)
        hits = Hits(self.signal[self.is_tss], self.block[self.is_tss])
        truths = weights @ np.bincount(hits.blocks, minlength=n_blocks)
        return score_ranking(ranking, hits, weights, truths=truths).average_precision


def ablate_heads(
    places: GenomeKeys,
    network: Transformer,
    metadata: Metadata,
    truth: Group,
    config: AttentionConfig,
    run: PredictConfig,
) -> pd.DataFrame:
    """Take out each head in turn: its output is replaced by its mean over the same bases.

    Parameters
    ----------
    places : GenomeKeys
        The genome.
    network, metadata
        The model, and its split, whose validation part is scored: `AttentionConfig.ablate_bp` of it at most.
    truth : Group
        The measured TSS that average precision is of.
    config, run
        How much is scored, and on what.

    Returns
    -------
    DataFrame
        A row per head: see docs/attention.md.

    Raises
    ------
    ConfigError
        If the model's split has no validation part in this genome, or it contains no TSS of the set.
    """
    stretches = list(_stretches(places, metadata, config.ablate_bp))
    _check(stretches, metadata, truth, places)
    contributions = mean_contributions(network, _sequences(stretches, places))  # (layers, H, D)
    names = head_names(network.config)
    whole = _score(network, stretches, places, truth, run)
    weights = draw_blocks(int(whole.block.max()) + 1, EvaluateConfig.resamples, config.seed)
    before = whole.average_precision(weights)
    rows = []
    with show_progress("ablating", len(names), "heads") as advance:
        for number, name in enumerate(names):
            layer, head = divmod(number, network.config.n_heads)
            ablated = without_head(network, layer, head, contributions[layer, head])
            scored = _score(ablated, stretches, places, truth, run)
            rows.append(_row(name, whole, scored, before, scored.average_precision(weights)))
            advance(1)
    return pd.DataFrame(rows)


def _row(name: str, whole: Scored, ablated: Scored, before: Float64, after: Float64) -> dict[str, str | float | int]:
    change = ablated.signal.astype(np.float64) - whole.signal
    low, high = bootstrap_interval((after - before)[1:], EvaluateConfig.confidence)
    return {
        "head": name,
        "n": len(whole.signal),
        "positives": int(whole.is_tss.sum()),
        "ap": float(before[0]),
        "apAblated": float(after[0]),
        "deltaAp": float(after[0] - before[0]),
        "deltaApLow": low,
        "deltaApHigh": high,
        "meanAbsDeltaOutput": float(np.abs(change).mean()),
        "meanDeltaOutputAtTss": float(change[whole.is_tss].mean()),
    }


def _stretches(places: GenomeKeys, metadata: Metadata, most_bp: int) -> Iterator[Span]:
    split, left = Split.from_records(metadata.split), most_bp
    for number, contig in enumerate(places.genome):
        for region in split.regions_of(contig, "valid"):
            if left > 0:
                end = min(region.end, region.start + left)
                left -= end - region.start
                yield Span(number, region.start, end)


def _check(stretches: list[Span], metadata: Metadata, truth: Group, places: GenomeKeys) -> None:
    if not stretches:
        raise ConfigError(
            f"--ablate scores the validation part of {metadata.name}, and this genome has none of it "
            "(give the genome that the model was trained on)"
        )
    if not any(_is_tss(stretch, strand, truth, places).any() for stretch in stretches for strand in STRANDS):
        raise ConfigError(f"--ablate: {truth.name} has no TSS in the validation part (name another set first)")


def _is_tss(stretch: Span, strand: Strand, truth: Group, places: GenomeKeys) -> Bool:
    start = places.first_key(stretch.contig, strand)
    return np.isin(np.arange(start + stretch.start, start + stretch.end), truth.keys)


def _sequences(stretches: list[Span], places: GenomeKeys) -> torch.Tensor:
    """Return sequences spread over the stretches, on both strands in turn, shape (B, L)."""
    starts = [
        (stretch.contig, at)
        for stretch in stretches
        for at in range(stretch.start, max(stretch.end - _MEAN_WINDOW_BP, stretch.start) + 1, _MEAN_WINDOW_BP)
    ]
    chosen = [starts[n] for n in np.unique(np.linspace(0, len(starts) - 1, _MEAN_WINDOWS).astype(int))]
    codes = []
    for n, (number, at) in enumerate(chosen):
        contig = places.genome.contigs[number]
        own = contig.strand_codes(at, at + _MEAN_WINDOW_BP, "+")
        if n % 2:
            own = contig.strand_codes(len(contig) - at - _MEAN_WINDOW_BP, len(contig) - at, "-")
        codes.append(own)
    shortest = min(map(len, codes))  # a contig may end before a whole window does
    return torch.from_numpy(np.stack([own[:shortest] for own in codes])).long()


def _score(network: Transformer, stretches: list[Span], places: GenomeKeys, truth: Group, run: PredictConfig) -> Scored:
    engine = make_attentive_engine(run.engine, network, threads=run.threads or None, device=run.device)
    signals, truths, blocks, n_blocks = [], [], [], 0
    for stretch in stretches:
        both = score_region(places.genome, *stretch, engine, network.config, run.block_bp)
        own = n_blocks + np.arange(stretch.end - stretch.start) // EvaluateConfig.block_bp
        for strand, signal in both.items():
            known = ~np.isnan(signal)
            signals.append(signal[known])
            truths.append(_is_tss(stretch, strand, truth, places)[known])
            blocks.append(own[known])
        n_blocks = int(own[-1]) + 1
    return Scored(np.concatenate(signals), np.concatenate(truths), np.concatenate(blocks))
