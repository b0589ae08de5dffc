"""Which part of a genome trains, which validates, and which is held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tracktools.bundle import load_bundle
from tracktools.config import ModelConfig, NetworkConfig
from tracktools.errors import ConfigError
from tracktools.genome import Genome, as_genome
from tracktools.splits import Split, draw_split, paper_split, read_split


def receptive_field_bp(network: NetworkConfig) -> int:
    """Return the bases between a window of training and another part: how far a network sees around a TSS."""
    return network.halo_upstream_bp + network.halo_downstream_bp + network.label_shift_bp


def choose_split(
    genome: Genome | Path | str,
    *,
    bed: Path | str | None = None,
    fractions: Sequence[float] | None = None,
    seed: int = 0,
    network: NetworkConfig | None = None,
    renames: Mapping[str, str] | None = None,
) -> Split:
    """Return the split that a user asks for; for NC_000913.3, that of the paper by default.

    Parameters
    ----------
    genome : Genome, Path or str
        From `load_genome`, or the file.
    bed : Path or str, optional
        BED file whose name column says train, valid or test (`read_split`).
    fractions : sequence of float, optional
        Shares of train, valid and test (`draw_split`).
    seed : int
        Of the random blocks that `fractions` asks for.
    network : ModelConfig, optional
        Its receptive field is the least length of a border.
    renames : mapping of str to str, optional
        Name of a sequence in the BED file to its name in the genome.

    Raises
    ------
    ConfigError
        If both are given; if neither is, and the genome is not NC_000913.3.
    InputError
        If the BED file is not such a file of this genome.
    """
    if bed is not None and fractions is not None:
        raise ConfigError("--split and --fractions are two ways to say one thing: give one of them")
    genome = as_genome(genome)
    if bed is not None:
        return read_split(Path(bed), genome, renames)
    if fractions is not None:
        return draw_split(genome, fractions, seed=seed, gap_bp=receptive_field_bp(network or ModelConfig()))
    embedded = load_bundle().load_genome().contigs[0].sequence_sha256
    for contig in genome:
        if contig.sequence_sha256 == embedded:
            return paper_split(contig)
    hint = "name its parts with --split BED, or draw them with --fractions 0.7,0.1,0.2"
    raise ConfigError(f"no split is known for {genome.name}: {hint}")
