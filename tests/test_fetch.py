from __future__ import annotations

import fcntl
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracktools import fetch
from tracktools.cli import main, tracktools
from tracktools.errors import ConfigError, DownloadError, OutputError, OutputForeign, OutputLocked
from tracktools.fetch import DATA_SETS, DataSet, RemoteFile, fetch_data_set
from tracktools.run.lock import lock_file

CONTENT = {"one.gtf": bytes(range(256)) * 900, "two.gtf": b"second file\n" * 77}
PATHS = {f"/own/repo/c0ffee/dir/{name}": data for name, data in CONTENT.items()}


class Server(ThreadingHTTPServer):
    """Serves `PATHS`; can break off, ignore ranges, or send something else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.break_after: int | None = None
        self.ranges = True
        self.instead: bytes | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((Path(self.path).name, wanted))
        if self.path not in PATHS:
            self.send_error(404)
            return
        data = self.server.instead or PATHS[self.path]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data) if self.server.break_after is None else start + self.server.break_after
        self.wfile.write(data[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    files = tuple(
        RemoteFile("own/repo", "c0ffee", f"dir/{name}", hashlib.sha256(data).hexdigest())
        for name, data in CONTENT.items()
    )
    made = DataSet(files, "made up", "CC0", "Nobody 2000", "tracktools tss import {files} -o a --name a")
    monkeypatch.setitem(DATA_SETS, "made", made)
    monkeypatch.setenv("TRACKTOOLS_CACHE", str(tmp_path / "cache"))
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_files_are_fetched_once(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        paths = fetch_data_set("made", mirror=server.url)
        assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert server.asked == [("one.gtf", None), ("two.gtf", None)]
    assert sorted(path.name for path in (tmp_path / "cache" / "made").iterdir()) == ["one.gtf", "two.gtf"]


def test_a_broken_download_goes_on_where_it_stopped(server: Server) -> None:
    server.break_after = 100_000
    with pytest.raises(DownloadError, match=r"broken off .*100,000 of 230,400 bytes came.*run it again"):
        fetch_data_set("made", mirror=server.url)
    server.break_after = None
    paths = fetch_data_set("made", mirror=server.url)
    assert paths[0].read_bytes() == CONTENT["one.gtf"]
    assert server.asked[:2] == [("one.gtf", None), ("one.gtf", "bytes=100000-")]


def test_a_server_without_ranges_is_asked_for_all(server: Server) -> None:
    server.break_after = 100_000
    with pytest.raises(DownloadError):
        fetch_data_set("made", mirror=server.url)
    server.break_after, server.ranges = None, False
    assert fetch_data_set("made", mirror=server.url)[0].read_bytes() == CONTENT["one.gtf"]


def test_a_damaged_copy_is_fetched_again(server: Server) -> None:
    path = fetch_data_set("made", mirror=server.url)[0]
    path.write_bytes(b"damaged")
    assert fetch_data_set("made", mirror=server.url)[0].read_bytes() == CONTENT["one.gtf"]


def test_another_file_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.instead = b"a page that says sign in"
    with pytest.raises(DownloadError, match="is another file than it was"):
        fetch_data_set("made", mirror=server.url)
    assert list((tmp_path / "cache" / "made").iterdir()) == []


def test_a_file_that_is_gone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = DataSet((RemoteFile("own/repo", "c0ffee", "dir/gone", "0" * 64),), "", "", "", "")
    monkeypatch.setitem(DATA_SETS, "made", gone)
    with pytest.raises(DownloadError, match="the server says 404 Not Found"):
        fetch_data_set("made", mirror=server.url)


def test_offline_is_one_line(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as deaf:  # has a port that no other program can get, and does not listen
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            main(["fetch", "made", "--mirror", f"http://127.0.0.1:{port}"])
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"Error: http://127.0.0.1:{port}/own/repo/c0ffee/dir/one.gtf: no answer")
    assert "local paths" in error


def test_the_command_shows_checksum_licence_and_citation(server: Server, tmp_path: Path) -> None:
    words = ["fetch", "made", "-o", str(tmp_path / "data"), "--mirror", server.url]
    result = CliRunner().invoke(tracktools, words, catch_exceptions=False)
    assert hashlib.sha256(CONTENT["two.gtf"]).hexdigest() in result.stdout
    assert "licence: CC0\ncite: Nobody 2000\n" in result.stdout
    assert f"use: tracktools tss import {tmp_path / 'data' / 'one.gtf'} " in result.stdout
    assert (tmp_path / "data" / "two.gtf").read_bytes() == CONTENT["two.gtf"]


def test_a_file_that_is_there_is_never_overwritten(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fetch_data_set("made", mirror=server.url, folder=folder)
    (folder / "one.gtf").write_text("mine")
    (folder / "two.gtf").unlink()
    (folder / "two.gtf").symlink_to(tmp_path / "elsewhere")
    for name in ("one.gtf", "two.gtf"):
        with pytest.raises(OutputForeign, match=rf"{name}: is not replaced"):
            fetch_data_set("made", mirror=server.url, folder=folder)
        assert (folder / "one.gtf").read_bytes() in (b"mine", CONTENT["one.gtf"])
        (folder / name).unlink()
    assert not (tmp_path / "elsewhere").exists()
    fetch_data_set("made", mirror=server.url, folder=folder)
    fetch_data_set("made", mirror=server.url, folder=folder)
    assert sorted(path.name for path in folder.iterdir()) == ["one.gtf", "two.gtf"]


def test_two_downloads_of_one_set_do_not_meet(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache" / "made").mkdir(parents=True)
    with lock_file(tmp_path / "cache" / "made" / "lock"), pytest.raises(OutputLocked, match="another run"):
        fetch_data_set("made", mirror=server.url, cache=tmp_path / "cache")


def test_a_download_that_ends_when_the_next_one_begins_is_no_obstacle(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It removes its lock between the opening and the locking of it."""
    flock, ends = fcntl.flock, [True]

    def other_ends(descriptor: int, how: int) -> None:
        if ends:
            (tmp_path / "cache" / "made" / "lock").unlink()
            ends.pop()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", other_ends)
    assert [path.read_bytes() for path in fetch_data_set("made", mirror=server.url)] == list(CONTENT.values())
    assert not ends


def test_the_list_names_every_data_set() -> None:
    result = CliRunner().invoke(tracktools, ["fetch"], catch_exceptions=False)
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(DATA_SETS)


def test_errors(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no data set is called 'nothing': there are cappable, smrt, termseq"):
        fetch_data_set("nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_data_set("made", mirror=server.url, folder=tmp_path / "file")


def test_the_table_names_the_files_at_hand(data_dir: Path) -> None:
    import gzip

    held = {path.name: path for path in data_dir.rglob("*") if path.is_file()}
    for data_set in DATA_SETS.values():
        for file in data_set.files:
            if file.name in held:
                assert fetch.file_sha256(held[file.name]) == file.sha256
            else:
                data = gzip.decompress(held[f"{file.name}.gz"].read_bytes())
                assert hashlib.sha256(data).hexdigest() == file.sha256
