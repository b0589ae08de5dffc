"""A folder that appears complete or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.errors import OutputError


@contextmanager
def atomic_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield the folder ``<name>.partial`` to fill; rename it to `path` at the end, or remove it after a fault.

    Parameters
    ----------
    path : Path
        Where the finished folder shall be.
    force : bool
        Whether to replace a folder that is there and not empty.

    Raises
    ------
    OutputError
        If `path` is a file, or a folder that is not empty without `force`, or cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise OutputError("is a file", path=path, mend="name a folder")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise OutputError("is not empty", path=path, mend="name another folder, or pass --force to replace it")
    partial = path.with_name(path.name + ".partial")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path, mend="name another folder") from None
    try:
        yield partial
        _replace(partial, path)
    except OSError as error:
        if error.filename and not str(error.filename).startswith(str(partial)):
            raise
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _replace(partial: Path, path: Path) -> None:
    """Rename; an older folder is moved aside first, so that there is never half of one."""
    if not path.exists():
        partial.rename(path)
        return
    old = path.with_name(path.name + ".replaced")
    path.rename(old)
    partial.rename(path)
    shutil.rmtree(old)
