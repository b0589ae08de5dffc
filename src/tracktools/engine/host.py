"""Which genome a model is set to: the one that is scored, or the one that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tracktools.config import ConditionedConfig
from tracktools.descriptor import LEAST_DESCRIBED_BP, Descriptor, Reference
from tracktools.engine.told import best_told
from tracktools.errors import ConfigError, InputError, TracktoolsError
from tracktools.gene_context import GeneContext, GenomeContext
from tracktools.gene_finder import find_genes
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, set_to_genome
from tracktools.tracks import PROVENANCE_FILE, read_provenance


def set_to_host(
    model: Checkpoint,
    genome: Genome,
    host: Genome | Descriptor | None = None,
    *,
    gene_context: bool = True,
    threads: int = 1,
) -> Checkpoint:
    """Return the model set to a genome: to its composition, and to where its genes are.

    Parameters
    ----------
    model : Checkpoint
    genome : Genome
        What is scored: all of it counts, whatever shard or regions are computed.
    host : Genome or Descriptor, optional
        The genome that `genome` belongs to, where that is a part of it, such as a plasmid. Without one, a genome of
        fewer than `LEAST_DESCRIBED_BP` bases is taken to be like the main genome of the training.
    gene_context : bool
        Whether a model that takes the genes into account adds their log-odds. It never does where there is too little
        sequence to find genes (`tracktools.gene_finder.LEAST_LEARNT_BP`).
    threads : int
        CPU threads of the trial of what a network is best told of the composition (`tracktools.engine.told`), which
        needs genes, too; 0 takes all.

    Raises
    ------
    ConfigError
        If a host is named that is too small to describe, or for a model that takes none.
    """
    described = _descriptor_of(model, genome, host)
    if model.metadata.gene_context is None:
        return model if described is None else set_to_genome(model, described)
    whole = host if isinstance(host, Genome) else genome
    if described is not None and not isinstance(host, Descriptor):
        best = best_told(model, whole, threads=threads)
        described = described if best is None else replace(described, **best._asdict())
    ready = model if described is None else set_to_genome(model, described)
    genes = find_genes(genome, whole) if gene_context else None
    if genes is None:
        return ready
    return replace(ready, context=GenomeContext.of(GeneContext.from_record(model.metadata.gene_context), genome, genes))


def _descriptor_of(model: Checkpoint, genome: Genome, host: Genome | Descriptor | None) -> Descriptor | None:
    """Return what a network that takes a descriptor gets; None for another network."""
    if not isinstance(model.config, ConditionedConfig):
        if host is not None and model.descriptor is None and model.metadata.gene_context is None:
            problem = f"the model {model.metadata.name} takes no descriptor of a genome"
            raise ConfigError(f"{problem}: leave out --descriptor-of (host=), or choose another model")
        return None
    if host is None and genome.described_bp < LEAST_DESCRIBED_BP:
        known = Descriptor.from_record(model.metadata.golden["descriptor"])
        return replace(known, bp=genome.described_bp)
    if host is None:
        return genome.descriptor
    given = host if isinstance(host, Descriptor) else host.descriptor
    return Descriptor(
        given.gc, given.dinucleotides, told=given.told, like=given.like
    )  # its size is the user's business


def learnt_genome(model: Checkpoint, genome: Genome) -> str:
    """Return the training genome that a genome is, is a piece or a near relative of, by composition.

    Parameters
    ----------
    model : Checkpoint
        From `set_to_host`.
    genome : Genome

    Returns
    -------
    str
        Its name. Empty if there is none, if the model does not know compositions, or if its split tells base by base
        what of this genome it was trained on.
    """
    known = {record.get("sequence_sha256") for record in model.metadata.split}
    if model.descriptor is None or any(contig.sequence_sha256 in known for contig in genome):
        return ""
    return Reference.from_record(model.metadata.reference or {}).learnt(model.descriptor)


def learnt_in_words(model: Checkpoint, genome: Genome) -> str:
    """Return what `learnt_genome` finds, and what it is to this genome; empty if it finds none."""
    learnt = learnt_genome(model, genome)
    if not learnt or model.descriptor is None:
        return ""
    sure = Reference.is_sure(model.descriptor)
    return f"{learnt}, which {'is' if sure else 'may be, by its composition,'} this genome or a near relative"


def seen_before(model: Checkpoint, genome: Genome) -> list[str]:
    """Return that a genome is not new to a model, where its split does not tell: a sentence each, or nothing.

    A model that was trained on from another one has what that one had seen in its recipe.
    """
    learnt = learnt_in_words(model, genome)
    own = f"the model was trained on {learnt}: "
    own += "output and scores look better here than on a genome that it has not seen"
    return [*([own] if learnt else []), *inherited_doubts(model, genome)]


def inherited_doubts(model: Checkpoint, genome: Genome) -> list[str]:
    """Return what a model that was trained on a genome keeps of the doubts about the one that it started from."""
    known = {record.get("sequence_sha256") for record in model.metadata.split}
    return (
        list(model.metadata.recipe.get("warnings", ())) if any(one.sequence_sha256 in known for one in genome) else []
    )


def read_host(path: Path) -> Genome | Descriptor:
    """Return the genome of a FASTA or 2bit file, or the descriptor that made a folder of predictions.

    Raises
    ------
    InputError
        If it is neither.
    """
    if not path.is_dir():
        return load_genome(path)
    try:
        record = read_provenance(path)["parameters"]["descriptor"]
        return Descriptor.from_record(record)
    except (TracktoolsError, KeyError, TypeError, ValueError, AttributeError):
        problem = f"has no {PROVENANCE_FILE} with the descriptor of a genome"
        hint = "name a folder of `tracktools predict` with a model that takes one, or a FASTA file"
        raise InputError(problem, path=path, hint=hint) from None
