"""A network as arrays: what engines that are not torch read. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tracktools.config import NetworkConfig

if TYPE_CHECKING:
    from tracktools.model.networks import Network


@dataclass(frozen=True, eq=False)
class Parameters:
    """Architecture and weights of a network.

    Parameters
    ----------
    config : ModelConfig or DilatedConfig
        The architecture.
    arrays : mapping of str to ndarray
        Weights under the names, and of the shapes, of the parameters of the torch module.
    """

    config: NetworkConfig
    arrays: Mapping[str, npt.NDArray[np.float32]]

    @cached_property
    def sha256(self) -> str:
        """Digest of architecture and weights."""
        digest = hashlib.sha256(repr(self.config).encode())
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        return digest.hexdigest()


def parameters_of(network: Network) -> Parameters:
    """Return a copy of the weights of a torch network."""
    arrays = {name: tensor.detach().cpu().float().numpy().copy() for name, tensor in network.state_dict().items()}
    return Parameters(network.config, arrays)
