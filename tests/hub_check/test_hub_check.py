"""`tracktools hub check`: levels, text, JSON, exit status; servers, limits, files that are no text or damaged."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub_check.edits import SIZES, edit, in_track, three_files, write, write_items
from hubs import build_small_hub, write_small_inputs
from tracktools.cli.hub import hub as hub_command
from tracktools.config import HubCheckConfig
from tracktools.errors import InputError
from tracktools.formats.bbi_read import read_header
from tracktools.hub.check import Finding, Level, check_hub, places, summary
from tracktools.hub.check.items import read_items
from tracktools.hub.serve import serving


def run(*arguments: object) -> Result:
    return CliRunner().invoke(hub_command, ["check", *map(str, arguments)])


def codes(findings: list[Finding], level: Level = Level.ERROR) -> list[str]:
    return [finding.code for finding in findings if finding.level is level]


@contextmanager
def serve_with(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_nothing_is_found_in_a_built_hub(tmp_path: Path) -> None:
    hub = build_small_hub(write_small_inputs(tmp_path / "inputs"), tmp_path / "hub").folder
    assert check_hub(hub) == check_hub(hub / "hub.txt") == []
    with serving(hub) as address:
        assert check_hub(address) == check_hub(f"{address}/hub.txt") == []


def test_a_finding_is_one_line_with_file_line_level_track_and_fix(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    in_track("genes", "^itemRgb on", "itemRGB on")(folder)
    (finding,) = check_hub(folder)
    line = (folder / "hub.txt").read_text().splitlines().index("itemRGB on") + 1
    assert str(finding) == (
        f"hub.txt:{line}: warning: track genes: no browser knows the setting itemRGB "
        "(did you mean itemRgb?) [unknown-setting]"
    )


def test_exit_status_is_1_for_errors_and_with_strict_for_all(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    assert run(folder).exit_code == run("--strict", folder).exit_code == 0
    in_track("small_plus", "viewLimits .*", "viewLimits 0:0.5")(folder)  # a note
    assert (run(folder).exit_code, run("--strict", folder).exit_code) == (0, 1)
    in_track("genes", "^itemRgb on", "itemRGB on")(folder)  # a warning
    assert (run(folder).exit_code, run("--strict", folder).exit_code) == (0, 1)
    in_track("genes", "^visibility .*", "visibility shown")(folder)  # an error
    done = run(folder)
    assert (done.exit_code, run("--strict", folder).exit_code) == (1, 1)
    assert "1 error, 1 warning, 1 note" in done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_json_holds_every_part_of_a_finding(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    in_track("small_plus", "  color .*", "  color #0072b2")(folder)
    (record,) = json.loads(run("--json", folder).stdout)
    assert record == {
        "level": "error",
        "code": "color",
        "problem": "color is '#0072b2'",
        "fix": "write R,G,B, each from 0 to 255",
        "file": "hub.txt",
        "line": (folder / "hub.txt").read_text().splitlines().index("    color #0072b2") + 1,
        "track": "small_plus",
    }
    assert json.loads(run("--json", folder / "nowhere").stdout or "[]") == []


def test_summary_counts_by_level() -> None:
    findings = [Finding(Level.NOTE, "a", "b", "c", "hub.txt"), *[Finding(Level.ERROR, "a", "b", "c", "hub.txt")] * 2]
    assert summary(findings) == "2 errors, 1 note"


def test_no_hub_is_one_line(tmp_path: Path, served: tuple[Path, str]) -> None:
    with pytest.raises(InputError, match=r"contains no hub\.txt"):
        check_hub(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        check_hub(tmp_path / "nowhere")
    with pytest.raises(InputError, match="the server answers 404"):
        check_hub(f"{served[1]}/nowhere.txt")
    with socket.socket() as deaf:  # has a port that no other program can get, and does not listen
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(InputError, match="nothing answers"):
            check_hub(f"http://127.0.0.1:{deaf.getsockname()[1]}/hub.txt")
    with pytest.raises(InputError, match="cannot be read"):
        check_hub("file:///etc/hub.txt")


def test_a_missing_blank_line_is_one_error(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    edit("\n\ntrack curated", "\ntrack curated")(folder)
    assert codes(check_hub(folder)) == ["missing-blank"]


@pytest.mark.parametrize("key", ["genomesFile", "trackDb"])
def test_a_missing_file_of_the_hub_is_one_error(copy: tuple[Path, str], key: str) -> None:
    folder, _ = copy
    three_files(folder)
    (folder / {"genomesFile": "genomes.txt", "trackDb": "trackDb.txt"}[key]).unlink()
    assert codes(check_hub(folder)) == [f"missing-{key}"]


def test_a_bigbed_with_odd_columns_is_no_damage(copy: tuple[Path, str]) -> None:
    """Columns that we would not write: types of other writers, names that differ in case alone, no autoSql."""
    folder, _ = copy
    path = folder / "genes.bb"
    data = path.read_bytes()
    for old, new in (
        (b"string geneName;", b"enum(a,b) NAME2;"),
        (b"string geneName;", b"string     NAME;"),
        (b"table genes", b"tabel genes"),
    ):
        assert len(old) == len(new)
        assert old in data
        path.write_bytes(data.replace(old, new, 1))
        found = {finding.code for finding in check_hub(folder) if finding.level is Level.ERROR}
        assert found <= {"unknown-column"}, new  # the settings name geneName


def test_paths_of_a_track_are_found_from_its_trackdb_file(served: tuple[Path, str], good_hub: Path) -> None:
    folder, address = served
    shutil.copytree(good_hub, folder, dirs_exist_ok=True)
    three_files(folder, subfolder="small/")
    assert codes(check_hub(folder)) == codes(check_hub(address)) == []
    edit("bigDataUrl ../genes.bb", "bigDataUrl genes.bb", "small/trackDb.txt")(folder)  # as seen from hub.txt: wrong
    for place in (folder, address):
        (finding,) = [finding for finding in check_hub(place) if finding.level is Level.ERROR]
        assert (finding.code, finding.file, finding.track) == ("missing-data", "small/trackDb.txt", "genes")


def test_addresses_on_the_web_are_looked_at_from_a_folder_too(copy: tuple[Path, str]) -> None:
    folder, address = copy
    edit("^bigDataUrl genes.bb", f"bigDataUrl {address}/nowhere.bb")(folder)
    edit("^bigDataUrl pseudogenes.bb", f"bigDataUrl {address}/small_plus.bw")(folder)
    edit("^descriptionUrl .*", f"descriptionUrl {address}/none.html")(folder)
    found = {(finding.code, finding.track) for finding in check_hub(folder)}
    assert found == {("missing-data", "genes"), ("data", "pseudogenes"), ("missing-descriptionUrl", "")}


@pytest.mark.parametrize("how", ["the file is packed", "the server packs"])
def test_a_packed_hub_txt_is_an_error_and_read_on(copy: tuple[Path, str], how: str) -> None:
    folder, address = copy
    in_track("genes", "^visibility .*", "visibility shown")(folder)
    (folder / "hub.txt").write_bytes(gzip.compress((folder / "hub.txt").read_bytes()))
    assert codes(check_hub(address if how == "the server packs" else folder)) == ["gzip", "value"]


def test_the_start_of_a_damaged_gzip_is_enough(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    (folder / "hub.txt").write_bytes(b"\x1f\x8b\x08\x00garbage")
    assert "gzip" in codes(check_hub(folder))


@pytest.fixture
def plain_server(good_hub: Path) -> Iterator[str]:
    """A server such as `python -m http.server`: no byte ranges, no CORS."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(good_hub))  # type: ignore[arg-type]

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with serve_with(Handler) as address:
        yield address


def test_a_server_without_ranges_and_cors_is_named(plain_server: str) -> None:
    findings = check_hub(f"{plain_server}/hub.txt")
    assert {(finding.code, finding.level) for finding in findings} == {
        ("no-ranges", Level.WARNING),
        ("no-cors", Level.WARNING),
    }


ODD_PLACES = [
    "http://[x/y.bb",
    "//[x",
    "http://",
    "https:///x.bb",
    "http://127.0.0.1:99999/x.bb",
    "http://a b/c",
    "\x01.bb",
]
ODD_PLACES += [
    "x" * 5000,
    "..",
    "~/x.bb",
    "file:///etc/passwd",
    "data:,x",
    "javascript://x",
    "http://127.0.0.1:9/x.bb",
    "?",
    "%00",
]


@pytest.mark.parametrize("value", ODD_PLACES)
def test_odd_addresses_are_findings(copy: tuple[Path, str], value: str) -> None:
    folder, address = copy
    edit("^bigDataUrl genes.bb", f"bigDataUrl {value}")(folder)
    edit("^html pages/genes.html", f"html {value}")(folder)
    edit("^htmlPath .*", f"htmlPath {value}")(folder)
    edit("^searchTrix genes.ix", f"searchTrix {value}")(folder)
    for place in (folder, address):
        assert {"missing-data", "not-checked", "data"} & {finding.code for finding in check_hub(place)}


def test_odd_places_are_one_line() -> None:
    for place in ("http://[x", "http://", "gopher://x/hub.txt", "http://127.0.0.1:99999/hub.txt"):
        with pytest.raises(InputError):
            check_hub(place)


# --- limits -----------------------------------------------------------------------------------------------------------
def test_a_file_that_is_too_large_is_checked_by_its_start(copy: tuple[Path, str]) -> None:
    folder, address = copy
    data = (folder / "genes.bb").read_bytes()
    (folder / "genes.bb").write_bytes(data + bytes(1_200_000))
    findings = check_hub(address, HubCheckConfig(max_file_mb=1))
    assert [(finding.level, finding.code, finding.track) for finding in findings] == [
        (Level.NOTE, "large-file", "genes")
    ]
    assert check_hub(folder, HubCheckConfig(max_file_mb=1)) == findings
    (folder / "genes.bb").write_bytes(b"<html>" + bytes(1_200_000))
    assert codes(check_hub(address, HubCheckConfig(max_file_mb=1))) == ["data"]


def test_checking_stops_after_a_size_and_says_what_was_left_out(copy: tuple[Path, str]) -> None:
    folder, address = copy
    (folder / "pages/hub.html").write_bytes(b"<p>" + b"x" * 1_100_000)
    findings = check_hub(address, HubCheckConfig(max_total_mb=1))
    assert codes(findings) == []
    (finding,) = [finding for finding in findings if finding.code == "limit"]
    assert finding.level is Level.WARNING
    assert re.search(r"\d+ files were not fetched, .* 1 MB and 600 s", finding.problem)


class Clock:
    """Stands for the module `time` where it is measured how long a check takes."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


class _Endless(BaseHTTPRequestHandler):
    """Sends a hub.txt that never ends, a few bytes in a second of the clock."""

    clock = Clock()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.clock.now += 1
                self.wfile.write(b"# and so on\n")
        except OSError:
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_checking_stops_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "time", _Endless.clock)
    with serve_with(_Endless) as address, pytest.raises(InputError, match=r"not here after 999\.5 s"):
        check_hub(f"{address}/hub.txt", HubCheckConfig(max_s=999.5, timeout_s=999))  # else it is too large some time


class _Flood(_Endless):
    """Sends a hub.txt that never ends, as fast as it can."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"# and so on\n" * 4096)
        except OSError:
            pass


def test_a_hub_txt_without_end_is_one_line() -> None:
    with serve_with(_Flood) as address, pytest.raises(InputError, match="larger than 3 MB"):
        check_hub(f"{address}/hub.txt", HubCheckConfig(max_file_mb=3))


def test_a_server_that_says_nothing_is_one_line() -> None:
    over = threading.Event()

    class Silent(_Endless):
        def do_GET(self) -> None:
            over.wait()

    with serve_with(Silent) as address:
        with pytest.raises(InputError, match="does not come in time"):
            check_hub(f"{address}/hub.txt", HubCheckConfig(timeout_s=0.2))
        over.set()


class _Short(_Endless):
    """Says more bytes than it sends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "9000")
        self.end_headers()
        self.wfile.write(b"hub x\n")


def test_an_answer_that_breaks_off_is_one_line() -> None:
    with serve_with(_Short) as address, pytest.raises(InputError, match=r"breaks off: 6 of 9000 bytes"):
        check_hub(f"{address}/hub.txt")


def test_files_that_include_two_that_include_two_come_to_an_end(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    for number in range(40):
        write(folder / f"{number}.txt", f"include {number + 1}.txt\n\ninclude {number + 1}.txt\n")
    write(folder / "40.txt", "")
    write(folder / "hub.txt", (folder / "hub.txt").read_text() + "\n\ninclude 0.txt\n")
    assert set(codes(check_hub(folder))) == {"include"}


def test_of_very_many_items_some_are_looked_at(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    write_items(folder / "items.bb")
    whole, part = read_items(folder / "items.bb"), read_items(folder / "items.bb", most=0)
    assert (len(whole.rows), whole.complete) == (2, True)
    assert (len(part.rows), part.complete) == (0, False)
    assert whole.chroms == part.chroms


# --- damaged data -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["genes.bb", "small_plus.bw", "chromAlias.bb", "small.2bit", "reads.bam"])
def test_damaged_data_never_ends_in_a_traceback(copy: tuple[Path, str], name: str) -> None:
    folder, _ = copy
    data = (folder / name).read_bytes()
    chance = random.Random(7)
    for _ in range(25):
        start = chance.randrange(len(data))
        damaged = bytearray(data)
        for offset in range(start, min(start + chance.choice((1, 8, 40)), len(data))):
            damaged[offset] = chance.randrange(256)
        (folder / name).write_bytes(damaged)
        assert all("\n" not in str(finding) for finding in check_hub(folder))


def test_a_tree_that_leads_back_to_itself_is_an_error(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    path = folder / "genes.bb"
    data = bytearray(path.read_bytes())
    tree = read_header(path, 0x8789F2EB).tree_offset + 32
    key_bytes = struct.unpack_from("<I", data, tree - 32 + 8)[0]
    data[tree] = 0  # a node whose child is that node
    struct.pack_into("<Q", data, tree + 4 + key_bytes, tree)
    path.write_bytes(data)
    assert [(finding.code, finding.track) for finding in check_hub(folder)] == [("data", "genes")]


def test_text_files_of_other_kinds_are_lines_too(copy: tuple[Path, str]) -> None:
    folder, _ = copy
    for name in ("chrom.sizes", "groups.txt", "genes.ix", "genes.ixx", "pages/genes.html", "hub.txt"):
        good = (folder / name).read_bytes()
        for data in (b"", b"\0\0\0", b"\xff\xfe\xfd", bytes(range(256)), b"\n" * 9, b"include hub.txt\n", b"\\\n\\"):
            (folder / name).write_bytes(data)
            findings = check_hub(folder)
            assert findings or name.endswith(".html"), (name, data)
            assert all("\n" not in str(finding) for finding in findings)
        (folder / name).write_bytes(good)
    assert sum(SIZES.values()) == 8018
    write(folder / "hub.txt", "hub x\n")
    assert "missing-email" in codes(check_hub(folder))
