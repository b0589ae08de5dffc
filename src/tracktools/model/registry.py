"""The models that ship with tracktools, by name."""

from __future__ import annotations

from pathlib import Path

from tracktools.model.checkpoint import Checkpoint, load_checkpoint
from tracktools.model.files import ATTENTIVE_MODEL, DEFAULT_MODEL, USES, find_model, shipped_models

__all__ = ["ATTENTIVE_MODEL", "DEFAULT_MODEL", "USES", "as_model", "load_model", "shipped_models"]


def as_model(model: Checkpoint | str | Path | None, default: str = DEFAULT_MODEL) -> Checkpoint:
    """Return a model: as it is given, or loaded by its name or path; without any, the default."""
    return model if isinstance(model, Checkpoint) else load_model(default if model is None else model)


def load_model(name: str | Path = DEFAULT_MODEL) -> Checkpoint:
    """Load a model by its shipped name or from a checkpoint file.

    Parameters
    ----------
    name : str or Path
        A name from `shipped_models`, or the path of a ``.safetensors`` file.

    Raises
    ------
    ConfigError
        If there is neither such a model nor such a file.
    CheckpointError
        If the file is not a whole tracktools checkpoint.

    Examples
    --------
    >>> load_model().metadata.name
    'bacteria-tss'
    """
    return load_checkpoint(find_model(name))
