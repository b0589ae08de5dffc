"""The models that ship with tracktools, by name."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from tracktools.errors import ConfigError
from tracktools.model.checkpoint import Checkpoint, load_checkpoint

DEFAULT_MODEL = "ecoli-tss"
_SUFFIX = ".safetensors"


def shipped_models() -> list[str]:
    """Return the names of the shipped models, sorted."""
    folder = files("tracktools.model") / "weights"
    return sorted(file.name.removesuffix(_SUFFIX) for file in folder.iterdir() if file.name.endswith(_SUFFIX))


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
    'ecoli-tss'
    """
    if str(name) in shipped_models():
        with as_file(files("tracktools.model") / "weights" / f"{name}{_SUFFIX}") as path:
            return load_checkpoint(path)
    if not Path(name).exists():
        shipped = ", ".join(shipped_models())
        raise ConfigError(f"no model {str(name)!r}: neither a file nor one of the shipped models ({shipped})")
    return load_checkpoint(Path(name))
