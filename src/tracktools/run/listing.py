"""What tracktools made in a folder: the list in its ``provenance.json``; only these files are ever removed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from tracktools.errors import InputError, OutputForeign
from tracktools.formats.json_file import is_sealed, read_json

PROVENANCE_FILE = "provenance.json"
FORMAT = 2  # of provenance.json: the first one with a list of files
LIST_FIELDS = ("files", "format", "identity_sha256", "record_sha256")
_AWAY = "move it away, or name another folder"
_SHOWN_NAMES = 3


def without_list(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a provenance says of how its files were made, without their list."""
    return {name: value for name, value in record.items() if name not in LIST_FIELDS}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a regular file as hexadecimal digits; a symbolic link is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield all that a folder contains, in order: path below it, and whether it is a folder; links are not followed."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        below = Path(where).relative_to(folder)
        for name in sorted(folders):
            link = Path(where, name).is_symlink()
            yield (below / name).as_posix(), not link
        for name in sorted(names):
            yield (below / name).as_posix(), False


def list_files(folder: Path, made: Callable[[str], bool]) -> tuple[dict[str, str], list[str]]:
    """Return what a folder holds but its ``provenance.json``, by path below it.

    Parameters
    ----------
    folder : Path
    made : callable
        Whether a run wrote the file of a path.

    Returns
    -------
    tuple of dict and list
        The SHA-256 of each file that a run wrote; the paths of what it did not write.
    """
    files, others = {}, []
    for name, is_folder in entries(folder):
        if is_folder or name == PROVENANCE_FILE:
            continue
        if made(name) and stat.S_ISREG((folder / name).lstat().st_mode):
            files[name] = hash_file(folder / name)
        else:
            others.append(name)
    return files, others


def read_list(folder: Path) -> dict[str, str]:
    """Return what tracktools listed in a folder when it made it: the SHA-256 of each file by its path.

    Raises
    ------
    OutputForeign
        If the folder has no such list (an older version wrote none), or the list was changed.
    """
    hint = "look what is in it and delete it yourself, or name another folder"
    path = folder / PROVENANCE_FILE
    try:
        record = read_json(path, fields={"files": dict}) if not path.is_symlink() else {}
    except FileNotFoundError:
        problem = "is not replaced: it was not made by tracktools"
        raise OutputForeign(problem, path=folder, value=_some_name(folder), hint=_named(folder, hint)) from None
    except InputError as error:
        raise OutputForeign(f"is not replaced: {PROVENANCE_FILE} {error.problem}", path=folder, hint=hint) from None
    files = record.get("files")
    if files is None:
        problem = f"is not replaced: its {PROVENANCE_FILE} lists no files, as those of older versions"
        raise OutputForeign(problem, path=folder, value=_some_name(folder), hint=_named(folder, hint))
    if not is_sealed(record) or not all(_is_below(name) and isinstance(files[name], str) for name in files):
        problem = f"is not replaced: its {PROVENANCE_FILE} was changed since tracktools wrote it"
        raise OutputForeign(problem, path=folder, value=PROVENANCE_FILE, hint=hint)
    return dict(files)


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return path.as_posix() == name and not path.is_absolute() and ".." not in path.parts and name != "."


def _some_name(folder: Path) -> str | None:
    return next((name for name, is_folder in entries(folder) if not is_folder and name != PROVENANCE_FILE), None)


def _named(folder: Path, hint: str) -> str:
    name = _some_name(folder)
    return hint if name is None else f"it contains {name}: {hint}"


def check_ours(folder: Path) -> dict[str, str]:
    """Return the list of a folder; refuse one that contains anything else, or anything that was changed.

    Raises
    ------
    OutputForeign
        Naming the file.
    """
    files = read_list(folder)
    problem, name = find_foreign(folder, files)
    if problem:
        raise OutputForeign(f"is not replaced: {problem}", path=folder, value=name, hint=_AWAY)
    return files


def find_foreign(folder: Path, files: Mapping[str, str]) -> tuple[str, str]:
    """Return what is not as it was listed, and its name; two empty texts where all is."""
    folders = {parent.as_posix() for name in files for parent in PurePosixPath(name).parents}
    others = []
    for name, is_folder in entries(folder):
        if name == PROVENANCE_FILE or (is_folder and name in folders):
            continue
        if is_folder or name not in files:
            others.append(name)
        elif not stat.S_ISREG((folder / name).lstat().st_mode) or hash_file(folder / name) != files[name]:
            return f"{name} was changed since tracktools wrote it", name
    if not others:
        return "", ""
    more = "" if len(others) <= _SHOWN_NAMES else f" and {len(others) - _SHOWN_NAMES} more"
    return f"it contains {', '.join(others[:_SHOWN_NAMES])}{more}, which tracktools did not make there", others[0]


def is_whole(folder: Path, files: Mapping[str, str]) -> bool:
    """Return whether every file of a list is there, as it was written."""
    try:
        return all(hash_file(folder / name) == sha256 for name, sha256 in files.items())
    except OSError:
        return False


def remove_listed(folder: Path, files: Mapping[str, str]) -> bool:
    """Remove the files of a list that are as they were written, and the folders that are empty then.

    Return whether nothing is left. The list itself goes last, so that a killed removal can be finished.
    """
    for name, sha256 in files.items():
        with suppress(OSError):
            if hash_file(folder / name) == sha256 and not through_link(folder, name):
                (folder / name).unlink()
    parents = {folder / parent for name in files for parent in PurePosixPath(name).parents} - {folder}
    for parent in sorted(parents, key=lambda path: -len(path.parts)):
        with suppress(OSError):
            parent.rmdir()
    if [name for name, _ in entries(folder)] == [PROVENANCE_FILE]:
        (folder / PROVENANCE_FILE).unlink()
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def through_link(folder: Path, name: str) -> bool:
    """Return whether a folder on the way to a file is a symbolic link."""
    return any((folder / parent).is_symlink() for parent in PurePosixPath(name).parents)


def remove_output(folder: Path) -> None:
    """Remove a folder that tracktools made, if it contains nothing else; if there is none, do nothing.

    Raises
    ------
    OutputForeign
        If it contains what tracktools did not list, or a file that was changed; nothing is removed then.
    """
    if folder.is_symlink():
        raise OutputForeign("is a symbolic link, and is not followed", path=folder, hint="name the folder itself")
    if folder.is_dir():
        remove_listed(folder, check_ours(folder))
