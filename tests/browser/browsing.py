"""Real browsers for the tests: Debian's Chromium through pip's playwright, npm packages from a cache folder."""

from __future__ import annotations

import importlib.util
import os
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
STATE = (HERE / "igv_state.js").read_text()
ENOUGH_PIXELS = 200
PATIENCE_S = 120  # a busy machine is slow, not wrong
LOADED = "window.viewer && window.viewer.done"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def keep_picture(name: str, picture: bytes) -> None:
    """Keep a screenshot in the folder that TRACKTOOLS_SCREENSHOTS names, if any: output for people to look at."""
    if folder := os.environ.get("TRACKTOOLS_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{name}.png").write_bytes(picture)


def node_folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tracktools-tests" / "node"
    return Path(os.environ.get("TRACKTOOLS_TEST_NODE", cache))


def node_file(name: str) -> Path:
    path = node_folder() / "node_modules" / name
    if not path.exists():
        pytest.skip(f"{path} is missing: run tests/browser/setup.sh")
    return path


def igv_notebook() -> Path:
    """The older igv.js that pip's igv-notebook brings."""
    spec = importlib.util.find_spec("igv_notebook")
    if spec is None or spec.origin is None:
        pytest.skip("igv-notebook is missing: pip install igv-notebook")
    return Path(spec.origin).parent / "js/igv.min.js"


@dataclass
class Visit:
    """A page, and everything that went wrong or out while it was open."""

    page: Any
    allowed: tuple[str, ...]
    http_errors: list[str] = field(default_factory=list)
    offsite: list[str] = field(default_factory=list)
    script_errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def errors(self) -> list[str]:
        return self.http_errors + self.offsite + self.script_errors + self.dialogs

    def wait_for(self, expression: str) -> None:
        self.page.wait_for_function(expression)


def _fulfill(file: Path, route: Any) -> None:
    route.fulfill(path=str(file))


class Browser:
    def __init__(self, context: Any) -> None:
        self.context = context

    def visit(self, address: str, *, files: dict[str, Path] | None = None, wait: str | None = None) -> Visit:
        """Open an address; `files` are served at their paths on its origin, `wait` is awaited."""
        page = self.context.new_page()
        origin = "/".join(address.split("/")[:3])
        visit = Visit(page, (origin, "data:", "blob:", "about:"))
        page.on("request", lambda r: None if r.url.startswith(visit.allowed) else visit.offsite.append(r.url))
        page.on("response", lambda r: visit.http_errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("requestfailed", lambda r: visit.http_errors.append(f"{r.failure} {r.url}"))
        page.on("pageerror", lambda error: visit.script_errors.append(str(error)))
        page.on("dialog", lambda dialog: (visit.dialogs.append(dialog.message), dialog.dismiss()))
        for path, file in (files or {}).items():
            page.route(re.compile(re.escape(origin + path) + r"(\?.*)?$"), partial(_fulfill, file))
        page.goto(address)
        if wait:
            visit.wait_for(wait)
        return visit


def drawn_tracks(
    visit: Visit, locus: str, *, of: Collection[str] = (), enough: int = ENOUGH_PIXELS
) -> dict[str, dict[str, Any]]:
    """Go to a locus and return the tracks once each, or each of those named, has drawn pixels; or after two minutes."""
    visit.page.evaluate("locus => browser.search(locus)", locus)
    ends = time.monotonic() + PATIENCE_S
    while True:
        visit.page.wait_for_timeout(250)
        tracks = {track["name"]: track for track in visit.page.evaluate(STATE)}
        drawn = {name for name, track in tracks.items() if track["drawn"] >= enough}
        if drawn >= set(of or tracks) or time.monotonic() > ends:
            return tracks


def search(visit: Visit, text: str) -> tuple[str, int, int]:
    """Search for a text; return where the browser is then: name, first and last base."""
    assert visit.page.evaluate("text => browser.search(text)", text), f"{text} was not found"
    chrom, _, span = visit.page.evaluate("browser.currentLoci()").rpartition(":")
    first, _, last = span.partition("-")
    return chrom, round(float(first)), round(float(last))
