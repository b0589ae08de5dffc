"""How much of a genome's composition a network is told: as much as puts its highest calls before genes.

All eleven numbers of the descriptor help a network near its training genomes, and mislead it on many others; how near
is near differs. So each share of the ten dinucleotide ratios is tried on a sample of the genome. The network knows
nothing of the genes: the better it finds promoters, the more of its highest calls lie where the gene context expects
them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Float64
from tracktools.calls import call_positions
from tracktools.descriptor import Descriptor
from tracktools.engine.choice import make_engine
from tracktools.engine.grid import score_region
from tracktools.engine.interface import Engine
from tracktools.gene_context import GeneContext, GenomeContext
from tracktools.gene_finder import FoundGenes, find_genes, oriented
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome

SHARES = (0.0, 0.5, 1.0)
NEAR = 0.25  # distance to a training genome up to which all is told, without a trial
PIECES, PIECE_BP = 3, 100_000  # the sample: evenly spread, so that a phage or a run of rRNA operons does not decide
BP_PER_CALL = 2000  # about two genes
_BASES_PER_CALL = 40  # of the highest values, among which the calls are sought
_BLOCK_BP = 10_000
_known: dict[tuple[str, ...], float | None] = {}  # the answer for a model and a genome, by their checksums


class Sampled(NamedTuple):
    """A part of the sample: plus-strand coordinates of a contig, by its number."""

    contig: int
    start: int
    end: int


def share_told(model: Checkpoint, genome: Genome, *, threads: int = 1) -> float | None:
    """Return how much of the dinucleotides of a genome a network is best told, one of `SHARES`.

    Parameters
    ----------
    model : Checkpoint
        Of a network that takes a descriptor, not yet set to a genome, with a gene context.
    genome : Genome
    threads : int
        CPU threads; 0 takes all.

    Returns
    -------
    float or None
        None where there is too little sequence to find genes.
    """
    key = (model.sha256, json.dumps(model.metadata.gene_context), genome.sha256)
    if not model.sha256 or key not in _known:
        genes = find_genes(genome)
        _known[key] = None if genes is None else _found(model, genome, genes, threads)
    return _known[key]


def _found(model: Checkpoint, genome: Genome, genes: tuple[FoundGenes, ...], threads: int) -> float:
    if reference_of(model).distances(genome.descriptor)[0][0] <= NEAR:
        return 1.0
    context = GenomeContext.of(GeneContext.from_record(model.metadata.gene_context or {}), genome, genes)
    sample = list(sample_of(genome))
    found = {
        share: mean_log_odds(_engine(model, genome.descriptor, share, threads), model, genome, context, sample)
        for share in SHARES
    }
    return max(SHARES, key=lambda share: (round(found[share], 6), -share))


def _engine(model: Checkpoint, descriptor: Descriptor, share: float, threads: int) -> Engine:
    ready = set_to_genome(model, replace(descriptor, told=share))
    return make_engine("auto", ready.parameters, threads=threads or None)


def sample_of(genome: Genome) -> Iterator[Sampled]:
    """Yield the stretches of the sample, the same whichever strand of a contig the file has, and in any order."""
    turned = [oriented(contig) for contig in genome]
    order = sorted(range(len(turned)), key=lambda number: turned[number][0])
    total, at = len(genome), 0
    pieces = [(0, total)]
    if total > PIECES * PIECE_BP:
        pieces = [(first := number * total // PIECES, first + PIECE_BP) for number in range(PIECES)]
    for number in order:
        length, is_turned = len(genome.contigs[number]), turned[number][1]
        for first, last in pieces:
            start, end = max(first - at, 0), min(last - at, length)
            if start < end:
                yield Sampled(number, *((length - end, length - start) if is_turned else (start, end)))
        at += length


def mean_log_odds(
    engine: Engine, model: Checkpoint, genome: Genome, context: GenomeContext, sample: list[Sampled]
) -> float:
    """Return the mean log-odds of the gene context at the highest calls of a network in a sample of a genome."""
    bases = sum(part.end - part.start for part in sample)
    wanted = max(bases // BP_PER_CALL, 1)
    along = list(_along(engine, model, genome, context, sample))
    values = np.concatenate([value for value, _ in along])
    least = np.partition(values, -min(_BASES_PER_CALL * wanted, len(values)))[
        -min(_BASES_PER_CALL * wanted, len(values))
    ]
    heights, added = [], []
    for value, log_odds in along:
        at = np.flatnonzero(value >= max(least, np.float32(0)))
        called = at[call_positions(at, value[at], "+", length=len(value))]
        heights.append(value[called])
        added.append(log_odds[called])
    height, log_odds = np.concatenate(heights), np.concatenate(added)
    highest = log_odds[np.lexsort((log_odds, height))][-wanted:]
    return math.fsum(highest.tolist()) / max(len(highest), 1)


def _along(
    engine: Engine, model: Checkpoint, genome: Genome, context: GenomeContext, sample: list[Sampled]
) -> Iterator[tuple[Float32, Float64]]:
    """Yield the output of a network, -1 where there is none, and the log-odds of each base, 5' to 3' of each strand."""
    for number, start, end in sample:
        signals = score_region(genome, number, start, end, engine, model.config, _BLOCK_BP)
        for strand in STRANDS:
            log_odds = context.log_odds(genome.contigs[number].name, strand, start, end).astype(np.float64)
            step = 1 if strand == "+" else -1
            yield np.nan_to_num(signals[strand], nan=-1)[::step], log_odds[::step]
