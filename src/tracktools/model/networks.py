"""The networks that tracktools knows, by the name that checkpoints give them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from tracktools.config import ARCHITECTURES, DilatedConfig, NetworkConfig
from tracktools.model.dilated import Dilated
from tracktools.model.transformer import Transformer

Network = Transformer | Dilated


def make_network(config: NetworkConfig) -> Network:
    """Return a fresh network of an architecture."""
    return Dilated(config) if isinstance(config, DilatedConfig) else Transformer(config)


def architecture_of(config: NetworkConfig) -> str:
    """Return the name of the architecture that a configuration is of."""
    return next(name for name, kind in ARCHITECTURES.items() if isinstance(config, kind))


def read_config(architecture: str, values: dict[str, Any]) -> NetworkConfig:
    """Return the configuration that a checkpoint's header holds; lists, as JSON has them, become tuples.

    Raises
    ------
    KeyError, TypeError
        If the architecture is not known, or a value is missing or has no such name.
    """
    kind = ARCHITECTURES[architecture]
    names = {item.name for item in fields(kind)}
    if names != set(values):
        raise TypeError(f"settings {sorted(values)}, expected {sorted(names)}")
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return kind(**settings)
