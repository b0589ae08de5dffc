"""The networks that tracktools knows; their names and configurations are in `tracktools.config`."""

from __future__ import annotations

import numpy as np
import torch

from tracktools.config import ConditionedConfig, DilatedConfig, NetworkConfig
from tracktools.model.conditioned import Conditioned
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import Parameters
from tracktools.model.transformer import Transformer

Network = Transformer | Dilated


def make_network(config: NetworkConfig) -> Network:
    """Return a fresh network of an architecture."""
    if isinstance(config, ConditionedConfig):
        return Conditioned(config)
    return Dilated(config) if isinstance(config, DilatedConfig) else Transformer(config)


def network_of(parameters: Parameters) -> Network:
    """Return the torch network of an architecture and its weights, in evaluation mode.

    Raises
    ------
    RuntimeError
        If names or shapes do not fit the architecture.
    """
    network = make_network(parameters.config)
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in parameters.arrays.items()})
    return network.eval()
