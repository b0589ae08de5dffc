"""Outputs appear complete or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.errors import OutputError

_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield the path ``<name>.partial`` to write to; rename it to `path` at the end, or remove it after a fault.

    Parameters
    ----------
    path : Path
        Where the finished file shall be; an older file there stays until it is replaced.

    Raises
    ------
    OutputError
        If the folder of `path` does not exist or cannot be written, `path` is a folder, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(Path(folder, "a.txt")) as partial:
    ...         _ = partial.write_text("whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        if not path.parent.is_dir():
            raise OutputError("cannot be written: its folder does not exist", path=path, mend=f"create {path.parent}")
        if path.is_dir():
            raise OutputError("cannot be written: a folder has that name", path=path, mend="name a file")
        partial.touch()
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno not in _DISK_FAULTS:
            raise
        raise OutputError(
            f"cannot be written: {error.strerror}", path=path, mend="make room, or write elsewhere"
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file so that after a power loss it is whole or absent: written aside, synced, renamed, folder synced.

    Raises
    ------
    OSError
        If the disk is full or refuses; `path` is as it was.
    """
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
