"""Folders of results appear complete or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.errors import OutputError
from tracktools.formats.atomic import sync_path

_OURS = ("provenance.json", "tracks.tsv", "hub.txt")  # a folder with none of these is not replaced


def check_output_folder(path: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> Path:
    """Refuse an output folder whose making would lose something.

    Parameters
    ----------
    path : Path
        Where a folder of results shall be.
    force : bool
        Replace a folder that holds results of tracktools.
    inputs : iterable of Path
        What the results are made from: a folder that holds any of them is never replaced.

    Returns
    -------
    Path
        `path`, or where it leads if it is a symbolic link.

    Raises
    ------
    OutputError
        If `path` is a file, the current folder or above it, or holds files and `force` is not set; with `force`, if it
        holds an input, or files but no results of tracktools.
    """
    path = Path(path)
    target = path.resolve() if path.is_symlink() else path
    whole = target.resolve()
    if Path.cwd().resolve().is_relative_to(whole):
        raise OutputError("is, or holds, the current folder", path=path, mend="name a new folder")
    if target.exists() and not target.is_dir():
        raise OutputError("is a file, and a folder is to be written there", path=path, mend="name another folder")
    if not target.is_dir() or not any(target.iterdir()):
        return target
    if not force:
        raise OutputError("is not empty", path=path, mend="--force replaces it")
    for item in inputs:
        if Path(item).resolve().is_relative_to(whole):
            mend = "name another output folder"
            raise OutputError(f"is not replaced: it holds the input {item}", path=path, mend=mend)
    if not any((target / name).is_file() for name in _OURS):
        mend = "name another folder, or empty this one yourself"
        raise OutputError("is not replaced: what it holds was not made by tracktools", path=path, mend=mend)
    return target


def check_disjoint(first: Path, second: Path) -> None:
    """Refuse two output folders that are one, or of which one holds the other.

    Raises
    ------
    OutputError
        Naming both.
    """
    one, two = first.resolve(), second.resolve()
    if one.is_relative_to(two) or two.is_relative_to(one):
        raise OutputError(f"cannot stand in, hold or be the other output {second}", path=first, mend="name two folders")


@contextmanager
def atomic_folder(path: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the folder ``<name>.partial`` to write in; rename it to `path` at the end, or remove it after a fault.

    Parameters
    ----------
    path : Path
        Where the finished folder shall be; parents are made.
    force, inputs
        See `check_output_folder`.

    Raises
    ------
    OutputError
        As `check_output_folder`, and if `path` cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with atomic_folder(Path(home, "set")) as partial:
    ...         _ = partial.joinpath("a.bed").write_text("")
    ...     [file.name for file in Path(home, "set").iterdir()]
    ['a.bed']
    """
    target = check_output_folder(path, force=force, inputs=inputs)
    partial = target.with_name(target.name + ".partial")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    try:
        yield partial
        publish_folder(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def publish_folder(finished: Path, target: Path) -> None:
    """Move a finished folder to its place; an older one is moved aside first, and deleted last.

    Its files are on the disk before it moves, so that a power loss leaves no folder of empty files.
    """
    for folder, _, names in os.walk(finished):
        for name in names:
            sync_path(Path(folder, name))
        sync_path(Path(folder))
    replaced = target.with_name(target.name + ".replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if target.exists():
        target.rename(replaced)
    finished.rename(target)
    sync_path(target.parent)
    shutil.rmtree(replaced, ignore_errors=True)
