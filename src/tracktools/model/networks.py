"""The networks that tracktools knows; their names and configurations stand in `tracktools.config`."""

from __future__ import annotations

from tracktools.config import ConditionedConfig, DilatedConfig, NetworkConfig
from tracktools.model.conditioned import Conditioned
from tracktools.model.dilated import Dilated
from tracktools.model.transformer import Transformer

Network = Transformer | Dilated


def make_network(config: NetworkConfig) -> Network:
    """Return a fresh network of an architecture."""
    if isinstance(config, ConditionedConfig):
        return Conditioned(config)
    return Dilated(config) if isinstance(config, DilatedConfig) else Transformer(config)
