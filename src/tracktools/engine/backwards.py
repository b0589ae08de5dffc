"""Whether a network finds promoters in a genome: its highest calls against those that it makes reading backwards.

Where it finds promoters, its highest calls lie before genes (`tracktools.gene_context`). But on any DNA, random or
human, they lie a little nearer to gene starts than other bases do: they are rich in A and T, and contain stop codons,
and so are rarely inside a gene. The same network reading every strand from 3' to 5' meets the same composition, the
same runs of a letter and as many stop codons, but no promoters. So it is the difference that tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracktools.engine.interface import Engine
from tracktools.engine.sample import Along, Sampled, mean_at_highest, outputs_along, scored_bp
from tracktools.gene_context import GeneContext, GenomeContext
from tracktools.gene_finder import LEAST_LEARNT_BP, find_genes
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint

BP_PER_CALL = 1000  # about a gene: bacteria have about one TSS for each
LEAST_GAIN = 0.12  # below it, no promoters are found: archaea, human, random and shuffled DNA have -0.08 to 0.10
CLEAR_GAIN = 0.25  # most bacteria of phyla that were not learnt have more


def context_of(model: Checkpoint, genome: Genome) -> GenomeContext | None:
    """Return the gene context of a genome, also where its log-odds are not added; None if the model has no table."""
    table = model.metadata.gene_context
    if model.context is not None or table is None:
        return model.context
    genes = find_genes(genome)
    return None if genes is None else GenomeContext.of(GeneContext.from_record(table), genome, genes)


def gain_over_backwards(
    engine: Engine,
    model: Checkpoint,
    genome: Genome,
    context: GenomeContext | None,
    sample: Sequence[Sampled],
    forwards: Sequence[Along],
) -> float | None:
    """Return by how much the log-odds at the highest calls are higher than when the network reads backwards.

    Parameters
    ----------
    engine : Engine
    model : Checkpoint
        Set to the genome, see `set_to_host`.
    genome : Genome
    context : GenomeContext, optional
        From `context_of`.
    sample : sequence of Sampled
    forwards : sequence of Along
        The outputs there.

    Returns
    -------
    float or None
        Mean difference (natural logarithm): about 0 on what is no bacterium, and below `LEAST_GAIN`. None where there
        is too little sequence to tell.
    """
    if context is None or scored_bp(forwards) < LEAST_LEARNT_BP:
        return None
    backwards = list(outputs_along(engine, model.config, genome, context, sample, backwards=True))
    return round(mean_at_highest(forwards, BP_PER_CALL) - mean_at_highest(backwards, BP_PER_CALL), 3)
