"""A sample of a genome: a few stretches, the same from either strand and in any order of contigs, and their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Float64
from tracktools.calls import call_positions
from tracktools.config import NetworkConfig
from tracktools.engine.grid import score_region
from tracktools.engine.interface import Engine
from tracktools.gene_context import GenomeContext, shift_probabilities
from tracktools.gene_finder import oriented
from tracktools.genome import Genome
from tracktools.interval import STRANDS

PIECES, PIECE_BP = 3, 70_000  # evenly spread, so that a phage or a run of rRNA operons does not decide
CALL_PIECES, CALL_PIECE_BP = 30, 20_000  # to count calls: fewer and longer ones miss the number by up to a quarter
_BLOCK_BP = 10_000


class Sampled(NamedTuple):
    """A part of the sample: plus-strand coordinates of a contig, by its number."""

    contig: int
    start: int
    end: int


def sample_of(genome: Genome, piece_bp: int, n_pieces: int = PIECES) -> Iterator[Sampled]:
    """Yield so many stretches of so many bases, or the whole of a small genome.

    They are the same whichever strand of a contig the file has, and in any order of contigs.
    """
    turned = [oriented(contig) for contig in genome]
    order = sorted(range(len(turned)), key=lambda number: turned[number][0])
    total, at = len(genome), 0
    pieces = [(0, total)]
    if total > n_pieces * piece_bp:
        pieces = [(first := number * total // n_pieces, first + piece_bp) for number in range(n_pieces)]
    for number in order:
        length, is_turned = len(genome.contigs[number]), turned[number][1]
        for first, last in pieces:
            start, end = max(first - at, 0), min(last - at, length)
            if start < end:
                yield Sampled(number, *((length - end, length - start) if is_turned else (start, end)))
        at += length


def outputs_along(
    engine: Engine, network: NetworkConfig, genome: Genome, context: GenomeContext | None, sample: list[Sampled]
) -> Iterator[tuple[Float32, Float64]]:
    """Yield the output of a network, -1 where there is none, and the log-odds of each base, 5' to 3' of each strand."""
    for number, start, end in sample:
        signals = score_region(genome, number, start, end, engine, network, _BLOCK_BP)
        for strand in STRANDS:
            log_odds = np.zeros(end - start)
            if context is not None:
                log_odds = context.log_odds(genome.contigs[number].name, strand, start, end).astype(np.float64)
            step = 1 if strand == "+" else -1
            yield np.nan_to_num(signals[strand], nan=-1)[::step], log_odds[::step]


class SampledCalls(NamedTuple):
    """The calls in a sample: their outputs, the highest first, and the thousands of bases that have an output."""

    outputs: Float32
    kb: float


def sampled_calls(
    engine: Engine, network: NetworkConfig, genome: Genome, context: GenomeContext | None, floor: float
) -> SampledCalls:
    """Return the outputs of the calls in the sample of a genome, as `tracktools predict` makes them.

    Parameters
    ----------
    engine : Engine
    network : NetworkConfig
    genome : Genome
    context : GenomeContext, optional
        Whose log-odds are added.
    floor : float
        The lowest output that is called.
    """
    sample, scored = list(sample_of(genome, CALL_PIECE_BP, CALL_PIECES)), 0
    found = [np.empty(0, np.float32)]
    for plain, log_odds in outputs_along(engine, network, genome, context, sample):
        values = plain
        if context is not None:
            values = shift_probabilities(np.maximum(plain, 0), log_odds.astype(np.float32))
        at = np.flatnonzero(values >= floor)
        found.append(values[at[call_positions(at, values[at], "+", length=len(values))]])
        scored += int((plain >= 0).sum())
    return SampledCalls(np.sort(np.concatenate(found))[::-1], scored / len(STRANDS) / 1000)
