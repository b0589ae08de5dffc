"""The grid of work: which bases are scored, in which blocks, with which context.

Blocks are laid from the 5' end of each strand, so that a genome and its reverse complement have the same blocks with
the strands swapped. Values are handled in plus-strand order everywhere, on both strands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tracktools.config import NetworkConfig
from tracktools.engine.interface import Engine, Window
from tracktools.genome import UNKNOWN, Contig, Genome

STRANDS: tuple[Literal["+", "-"], ...] = ("+", "-")


@dataclass(frozen=True)
class Piece:
    """A stretch of one strand of one contig that is scored at once; 0-based, half-open, plus-strand coordinates."""

    contig: int
    strand: Literal["+", "-"]
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """Pieces that are computed and stored together: one piece of a large contig, or several small contigs."""

    index: int
    pieces: tuple[Piece, ...]

    def __len__(self) -> int:
        return sum(piece.end - piece.start for piece in self.pieces)


def scored_range(contig: Contig, strand: Literal["+", "-"], label_shift_bp: int) -> tuple[int, int]:
    """Return the bases of a strand that get a value: all but the last `label_shift_bp` of a linear contig.

    The value of base p comes from the network position `label_shift_bp` downstream, which a linear contig lacks there.
    """
    if contig.circular:
        return 0, len(contig)
    scored = max(len(contig) - label_shift_bp, 0)
    return (0, scored) if strand == "+" else (len(contig) - scored, len(contig))


def plan_blocks(genome: Genome, block_bp: int, label_shift_bp: int) -> list[Block]:
    """Cut both strands of a genome into blocks of up to `block_bp`; plus-strand blocks first, each strand ascending."""
    groups = [
        group
        for strand in STRANDS
        for group in _grouped(_strand_pieces(genome, strand, block_bp, label_shift_bp), block_bp)
    ]
    return [Block(index, group) for index, group in enumerate(groups)]


def _strand_pieces(genome: Genome, strand: Literal["+", "-"], block_bp: int, label_shift_bp: int) -> Iterator[Piece]:
    for number, contig in enumerate(genome):
        yield from _pieces(number, contig, strand, block_bp, label_shift_bp)


def _pieces(number: int, contig: Contig, strand: Literal["+", "-"], block_bp: int, label_shift_bp: int) -> list[Piece]:
    start, end = scored_range(contig, strand, label_shift_bp)
    if strand == "+":
        return [Piece(number, strand, at, min(at + block_bp, end)) for at in range(start, end, block_bp)]
    return [Piece(number, strand, max(at - block_bp, start), at) for at in range(end, start, -block_bp)][::-1]


def _grouped(pieces: Iterable[Piece], block_bp: int) -> Iterator[tuple[Piece, ...]]:
    """Join neighbours while together they stay within a block."""
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        if group and size + piece.end - piece.start > block_bp:
            yield tuple(group)
            group, size = [], 0
        group.append(piece)
        size += piece.end - piece.start
    if group:
        yield tuple(group)


def window_of(piece: Piece, contig: Contig, config: NetworkConfig, alignment_bp: int = 1) -> Window:
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


def place_values(piece: Piece, contig: Contig, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Turn an engine's output for a piece into plus-strand order, NaN where the base itself is not A, C, G or T."""
    placed = values if piece.strand == "+" else values[::-1]
    return np.where(contig.codes[piece.start : piece.end] == UNKNOWN, np.float32(np.nan), placed)


def score_block(block: Block, genome: Genome, engine: Engine, config: NetworkConfig) -> npt.NDArray[np.float32]:
    """Return the values of a block, shape (len(block),): piece after piece, each in plus-strand order."""
    contigs = [genome.contigs[piece.contig] for piece in block.pieces]
    windows = [
        window_of(piece, contig, config, engine.alignment_bp)
        for piece, contig in zip(block.pieces, contigs, strict=True)
    ]
    outputs = engine.probabilities_many(windows)
    placed = [place_values(*each) for each in zip(block.pieces, contigs, outputs, strict=True)]
    return np.concatenate(placed)


def score_region(
    genome: Genome, number: int, start: int, end: int, engine: Engine, config: NetworkConfig, block_bp: int
) -> dict[Literal["+", "-"], npt.NDArray[np.float32]]:
    """Score both strands of a stretch of contig `number`, with full context.

    Returns
    -------
    dict
        For ``+`` and ``-``, the values in plus-strand order, shape (end - start,); NaN where a base is unscored.
    """
    contig = genome.contigs[number]
    signals: dict[Literal["+", "-"], npt.NDArray[np.float32]] = {}
    for strand in STRANDS:
        signal = np.full(end - start, np.nan, dtype=np.float32)
        first, last = scored_range(contig, strand, config.label_shift_bp)
        for at in range(max(start, first), min(end, last), block_bp):
            piece = Piece(number, strand, at, min(at + block_bp, end, last))
            block = Block(0, (piece,))
            signal[piece.start - start : piece.end - start] = score_block(block, genome, engine, config)
        signals[strand] = signal
    return signals
