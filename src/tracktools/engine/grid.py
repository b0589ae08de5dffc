"""From blocks to windows of an engine, each with its full context, and from its answers to values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tracktools.arrays import Codes, Float32, Int64
from tracktools.blocks import Block, ContigLike, Piece, scored_range
from tracktools.config import NetworkConfig
from tracktools.engine.interface import Engine, Window
from tracktools.gene_context import GenomeContext, shift_probabilities
from tracktools.genome import UNKNOWN, Genome
from tracktools.interval import STRANDS, Strand


class Molecule(ContigLike, Protocol):
    """What a window is cut from: a contig, or what a change makes of one."""

    @property
    def name(self) -> str:
        """Name of the contig, also after a change."""

    def strand_codes(self, start: int, end: int, strand: Strand) -> Codes:
        """Return codes in the direction of a strand; see `Contig.strand_codes`."""

    def unchanged_bases(self, positions: Int64, strand: Strand, /) -> Int64:
        """Return the bases of the genome whose gene context the bases of a strand have: a change keeps it."""


def window_of(piece: Piece, contig: Molecule, config: NetworkConfig, alignment_bp: int = 1) -> Window:
    """Return the window of a piece: its full receptive field, cut only at the true ends of a linear contig.

    It begins at a multiple of `alignment_bp` of the strand (`Engine.alignment_bp`), so that blocks of any length give
    the same bits.
    """
    length = len(contig)
    start, end = (piece.start, piece.end) if piece.strand == "+" else (length - piece.end, length - piece.start)
    first, last = start + config.label_shift_bp, end + config.label_shift_bp  # network positions, strand coordinates
    context_start = (first - config.halo_upstream_bp) // alignment_bp * alignment_bp
    if not contig.circular:
        context_start = max(context_start, 0)
    codes = contig.strand_codes(context_start, last + config.halo_downstream_bp, piece.strand)
    return Window(codes, first - context_start, last - context_start)


def windows_of(block: Block, genome: Genome, engine: Engine, config: NetworkConfig) -> list[Window]:
    """Return the window of each piece of a block."""
    return [window_of(piece, genome.contigs[piece.contig], config, engine.alignment_bp) for piece in block.pieces]


def place_values(
    block: Block, genome: Genome, outputs: Sequence[Float32], context: GenomeContext | None = None
) -> Float32:
    """Return the values of a block, shape (len(block),): piece after piece, each in plus-strand order.

    With what the gene context adds, where there is one. NaN where the base itself is not A, C, G or T.
    """
    placed = []
    for piece, output in zip(block.pieces, outputs, strict=True):
        values, contig = output if piece.strand == "+" else output[::-1], genome.contigs[piece.contig]
        if context is not None:
            added = context.log_odds(contig.name, piece.strand, piece.start, piece.end)
            values = shift_probabilities(values, added)
        codes = contig.strand_codes(piece.start, piece.end, "+")
        placed.append(np.where(codes == UNKNOWN, np.float32(np.nan), values))
    return np.concatenate(placed)


def score_block(
    block: Block, genome: Genome, engine: Engine, config: NetworkConfig, context: GenomeContext | None = None
) -> Float32:
    """Return the values of a block, shape (len(block),): see `place_values`."""
    return place_values(block, genome, engine.probabilities_many(windows_of(block, genome, engine, config)), context)


def score_region(
    genome: Genome,
    number: int,
    start: int,
    end: int,
    engine: Engine,
    config: NetworkConfig,
    block_bp: int,
    context: GenomeContext | None = None,
) -> dict[Strand, Float32]:
    """Score both strands of a stretch of contig `number`, with full context.

    Returns
    -------
    dict
        For ``+`` and ``-``, the values in plus-strand order, shape (end - start,); NaN where a base is unscored.
    """
    contig = genome.contigs[number]
    signals: dict[Strand, Float32] = {}
    for strand in STRANDS:
        signal = np.full(end - start, np.nan, dtype=np.float32)
        first, last = scored_range(contig, strand, config.label_shift_bp)
        for at in range(max(start, first), min(end, last), block_bp):
            piece = Piece(number, strand, at, min(at + block_bp, end, last))
            block = Block(0, (piece,))
            signal[piece.start - start : piece.end - start] = score_block(block, genome, engine, config, context)
        signals[strand] = signal
    return signals
