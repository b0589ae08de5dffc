"""Which genome a model is set to: the one that is scored, or the one that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tracktools.config import ConditionedConfig
from tracktools.descriptor import LEAST_DESCRIBED_BP, Descriptor
from tracktools.errors import ConfigError, InputError, TracktoolsError
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, set_to_genome
from tracktools.tracks import PROVENANCE_FILE, read_provenance


def set_to_host(model: Checkpoint, genome: Genome, host: Genome | Descriptor | None = None) -> Checkpoint:
    """Return the model set to a genome; a model that takes no descriptor as it is.

    Parameters
    ----------
    model : Checkpoint
    genome : Genome
        What is scored: all of it counts, whatever shard or regions are computed.
    host : Genome or Descriptor, optional
        The genome that `genome` belongs to, where that is a part of it, such as a plasmid. Without one, a genome of
        fewer than `LEAST_DESCRIBED_BP` bases is taken to be like the main genome of the training.

    Raises
    ------
    ConfigError
        If a host is named that is too small to describe, or for a model that takes none.
    """
    if not isinstance(model.config, ConditionedConfig):
        if host is not None and model.descriptor is None:
            problem = f"the model {model.metadata.name} takes no descriptor of a genome"
            raise ConfigError(f"{problem}: leave out --descriptor-of (host=), or choose another model")
        return model
    if host is None and genome.described_bp < LEAST_DESCRIBED_BP:
        known = Descriptor.from_record(model.metadata.golden["descriptor"])
        return set_to_genome(model, replace(known, bp=genome.described_bp))
    if host is None:
        return set_to_genome(model, genome.descriptor)
    given = host if isinstance(host, Descriptor) else host.descriptor
    return set_to_genome(model, Descriptor(given.gc, given.dinucleotides))  # its size is the user's business


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
