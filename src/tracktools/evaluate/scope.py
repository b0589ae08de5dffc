"""The genome of a signal, which of its bases were held back from training, and which are scored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracktools.aliases import resolve_chrom
from tracktools.bundle import CHROM, load_bundle
from tracktools.circles import load_joined
from tracktools.config import NetworkConfig
from tracktools.errors import ConfigError
from tracktools.evaluate.stretches import bed_stretches, part_stretches, whole_stretches
from tracktools.genome import Genome, load_genome
from tracktools.interval import Interval
from tracktools.model.files import find_model, read_header, shipped_models
from tracktools.splits import Split, paper_split


@dataclass(frozen=True)
class Scope:
    """The bases to be scored.

    Parameters
    ----------
    label : str
        What they are called in texts: the region, or the name of the BED file.
    stretches : tuple of Interval
        Where they are; always both strands. On a circle an end may lie past the last base.
    sizes : mapping of str to int
        Length of each sequence [bp].
    test_bases : int
        How many of them, a strand, are of the test part of the split.
    split : Split
        Of the genome; empty where none is known.
    notes : tuple of str
        What was chosen that the user did not ask for.
    """

    label: str
    stretches: tuple[Interval, ...]
    sizes: Mapping[str, int]
    test_bases: int
    split: Split
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScopeOptions:
    """What a user says of the genome and the bases.

    Parameters
    ----------
    regions : Path, optional
        BED of the bases to score, instead of a region of the split.
    genome : Path, optional
        FASTA or 2bit, by which the split is recognised; by default the embedded *E. coli* genome, for a model and for
        bigWigs whose sequences have its name and length.
    circular : collection of str
        Circular sequences of `genome`; ``"all"`` means every one.
    split_of : str or Path, optional
        Model whose split says what train, valid and test are; by default the scored model, or the shipped one that
        knows the genome, or the split of the paper.
    renames : mapping of str to str
        Name of a sequence in the files to its name in the genome.
    only_genome : bool
        Leave out TSS on sequences that the genome lacks, instead of refusing them.
    """

    regions: Path | None = None
    genome: Path | None = None
    circular: Collection[str] = ()
    split_of: str | Path | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    only_genome: bool = False


def find_genome(
    wanted: ScopeOptions, held: Mapping[str, int] | None, network: NetworkConfig | None = None
) -> Genome | None:
    """Return the genome that the user names, or the embedded one; None for bigWigs of another genome.

    Parameters
    ----------
    wanted : ScopeOptions
        Names the file, if any.
    held : mapping of str to int, or None
        Sequences of the bigWigs and their lengths; None for a model.
    network : NetworkConfig, optional
        That of the model: circles that ``all`` makes must not be shorter than its context.

    Raises
    ------
    ConfigError
        If circular sequences are named without a genome.
    """
    if wanted.genome is not None:
        if network is not None:
            return load_joined(wanted.genome, wanted.circular, network)
        return load_genome(wanted.genome, circular=wanted.circular)
    if wanted.circular:
        raise ConfigError("--circular needs the genome: name its file with --genome")
    embedded = load_bundle().load_genome()
    if held is None:
        return embedded
    return (
        embedded
        if {resolve_chrom(name, [CHROM]): size for name, size in held.items()} == embedded.chrom_sizes
        else None
    )


def find_split(genome: Genome, model: str | Path | None) -> Split:
    """Return the split of a model; without one, that of the shipped model that knows the genome, or that of the paper.

    Contigs are recognised by their sequence, whatever they are called. The split is empty where none is known.
    """
    if model is not None:
        return Split.from_records(read_header(find_model(model)).get("split", []))
    known = {contig.sequence_sha256 for contig in genome}
    for name in shipped_models():
        split = Split.from_records(read_header(find_model(name)).get("split", []))
        if known & {region.sequence_sha256 for region in split.regions}:
            return split
    embedded = load_bundle().load_genome().contigs[0]
    return paper_split(embedded) if embedded.sequence_sha256 in known else Split(())


def choose_scope(
    region: str | None,
    wanted: ScopeOptions,
    genome: Genome | None,
    sizes: Mapping[str, int],
    model: str | Path | None = None,
) -> Scope:
    """Return the bases to be scored.

    Parameters
    ----------
    region : {"train", "valid", "test", "all"}, optional
        Which, where no BED file names them; by default valid, or all if `model` has a split of another genome only.
    wanted : ScopeOptions
        Names the BED file and the model of the split, if any.
    genome : Genome or None
        None if it is not known.
    sizes : mapping of str to int
        Length of each sequence [bp].
    model : str or Path, optional
        The scored model.

    Raises
    ------
    ConfigError
        If a part is asked for, and no split is known for the genome.
    InputError
        If the BED file is not one, or leaves the genome.
    """
    circular = [contig.name for contig in genome if contig.circular] if genome else []
    split = find_split(genome, wanted.split_of or model) if genome else Split(())
    notes: tuple[str, ...] = ()
    if region is None and wanted.regions is None and genome and model and not wanted.split_of:
        region, notes = _default_region(genome, split)
    region = region or "valid"
    if wanted.regions is not None:
        label, stretches = wanted.regions.name, bed_stretches(wanted.regions, sizes, circular, wanted.renames)
    elif region == "all":
        label, stretches = "all", whole_stretches(sizes)
    elif genome is None:
        raise ConfigError(
            f"the region {region!r} of a genome that is not known: say --region all, or name its sequences with "
            "--genome, or the bases with --regions BED"
        )
    else:
        label, stretches = region, part_stretches(genome, split, region)
    return Scope(label, tuple(stretches), sizes, _test_bases(stretches, genome, split), split, notes)


def _default_region(genome: Genome, split: Split) -> tuple[str, tuple[str, ...]]:
    """Return which bases of a genome a model is scored on if nobody says, and a note if it is not the validation part.

    Of a model without any split nobody knows what it was trained on: there the user has to say it.
    """
    if not split.regions or any(split.regions_of(contig) for contig in genome):
        return "valid", ()
    return "all", (f"the model has no split of the genome {genome.name}: all of it is scored (--region all)",)


def _test_bases(stretches: Collection[Interval], genome: Genome | None, split: Split) -> int:
    if genome is None:
        return 0
    tests = [(contig.name, region) for contig in genome for region in split.regions_of(contig, "test")]
    return sum(
        max(0, min(stretch.end, region.end + turn) - max(stretch.start, region.start + turn))
        for stretch in stretches
        for chrom, region in tests
        if chrom == stretch.chrom
        for turn in (0, genome.chrom_sizes[chrom])
    )
