"""Weights and states of an unfinished training on disk, each with its checksum in front."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from tracktools.errors import InputError
from tracktools.formats.atomic import write_synced
from tracktools.formats.input_file import open_seekable

_DIGEST_BYTES = 32


def save_state(path: Path, state: object) -> None:
    """Write tensors and plain values; the file appears whole or not at all.

    Raises
    ------
    OSError
        If the disk is full or refuses.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    write_synced(path, hashlib.sha256(data).digest() + data)


def load_state(path: Path) -> Any:
    """Return what `save_state` wrote.

    Raises
    ------
    InputError
        If the file is not as it was written.
    """
    hint = "--restart drops the unfinished training"
    with open_seekable(path) as file:
        data = file.read()
    if hashlib.sha256(data[_DIGEST_BYTES:]).digest() != data[:_DIGEST_BYTES]:
        raise InputError("was changed since the training wrote it", path=path, hint=hint)
    return torch.load(io.BytesIO(data[_DIGEST_BYTES:]), weights_only=True)
