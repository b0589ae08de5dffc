"""Which files a run wrote: a list that is kept on disk while it works, so that it never deletes any other.

What is opened for writing below a watched folder, by whichever library (`tracktools.run.hearing`), is added to the list
of that folder, before it is there. A killed run leaves the list to the next one.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.atomic import is_partial_name
from tracktools.formats.input_file import read_text
from tracktools.run.hearing import end_listening, listen

WRITTEN, REPLACED = "written.jsonl", "replaced"
_MOST_BYTES = 1 << 30


class WrittenFiles:
    """The files and folders that runs wrote below a folder, by their path below it.

    Parameters
    ----------
    folder : Path
        Its file ``written.jsonl`` is the list: a path on each line, as JSON.
    """

    def __init__(self, folder: Path) -> None:
        self._home = _normal(folder) + os.sep
        self._path = folder / WRITTEN
        self._names = _read(self._path)
        self._lock = threading.RLock()  # threads of one run write in its folder
        self._descriptor = -1

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def watch(self) -> None:
        """Add from now on what this process writes below the folder."""
        listen(self)

    def end(self) -> None:
        """Add nothing any more."""
        end_listening(self)
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def names(self) -> list[str]:
        """Return the paths, those in a folder before the folder."""
        return sorted(self._names, reverse=True)

    def forget(self) -> None:
        """Delete the list: what it named is deleted."""
        self._close()
        self._names.clear()
        self._path.unlink(missing_ok=True)

    def written(self, path: object) -> None:
        """Add a path that is about to be made, if it is below the folder."""
        name = self._name(path)
        if name is not None:
            self._add([name])

    def moved(self, source: object, target: object) -> None:
        """Add a path that is about to be moved, and what is below it."""
        name, old = self._name(target), self._name(source)
        if name is None:
            return
        if old is not None:
            with self._lock:
                below = [other[len(old) :] for other in self._names if other.startswith(f"{old}/")]
        else:
            root = os.fsdecode(os.fspath(source))  # type: ignore[call-overload]
            below = [
                "/" + Path(where, one).relative_to(root).as_posix()
                for where, folders, files in os.walk(root)
                for one in (*folders, *files)
            ]
        self._add([name, *(name + rest for rest in below)])

    def removed(self, path: object) -> None:
        """Keep a path that is about to be removed: it is ours, also if it is there again."""

    def _name(self, path: object) -> str | None:
        try:
            whole = _normal(os.fsdecode(path))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None  # a number of an open file, or no path
        if not whole.startswith(self._home):
            return None
        name = whole[len(self._home) :]
        parts = name.split("/")
        return None if name == WRITTEN or is_partial_name(parts[-1]) or parts[0] == REPLACED else name

    def _add(self, names: list[str]) -> None:
        with self._lock:
            new = [name for name in names if name not in self._names]
            if not new:
                return
            self._names.update(new)
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o666)
            os.write(self._descriptor, "".join(json.dumps(name) + "\n" for name in new).encode())


def _normal(path: Path | str) -> str:
    return os.path.normpath(Path(path).absolute())


def _read(path: Path) -> set[str]:
    if not os.path.lexists(path) or path.is_symlink():
        return set()
    names = set()
    with suppress(InputError):
        for line in read_text(path, most_bytes=_MOST_BYTES).splitlines():
            with suppress(ValueError):  # the line at which a run was killed
                name = json.loads(line)
                if isinstance(name, str) and ".." not in name.split("/"):
                    names.add(name)
    return names
