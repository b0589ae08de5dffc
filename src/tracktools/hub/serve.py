"""``hub serve``: a folder over HTTP as genome browsers need it: byte ranges, HEAD, any origin; loopback by default.

Range requests: RFC 9110, section 14. One range a request is answered, which is all that browsers ask for; several get
the whole file, as the RFC allows.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import mimetypes
import os
import re
import socket
import sys
import threading
import urllib.parse
from collections.abc import Collection, Iterator
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from tracktools.config import ServeConfig
from tracktools.errors import ConfigError, InputError
from tracktools.formats.input_file import open_seekable, path_inside
from tracktools.formats.numerals import is_whole

_log = logging.getLogger(__name__)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]\s]+)(:\d{1,5})?")
_MOST_BODY_BYTES = 1 << 20
_COPY_BYTES = 1 << 18
_TEXT_TYPES = {".html": "text/html", ".txt": "text/plain", ".json": "application/json", ".js": "text/javascript"}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "tracktools"
    timeout = ServeConfig.idle_s

    def __init__(self, *arguments: object, root: Path) -> None:
        self._root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def handle_one_request(self) -> None:
        """Answer a request; until the next begins, the connection is one that may be closed."""
        try:
            super().handle_one_request()
        except OSError:  # the browser has gone, or the connection was closed as idle
            self.close_connection = True
        self.server.note(self.connection, idle=True)

    def parse_request(self) -> bool:
        """Read the head of a request; refuse those to names of other machines, and pass over a body."""
        self.server.note(self.connection, idle=False)
        if not super().parse_request():
            return False
        if not self._is_for_us():
            self.close_connection = True
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        self._drain()
        return True

    def _is_for_us(self) -> bool:
        """Return whether the Host is a name of this server: pages elsewhere can make theirs mean this machine."""
        names = self.headers.get_all("Host", [])
        if not names:
            return self.request_version < "HTTP/1.1"
        return len(names) == 1 and self.server.answers_to(names[0])

    def _drain(self) -> None:
        """Read the body of a request, which no file needs, so that it is not taken for the next request."""
        length = self.headers.get("Content-Length", "0").strip()
        if not is_whole(length) or int(length) > _MOST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True
        else:
            self.rfile.read(int(length))

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_OPTIONS(self) -> None:
        self.send_response(HTTPStatus.NO_CONTENT)
        self.send_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.send_header("Access-Control-Max-Age", "86400")
        self._finish_headers(0)

    def log_message(self, format: str, *arguments: object) -> None:
        _log.debug("%s %s", self.address_string(), format % arguments)

    def _answer(self, *, with_body: bool) -> None:
        path = _resolve(self._root, self.path)
        if path is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            opened = open_seekable(path)
        except InputError:
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        with opened as file:
            size = os.fstat(file.fileno()).st_size
            try:
                span = parse_range(self.headers.get("Range", ""), size)
            except ValueError:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                self._finish_headers(0)
                return
            first, last = span or (0, size - 1)
            self.send_response(HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK)
            if span:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.send_header("Content-Type", _content_type(path))
            self._finish_headers(last - first + 1)
            if with_body:
                self._copy(file, first, last - first + 1)

    def _copy(self, file: BinaryIO, start: int, count: int) -> None:
        file.seek(start)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the browser has scrolled on
            while count > 0 and (block := file.read(min(count, _COPY_BYTES))):
                self.wfile.write(block)
                self.server.note(self.connection, idle=False)
                count -= len(block)
        self.close_connection |= count > 0  # it was cut while it was sent: what was promised cannot follow

    def _refuse(self, status: HTTPStatus) -> None:
        body = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self._finish_headers(len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _finish_headers(self, length: int) -> None:
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Range")
        self.send_header("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a browser asks for many tracks at once

    def __init__(self, address: tuple[str, int], handler: Any, allowed_hosts: Collection[str]) -> None:
        super().__init__(address, handler)
        self._names = {"localhost", "127.0.0.1", "[::1]", address[0].lower(), *(name.lower() for name in allowed_hosts)}
        self._any_address = address[0] not in ("localhost", "127.0.0.1", "::1")
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, bool] = {}  # whether it is idle; what did nothing for longest is first

    def answers_to(self, host: str) -> bool:
        """Return whether a Host header names this server; where other machines reach it, by number, too."""
        match = _HOST.fullmatch(host.strip().lower())
        if match is None:
            return False
        return match["name"] in self._names or (self._any_address and _is_number(match["name"]))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a new connection; close others where there are too many.

        First those that wait after an answer, then those whose client is slow to ask or to take the answer; each the
        longest first. Counted where they are accepted, so that one just made is never closed for older ones.
        """
        with self._lock:
            too_many = max(0, len(self._connections) + 1 - ServeConfig.most_connections)
            for other in sorted(self._connections, key=self._connections.__getitem__, reverse=True)[:too_many]:
                self._connections.pop(other)
                with contextlib.suppress(OSError):
                    other.shutdown(socket.SHUT_RDWR)
            self._connections[request] = False
        super().process_request(request, client_address)

    def note(self, connection: socket.socket, *, idle: bool) -> None:
        """Note that a request or its next part is served, or that the connection waits for another."""
        with self._lock:
            if self._connections.pop(connection, None) is not None:  # else it was closed
                self._connections[connection] = idle

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line what went wrong; a connection that broke off is no error."""
        error = sys.exception()
        level = logging.DEBUG if isinstance(error, OSError) else logging.WARNING
        _log.log(level, "warning: a request from %s failed: %s: %s", client_address[0], type(error).__name__, error)


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _content_type(path: Path) -> str:
    if path.suffix in _TEXT_TYPES:
        return _TEXT_TYPES[path.suffix] + "; charset=utf-8"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _resolve(root: Path, address: str) -> Path | None:
    """Return the file that a request asks for; None if there is none, it is hidden, or lies outside the folder."""
    try:
        decoded = urllib.parse.unquote(urllib.parse.urlsplit(address).path).lstrip("/")
        path = path_inside(root, decoded)
        path = path_inside(root, path / "index.html") if path.is_dir() else path
        hidden = any(part.startswith(".") for name in (decoded, path.relative_to(root)) for part in Path(name).parts)
        return path if path.is_file() and not hidden else None
    except (InputError, OSError, ValueError):
        return None


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a ``Range`` header asks for; None for the whole file.

    Raises
    ------
    ValueError
        If the range begins past the end of the file.

    Examples
    --------
    >>> parse_range("bytes=0-99", 1000), parse_range("bytes=900-", 1000), parse_range("bytes=-100", 1000)
    ((0, 99), (900, 999), (900, 999))
    >>> parse_range("bytes=5-2", 1000) is None  # no range: RFC 9110 says to ignore it
    True
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last:
        raise ValueError(f"bytes {first}-{last} of {size}")
    return first, last


def make_server(
    folder: Path,
    *,
    host: str = ServeConfig.host,
    port: int = ServeConfig.port,
    allowed_hosts: Collection[str] = (),
) -> ThreadingHTTPServer:
    """Return a server for a folder; ``serve_forever()`` starts it, ``server_port`` is the port it got.

    Parameters
    ----------
    folder : Path
        What is served; nothing outside it ever is.
    host : str
        Address to listen on; the default can be reached from this machine only.
    port : int
        Port; 0 takes any that is free.
    allowed_hosts : collection of str
        Names, besides `host` and those of the loopback, under which it answers; requests to others are refused, since a
        page on the web could send them. A server that other machines reach answers to its numbers, too.

    Raises
    ------
    InputError
        If there is no such folder.
    ConfigError
        If the address or port cannot be used.
    """
    if not folder.is_dir():
        raise InputError("is no folder", path=folder, hint="name the folder that hub build wrote")
    try:
        server = _Server((host, port), partial(_Handler, root=Path(os.path.realpath(folder))), allowed_hosts)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error}") from None
    return server


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback while the block runs; yields its address, without a slash at the end."""
    server = make_server(folder, port=0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{server.server_address[0]!s}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
