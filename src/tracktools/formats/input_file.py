"""The one place where files of users are opened: pipes, devices, gzip, sizes, and the error messages.

Every reader gets its bytes here, so that a damaged, endless or hostile file is one line, whatever its format.
"""

from __future__ import annotations

import atexit
import io
import os
import select
import shutil
import stat
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from tracktools.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # SAM specification, 4.1.2
_DAMAGED = "download or compress it again"
_READ_BYTES = 1 << 17
_LEAST_LIMIT = 256 * 10**6  # bytes that any gzip file may unpack to
_MOST_RATIO = 64  # of unpacked to packed; text packs to a third or a tenth, and a gzip bomb to a thousandth
MOST_TEXT_BYTES = 64 * 10**6  # of a settings file or a table of tracks
_WRITER_WAIT_S = 5.0  # for the first writer of a pipe

_settings: dict[str, int | None] = {"unpacked": None}
_spools: dict[tuple[int, int], Path] = {}  # pipes that were read: device and inode, and the copy
_told: list[Callable[[Path, int], None]] = []  # who wants to know of each file that is opened


@contextmanager
def tell_of_opened(note: Callable[[Path, int], None]) -> Iterator[None]:
    """Call a function, within the `with` block, with path and descriptor of each regular file that is opened."""
    _told.append(note)
    try:
        yield
    finally:
        _told.remove(note)


def set_unpacked_limit(most_bytes: int | None) -> None:
    """Set how many bytes a compressed file may unpack to, for this process; None is the default.

    The default is 256 MB, or 64 times the size of the file where that is more.
    """
    _settings["unpacked"] = most_bytes


def unpacked_limit(packed_bytes: int) -> int:
    """Return how many bytes a compressed file of this size may unpack to.

    Examples
    --------
    >>> unpacked_limit(1_000), unpacked_limit(10_000_000)
    (256000000, 640000000)
    """
    return _settings["unpacked"] or max(_LEAST_LIMIT, _MOST_RATIO * packed_bytes)


def too_large(path: Path, limit: int) -> InputError:
    """Return the error of a file that unpacks to more than the limit."""
    hint = f"if it is what you want: tracktools --max-unpacked-mb {4 * limit // 10**6} COMMAND"
    return InputError(f"unpacks to more than {limit // 10**6:,} MB", path=path, hint=hint)


def open_maybe_gzip(path: Path) -> BinaryIO:
    """Open a file, or a pipe, for reading bytes from first to last; through gzip where its first two bytes say so.

    A pipe (``<(zcat genome.fa.gz)``) is copied to a temporary file when it is first opened, so that it can be opened
    again. What is read later raises `InputError`, too, where the file is damaged, cut short or larger than
    `unpacked_limit`.

    Raises
    ------
    InputError
        If the file is missing, a folder, a device, a pipe that nothing writes to, cannot be opened, or is bgzip without
        the block that ends such a file.
    """
    path = Path(path)
    file = _open(path, pipe=True)
    start = file.read(18)
    size = file.seek(0, os.SEEK_END)
    if start[:2] != _GZIP_MAGIC:
        file.seek(0)
        return file
    if start[3:4] == b"\x04" and start[12:14] == b"BC":  # bgzip: cut between two blocks, gzip would not see it
        file.seek(max(0, size - len(_BGZIP_END)))
        if file.read() != _BGZIP_END:
            file.close()
            raise InputError("is cut short: the last block of bgzip is missing", path=path, hint=_DAMAGED)
    file.seek(0)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(file, path, unpacked_limit(size)), _READ_BYTES))


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, or a pipe (see `open_maybe_gzip`), as it is, for reading bytes at any place.

    Raises
    ------
    InputError
        As `open_maybe_gzip`.
    """
    return _open(Path(path), pipe=True)


def open_seekable(path: Path) -> BinaryIO:
    """Open a file of a format that is read at many places, such as bigWig; a pipe is refused.

    Raises
    ------
    InputError
        If the file is missing, no regular file, or cannot be opened.
    """
    return _open(Path(path), pipe=False)


def local_path(path: Path) -> Path:
    """Return a path that another library can open at any time: the copy of a pipe, else the path itself.

    Raises
    ------
    InputError
        As `open_maybe_gzip`.
    """
    path = Path(path)
    with open_bytes(path) as file:
        return Path(file.name) if path.is_fifo() else path


def real_path(path: Path | str) -> Path:
    """Return a path with symbolic links resolved; one that goes round in a circle stays, and cannot be opened.

    Raises
    ------
    InputError
        If it is no path.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        raise InputError("is no path: it contains a NUL character", path=path) from None


def path_inside(folder: Path, name: str | Path) -> Path:
    """Return the path of a file that a folder names, with symbolic links resolved; it may not lead out of the folder.

    Raises
    ------
    InputError
        If it does, or the links go round in a circle.
    """
    path = folder / name
    real, home = real_path(path), real_path(folder)
    if real.is_symlink():
        raise InputError("is a circle of symbolic links", path=path)
    if not real.is_relative_to(home):
        hint = "put the file into the folder, not a link to it"
        raise InputError(f"leads out of the folder, to {real}", path=path, hint=hint)
    return real


def read_text(path: Path, *, most_bytes: int = MOST_TEXT_BYTES) -> str:
    """Return the text of a small file that the program asks for by name: a table of tracks, settings, sizes.

    Raises
    ------
    InputError
        As `open_seekable`; and if it is larger than `most_bytes`, or not UTF-8.
    """
    with open_seekable(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise InputError(f"is larger than {most_bytes // 10**6:,} MB", path=path, hint="is it the right file?")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InputError("is not text (UTF-8)", path=path, hint="is it the right file?") from None


def _open(path: Path, *, pipe: bool) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer: no waiting
    except FileNotFoundError:
        raise InputError("no such file", path=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except ValueError:
        raise InputError("is no path: it contains a NUL character", path=path) from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        for note in _told:
            note(path, descriptor)
        return os.fdopen(descriptor, "rb", buffering=_READ_BYTES)
    try:
        if stat.S_ISFIFO(mode) and pipe:
            return _spooled(descriptor, path).open("rb")
        if stat.S_ISCHR(mode) and path.samefile(os.devnull):
            return io.BytesIO()
        kind, hint = "no regular file", "name a file"
        if stat.S_ISDIR(mode):
            kind, hint = "a folder", "name a file in it"
        elif stat.S_ISFIFO(mode):
            kind, hint = "a pipe, and this format is read at many places", "save it as a file first"
        raise InputError(f"is {kind}", path=path, hint=hint)
    finally:
        os.close(descriptor)


def _spooled(descriptor: int, path: Path) -> Path:
    """Return the copy of a pipe, made when the pipe is opened for the first time."""
    about = os.fstat(descriptor)
    key = about.st_dev, about.st_ino
    if key not in _spools:
        if not _spools:
            _spools[0, 0] = Path(tempfile.mkdtemp(prefix="tracktools-pipe-"))
            atexit.register(shutil.rmtree, _spools[0, 0], ignore_errors=True)
        copy = _spools[0, 0] / str(len(_spools))
        with copy.open("wb") as file:
            _copy_pipe(descriptor, file, path)
        _hold(descriptor)
        _spools[key] = copy
    return _spools[key]


def _hold(descriptor: int) -> None:
    """Keep the inode of a pipe until this process ends: else a later pipe could get its number, and be taken for it.

    Holds no end of the pipe. Where the system has no such descriptors (macOS), a number can come again.
    """
    if hasattr(os, "O_PATH"):
        with suppress(OSError):
            os.open(f"/proc/self/fd/{descriptor}", os.O_PATH | os.O_CLOEXEC)


def _copy_pipe(descriptor: int, file: IO[bytes], path: Path) -> None:
    deadline = time.monotonic() + _WRITER_WAIT_S
    started = False  # a pipe without a writer reads as one that has ended
    while True:
        try:
            block = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            started = True
            select.select([descriptor], [], [])
            continue
        if block:
            started = True
            file.write(block)
        elif started:
            return
        elif time.monotonic() >= deadline:
            raise InputError("is a pipe that nothing writes to", path=path, hint="save it as a file first")
        else:
            time.sleep(0.01)


class _Unpacked(io.RawIOBase):
    """A gzip file of one or more members, unpacked; what is wrong with it is an `InputError`."""

    def __init__(self, file: BinaryIO, path: Path, limit: int) -> None:
        self._file, self._path, self._limit = file, path, limit
        self._unpacker = zlib.decompressobj(wbits=31)
        self._packed = b""
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._unpacker.eof and not self._next_member():
                return 0
            self._packed = self._packed or self._file.read(_READ_BYTES)
            if not self._packed:
                raise InputError("is damaged: its gzip data are cut short", path=self._path, hint=_DAMAGED)
            try:
                data = self._unpacker.decompress(self._packed, len(buffer))
            except zlib.error as error:
                raise InputError(f"is damaged: {_reason(error)}", path=self._path, hint=_DAMAGED) from None
            self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            if data:
                self._bytes += len(data)
                if self._bytes > self._limit:
                    raise too_large(self._path, self._limit)
                buffer[: len(data)] = data
                return len(data)

    def _next_member(self) -> bool:
        """Begin the next member; return whether there is one. Zeros fill some files up."""
        while not self._packed.lstrip(b"\0"):
            self._packed = self._file.read(_READ_BYTES)
            if not self._packed:
                return False
        packed = self._packed.lstrip(b"\0")
        packed = packed if len(packed) > 1 else packed + self._file.read(_READ_BYTES)
        if not packed.startswith(_GZIP_MAGIC):
            problem = "is damaged: after its gzip data come other bytes"
            raise InputError(problem, path=self._path, hint=_DAMAGED)
        self._packed, self._unpacker = packed, zlib.decompressobj(wbits=31)
        return True


def _reason(error: zlib.error) -> str:
    """Return what zlib says, without its own numbers."""
    return str(error).split(": ", 1)[-1]
