"""Folders of results appear complete or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.errors import OutputError


@contextmanager
def atomic_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield the folder ``<name>.partial`` to write in; rename it to `path` at the end, or remove it after a fault.

    Parameters
    ----------
    path : Path
        Where the finished folder shall be; parents are made.
    force : bool
        Replace a folder that already holds files.

    Raises
    ------
    OutputError
        If `path` is a file, or holds files and `force` is not set, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with atomic_folder(Path(home, "set")) as partial:
    ...         _ = partial.joinpath("a.bed").write_text("")
    ...     [file.name for file in Path(home, "set").iterdir()]
    ['a.bed']
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise OutputError("is a file, and a folder is to be written there", path=path, mend="name another folder")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise OutputError("holds files already", path=path, mend="name another folder, or replace it with --force")
    partial = path.with_name(path.name + ".partial")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
