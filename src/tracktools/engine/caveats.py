"""What to doubt of a model on a genome: printed before a run, and kept in its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracktools.descriptor import LEAST_DESCRIBED_BP, Descriptor, Reference, describe_pairs, usual_of
from tracktools.engine.host import seen_before
from tracktools.gene_finder import LEAST_LEARNT_BP, known_bp
from tracktools.genome import ALPHABET, Genome
from tracktools.names import listed

if TYPE_CHECKING:  # to join shards needs no torch
    from tracktools.model.checkpoint import Checkpoint

_GC_TOLERANCE = 0.05  # further from the training genome than this, base composition alone shifts the output
_SMALL_BP = 100_000  # fewer bases, such as a plasmid's, may look different from their genome: see `_of_mixture`, too


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
    without_genes = genes_matter and metadata.gene_context is not None and model.context is None
    sentences += _of_small(genome, model, without_genes=without_genes)
    if model.descriptor is not None:
        return (*sentences, *_of_descriptor(genome, model, model.descriptor), *seen_before(model, genome))
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


def _of_small(genome: Genome, model: Checkpoint, *, without_genes: bool) -> Iterator[str]:
    """Yield what a model cannot know of so short a sequence, and what helps: one sentence, or none."""
    known, missing = known_bp(genome), []
    if without_genes:
        used = (
            ""
            if _is_judged_without_genes(model, genome)
            else ": threshold and expected precision are for output that does"
        )
        if known >= LEAST_LEARNT_BP:
            yield f"the output does not take into account where the genes are{used}"
        else:
            missing.append(f"no genes can be found in them, and the output does not take these into account{used}")
    descriptor = model.descriptor
    if descriptor is not None and descriptor.bp < LEAST_DESCRIBED_BP:
        missing.append("the model takes their composition to be that of the main genome of its training")
    elif descriptor is not None and descriptor.bp < _SMALL_BP:
        missing.append("their composition may differ from that of their genome")
    if missing:
        yield (
            f"{known:,} bases say little of their genome: {'; '.join(missing)}; if they are a part of a genome, such "
            "as a plasmid, give its FASTA (--descriptor-of)"
        )


def _is_judged_without_genes(model: Checkpoint, genome: Genome) -> bool:
    """Return whether threshold and expected precision are for output without genes where none are found."""
    known = {record.get("sequence_sha256") for record in model.metadata.split}
    by_rate = "without_genes" in (model.metadata.expected_precision or {})
    return by_rate and not any(contig.sequence_sha256 in known for contig in genome)


def _of_descriptor(genome: Genome, model: Checkpoint, descriptor: Descriptor) -> Iterator[str]:
    """Yield what to doubt of a model that was set to a genome."""
    if descriptor.bp < LEAST_DESCRIBED_BP:
        return
    reference = Reference.from_record(model.metadata.reference or {})
    distance, nearest, _ = reference.distances(descriptor)[0]
    if distance > reference.far:
        yield (
            f"this genome is unlike all {len(reference.genomes)} that the model learnt: distance {distance:.2f} to "
            f"the nearest, {nearest} (far: above {reference.far:.2f}); expect fewer calls to be right"
        )
    if descriptor.bp == genome.described_bp:  # else it is set to a host
        yield from _of_mixture(genome, reference)


def _of_mixture(genome: Genome, reference: Reference) -> Iterator[str]:
    """Yield which contigs are so unlike the others that they may be of another organism."""
    large = {contig.name: contig.pair_counts for contig in genome if contig.pair_counts.sum() >= _SMALL_BP}
    if len(large) < 2:
        return
    described = {name: describe_pairs(counts) for name, counts in large.items()}
    usual = usual_of(list(described.values()))
    apart = {name: reference.distance_between(own, usual) for name, own in described.items()}
    others = [name for name, distance in apart.items() if distance > reference.far]
    if others:
        yield (
            f"the composition of {listed(others)} is unlike that of most of the genome (distance "
            f"{max(apart.values()):.2f}; far: above {reference.far:.2f}), but the model is set to all of them "
            "together: if they are of different organisms, predict each from a FASTA of its own"
        )
