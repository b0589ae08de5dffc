"""The grid of work: which bases are scored, and which of them together.

Blocks are laid from the 5' end of each strand, so that a genome and its reverse complement have the same blocks with
the strands swapped. They follow from lengths alone, so that whoever joins finished blocks needs no sequence. Values are
handled in plus-strand order everywhere, on both strands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracktools.arrays import Float32
from tracktools.config import NetworkConfig
from tracktools.interval import STRANDS, Range, Strand, intersect, merge

RegionMask = Mapping[tuple[int, Strand], Sequence[Range]]  # by number of contig and strand: ascending, disjoint
Held = Mapping[int, Sequence[tuple[int, int, int]]]  # by number of contig: start, end and model; ascending, disjoint


class ContigLike(Protocol):
    """What the grid needs to know of a contig."""

    def __len__(self) -> int:
        """Return its length [bp]."""

    @property
    def circular(self) -> bool:
        """Whether its end is joined to its start."""


@dataclass(frozen=True)
class Piece:
    """A stretch of one strand of one contig that is scored at once; 0-based, half-open, plus-strand coordinates.

    `model` is the number of the model that scores it, where there are several.
    """

    contig: int
    strand: Strand
    start: int
    end: int
    model: int = 0

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Block:
    """Pieces that one model computes and that are stored together: one of a large contig, or several small contigs."""

    index: int
    pieces: tuple[Piece, ...]

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def split(self, values: Float32) -> Iterator[tuple[Piece, Float32]]:
        """Yield each piece with its part of the values of the block, shape (len(block),)."""
        at = 0
        for piece in self.pieces:
            yield piece, values[at : at + len(piece)]
            at += len(piece)


def scored_range(contig: ContigLike, strand: Strand, label_shift_bp: int) -> Range:
    """Return the bases of a strand that get a value: all but the last `label_shift_bp` of a linear contig.

    The value of base p comes from the network position `label_shift_bp` downstream, which a linear contig lacks there.
    """
    if contig.circular:
        return 0, len(contig)
    scored = max(len(contig) - label_shift_bp, 0)
    return (0, scored) if strand == "+" else (len(contig) - scored, len(contig))


def window_bp(piece: Piece, contig: ContigLike, network: NetworkConfig) -> int:
    """Return how many bases the network must read for a piece: the piece and its context."""
    whole = len(piece) + network.halo_upstream_bp + network.halo_downstream_bp
    return whole if contig.circular else min(whole, len(contig))


def plan_blocks(
    contigs: Iterable[ContigLike],
    block_bp: int,
    network: NetworkConfig,
    chosen: RegionMask | None = None,
    held: Held | None = None,
) -> list[Block]:
    """Cut both strands of a genome into blocks; plus-strand blocks first, each strand ascending.

    Parameters
    ----------
    contigs : iterable of ContigLike
        In file order.
    block_bp : int
        A block has at most this many positions, and its windows together at most these and one context.
    network : NetworkConfig
        Says how much context a position has, and which positions have none.
    chosen : mapping, optional
        What is to be scored; by default everything. Where two stretches are closer than a context is long, what lies
        between them is in the block, too: that costs less than the context (see `blank_others`).
    held : mapping, optional
        Which model scores which stretch of each contig; by default one model scores everything.
    """
    molecules = list(contigs)
    groups = [
        group
        for strand in STRANDS
        for group in _grouped(
            _strand_pieces(molecules, strand, block_bp, network, chosen, held), molecules, block_bp, network
        )
    ]
    return [Block(index, group) for index, group in enumerate(groups)]


def _strand_pieces(
    contigs: Sequence[ContigLike],
    strand: Strand,
    block_bp: int,
    network: NetworkConfig,
    chosen: RegionMask | None,
    held: Held | None,
) -> Iterator[Piece]:
    context_bp = network.halo_upstream_bp + network.halo_downstream_bp
    for number, contig in enumerate(contigs):
        scored = scored_range(contig, strand, network.label_shift_bp)
        stretches = (
            [scored]
            if chosen is None
            else intersect(merge(chosen.get((number, strand), ()), gap_bp=context_bp - 1), scored)
        )
        parts = [(*scored, 0)] if held is None else held.get(number, ())
        for start, end, model in (
            (*own, model) for *part, model in parts for own in intersect(stretches, (part[0], part[1]))
        ):
            if strand == "+":
                bounds = [(at, min(at + block_bp, end)) for at in range(start, end, block_bp)]
            else:
                bounds = [(max(at - block_bp, start), at) for at in reversed(range(end, start, -block_bp))]
            yield from (Piece(number, strand, first, last, model) for first, last in bounds)


def _grouped(
    pieces: Iterable[Piece], contigs: Sequence[ContigLike], block_bp: int, network: NetworkConfig
) -> Iterator[tuple[Piece, ...]]:
    """Join neighbours while together they stay within a block."""
    most_bp = block_bp + network.halo_upstream_bp + network.halo_downstream_bp
    group: list[Piece] = []
    positions = read = 0
    for piece in pieces:
        reads = window_bp(piece, contigs[piece.contig], network)
        full = positions + len(piece) > block_bp or read + reads > most_bp
        if group and (full or piece.model != group[0].model):
            yield tuple(group)
            group, positions, read = [], 0, 0
        group.append(piece)
        positions, read = positions + len(piece), read + reads
    if group:
        yield tuple(group)


def blank_others(block: Block, values: Float32, chosen: RegionMask) -> Float32:
    """Return the values of a block, shape (len(block),), with NaN at every base that was not chosen."""
    blanked = np.full(len(block), np.nan, dtype=np.float32)
    for (piece, own), (_, kept) in zip(block.split(values), block.split(blanked), strict=True):
        for start, end in intersect(chosen.get((piece.contig, piece.strand), ()), (piece.start, piece.end)):
            kept[start - piece.start : end - piece.start] = own[start - piece.start : end - piece.start]
    return blanked


def shard_of(blocks: Sequence[Block], number: int, of: int) -> list[Block]:
    """Return the blocks of shard `number` (1 to `of`): neighbours, as many positions in each shard as blocks allow."""
    total, before, shard = sum(map(len, blocks)), 0, []
    for block in blocks:
        if (2 * before + len(block)) * of // (2 * total) == number - 1:  # the shard in which its middle lies
            shard.append(block)
        before += len(block)
    return shard
