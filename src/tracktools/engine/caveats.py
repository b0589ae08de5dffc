"""What to doubt of a model on a genome: printed before a run, and kept in its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracktools.descriptor import LEAST_DESCRIBED_BP, Descriptor, Reference
from tracktools.engine.host import seen_before
from tracktools.gene_finder import LEAST_LEARNT_BP, known_bp
from tracktools.genome import ALPHABET, Genome
from tracktools.names import listed

if TYPE_CHECKING:  # to join shards needs no torch
    from tracktools.model.checkpoint import Checkpoint

_GC_TOLERANCE = 0.05  # further from the training genome than this, base composition alone shifts the output
_SMALL_BP = 100_000  # fewer bases, such as a plasmid's, may look different from their genome


def caveats_of(genome: Genome, model: Checkpoint, *, genes_matter: bool = True) -> tuple[str, ...]:
    """Return what a user of these outputs should know, a sentence each; nothing if there is no doubt.

    They are printed before the run, and are part of ``provenance.json``, of the header of the called TSS and of the
    pages of a hub.

    Parameters
    ----------
    genome : Genome
    model : Checkpoint
        Set to the genome, or to its host.
    genes_matter : bool
        Whether the gene context would make a difference to what is computed.
    """
    sentences = []
    metadata, shift = model.metadata, model.config.label_shift_bp
    short = [contig.name for contig in genome if not contig.circular and len(contig) <= shift]
    if short:
        sentences.append(
            f"{len(short):,} contig{'' if len(short) == 1 else 's'} of {shift} bp or less will have no values: "
            f"{listed(short)}"
        )
    if not any(contig.code_counts[: len(ALPHABET)].any() for contig in genome):
        return (*sentences, "no contig contains any A, C, G or T: there will be no values")
    if genes_matter and metadata.gene_context is not None and model.context is None:
        sentences.append(_of_genes(genome))
    if model.descriptor is not None:
        return (*sentences, *_of_descriptor(model, model.descriptor), *seen_before(model, genome))
    sentences += seen_before(model, genome)
    known = {record.get("sequence_sha256") for record in metadata.split}
    if known and not any(contig.sequence_sha256 in known for contig in genome):
        trained_on = f" ({metadata.species})" if metadata.species else ""
        sentences += [
            f"this is another genome than the one that the model was trained on{trained_on}: "
            "how well it predicts here is not known",
            "the threshold of the called TSS and the calibrated probabilities were set on the training genome and do "
            "not carry over to this one: compare calls by their model output",
        ]
    trained = metadata.genome.get("gc_content")
    if trained is not None and abs(genome.gc_content - trained) > _GC_TOLERANCE:
        how = "more" if genome.gc_content < trained else "fewer"
        sentences.append(
            f"the GC content is {genome.gc_content:.1%}, that of the training genome {trained:.1%}: "
            f"expect {how} TSS to be called than there are"
        )
    return tuple(sentences)


def _of_genes(genome: Genome) -> str:
    """Return that a model that takes the genes into account does not, why, and what helps."""
    without = (
        "does not take into account where the genes are: threshold and expected precision are for output that does"
    )
    known = known_bp(genome)
    if known >= LEAST_LEARNT_BP:
        return f"the output {without}"
    return (
        f"{known:,} bases are too few to find genes in, so the output {without}; if they are part of a genome, "
        "give its FASTA (--descriptor-of)"
    )


def _of_descriptor(model: Checkpoint, descriptor: Descriptor) -> Iterator[str]:
    """Yield what to doubt of a model that was set to a genome."""
    if descriptor.bp < LEAST_DESCRIBED_BP:
        yield (
            f"less than {LEAST_DESCRIBED_BP:,} bases do not describe a genome: the model takes it to be like the main "
            f"one of its training; name the genome that this belongs to (--descriptor-of)"
        )
        return
    if descriptor.bp < _SMALL_BP:
        yield (
            "a sequence of less than 100,000 bases may have another composition than the genome that it belongs to: "
            "name that genome (--descriptor-of)"
        )
    reference = Reference.from_record(model.metadata.reference or {})
    distance, nearest, _ = reference.distances(descriptor)[0]
    if distance > reference.far:
        yield (
            f"this genome is unlike all {len(reference.genomes)} that the model learnt: distance {distance:.2f} to "
            f"the nearest, {nearest} (far: above {reference.far:.2f}); expect fewer calls to be right"
        )
