"""What a network is told of the composition of a genome: what puts its highest calls before genes.

All eleven numbers of the descriptor help a network near its training genomes, and mislead it on many others; how near
is near differs. So each share of the ten dinucleotide ratios is tried on a sample of the genome, and so are the numbers
of each training genome of like GC content, as if the new genome were that one. The network knows nothing of the genes:
the better it finds promoters, the more of its highest calls lie where the gene context expects them. (Between genomes
of other GC content this does not tell: who calls all that is rich in A and T is often before genes, too.)
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import NamedTuple

from tracktools.engine.choice import make_engine
from tracktools.engine.sample import PIECE_BP, Sampled, mean_at_highest, outputs_along, sample_of
from tracktools.gene_context import GeneContext, GenomeContext
from tracktools.gene_finder import FoundGenes, find_genes
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome

SHARES = (0.0, 0.5, 1.0)
NEAR = 0.25  # distance to a training genome up to which all is told, without a trial
LIKE_GC = 0.08  # difference in GC content up to which a training genome is tried
ROUGH_BP = 20_000  # a smaller sample, by which `KEPT` training genomes are chosen for the larger one
KEPT = 4
BP_PER_CALL = 2000  # about two genes


class Told(NamedTuple):
    """What a network is told, see `Descriptor`."""

    told: float
    like: str = ""


_known: dict[tuple[str, ...], Told | None] = {}  # the answer for a model and a genome, by checksums and circles


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
    along = list(outputs_along(engine, model.config, genome, context, sample))
    return round(mean_at_highest(along, BP_PER_CALL), 6)
