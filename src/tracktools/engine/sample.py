"""A sample of a genome: a few stretches, the same from either strand and in any order of contigs, and their outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
_BASES_PER_CALL = 40  # of the highest values, among which the highest calls are sought
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


def call_sample(genome: Genome) -> list[Sampled]:
    """Return the sample of a genome in which calls are counted."""
    return list(sample_of(genome, CALL_PIECE_BP, CALL_PIECES))


class Along(NamedTuple):
    """A strand of a part of a sample, 5' to 3': the output of a network, -1 where there is none, and log-odds."""

    output: Float32
    log_odds: Float64


def outputs_along(
    engine: Engine,
    network: NetworkConfig,
    genome: Genome,
    context: GenomeContext | None,
    sample: Sequence[Sampled],
    *,
    backwards: bool = False,
) -> Iterator[Along]:
    """Yield both strands of each part of a sample.

    Parameters
    ----------
    engine : Engine
    network : NetworkConfig
    genome : Genome
    context : GenomeContext, optional
        Gives the log-odds of each base; without it, they are 0.
    sample : sequence of Sampled
    backwards : bool
        Whether the network reads the letters of each strand from 3' to 5'; the log-odds of a base stay the same.
    """
    read, order = genome, slice(None)
    if backwards:
        read = Genome(genome.name, tuple(replace(one, letters=one.letters[::-1]) for one in genome))
        order = slice(None, None, -1)
    for number, start, end in sample:
        name, length = genome.contigs[number].name, len(genome.contigs[number])
        first, last = (length - end, length - start) if backwards else (start, end)
        signals = score_region(read, number, first, last, engine, network, _BLOCK_BP)
        for strand in STRANDS:
            log_odds = np.zeros(end - start)
            if context is not None:
                log_odds = context.log_odds(name, strand, start, end).astype(np.float64)
            step = 1 if strand == "+" else -1
            yield Along(np.nan_to_num(signals[strand][order], nan=-1)[::step], log_odds[::step])


def scored_bp(sample: Sequence[Along]) -> int:
    """Return how many bases of a sample have an output: unknown letters (N), for instance, have none."""
    return sum(int((one.output >= 0).sum()) for one in sample) // len(STRANDS)


class SampledCalls(NamedTuple):
    """The calls in a sample: their outputs, the highest first, and the thousands of bases that have an output."""

    outputs: Float32
    kb: float


def sampled_calls(sample: Sequence[Along], floor: float, *, genes: bool) -> SampledCalls:
    """Return the outputs of the calls in a sample, as `tracktools predict` makes them.

    Parameters
    ----------
    sample : sequence of Along
    floor : float
        The lowest output that is called.
    genes : bool
        Whether the log-odds are added.
    """
    found = [np.empty(0, np.float32)]
    for plain, log_odds in sample:
        values = shift_probabilities(np.maximum(plain, 0), log_odds.astype(np.float32)) if genes else plain
        at = np.flatnonzero(values >= floor)
        found.append(values[at[call_positions(at, values[at], "+", length=len(values))]])
    return SampledCalls(np.sort(np.concatenate(found))[::-1], scored_bp(sample) / 1000)


def mean_at_highest(sample: Sequence[Along], bp_per_call: int) -> float:
    """Return the mean log-odds at the highest calls of a network, one for so many bases of the sample."""
    wanted = max(round(scored_bp(sample) / bp_per_call), 1)  # a few unknown letters change nothing
    values = np.concatenate([one.output for one in sample])
    rank = min(_BASES_PER_CALL * wanted, len(values))
    least = max(np.partition(values, -rank)[-rank], np.float32(0))
    heights, added = [], []
    for value, log_odds in sample:
        at = np.flatnonzero(value >= least)
        called = at[call_positions(at, value[at], "+", length=len(value))]
        heights.append(value[called])
        added.append(log_odds[called])
    height, log_odds = np.concatenate(heights), np.concatenate(added)
    highest = log_odds[np.lexsort((log_odds, height))][-wanted:]
    return math.fsum(highest.tolist()) / max(len(highest), 1)
