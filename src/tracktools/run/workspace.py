"""``<output>.partial``: where a run works, marked as ours, locked, and left for the next run where that is worth it.

It contains ``lock`` (see `lock_file`), ``run.json`` (the marker: which run it is, and the names of what it keeps),
``written.jsonl`` (what runs wrote here, see `WrittenFiles`: nothing else is ever deleted), ``result`` (what will be
published), ``replaced`` (an older output while it is deleted), and what the run keeps so that a killed one can be
continued. A folder or file of that name without a marker is somebody else's: it is refused, and
never touched.
"""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tracktools.errors import InputError, OutputError, OutputForeign
from tracktools.formats.atomic import is_partial_name, sync_path, write_synced
from tracktools.formats.json_file import is_sealed, json_bytes, read_json, sealed
from tracktools.run.listing import entries, read_list, remove_listed, through_link
from tracktools.run.lock import is_holder, lock_file
from tracktools.run.written import REPLACED, WRITTEN, WrittenFiles

LOCK, MARKER, RESULT = "lock", "run.json", "result"
_FORMAT = 2  # of the marker: the first one with a list of what was written
_KIND = "unfinished run of tracktools"
_TRIES = 50  # to enter, while another run is leaving
_AWAY = "move it away or delete it yourself, or name another output"

log = logging.getLogger(__name__)


def partial_of(output: Path) -> Path:
    """Return the folder in which the work on an output goes on."""
    return output.with_name(output.name + ".partial")


class Workspace:
    """The folder ``<output>.partial`` of one run, locked. Make one with `enter`."""

    def __init__(self, output: Path, lock: IO[str], parents: tuple[Path, ...]) -> None:
        self.output, self.folder = output, partial_of(output)
        self._lock, self._parents = lock, parents
        self.written = WrittenFiles(self.folder)

    @classmethod
    def enter(cls, output: Path) -> Workspace:
        """Make the folder, and those above it, or take what an earlier run left; keep other runs out.

        Raises
        ------
        OutputLocked
            If another run is working there.
        OutputForeign
            If the folder is not ours, or contains what is not.
        OutputError
            If it cannot be made.
        """
        folder = partial_of(output)
        try:
            parents: dict[Path, None] = {}
            problem = ""
            for _ in range(_TRIES):
                check_marked(folder)
                try:
                    parents |= dict.fromkeys(_make_parents(folder))
                    with suppress(FileExistsError):
                        folder.mkdir(mode=_mode_of(output))
                except FileNotFoundError as error:  # another run has just removed a folder above, or none can be made
                    problem = str(error.strerror)
                    continue
                problem = "other runs come and go"
                with suppress(FileNotFoundError):
                    space = cls(output, lock_file(folder / LOCK), tuple(parents))
                    try:
                        check_marked(folder, whole=True)
                    except BaseException:
                        space.leave()
                        raise
                    space.written.watch()
                    return space
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", path=output) from None
        raise OutputError(f"cannot be written: {problem}", path=output, hint="name another output")

    @staticmethod
    def peek(output: Path) -> Mapping[str, Any] | None:
        """Return what the unfinished run of an output wrote down of itself, without entering."""
        return _read_marker(partial_of(output))

    def marker(self) -> Mapping[str, Any] | None:
        """Return what an earlier run wrote down of itself; None where it came to nothing."""
        return _read_marker(self.folder)

    def mark(self, identity: Mapping[str, Any] | None, keeps: Iterable[str]) -> None:
        """Write down which run this is."""
        record = {"kind": _KIND, "format": _FORMAT, "identity": identity, "keeps": list(keeps)}
        write_synced(self.folder / MARKER, json_bytes(sealed(record)))
        sync_path(self.folder.parent)

    def kept(self) -> list[str]:
        """Return what the run in the folder keeps for the next one: files that it wrote, by their path below it."""
        patterns = (self.marker() or {}).get("keeps", [])
        return [
            name
            for name, is_folder in entries(self.folder)
            if not is_folder and name in self.written and any(fnmatchcase(name, pattern) for pattern in patterns)
        ]

    def new_result(self) -> Path:
        """Return the folder for the result: empty, unless the run keeps what is in it."""
        result = self.folder / RESULT
        if not self.keeps_result():
            self.drop_result()
        result.mkdir(mode=_mode_of(self.output), exist_ok=self.keeps_result())
        return result

    def keeps_result(self) -> bool:
        """Return whether the result is made step by step, and a killed run leaves the steps for the next one."""
        return f"{RESULT}/*" in (self.marker() or {}).get("keeps", ())

    def drop_result(self) -> None:
        """Remove what was written of an unfinished result, and nothing else."""
        self._remove(f"{RESULT}/")

    def settle(self) -> None:
        """Finish what a killed run began: put an older output back, or delete it where the new one is in its place."""
        replaced = self.folder / REPLACED
        if not replaced.is_dir():
            return
        if not any(replaced.iterdir()):
            replaced.rmdir()
        elif self.output.is_dir() and any(self.output.iterdir()):
            if not remove_listed(replaced, read_list(replaced)):
                problem = "contains files of yours that were in the replaced output"
                raise OutputForeign(problem, path=replaced, hint=_AWAY)
        else:
            replaced.rename(self.output)
            sync_path(self.output.parent)

    def drop(self) -> None:
        """Remove what runs wrote, and nothing else; the folder stays, with its lock."""
        self._remove("")
        (self.folder / MARKER).unlink(missing_ok=True)
        self.written.forget()

    def _remove(self, start: str) -> None:
        """Remove the files that runs wrote and whose paths begin so, and folders of theirs that are empty then.

        The marker stays: a folder without it, half emptied by a killed run, would be somebody else's.
        """
        unfinished = [name for name, is_folder in entries(self.folder) if not is_folder and _is_unfinished(name)]
        for name in (*unfinished, *self.written.names()):
            path = self.folder / name
            if f"{name}/".startswith(start) and name not in (LOCK, MARKER) and not through_link(self.folder, name):
                with suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        path.rmdir()
                    else:
                        path.unlink()

    def remove(self) -> None:
        """Remove the folder, and the folders above it that were made for it and are empty; let go of the lock."""
        self.drop()
        self.written.end()
        (self.folder / LOCK).unlink(missing_ok=True)
        try:
            self.folder.rmdir()
        except OSError:
            if self.folder.exists() and not (self.folder / LOCK).exists():  # else another run has come, or has gone
                log.warning("warning: %s is kept: it contains what tracktools did not make", self.folder)
        for parent in self._parents:
            with suppress(OSError):
                parent.rmdir()
        self._lock.close()

    def leave(self) -> None:
        """Let go of the lock; what the folder contains stays, for the next run."""
        self.written.end()
        self._lock.close()


def _make_parents(folder: Path) -> tuple[Path, ...]:
    """Make the folders above a folder; return those that were not there, the lowest first."""
    missing = []
    for parent in folder.parents:
        if parent.exists():
            break
        missing.append(parent)
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
    return tuple(missing)


def _mode_of(output: Path) -> int:
    """Return the permissions that a new folder for an output gets: those that the output has, where it is there."""
    try:
        return stat.S_IMODE(output.stat().st_mode) if output.is_dir() else 0o777
    except OSError:
        return 0o777


def check_marked(folder: Path, *, whole: bool = False) -> None:
    """Refuse a folder for unfinished work that is not ours, or, with `whole`, that contains anything that is not.

    Raises
    ------
    OutputForeign
        Naming what is not ours.
    """
    if not folder.is_symlink() and not folder.exists():
        return
    if folder.is_symlink() or not folder.is_dir():
        kind = "a symbolic link" if folder.is_symlink() else "a file"
        problem = f"is {kind}, and tracktools would work in a folder of that name"
        raise OutputForeign(problem, path=folder, hint=_AWAY)
    with suppress(FileNotFoundError):  # the run in it has just ended
        for pause_s in (0.02, 0.1, 0):  # a run that is coming or leaving has no marker for a moment
            marker, names = _read_marker(folder), _names(folder)
            if marker is not None or (names <= {LOCK, WRITTEN} and _is_lock(folder / LOCK)):
                break
            time.sleep(pause_s)
        else:
            first = min(names - {LOCK, WRITTEN}, default=LOCK)
            problem = "is no unfinished run of this version of tracktools"
            raise OutputForeign(problem, path=folder, value=first, hint=f"it contains {first}: {_AWAY}")
        if whole and marker is not None:
            _check_names(folder)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not is_partial_name(path.name)}


def _check_names(folder: Path) -> None:
    """Refuse a workspace that contains anything that no run wrote."""
    written = WrittenFiles(folder)
    for name, _ in entries(folder):
        if (folder / name).is_symlink():
            raise OutputForeign(f"contains a symbolic link, {name}", path=folder, value=name, hint=_AWAY)
        of_the_room = name in (LOCK, MARKER, WRITTEN) or name.partition("/")[0] == REPLACED or _is_unfinished(name)
        if name not in written and not of_the_room:
            raise OutputForeign(f"contains {name}, which tracktools did not make", path=folder, value=name, hint=_AWAY)


def _is_unfinished(name: str) -> bool:
    return is_partial_name(PurePosixPath(name).name) and name.partition("/")[0] != REPLACED


def _is_lock(path: Path) -> bool:
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(found) and is_holder(path)


def _read_marker(folder: Path) -> Mapping[str, Any] | None:
    path = folder / MARKER
    if path.is_symlink():
        return None
    try:
        record = read_json(path, fields={"keeps": list, "identity": (dict, type(None))})
    except (FileNotFoundError, InputError):
        return None
    ours = record.get("kind") == _KIND and record.get("format") == _FORMAT
    return record if ours and is_sealed(record) else None
