"""One pass over blocks of a genome: outputs of all bases, attention of the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.attention.genome_sums import Everything
from tracktools.attention.groups import TopAndBottom
from tracktools.attention.places import GenomeKeys
from tracktools.attention.weight_files import Spool
from tracktools.blocks import Block, Piece
from tracktools.engine.attention import Trace
from tracktools.engine.grid import windows_of
from tracktools.engine.interface import AttentiveEngine, Window
from tracktools.genome import UNKNOWN
from tracktools.progress import show_progress

_ROWS_AT_ONCE = 8192  # whose weights in a layer are in memory together: 100 MB


@dataclass(frozen=True)
class Rows:
    """The asked rows of a block, 5' to 3' in each of its pieces.

    Parameters
    ----------
    keys : ndarray of int64, shape (rows,)
    outputs : ndarray of float32, shape (rows,)
        NaN where the base has no output.
    sees : ndarray of int64, shape (rows,)
        Distances that a row can see.
    """

    keys: Int64
    outputs: Float32
    sees: Int64

    def __getitem__(self, chosen: Int64) -> Rows:
        return Rows(self.keys[chosen], self.outputs[chosen], self.sees[chosen])


@dataclass(frozen=True)
class Collectors:
    """What a pass fills: weights of wanted positions, extremes of the outputs, and sums over everything."""

    spool: Spool
    extremes: TopAndBottom | None = None
    everything: Everything | None = None


def walk(blocks: Sequence[Block], wanted: Int64, places: GenomeKeys, engine: AttentiveEngine, into: Collectors) -> None:
    """Run blocks and collect.

    Parameters
    ----------
    blocks : sequence of Block
        What is run.
    wanted : ndarray of int64, shape (n,)
        Ascending keys of the positions whose attention is kept.
    places, engine, into
        The genome, what it runs on, and what is filled.
    """
    with show_progress("attending", sum(map(len, blocks)), "bp") as advance:
        for block in blocks:
            _collect(block, wanted, places, engine, into)
            advance(len(block))


def _collect(block: Block, wanted: Int64, places: GenomeKeys, engine: AttentiveEngine, into: Collectors) -> None:
    windows = windows_of(block, places.genome, engine, places.config)
    ranges = [_keys_of(piece, places) for piece in block.pieces]
    if into.extremes is None and into.everything is None and not any(_between(wanted, keys) for keys in ranges):
        return
    trace = engine.trace(windows)
    rows = _rows(trace, windows, ranges, block, places)
    if into.extremes is not None:  # whatever is extreme so far: outputs to come may push it out, but not bring it back
        into.extremes.add(rows.outputs, rows.keys)
        wanted = np.concatenate([wanted, into.extremes.top, into.extremes.bottom])
    chosen = np.flatnonzero(np.isin(rows.keys, wanted) & ~np.isnan(rows.outputs))
    if into.everything is not None:
        into.everything.add_rows(rows.keys, rows.outputs, rows.sees)
    into.spool.add_positions(*(getattr(rows[chosen], name) for name in ("keys", "outputs", "sees")))
    reduction = None if into.everything is None else into.everything.reduction(rows.outputs)
    for layer in range(places.config.n_layers):
        for start in range(0, max(len(chosen), 1), _ROWS_AT_ONCE):
            observed = trace.observe(layer, chosen[start : start + _ROWS_AT_ONCE], None if start else reduction)
            into.spool.add_weights(layer, observed.weights)
            if into.everything is not None and observed.sums is not None:
                into.everything.add(layer, observed.sums)


def _keys_of(piece: Piece, places: GenomeKeys) -> tuple[int, int]:
    start = places.first_key(piece.contig, piece.strand)
    return start + piece.start, start + piece.end


def _between(wanted: Int64, keys: tuple[int, int]) -> bool:
    first, last = np.searchsorted(wanted, keys)
    return bool(first < last)


def _rows(trace: Trace, windows: list[Window], ranges: list[tuple[int, int]], block: Block, places: GenomeKeys) -> Rows:
    keys, outputs, sees = [], [], []
    for piece, window, (first, last), values in zip(block.pieces, windows, ranges, trace.probabilities, strict=True):
        known = places.genome.contigs[piece.contig].strand_codes(piece.start, piece.end, "+") != UNKNOWN
        order = slice(None) if piece.strand == "+" else slice(None, None, -1)
        keys.append(np.arange(first, last)[order])
        outputs.append(np.where(known[order], values, np.float32(np.nan)))
        sees.append(np.arange(window.first, window.last) + 1)
    most = places.config.attention_window_bp
    return Rows(np.concatenate(keys), np.concatenate(outputs), np.minimum(np.concatenate(sees), most))
