"""Inputs that are changed while a command runs: nothing is published that was made from two contents of one file."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.input_file import tell_of_opened
from tracktools.run.checks import checked_before_publishing
from tracktools.run.hearing import end_listening, listen

_MOST_HASHED_BYTES = 64 * 10**6  # larger files are known by size, time and place alone: reading them twice takes long
_CLOCK_NS = 2 * 10**9  # a file system may tell no two changes apart that are nearer to each other
_BLOCK_BYTES = 1 << 18
_HINT = "give the command again when nothing writes to it any more"


@contextmanager
def inputs_unchanged() -> Iterator[None]:
    """Refuse to publish, within the `with` block, once a file that was read in it is no longer what it was.

    Each regular file that `tracktools.formats.input_file` opens is noted when it is first opened: device, inode, size
    and time of the last change, and the SHA-256 if it has at most 64 MB. It is looked at again before anything is
    published, and before a run with an identity begins. A file that got a new time or place, but has the same content,
    is unchanged. Pipes are read once, and not noted; nor is what this process writes, moves or removes itself.

    Raises
    ------
    InputError
        Naming the file that was changed or removed.
    """
    inputs = _Inputs()
    listen(inputs)
    try:
        with tell_of_opened(inputs.note), checked_before_publishing(inputs.check):
            yield
    finally:
        end_listening(inputs)


@dataclass(frozen=True)
class _Seen:
    """What a file was when it was opened first."""

    about: tuple[int, ...]
    sha256: bytes | None
    is_fresh: bool  # it had just been changed, so that its time need not tell of another change

    @classmethod
    def of(cls, descriptor: int) -> _Seen:
        about, digest = os.fstat(descriptor), None
        if about.st_size <= _MOST_HASHED_BYTES:
            with suppress(OSError):  # the disk cannot be read, which its reader will say
                digest = _sha256(descriptor)
        return cls(_about(about), digest, time.time_ns() - about.st_mtime_ns < _CLOCK_NS)

    def is_still(self, path: Path) -> bool:
        """Return whether the file that is there now is the same, or says the same."""
        same = _about(path.stat()) == self.about
        if same and not self.is_fresh:
            return True
        if self.sha256 is None:
            return same
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _sha256(descriptor) == self.sha256
        finally:
            os.close(descriptor)


class _Inputs:
    """The files that were read since it was made, by their whole path."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def note(self, path: Path, descriptor: int) -> None:
        """Note what an opened file is, the first time."""
        whole = str(path.absolute())
        if whole not in self._seen:
            self._seen[whole] = _Seen.of(descriptor)

    def check(self) -> None:
        """Compare all files with what they were."""
        for path, seen in list(self._seen.items()):
            try:
                unchanged = seen.is_still(Path(path))
            except OSError as error:
                problem = f"was there when it was read, and is not now: {error.strerror}"
                raise InputError(problem, path=_shown(path), hint="put it back, and give the command again") from None
            if not unchanged:
                raise InputError("was changed while this command ran", path=_shown(path), hint=_HINT)

    def written(self, path: object) -> None:
        """Forget a file that this process writes."""
        self.removed(path)

    def moved(self, source: object, target: object) -> None:
        """Forget what this process moves, and what it replaces."""
        self.removed(source)
        self.removed(target)

    def removed(self, path: object) -> None:
        """Forget a file or folder that this process removes."""
        try:
            whole = str(Path(os.fsdecode(path)).absolute())  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return  # a number of an open file, or no path
        for one in list(self._seen):  # another thread may be noting one
            if one == whole or one.startswith(whole + os.sep):
                self._seen.pop(one, None)


def _about(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _sha256(descriptor: int) -> bytes:
    """Return the SHA-256 of an open file; the place where it is read next stays."""
    digest, at = hashlib.sha256(), 0
    while block := os.pread(descriptor, _BLOCK_BYTES, at):
        digest.update(block)
        at += len(block)
    return digest.digest()


def _shown(path: str) -> str:
    """Return a path as short as the user may have given it."""
    try:
        inner = os.path.relpath(path)
    except ValueError:
        return path
    return path if inner.startswith(os.pardir) else inner
