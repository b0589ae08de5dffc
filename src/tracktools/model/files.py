"""Model files: which ship with tracktools, and what their headers say. Needs no torch."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from types import NoneType
from typing import Any

from safetensors import SafetensorError, safe_open

from tracktools.errors import CheckpointError, ConfigError, InputError
from tracktools.formats.input_file import open_seekable
from tracktools.formats.json_file import parse_json

DEFAULT_MODEL = "bacteria-tss"  # of predict, demo and the workflow
ATTENTIVE_MODEL = "ecoli-tss"  # of attention and motifs: it has heads to look into
USES = {  # of the shipped models, in a line each: which to take, and why
    "bacteria-tss": "default of predict, demo, the workflow and adapt: it is set to any bacterial genome",
    "ecoli-tss-dilated": "E. coli alone, a plain network: the training of bacteria-tss began from it",
    "ecoli-tss": "default of attention: the transformer of the paper, whose heads can be looked into",
}
HEADER_KEY = "tracktools"
_FIELDS: dict[str, type | tuple[type, ...]] = {  # of the header, and what kind of value each has
    **dict.fromkeys(("architecture", "alphabet", "name", "description", "species"), str),
    **dict.fromkeys(("config", "genome", "recipe", "metrics", "golden"), dict),
    **dict.fromkeys(("training_data", "split"), list),
    **dict.fromkeys(("calibration", "reference", "gene_context", "expected_precision"), (dict, NoneType)),
    "call_threshold": (int, float, NoneType),
    "call_threshold_interval": (list, NoneType),
}
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
        with open_seekable(path) as file:
            start = file.read(4)
    except InputError as error:
        raise CheckpointError(error.problem, path=path, hint=error.hint) from None
    if start.startswith(_PICKLE_STARTS):
        raise CheckpointError("is a pickle, which can run any code", path=path, hint="only safetensors files are read")
    try:
        with safe_open(path, framework="np") as file:
            text = (file.metadata() or {}).get(HEADER_KEY)
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(f"is not a whole safetensors file: {error}", path=path, hint="copy it again") from None
    if not text:
        raise CheckpointError("is a safetensors file without a tracktools header", path=path)
    try:
        header = parse_json(text, path, fields=_FIELDS)
    except InputError as error:
        raise CheckpointError(f"its header {error.problem}", path=path) from None
    if header.get("call_threshold") != header.get("call_threshold"):  # nan: older versions, for a network that finds
        header |= {"call_threshold": None, "call_threshold_interval": None}  # nothing
    return header
