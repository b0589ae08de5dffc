"""The models that ship with tracktools, by name."""

from __future__ import annotations

from pathlib import Path

from tracktools.model.checkpoint import Checkpoint, load_checkpoint
from tracktools.model.files import ATTENTIVE_MODEL, DEFAULT_MODEL, USES, find_model, shipped_models

__all__ = ["ATTENTIVE_MODEL", "DEFAULT_MODEL", "USES", "as_model", "shipped_models"]


def as_model(model: Checkpoint | str | Path | None = None, default: str = DEFAULT_MODEL) -> Checkpoint:
    """Return a model: as it is given, or loaded by its shipped name or from its file; without any, the default.

    Raises
    ------
    ConfigError
        If there is neither such a model nor such a file.
    CheckpointError
        If the file is not a whole tracktools checkpoint.
    """
    return model if isinstance(model, Checkpoint) else load_checkpoint(find_model(default if model is None else model))
