"""Where the files of a hub are: in a folder or on the web, found by UCSC's rules and fetched once, within limits."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

from tracktools.config import HubCheckConfig
from tracktools.formats.numerals import is_whole

BROWSER_ORIGIN = "https://igv.org"
_FETCHED = ("http", "https", "ftp")
_PIECE = 1 << 16
_OVER_LIMIT = "was not fetched: a limit was reached"
_SAFE = "%/:=&?~#+!$,;'@()*[]|"


class MissingFileError(Exception):
    """A file is not there; the text says what was seen."""


class FolderError(MissingFileError):
    """A folder is there instead."""


class UnknownFileError(Exception):
    """Whether a file is there cannot be found out from here; the text says why."""


@dataclass(frozen=True)
class Fetched:
    """A file on this machine.

    Parameters
    ----------
    path : Path
        Where it is on this machine.
    complete : bool
        Whether all of it is there; of a file that is too large, only the first bytes are.
    size : int
        Length of the whole [bytes]; -1 where the server does not say.
    """

    path: Path
    complete: bool
    size: int


class HubFiles:
    """The files of one hub.

    Parameters
    ----------
    home : str
        Address of the first file: a path, or a web address.
    cache : Path
        An empty folder for what is fetched.
    config : HubCheckConfig
        How much is fetched, and how long that may take.
    """

    def __init__(self, home: str, cache: Path, config: HubCheckConfig) -> None:
        # links are not followed: a hub may be made of links
        self.home = home if is_url(home) else os.path.normpath(Path(home).absolute())
        self._root = self.home.rsplit("/", 1)[0] + "/"
        self._cache = cache
        self._config = config
        self._deadline = time.monotonic() + config.max_s
        self._bytes_left = config.max_total_mb * 1_000_000
        self._known: dict[str, Fetched | MissingFileError | UnknownFileError] = {}
        self.left_out: list[str] = []  # not fetched, because of the limits

    def address(self, base: str, value: str) -> str:
        """Return the address that `value` has in the file at the address `base`."""
        if "://" in value or value.startswith("/gbdb/"):
            return value
        if is_url(base):
            with contextlib.suppress(ValueError):  # brackets that hold no address
                return urljoin(base, value)
            return base.rsplit("/", 1)[0] + "/" + value
        return os.path.normpath(Path(base).parent / value)

    def name(self, address: str) -> str:
        """Return how findings call a file: by its path in the hub, or else by its whole address."""
        return address.removeprefix(self._root)

    def is_outside(self, address: str) -> bool:
        """Return whether a file of a folder lies outside that folder."""
        return not is_url(address) and not os.path.normpath(address).startswith(self._root)

    def read(self, address: str) -> bytes:
        """Return the bytes of a text file; raises as `fetch` does."""
        fetched = self.fetch(address)
        if not fetched.complete:
            raise UnknownFileError(f"is larger than {self._config.max_file_mb} MB")
        return fetched.path.read_bytes()

    def fetch(self, address: str) -> Fetched:
        """Return a file, from the folder or the web.

        Raises
        ------
        MissingFileError
            If it is not there.
        UnknownFileError
            If that cannot be found out: no way to the server, or a limit is reached.
        """
        if address not in self._known:
            try:
                self._known[address] = self._fetch(address)
            except (MissingFileError, UnknownFileError) as error:
                self._known[address] = error
        known = self._known[address]
        if isinstance(known, Exception):
            raise known
        return known

    def is_large(self, fetched: Fetched) -> bool:
        """Return whether a data file is too large to be read through."""
        return not fetched.complete or fetched.size > self._config.max_file_mb * 1_000_000

    def has(self, address: str) -> bool:
        """Return whether a file was fetched before."""
        return isinstance(self._known.get(address), Fetched)

    def _fetch(self, address: str) -> Fetched:
        scheme = address.split("://")[0] if is_url(address) else ""
        if address.startswith("/gbdb/") or (scheme and scheme not in (*_FETCHED, "file")):
            raise UnknownFileError("lies where UCSC alone can read it")
        if scheme == "file":
            raise MissingFileError("file:// addresses are closed to browsers")
        if not scheme:
            return _local(address)
        if self._bytes_left <= 0 or time.monotonic() > self._deadline:
            self.left_out.append(address)
            raise UnknownFileError(_OVER_LIMIT)
        return self._download(address)

    def _download(self, address: str) -> Fetched:
        target = self._cache / str(len(self._known))
        wait = max(1.0, min(self._config.timeout_s, self._deadline - time.monotonic()))
        try:
            request = browser_request(address)
            with urllib.request.urlopen(request, timeout=wait) as answer, target.open("wb") as file:  # noqa: S310
                length = answer.headers.get("Content-Length", "")
                size = int(length) if is_whole(length) else -1
                largest = self._config.max_file_mb * 1_000_000
                if self._bytes_left < size <= largest:
                    self.left_out.append(address)
                    raise UnknownFileError(_OVER_LIMIT)
                most = _PIECE if size > largest else min(largest, self._bytes_left)
                got, complete = self._copy(answer.read1 if hasattr(answer, "read1") else answer.read, file.write, most)
        except urllib.error.HTTPError as error:
            error.close()
            raise MissingFileError(f"cannot be fetched, the server answers {error.code} {error.reason}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise _explain(error) from None
        if complete and size > got:
            raise MissingFileError(f"breaks off: {got} of {size} bytes came")
        if not complete and (size < 0 or got < _PIECE):
            self.left_out.append(address)
        return Fetched(target, complete, size)

    def _copy(self, read: Callable[[int], bytes], write: Callable[[bytes], int], most: int) -> tuple[int, bool]:
        """Copy up to `most` bytes until the deadline; return how many, and whether that was all."""
        got = 0
        while piece := read(_PIECE):
            write(piece)
            got += len(piece)
            self._bytes_left -= len(piece)
            if got >= most and read(1):
                return got, False
            if time.monotonic() > self._deadline:
                raise TimeoutError(f"is not here after {self._config.max_s:g} s")
        return got, True


def is_url(address: str) -> bool:
    """Return whether an address has a scheme, as UCSC tells paths from web addresses."""
    return "://" in address


def browser_request(address: str) -> urllib.request.Request:
    """Return a request as a page of another site makes it."""
    # only http, https and ftp come here
    return urllib.request.Request(quote(address, safe=_SAFE), headers={"Origin": BROWSER_ORIGIN})  # noqa: S310


def _local(address: str) -> Fetched:
    """Return a file of a folder; ``x.bw?v=2`` and ``a%20b.bw`` are found too, as from a web server."""
    without_query = address.rpartition("?")[0] or address
    for candidate in dict.fromkeys((address, without_query, unquote(without_query), unquote(address))):
        path = Path(candidate)
        try:
            if path.is_file():
                with path.open("rb"):
                    return Fetched(path, True, path.stat().st_size)
        except PermissionError:
            raise MissingFileError("may not be read") from None
        except (OSError, ValueError):
            continue
    if os.path.isdir(address):  # noqa: PTH112 - never raises, as Path does for very long names
        raise FolderError("is a folder")
    raise MissingFileError("does not exist")


def _explain(error: Exception) -> MissingFileError | UnknownFileError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ConnectionRefusedError):
        return MissingFileError("cannot be fetched, nothing answers at that address")
    if isinstance(reason, socket.gaierror):
        return UnknownFileError("cannot be reached from here: its server's name is not known")
    if isinstance(reason, TimeoutError):
        return UnknownFileError(f"does not come in time: {reason}")
    if "550" in str(reason):
        return MissingFileError(f"cannot be fetched: {reason}")
    if isinstance(error, HTTPException | ValueError):
        return MissingFileError(f"cannot be fetched: {type(error).__name__} {error}")
    return UnknownFileError(f"cannot be reached from here: {reason}")
