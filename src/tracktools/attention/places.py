"""Positions of both strands of a genome as single numbers, so that sets of them are plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Bool, Int64
from tracktools.blocks import Block, Piece, scored_range
from tracktools.config import ModelConfig
from tracktools.genome import UNKNOWN, Genome
from tracktools.interval import STRANDS, Strand


class Located(NamedTuple):
    """Where keys are: number of the contig, strand, 0-based plus-strand position; shape (n,) each."""

    contig: Int64
    strand: npt.NDArray[np.str_]
    position: Int64


class GenomeKeys:
    """Keys of positions: the plus strand, contig after contig, then the minus strand; plus-strand order on both.

    Parameters
    ----------
    genome : Genome
    config : ModelConfig
        Says which bases get an output (`scored_range`).
    """

    def __init__(self, genome: Genome, config: ModelConfig) -> None:
        self.genome, self.config = genome, config
        lengths = [len(contig) for contig in genome]
        self._starts = np.cumsum([0, *lengths, *lengths]).astype(np.int64)  # of each contig of each strand, and the end

    def first_key(self, contig: int, strand: Strand) -> int:
        """Return the key of the first base of a contig on a strand."""
        return int(self._starts[contig + (len(self.genome.contigs) if strand == "-" else 0)])

    def locate(self, keys: Int64) -> Located:
        """Return where keys are."""
        number = np.searchsorted(self._starts, keys, side="right") - 1
        n_contigs = len(self.genome.contigs)
        return Located(number % n_contigs, np.where(number < n_contigs, "+", "-"), keys - self._starts[number])

    def scored(self) -> list[tuple[int, int]]:
        """Return the ranges of keys that may have an output, ascending."""
        ranges = []
        for strand in STRANDS:
            for number, contig in enumerate(self.genome):
                first, last = scored_range(contig, strand, self.config.label_shift_bp)
                start = self.first_key(number, strand)
                ranges.append((start + first, start + last))
        return ranges

    def draw(self, n: int, seed: int) -> Int64:
        """Draw n distinct scored keys at random, ascending; the blocks of a run have no say in it."""
        ranges = np.array(self.scored(), dtype=np.int64).reshape(-1, 2)
        ends = np.cumsum(ranges[:, 1] - ranges[:, 0])
        drawn = np.random.default_rng(seed).choice(int(ends[-1]), n, replace=False, shuffle=False)
        number = np.searchsorted(ends, drawn, side="right")
        return np.sort(ranges[number, 1] - (ends[number] - drawn))

    def has_output(self, keys: Int64) -> Bool:
        """Whether keys get an output: scored bases that are A, C, G or T; shape (n,)."""
        ranges = np.array(self.scored(), dtype=np.int64).reshape(-1, 2)
        number = np.searchsorted(self._starts, keys, side="right") - 1
        inside = (keys >= ranges[number, 0]) & (keys < ranges[number, 1])
        contigs, _, positions = self.locate(keys)
        for contig in np.unique(contigs):
            own = contigs == contig
            inside[own] &= self.genome.contigs[contig].codes[positions[own]] != UNKNOWN
        return np.asarray(inside, dtype=np.bool_)


def blocks_around(keys: Int64, places: GenomeKeys, block_bp: int) -> list[Block]:
    """Lay blocks around few positions: near ones share a piece, and pieces share a block while their windows fit.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Ascending scored keys.
    places : GenomeKeys
    block_bp : int
        Most bases in a block, context included; a longer run of near positions is cut.
    """
    halo = places.config.halo_upstream_bp + places.config.halo_downstream_bp
    blocks: list[Block] = []
    pieces: list[Piece] = []
    taken = 0
    for piece in _pieces_around(keys, places, halo, block_bp):
        size = piece.end - piece.start + halo
        if pieces and taken + size > block_bp:
            blocks.append(Block(len(blocks), tuple(pieces)))
            pieces, taken = [], 0
        pieces.append(piece)
        taken += size
    if pieces:
        blocks.append(Block(len(blocks), tuple(pieces)))
    return blocks


def _pieces_around(keys: Int64, places: GenomeKeys, halo: int, block_bp: int) -> Iterator[Piece]:
    contigs, strands, positions = places.locate(keys)
    first = 0
    for i in range(1, len(keys) + 1):
        joined = i < len(keys) and (contigs[i], strands[i]) == (contigs[first], strands[first])
        if joined and positions[i] - positions[i - 1] < halo and positions[i] - positions[first] < block_bp:
            continue
        strand: Strand = "+" if strands[first] == "+" else "-"
        yield Piece(int(contigs[first]), strand, int(positions[first]), int(positions[i - 1]) + 1)
        first = i
