"""What a network is told of the composition of a genome: what puts its highest calls before genes.

All eleven numbers of the descriptor help a network near its training genomes, and mislead it on many others; how near
is near differs. So each share of the ten dinucleotide ratios is tried on a sample of the genome, and so are the numbers
of each training genome of like GC content, as if the new genome were that one. The network knows nothing of the genes:
the better it finds promoters, the more of its highest calls lie where the gene context expects them. (Between genomes
of other GC content this does not tell: who calls all that is rich in A and T is often before genes, too.)
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
LIKE_GC = 0.08  # difference in GC content up to which a training genome is tried
PIECES, PIECE_BP = 3, 70_000  # the sample: evenly spread, so that a phage or a run of rRNA operons does not decide
ROUGH_BP = 20_000  # a smaller sample, by which `KEPT` training genomes are chosen for the larger one
KEPT = 4
BP_PER_CALL = 2000  # about two genes
_BASES_PER_CALL = 40  # of the highest values, among which the calls are sought
_BLOCK_BP = 10_000


class Told(NamedTuple):
    """What a network is told, see `Descriptor`."""

    told: float
    like: str = ""


_known: dict[tuple[str, ...], Told | None] = {}  # the answer for a model and a genome, by checksums and circles


class Sampled(NamedTuple):
    """A part of the sample: plus-strand coordinates of a contig, by its number."""

    contig: int
    start: int
    end: int


def best_told(model: Checkpoint, genome: Genome, *, threads: int = 1) -> Told | None:
    """Return what a network is best told of a genome.

    Parameters
    ----------
    model : Checkpoint
        Of a network that takes a descriptor, not yet set to a genome, with a gene context.
    genome : Genome
    threads : int
        CPU threads; 0 takes all.

    Returns
    -------
    Told or None
        None where there is too little sequence to find genes.
    """
    circles = [contig.name for contig in genome if contig.circular]
    key = (model.sha256, json.dumps([model.metadata.gene_context, circles]), genome.sha256)
    if not model.sha256 or key not in _known:
        genes = find_genes(genome)
        _known[key] = None if genes is None else _found(model, genome, genes, threads)
    return _known[key]


def _found(model: Checkpoint, genome: Genome, genes: tuple[FoundGenes, ...], threads: int) -> Told:
    reference, gc = reference_of(model), genome.descriptor.gc
    if reference.distances(genome.descriptor)[0][0] <= NEAR:
        return Told(1.0)
    context = GenomeContext.of(GeneContext.from_record(model.metadata.gene_context or {}), genome, genes)

    def ordered(tried: list[Told], sample: list[Sampled]) -> list[Told]:
        """Return the best first; of equals, the one that comes first."""
        heights = {one: _height(model, genome, context, one, sample, threads) for one in tried}
        return sorted(tried, key=lambda one: -heights[one])

    others = sorted({name for name, _, values in reference.genomes if abs(values[0] - gc) <= LIKE_GC + 1e-9})
    kept = ordered([Told(1.0, name) for name in others], list(sample_of(genome, ROUGH_BP)))[:KEPT]
    return ordered([*map(Told, SHARES), *kept], list(sample_of(genome, PIECE_BP)))[0]


def _height(
    model: Checkpoint, genome: Genome, context: GenomeContext, told: Told, sample: list[Sampled], threads: int
) -> float:
    ready = set_to_genome(model, replace(genome.descriptor, **told._asdict()))
    engine = make_engine("auto", ready.parameters, threads=threads or None)
    return round(mean_log_odds(engine, model, genome, context, sample), 6)


def sample_of(genome: Genome, piece_bp: int) -> Iterator[Sampled]:
    """Yield `PIECES` stretches of so many bases, or the whole of a small genome.

    They are the same whichever strand of a contig the file has, and in any order of contigs.
    """
    turned = [oriented(contig) for contig in genome]
    order = sorted(range(len(turned)), key=lambda number: turned[number][0])
    total, at = len(genome), 0
    pieces = [(0, total)]
    if total > PIECES * piece_bp:
        pieces = [(first := number * total // PIECES, first + piece_bp) for number in range(PIECES)]
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
    rank = min(_BASES_PER_CALL * wanted, len(values))
    least = max(np.partition(values, -rank)[-rank], np.float32(0))
    heights, added = [], []
    for value, log_odds in along:
        at = np.flatnonzero(value >= least)
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
