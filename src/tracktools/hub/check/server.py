"""A hub on a web server: its files fetched, and the answers that browsers need: byte ranges, and any origin."""

from __future__ import annotations

import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from tracktools.errors import InputError
from tracktools.hub.check.faults import Findings
from tracktools.hub.check.hubtxt import read_blocks

_TIMEOUT_S = 30
_FILE_KEYS = (
    "bigDataUrl",
    "bigDataIndex",
    "searchTrix",
    "html",
    "twoBitPath",
    "chromSizes",
    "chromAlias",
    "chromAliasBb",
    "groups",
    "htmlPath",
    "descriptionUrl",
    "genomesFile",
    "trackDb",
)
_BROWSER_ORIGIN = "https://igv.org"


def download_hub(url: str, folder: Path, findings: Findings) -> str:
    """Fetch ``hub.txt`` and every file that it names by a relative path; return the name of the first.

    A file that cannot be had is left out: the checks of the folder find it missing.

    Raises
    ------
    InputError
        If the first file cannot be had.
    """
    address = url if urlsplit(url).path.endswith(".txt") else url.rstrip("/") + "/hub.txt"
    first = Path(urlsplit(address).path).name
    try:
        _download(address, folder / first)
    except (OSError, HTTPException) as error:
        raise InputError(f"cannot be fetched: {error}", path=address, mend="give the address of hub.txt") from None
    waiting = [first]
    while waiting:
        name = waiting.pop()
        for key, value in _named_files(folder, name):
            target = folder / value
            if not target.resolve().is_relative_to(folder.resolve()) or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                _download(urljoin(address, quote(value)), target)
            except (OSError, HTTPException):
                continue
            if key in ("genomesFile", "trackDb"):
                waiting.append(value)
    return first


def _named_files(folder: Path, name: str) -> list[tuple[str, str]]:
    named = []
    for block in read_blocks(folder, name):
        for setting in block.settings:
            if setting.key in _FILE_KEYS and setting.value and not urlsplit(setting.value).scheme:
                value = str(Path(name).parent / setting.value)
                named.append((setting.key, value))
                if setting.key == "searchTrix":
                    named.append((setting.key, value + "x"))
                if setting.key == "bigDataUrl" and value.endswith(".bam"):
                    named.append(("bigDataIndex", value + ".bai"))
    return named


def check_server(url: str, folder: Path, findings: Findings) -> None:
    """Ask the server for a few bytes of one data file, as a browser on another site does."""
    data = next((path for path in sorted(folder.rglob("*")) if path.suffix in (".bw", ".bb", ".2bit", ".bam")), None)
    if data is None or data.stat().st_size < 2:
        return
    name = data.relative_to(folder).as_posix()
    base = url if urlsplit(url).path.endswith(".txt") else url.rstrip("/") + "/"
    request = _request(urljoin(base, quote(name)))
    request.add_header("Range", "bytes=1-1")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the scheme was checked
            status, headers, body = answer.status, answer.headers, answer.read(2)
    except (OSError, HTTPException) as error:
        findings.add_file(name, "server", f"cannot be asked for bytes: {error}", "serve it with a usual web server")
        return
    if status != 206 or len(body) != 1:
        problem = f"the server answers {status} with the whole file to a request for one byte"
        findings.add_file(name, "no-ranges", problem, "use a server with byte ranges, such as hub serve")
    if headers.get("Access-Control-Allow-Origin") not in ("*", _BROWSER_ORIGIN):
        problem = "the server does not let pages of other sites read it (CORS)"
        findings.add_file(name, "no-cors", problem, "send Access-Control-Allow-Origin: *")


def _request(address: str) -> urllib.request.Request:
    if urlsplit(address).scheme not in ("http", "https"):
        raise InputError("is no web address", path=address)
    return urllib.request.Request(address, headers={"Origin": _BROWSER_ORIGIN})  # noqa: S310 - checked above


def _download(address: str, target: Path) -> None:
    with urllib.request.urlopen(_request(address), timeout=_TIMEOUT_S) as answer, target.open("wb") as file:  # noqa: S310
        shutil.copyfileobj(answer, file)
