"""Model files: which ship with tracktools, and what their headers say. Needs no torch."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from tracktools.errors import CheckpointError, ConfigError

DEFAULT_MODEL = "ecoli-tss-dilated"  # of predict, demo and the workflow
ATTENTIVE_MODEL = "ecoli-tss"  # of attention and motifs: it has heads to look into
USES = {  # of the shipped models, in a line each: which to take, and why
    "ecoli-tss-dilated": "default of predict, demo and the workflow: it finds TSS best, and is the fastest",
    "ecoli-tss": "default of attention: the transformer of the paper, whose heads can be looked into",
}
HEADER_KEY = "tracktools"
_SUFFIX = ".safetensors"
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def shipped_models() -> list[str]:
    """Return the names of the shipped models, sorted."""
    names = (file.name for file in (files("tracktools.model") / "weights").iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def find_model(name: str | Path = DEFAULT_MODEL) -> Path:
    """Return the file of a model, given by its shipped name or as a path.

    Raises
    ------
    ConfigError
        If there is neither such a model nor such a file.
    """
    if str(name) in shipped_models():
        return Path(str(files("tracktools.model"))) / "weights" / f"{name}{_SUFFIX}"
    if not Path(name).exists():
        shipped = ", ".join(shipped_models())
        raise ConfigError(f"no model {str(name)!r}: neither a file nor one of the shipped models ({shipped})")
    return Path(name)


def read_header(path: Path) -> dict[str, Any]:
    """Return what a checkpoint says of itself.

    Raises
    ------
    CheckpointError
        If the file is missing, a pickle, cut short, or of another tool.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror}", path=path) from None
    if start.startswith(_PICKLE_STARTS):
        raise CheckpointError("is a pickle, which can run any code", path=path, mend="only safetensors files are read")
    try:
        with safe_open(path, framework="np") as file:
            text = (file.metadata() or {}).get(HEADER_KEY)
        header = json.loads(text) if text else None
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(f"is not a whole safetensors file: {error}", path=path, mend="copy it again") from None
    if not isinstance(header, dict):
        raise CheckpointError("is a safetensors file without a tracktools header", path=path)
    return header
