"""Weights and states of an unfinished training on disk: safetensors with a JSON record in the header, never pickle.

The record contains the SHA-256 of the tensors and its own, so that a changed byte is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tracktools.errors import InputError
from tracktools.formats.atomic import write_synced
from tracktools.formats.input_file import open_seekable
from tracktools.formats.json_file import is_sealed, parse_json, sealed

_KEY = "tracktools_training"
_HINT = "--restart drops the unfinished training"


def save_state(path: Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write tensors by name, and plain values (JSON); the file appears whole or not at all.

    Raises
    ------
    OSError
        If the disk is full or refuses.
    """
    whole = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    record = sealed({"tensors_sha256": _tensors_sha256(whole), "values": dict(values)})
    write_synced(path, save(whole, metadata={_KEY: json.dumps(record)}))


def load_state(path: Path, hint: str = _HINT) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return what `save_state` wrote: the tensors and the values; `hint` is what to do about a changed file.

    Raises
    ------
    InputError
        If the file is not as it was written.
    """
    open_seekable(path).close()  # a folder, pipe or device is named as what it is
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY, "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no dict
        record = parse_json(text, path, fields={"values": dict})
    except (SafetensorError, ValueError, OSError, InputError):
        raise _changed(path, hint) from None
    if not is_sealed(record) or record.get("tensors_sha256") != _tensors_sha256(tensors):
        raise _changed(path, hint)
    return tensors, record["values"]


def _changed(path: Path, hint: str) -> InputError:
    return InputError("is not as a training wrote it", path=path, hint=hint)


def _tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
