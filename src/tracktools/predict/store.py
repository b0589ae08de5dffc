"""Finished blocks on disk: what lets a killed run continue where it stopped, and what shards are made of.

``blocks/NNNNNN.f32`` has the values of one block, ``blocks.sha256`` the checksum of each, as ``sha256sum`` writes and
checks them. A block appears complete or not at all (written aside, synced, renamed); one without its checksum, or with
another one, is as if it were not there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.errors import InputError, OutputError
from tracktools.formats.atomic import write_synced
from tracktools.formats.input_file import open_seekable

KEEPS = ("blocks/*.f32", "blocks.sha256")  # what a run keeps for the next one
_CHECKSUMS = "blocks.sha256"
_LINE = re.compile(r"([0-9a-f]{64})  blocks/([0-9]{6,})\.f32")
_VALUE_BYTES = 4

log = logging.getLogger(__name__)


class BlockFolder:
    """Finished blocks in a folder: of an unfinished run, or of a shard.

    Parameters
    ----------
    folder : Path
    planes : int
        Values of each position, one plane of a block after the other.
    """

    def __init__(self, folder: Path, planes: int = 1) -> None:
        self.folder, self.planes = folder, planes

    def path_of(self, block: Block) -> Path:
        """Return where the values of a block are."""
        return self.folder / "blocks" / f"{block.index:06d}.f32"

    @cached_property
    def _checksums(self) -> dict[int, str]:
        try:
            with open_seekable(self.folder / _CHECKSUMS) as file:
                text = file.read().decode("ascii", errors="replace")
        except InputError:
            return {}
        lines = (_LINE.fullmatch(line) for line in text.splitlines())  # a line cut short by a power loss is none
        return {int(line[2]): line[1] for line in lines if line is not None}

    def check(self, blocks: Iterable[Block], hint: str) -> None:
        """Refuse a folder in which a block is missing or is not as it was written; names the first."""
        for block in blocks:
            self._read(block, hint)

    def load(self, block: Block, hint: str = "run the same command again: it computes this block again") -> Float32:
        """Return the values of a finished block, shape (planes * len(block),).

        Raises
        ------
        InputError
            If it is not as it was written, or a value is no model output: 0 to 1, or NaN where there is none.
        """
        values = np.frombuffer(self._read(block, hint), dtype="<f4").astype(np.float32, copy=False)
        outside = np.flatnonzero((values < 0) | (values > 1))
        if len(outside):
            value = float(values[outside[0]])
            problem = f"value {outside[0] + 1} is {value:g}, and model output is 0 to 1"
            raise InputError(problem, path=self.path_of(block), value=value, hint=hint)
        return values

    def _read(self, block: Block, hint: str) -> bytes:
        path = self.path_of(block)
        if not os.path.lexists(path):
            raise InputError(f"is not complete: {path.name} is missing", path=self.folder, hint=hint)
        size = _VALUE_BYTES * self.planes * len(block)
        with open_seekable(path) as file:
            data = file.read(size + 1)
        if len(data) != size:
            raise InputError(f"is cut short, or too long: {path.stat().st_size:,} bytes", path=path, hint=hint)
        if block.index not in self._checksums:
            raise InputError(f"has no checksum in {_CHECKSUMS}", path=path, hint=hint)
        if hashlib.sha256(data).hexdigest() != self._checksums[block.index]:
            raise InputError("was changed since it was computed: its checksum is another", path=path, hint=hint)
        return data


class BlockStore(BlockFolder):
    """The blocks of a run, while it works in a folder (`Run.folder`)."""

    def missing(self, blocks: Iterable[Block]) -> list[Block]:
        """Return the blocks to compute: missing, or changed since they were written, which is logged."""
        todo = []
        for block in blocks:
            try:
                self.load(block)
            except InputError as error:
                todo.append(block)
                if self.path_of(block).exists():
                    log.warning("warning: %s: %s; it is computed again", self.path_of(block), error.problem)
        return todo

    def save(self, block: Block, values: Float32) -> None:
        """Keep the values of a block, shape (len(block),) or (planes, len(block)), pieces one after the other."""
        data, path = values.astype("<f4").tobytes(), self.path_of(block)
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            path.parent.mkdir(exist_ok=True)
            write_synced(path, data)
            with (self.folder / _CHECKSUMS).open("a+b") as file:
                if file.seek(0, os.SEEK_END) and _last_byte(file.fileno()) != b"\n":
                    file.write(b"\n")  # after a line that a power loss cut short
                file.write(f"{sha256}  blocks/{path.name}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            hint = "make room; the same command then continues"
            raise OutputError(f"cannot be written: {error.strerror}", path=path, hint=hint) from None
        self._checksums[block.index] = sha256

    def copy_to(self, folder: Path, blocks: Iterable[Block]) -> None:
        """Put finished blocks, and their checksums in order, into another folder on the same disk."""
        (folder / "blocks").mkdir()
        lines = []
        for block in blocks:
            self._read(block, "run the same command again: it computes this block again")
            path = self.path_of(block)
            try:
                os.link(path, folder / "blocks" / path.name)
            except OSError:  # a file system without links
                shutil.copyfile(path, folder / "blocks" / path.name)
            lines.append(f"{self._checksums[block.index]}  blocks/{path.name}\n")
        (folder / _CHECKSUMS).write_text("".join(lines), encoding="ascii")


def _last_byte(descriptor: int) -> bytes:
    return os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1)
