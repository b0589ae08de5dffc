"""A first look at windows spread evenly over the genome: how outputs are ranked, which distances are worth tracking.

It depends on the genome alone, not on the blocks of a run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float64, Int64
from tracktools.attention.places import GenomeKeys
from tracktools.attention.rank_correlation import Ranker
from tracktools.blocks import Block, Piece
from tracktools.engine.grid import place_values, windows_of
from tracktools.engine.interface import AttentiveEngine

_WINDOW_BP = 2048  # asked in each window
_ATTENDED_BP = 256  # of them, whose attention is looked at
_SHARE = 0.06  # of the work that the pilot may be
_FEWEST, _MOST = 20, 80  # windows
TRACKED = 8  # distances of each head: among them the best over the whole genome are looked for


class Pilot(NamedTuple):
    """How outputs are ranked, and their mean; mean weights (layers, H, W), and tracked distances (layers, H, C)."""

    ranker: Ranker
    mean_output: float
    means: Float64
    tracked: Int64


def run_pilot(places: GenomeKeys, engine: AttentiveEngine) -> Pilot:
    """Run the pilot; the distances are the `TRACKED` of each head with the highest means."""
    config = places.config
    pieces = _pilot_pieces(places)
    means = np.zeros((config.n_layers, config.n_heads, config.attention_window_bp))
    pilot = [np.zeros(0, dtype=np.float32)]
    n = 0
    for piece in pieces:
        block = Block(0, (piece,))
        trace = engine.trace(windows_of(block, places.genome, engine, config))
        outputs = place_values(block, places.genome, trace.probabilities)[:: 1 if piece.strand == "+" else -1]
        pilot.append(outputs)
        n += min(_ATTENDED_BP, len(outputs))
        few = np.arange(min(_ATTENDED_BP, len(outputs)))
        for layer in range(config.n_layers):
            means[layer] += trace.observe(layer, few).weights.sum(axis=0, dtype=np.float64)
    order = np.argsort(-means, axis=-1, kind="stable")
    outputs = np.concatenate(pilot)
    known = outputs[~np.isnan(outputs)]
    mean_output = float(known.mean(dtype=np.float64)) if len(known) else 0.0
    return Pilot(Ranker(outputs), mean_output, means / max(n, 1), np.sort(order[..., :TRACKED], axis=-1))


def _pilot_pieces(places: GenomeKeys) -> list[Piece]:
    ranges = [(first, last) for first, last in places.scored() if last > first]
    total = sum(last - first for first, last in ranges)
    halo = places.config.halo_upstream_bp + places.config.halo_downstream_bp
    n = int(np.clip(total * _SHARE / (_WINDOW_BP + halo), _FEWEST, _MOST))
    step = total / n
    starts = (np.arange(n) * step + max(step - _WINDOW_BP, 0) / 2).astype(np.int64)
    ends = np.cumsum([last - first for first, last in ranges])
    pieces = []
    for start in starts[starts < total]:
        number = int(np.searchsorted(ends, start, side="right"))
        key = np.array([ranges[number][1] - (ends[number] - start)])
        contig, strand, position = (each[0] for each in places.locate(key))
        left = int(min(ends[number] - start, _WINDOW_BP))
        pieces.append(Piece(int(contig), "+" if strand == "+" else "-", int(position), int(position) + left))
    return pieces
