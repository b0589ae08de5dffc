"""Finished blocks on disk: what lets a killed run continue where it stopped, and what shards are made of.

Work goes on in ``DIR.partial/``: ``manifest.json`` says what is computed, ``blocks/`` holds one array a finished block,
``lock`` keeps a second run out. A block appears complete or not at all (written aside, synced, renamed), and never
before the manifest that it belongs to.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tracktools.blocks import Block
from tracktools.errors import InputError, OutputError
from tracktools.formats.atomic import sync_path, write_synced
from tracktools.formats.lock import lock_file
from tracktools.predict.manifest import difference

MANIFEST = "manifest.json"
LOCK = "lock"
_VALUE_BYTES = 4

log = logging.getLogger(__name__)


class BlockFolder:
    """Finished blocks in a folder: of an unfinished run, or of a shard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blocks = folder / "blocks"

    def _path(self, block: Block) -> Path:
        return self._blocks / f"{block.index:06d}.f32"

    def __contains__(self, block: Block) -> bool:
        return self._path(block).exists()

    def check(self, blocks: Iterable[Block]) -> None:
        """Refuse a folder that lacks one of some blocks, or has it cut short."""
        for block in blocks:
            path = self._path(block)
            if not path.is_file():
                raise InputError(f"is not complete: {path.name} is missing", path=self.folder, mend="compute it again")
            if path.stat().st_size != _VALUE_BYTES * len(block):
                raise InputError("is cut short", path=path, mend="copy the shard again, or compute it again")

    def load(self, block: Block) -> npt.NDArray[np.float32]:
        """Return the values of a finished block."""
        path = self._path(block)
        try:
            values = np.fromfile(path, dtype="<f4").astype(np.float32, copy=False)
        except OSError as error:
            raise OutputError(f"cannot be read: {error.strerror}", path=path) from None
        if len(values) != len(block):
            raise OutputError("a stored block is cut short", path=path, mend="delete it and run again")
        return values


class BlockStore(BlockFolder):
    """The folder ``DIR.partial`` of one run, while it works there.

    Parameters
    ----------
    output : Path
        The folder ``DIR`` that the run shall make.
    identity : mapping
        What the blocks depend on (`Manifest.to_record`); a folder made with another is not continued.
    restart : bool
        Drop what an earlier run left, instead of continuing it.

    Raises
    ------
    OutputError
        If the folder cannot be made, another run is working in it, or an earlier run had another identity.
    """

    def __init__(self, output: Path, identity: Mapping[str, Any], *, restart: bool = False) -> None:
        super().__init__(partial_of(output))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock_file(self.folder / LOCK)
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", path=self.folder) from None
        try:
            if restart:
                shutil.rmtree(self._blocks, ignore_errors=True)
                (self.folder / MANIFEST).unlink(missing_ok=True)
            self._check_identity(identity)
            self._blocks.mkdir(exist_ok=True)
            sync_path(self.folder)
            sync_path(self.folder.parent)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _check_identity(self, identity: Mapping[str, Any]) -> None:
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            if self._blocks.exists():  # whose, nobody knows
                shutil.rmtree(self._blocks)
            _write(manifest, (json.dumps(identity, indent=1) + "\n").encode())
            return
        try:
            found = json.loads(manifest.read_text())
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise OutputError("its manifest is damaged", path=self.folder, mend="--restart drops it")
        if differs := difference(found, json.loads(json.dumps(identity))):
            name, was, now = differs
            mend = "--restart drops it, or choose another output"
            problem = f"an unfinished run with other inputs: {name} was {was} and is now {now}"
            raise OutputError(problem, path=self.folder, mend=mend)

    def save(self, block: Block, values: npt.NDArray[np.float32]) -> None:
        """Keep the values of a block, shape (len(block),), pieces one after the other."""
        _write(self._path(block), values.astype("<f4").tobytes())

    def published(self, output: Path) -> None:
        """Let go of a folder that was moved to its place as it is; its lock goes last: it says that it was moved."""
        (output / LOCK).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let another run use the folder; what it holds stays."""
        self._lock.close()

    def abandon(self) -> None:
        """Delete the folder if no block is in it yet, and let go of it if there is one."""
        if any(self._blocks.iterdir()):
            self.close()
        else:
            self.remove()

    def remove(self) -> None:
        """Delete the folder, its manifest last: until then it says which run was here."""
        shutil.rmtree(self._blocks, ignore_errors=True)
        for name in (MANIFEST, LOCK):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder)
        self.close()


def partial_of(output: Path) -> Path:
    """Return the folder in which the work on an output goes on."""
    return output.with_name(output.name + ".partial")


def _write(path: Path, data: bytes) -> None:
    try:
        write_synced(path, data)
    except OSError as error:
        mend = "make room; the same command then continues"
        raise OutputError(f"cannot be written: {error.strerror}", path=path, mend=mend) from None
