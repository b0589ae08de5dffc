"""The preview server: ranges, HEAD, CORS, nothing outside the folder, many requests at once."""

from __future__ import annotations

import http.client
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes import from_a_terminal
from tracktools.cli.hub import open_in_browser
from tracktools.config import ServeConfig
from tracktools.errors import ConfigError, InputError
from tracktools.hub import serve
from tracktools.hub.serve import make_server, serving

DATA = bytes(range(256)) * 41
PATIENCE_S = 300  # after which a test fails: what is waited for comes, however busy the machine is


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text("secret")
    folder = home / "hub"
    (folder / "pages").mkdir(parents=True)
    (folder / "a b.bw").write_bytes(DATA)
    (folder / "empty.bw").write_bytes(b"")
    (folder / "index.html").write_text("<p>\u03c370</p>", encoding="utf-8")
    (folder / "out").symlink_to(home)
    with serving(folder) as address:
        yield address


@pytest.fixture
def few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight connections at most, and none is closed for its silence alone."""
    monkeypatch.setattr(ServeConfig, "most_connections", 8)
    monkeypatch.setattr(serve._Handler, "timeout", None)


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a path as it is: clients that clean it would hide escapes."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_whole_file_and_head(address: str) -> None:
    status, headers, body = ask(address, "/a%20b.bw")
    assert (status, body) == (200, DATA)
    assert (headers["Accept-Ranges"], headers["Access-Control-Allow-Origin"]) == ("bytes", "*")
    assert ask(address, "/a%20b.bw", "HEAD")[1]["Content-Length"] == str(len(DATA))
    assert ask(address, "/a%20b.bw", "HEAD")[2] == b""


@given(st.integers(0, len(DATA) - 1), st.integers(0, len(DATA) + 500))
def test_ranges_are_the_bytes_asked_for(address: str, first: int, length: int) -> None:
    last = first + length
    status, headers, body = ask(address, "/a%20b.bw", Range=f"bytes={first}-{last}")
    assert (status, body) == (206, DATA[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{min(last, len(DATA) - 1)}/{len(DATA)}"


def test_range_edges(address: str) -> None:
    assert ask(address, "/a%20b.bw", Range="bytes=-100")[2] == DATA[-100:]
    assert ask(address, "/a%20b.bw", Range="bytes=100-")[2] == DATA[100:]
    assert ask(address, "/a%20b.bw", Range=f"bytes={len(DATA)}-")[0] == 416
    assert ask(address, "/a%20b.bw", Range=f"bytes={len(DATA)}-")[1]["Content-Range"] == f"bytes */{len(DATA)}"
    assert ask(address, "/a%20b.bw", Range="lines=1-2")[:1] == (200,)
    assert ask(address, "/a%20b.bw", Range="bytes=0-1,5-6")[2] == DATA
    assert ask(address, "/empty.bw")[:1] == (200,)
    assert ask(address, "/empty.bw", Range="bytes=0-0")[0] == 416
    assert ask(address, "/a%20b.bw", Range="bytes=-0")[0] == 416


def test_pages_of_other_sites_may_ask(address: str) -> None:
    status, headers, _ = ask(address, "/a%20b.bw", "OPTIONS", Origin="https://igv.org")
    assert status == 204
    assert "Range" in headers["Access-Control-Allow-Headers"]
    assert "Content-Range" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/pages/../../secret.txt", "//../secret.txt"),
        *("/out/secret.txt", "/%00", "/pages", "/nowhere", "/a b\\..\\..\\secret.txt".replace(" ", "%20")),
        "/" + "x" * 5000,
    ],
)
def test_nothing_outside_is_served(address: str, path: str) -> None:
    status, _, body = ask(address, path)
    assert status == 404
    assert b"secret" not in body


def test_page_of_the_folder_and_its_encoding(address: str) -> None:
    status, headers, body = ask(address, "/")
    assert (status, body.decode()) == (200, "<p>\u03c370</p>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_many_requests_at_once(address: str) -> None:
    def read(first: int) -> bool:
        return ask(address, "/a%20b.bw", Range=f"bytes={first}-{first + 9}")[2] == DATA[first : first + 10]

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(read, range(400)))


def test_one_connection_serves_many_requests(address: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    for path, expected in (("/nowhere", 404), ("/a%20b.bw", 200), ("/empty.bw", 200), ("/", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
    connection.close()


def test_bad_places_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        make_server(tmp_path / "nowhere")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="cannot listen"):
            make_server(tmp_path, port=taken.getsockname()[1])


@pytest.mark.parametrize(
    ("browser", "asked", "opened"),
    [
        (webbrowser.GenericBrowser, "", False),  # lynx, links, w3m
        (webbrowser.GenericBrowser, "lynx", True),
        (webbrowser.BackgroundBrowser, "", True),
    ],
)
def test_a_browser_in_the_terminal_opens_only_if_it_was_asked_for(
    browser: type[webbrowser.GenericBrowser], asked: str, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses: list[str] = []
    monkeypatch.setattr(browser, "open", lambda _, address: addresses.append(address))
    monkeypatch.setattr(webbrowser, "get", lambda: browser("it"))
    monkeypatch.setenv("BROWSER", asked) if asked else monkeypatch.delenv("BROWSER", raising=False)
    open_in_browser("http://127.0.0.1:1/")
    assert addresses == ["http://127.0.0.1:1/"] * opened


def test_command_says_what_it_serves_and_ends_with_interrupt(tmp_path: Path) -> None:
    (tmp_path / "hub.txt").write_text("hub x\n")
    command = [sys.executable, "-m", "tracktools", "hub", "serve", str(tmp_path), "--no-open"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=from_a_terminal
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith(f"Serving {tmp_path} at http://127.0.0.1:")
        assert ask(first.split(" at ")[1].split(" ")[0].rstrip("/"), "/hub.txt")[2] == b"hub x\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("10.0.0.1", 421),
        ("", 421),
    ],
)
def test_only_requests_to_this_machine_are_answered(address: str, host: str, status: int) -> None:
    assert ask(address, "/index.html", Host=host)[0] == status


def test_allowed_names_and_where_others_reach_it_numbers(tmp_path: Path) -> None:
    (tmp_path / "hub.txt").write_text("hub x\n")
    with make_server(tmp_path, host="0.0.0.0", allowed_hosts=["Lab.example"]) as server:
        assert server.answers_to("lab.example:80")  # type: ignore[attr-defined]
        assert server.answers_to("192.168.1.7:8000")  # type: ignore[attr-defined]
        assert not server.answers_to("evil.example")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/pages/.hidden",
        "/pages/.HIDDEN/../.hidden",
        "/loop",
        "/http://[::1/x",
        "//[::1/x",
        "/" + "a" * 5000,
    ],
)
def test_what_is_hidden_or_no_file_is_not_found(
    address: str, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    folder = next(tmp_path_factory.getbasetemp().glob("home*/hub"))
    (folder / ".git").mkdir(exist_ok=True)
    for name in (".git/config", "pages/.hidden"):
        (folder / name).write_text("mine")
    if not (folder / "loop").is_symlink():
        (folder / "loop").symlink_to("loop")
    assert ask(address, path)[0] == 404


def test_a_body_is_not_taken_for_the_next_request(address: str) -> None:
    inner = b"GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"GET /index.html HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(inner)
    end = b"HEAD /index.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=PATIENCE_S) as raw:
        raw.sendall(head + inner + end)
        answer = b"".join(iter(lambda: raw.recv(1 << 16), b""))
    assert (answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 404")) == (2, 0)


def test_rude_clients_leave_no_traceback(
    address: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    port = urlsplit(address).port
    for words in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"A" * 70_000,
        b"GET /a%20b.bw HTTP/1.1\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets it
            raw.sendall(words)
    assert ask(address, "/index.html")[0] == 200
    assert "Traceback" not in capfd.readouterr().err + caplog.text


@pytest.mark.parametrize(
    "words", [b"GET /big", b"GET /big.bw HTTP/1.1\r\nHost: local", b"GET /big.bw HTTP/1.1\r\n\r\n"]
)
@pytest.mark.usefixtures("few_connections")
def test_slow_clients_hold_no_more_than_the_most_connections(tmp_path: Path, words: bytes) -> None:
    with (tmp_path / "big.bw").open("wb") as file:
        file.truncate(1 << 26)
    (tmp_path / "hub.txt").write_text("hub x")
    before = threading.active_count()
    with serving(tmp_path) as address, ExitStack() as held:
        for _ in range(20):
            slow = held.enter_context(
                socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=PATIENCE_S)
            )
            slow.sendall(words.replace(b"\r\n\r\n", b"\r\nHost: localhost\r\n\r\n"))
        assert ask(address, "/hub.txt")[2] == b"hub x"
        ends = time.monotonic() + PATIENCE_S
        while threading.active_count() - before > 1 + 8 and time.monotonic() < ends:
            time.sleep(0.02)
        assert threading.active_count() - before <= 1 + 8


@pytest.mark.usefixtures("few_connections")
def test_of_too_many_connections_the_longest_idle_is_closed(address: str) -> None:
    port = urlsplit(address).port
    held = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) for _ in range(20)]
    try:
        assert held[0].recv(1) == b""  # closed by the server
        assert ask(address, "/index.html")[0] == 200
    finally:
        for one in held:
            one.close()
