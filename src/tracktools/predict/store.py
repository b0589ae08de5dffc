"""Finished blocks on disk: what lets a killed run continue where it stopped.

Work goes on in ``DIR.partial/``: ``manifest.json`` says what is computed, ``blocks/`` holds one array a finished block,
``lock`` keeps a second run out. A block appears complete or not at all (written aside, synced, renamed).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from tracktools.engine.grid import Block
from tracktools.errors import OutputError

_MANIFEST = "manifest.json"
_SHOWN_CHARACTERS = 80  # of a value in a message: genomes may have thousands of circular contigs


class BlockStore:
    """The folder ``DIR.partial`` of one run.

    Parameters
    ----------
    output : Path
        The folder ``DIR`` that the run shall make.
    identity : mapping
        What the blocks depend on (genome, model, parameters, engine); a folder made with another is not continued.
    restart : bool
        Drop what an earlier run left, instead of continuing it.

    Raises
    ------
    OutputError
        If the folder cannot be made, another run is working in it, or an earlier run had another identity.
    """

    def __init__(self, output: Path, identity: Mapping[str, Any], *, restart: bool = False) -> None:
        self.folder = output.with_name(output.name + ".partial")
        self._blocks = self.folder / "blocks"
        try:
            self._blocks.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder / "lock", self.folder)
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", path=self.folder) from None
        try:
            if restart:
                shutil.rmtree(self._blocks)
                self._blocks.mkdir()
                (self.folder / _MANIFEST).unlink(missing_ok=True)
            self._check_identity(identity)
        except BaseException:
            self.close()
            raise

    def _check_identity(self, identity: Mapping[str, Any]) -> None:
        manifest = self.folder / _MANIFEST
        wanted = json.loads(json.dumps(identity))
        if not manifest.exists():
            _write_synced(manifest, (json.dumps(wanted, indent=2, sort_keys=True) + "\n").encode())
            return
        try:
            found = json.loads(manifest.read_text())
        except ValueError:
            raise OutputError("its manifest is damaged", path=self.folder, mend="--restart drops it") from None
        for key in sorted(wanted.keys() | found.keys()):
            if wanted.get(key) != found.get(key):
                difference = f"{key} was {_shown(found.get(key))} and is now {_shown(wanted.get(key))}"
                mend = "--restart drops it, or choose another output"
                raise OutputError(f"an unfinished run with other inputs: {difference}", path=self.folder, mend=mend)

    def _path(self, block: Block) -> Path:
        return self._blocks / f"{block.index:06d}.npy"

    def __contains__(self, block: Block) -> bool:
        return self._path(block).exists()

    def save(self, block: Block, values: npt.NDArray[np.float32]) -> None:
        """Keep the values of a block, shape (len(block),), pieces one after the other."""
        _write_synced(self._path(block), values.astype("<f4").tobytes())

    def load(self, block: Block) -> npt.NDArray[np.float32]:
        """Return the values of a finished block."""
        values = np.fromfile(self._path(block), dtype="<f4").astype(np.float32, copy=False)
        if len(values) != len(block):
            raise OutputError("a stored block is cut short", path=self._path(block), mend="delete it and run again")
        return values

    def close(self) -> None:
        """Let another run use the folder; what it holds stays."""
        self._lock.close()

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)
        self.close()


def _locked(path: Path, folder: Path) -> IO[str]:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OutputError(
            "another run is working here", path=folder, mend="wait for it, or choose another output"
        ) from None
    return file


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _write_synced(path: Path, data: bytes) -> None:
    """Write a file so that after a power loss it is whole or absent."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        mend = "make room; the same command then continues"
        raise OutputError(f"cannot be written: {error.strerror}", path=path, mend=mend) from None
