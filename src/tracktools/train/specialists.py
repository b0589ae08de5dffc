"""Members that serve one genome: networks of other models, set to that genome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracktools.config import ConditionedConfig, DilatedConfig
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome
from tracktools.model.conditioned import Conditioned, conditioned_from
from tracktools.model.dilated import Dilated, split_members
from tracktools.model.files import shipped_models
from tracktools.model.networks import network_of
from tracktools.model.parameters import condition_parameters, some_members
from tracktools.model.registry import as_model


@dataclass(frozen=True)
class Specialist:
    """A convolutional model, or one member of it, for one genome alone.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of a network that is set to a genome, or of a plain one.
    member : int, optional
        Which member, from 1; by default, all that serve the genome.
    """

    checkpoint: Checkpoint
    member: int | None = None

    @property
    def name(self) -> str:
        """What the model calls itself, and the member."""
        own = self.checkpoint.metadata.name
        return own if self.member is None else f"{own}:{self.member}"

    def networks(self, genome: Genome, like: Conditioned) -> list[Conditioned]:
        """Return its members, each a network that is the same for every genome: what it is when set to `genome`.

        Parameters
        ----------
        genome : Genome
        like : Conditioned
            Of which channels, widths and dilations they must be.

        Raises
        ------
        ConfigError
            If the model is no convolutional one, has other channels, or has no such member.
        """
        plain = self._plain(genome)
        config = replace(like.config, n_members=1)
        try:
            members = [conditioned_from(member, config) for member in split_members(plain)]
        except ValueError:
            raise ConfigError(
                f"{self.name} has other channels, widths or dilations than the models to average"
            ) from None
        for member in members:  # what reads the descriptor starts random, and is not used: the same file each time
            member.read.weight.data.zero_()
            member.read.bias.data.zero_()
        return members

    def _plain(self, genome: Genome) -> Dilated:
        config = self.checkpoint.config
        if not isinstance(config, DilatedConfig):
            raise ConfigError(f"{self.name} cannot be a specialist: a convolutional model is needed")
        if self.member is None:
            network = set_to_genome(self.checkpoint, genome.descriptor).model
        else:
            if not 1 <= self.member <= config.n_members:
                raise ConfigError(f"{self.name}: the model has members 1 to {config.n_members}")
            parameters = some_members(self.checkpoint.parameters, [self.member - 1])
            if isinstance(config, ConditionedConfig):
                features = reference_of(self.checkpoint).features(genome.descriptor)
                parameters = condition_parameters(parameters, features)
            network = network_of(parameters)
        assert isinstance(network, Dilated)
        return network


def read_specialist(text: str) -> Specialist:
    """Return the specialist of a command line: a shipped model or a file, then ``:N`` for member N of it.

    Raises
    ------
    ConfigError
        If there is no such model.
    """
    model, _, number = text.rpartition(":")
    if text not in shipped_models() and model and number.isdecimal() and not Path(text).exists():
        return Specialist(as_model(model), int(number))
    return Specialist(as_model(text))


def learnt_from(checkpoints: Sequence[Checkpoint]) -> Iterator[dict[str, Any]]:
    """Yield what models learnt from, every set once."""
    seen = set()
    for checkpoint in checkpoints:
        for record in checkpoint.metadata.training_data:
            key = record.get("sha256") or (record.get("name"), record.get("species"))
            if key not in seen:
                seen.add(key)
                yield record
