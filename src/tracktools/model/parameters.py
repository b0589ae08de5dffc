"""A network as arrays: what engines that are not torch read. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float32
from tracktools.concise import concise
from tracktools.config import ConditionedConfig, DilatedConfig, ModelConfig, NetworkConfig

N_LETTERS = 4

Shapes = dict[str, tuple[int, ...]]


class TorchModule(Protocol):
    """A network in torch, as far as its weights are read."""

    @property
    def config(self) -> Any:
        """The architecture, a `NetworkConfig`."""

    def state_dict(self) -> Mapping[str, Any]:
        """Return the tensors by name."""


@concise
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
    arrays: Mapping[str, Float32]

    @cached_property
    def sha256(self) -> str:
        """Digest of architecture and weights."""
        digest = hashlib.sha256(repr(self.config).encode())
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        return digest.hexdigest()


def parameters_of(network: TorchModule) -> Parameters:
    """Return a copy of the weights of a torch network."""
    arrays = {name: tensor.detach().cpu().float().numpy().copy() for name, tensor in network.state_dict().items()}
    return Parameters(network.config, arrays)


def check_shapes(config: NetworkConfig, arrays: Mapping[str, Float32]) -> None:
    """Check that arrays are the weights of an architecture.

    Raises
    ------
    ValueError
        If one is missing, has another shape, or does not belong to it.
    """
    expected = shapes_of(config)
    for name in dict.fromkeys([*expected, *arrays]):
        found = arrays[name].shape if name in arrays else "missing"
        wanted = expected.get(name, "not a part of it")
        if found != wanted:
            raise ValueError(f"{name} is {found}, for this architecture {wanted}")


def shapes_of(config: NetworkConfig) -> Shapes:
    """Return names and shapes of the weights of an architecture, as the torch module has them."""
    return _transformer_shapes(config) if isinstance(config, ModelConfig) else _dilated_shapes(config)


def _transformer_shapes(config: ModelConfig) -> Shapes:
    H, K, D = config.n_heads, config.d_head, config.d_model
    shapes: Shapes = {"embedding": (N_LETTERS, D), "content_bias": (H, K), "position_bias": (H, K)}
    for n in range(config.n_layers):
        own: Shapes = {"qkv.weight": (3 * H * K, D), "relative.weight": (H * K, D), "out.weight": (D, H * K)}
        own |= {f"conv_{name}.weight": (K, K, config.conv_width_bp) for name in "qkv"}
        own |= {f"conv_{name}.bias": (K,) for name in "qkv"}
        own |= {"norm.weight": (D,), "norm.bias": (D,)}
        shapes |= {f"layers.{n}.{name}": shape for name, shape in own.items()}
    return shapes | {"output.weight": (2, D), "output.bias": (2,)}


def _dilated_shapes(config: DilatedConfig) -> Shapes:
    M, C, D = config.n_members, config.n_channels, config.d_model
    shapes: Shapes = {"stem.weight": (D, N_LETTERS, config.stem_width_bp), "stem.bias": (D,)}
    for n in range(len(config.dilations_bp)):
        own: Shapes = {"conv.weight": (D, C, config.conv_width_bp), "mix.weight": (D, C, 1)}
        shapes |= {f"layers.{n}.{name}": shape for name, shape in (own | {"conv.bias": (D,), "mix.bias": (D,)}).items()}
    shapes |= {"output.weight": (2, D), "output.bias": (2,)}
    if isinstance(config, ConditionedConfig):
        H = config.n_hidden
        shapes |= {"read.weight": (M * H, config.n_features), "read.bias": (M * H,)}
        shapes |= {"modulation": (len(config.dilations_bp) + 1, 2, D, H), "output_shift": (M, H)}
    return shapes


def letters_axis(config: NetworkConfig) -> tuple[str, int]:
    """Return the array and the axis of it that follow the alphabet's order."""
    return ("embedding", 0) if isinstance(config, ModelConfig) else ("stem.weight", 1)


def some_members(parameters: Parameters, members: Sequence[int]) -> Parameters:
    """Return the network of some members of a convolutional one, by number from 0: the mean of their log-odds alone.

    The bias of the output is that of all members, and stays: it must be the same for each.
    """
    config = parameters.config
    assert isinstance(config, DilatedConfig)
    total = config.n_members
    kept: dict[str, Float32] = {}
    for name, array in parameters.arrays.items():
        if name == "output.bias":
            kept[name] = array
            continue
        axis = {"output.weight": 1, "modulation": 2}.get(name, 0)  # along which members follow each other
        parts = np.split(array, total, axis=axis)
        scale = total / len(members) if name in ("output.weight", "output_shift") else 1.0
        kept[name] = (np.concatenate([parts[n] for n in members], axis=axis) * scale).astype(np.float32)
    return Parameters(replace(config, n_members=len(members)), kept)


def condition_parameters(parameters: Parameters, features: npt.ArrayLike) -> Parameters:
    """Return the plain network that a conditioned one becomes for a genome of these features (`Conditioned.condition`).

    Sums are made in float64 and rounded once.
    """
    config = parameters.config
    assert isinstance(config, ConditionedConfig)
    M, C, H, D = config.n_members, config.n_channels, config.n_hidden, config.d_model
    exact = {name: array.astype(np.float64) for name, array in parameters.arrays.items()}
    row = np.asarray(features, dtype=np.float64)
    hidden = np.tanh(exact["read.weight"] @ row + exact["read.bias"]).reshape(M, H)
    both = np.einsum("skmch,mh->skmc", exact["modulation"].reshape(-1, 2, M, C, H), hidden).reshape(-1, 2, D)
    for number, name in enumerate(["stem", *(f"layers.{n}.conv" for n in range(len(config.dilations_bp)))]):
        scale, shift = 1 + both[number, 0], both[number, 1]
        exact[f"{name}.weight"] *= scale[:, None, None]
        exact[f"{name}.bias"] = exact[f"{name}.bias"] * scale + shift
    exact["output.bias"][1] += (exact["output_shift"] * hidden).sum()
    plain = DilatedConfig(**{item.name: getattr(config, item.name) for item in fields(DilatedConfig)})
    return Parameters(plain, {name: exact[name].astype(np.float32) for name in shapes_of(plain)})
