"""Outputs appear complete or not at all, and nobody else's file is written or removed on the way.

What is written has a name of its own, ``.<16 hexadecimal digits>.partial``, made anew each time: no file of the user's
can have it, and a symbolic link is never written through.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracktools.errors import OutputError

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_IN_WORKSPACE = ".partial/result/"  # see `tracktools.run.workspace`
_PARTIAL_NAME = re.compile(r"\.[0-9a-f]{16}\.partial")


def is_partial_name(name: str) -> bool:
    """Return whether a file has the name of an unfinished one: a killed run leaves it, the next may remove it."""
    return _PARTIAL_NAME.fullmatch(name) is not None


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield the path of a new file in the same folder to write to; rename it to `path` at the end, or remove it.

    Parameters
    ----------
    path : Path
        Where the finished file will be; an older file there stays until it is replaced.

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
    try:
        if not path.parent.is_dir():
            raise OutputError("cannot be written: its folder does not exist", path=path, hint=f"create {path.parent}")
        if path.is_dir():
            raise OutputError("cannot be written: a folder has that name", path=path, hint="name a file")
        partial = _new_file(path)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise OutputError(
            f"cannot be written: {error.strerror}", path=path, hint="make room, or write elsewhere"
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def _new_file(path: Path) -> Path:
    """Make an empty file next to `path` that was not there before."""
    with suppress(FileNotFoundError):
        path.lstat()  # a name that is too long is an error now, and not when the work is done
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666))
    return partial


def write_synced(path: Path, data: bytes) -> None:
    """Write a file so that after a power loss it is whole or absent: written aside, synced, renamed, folder synced.

    Raises
    ------
    OSError
        If the disk is full or refuses; `path` is as it was.
    """
    partial = _new_file(path)
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def final_path(text: str) -> str:
    """Return a text in which files of an unfinished run are named as they will be when it is published.

    Steps of one run read each other's results before they are published; messages and provenance should still
    name these correctly afterwards.

    Examples
    --------
    >>> final_path("read demo.partial/result/genes/genes.bed")
    'read demo/genes/genes.bed'
    """
    return text.replace(_IN_WORKSPACE, "/")
