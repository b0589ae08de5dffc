"""The hub in the parsers of GMOD, in JBrowse 2 and in IGV desktop."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from browsing import HERE, PATIENCE_S, Browser, keep_picture, node_file, node_folder
from PIL import Image

pytestmark = pytest.mark.browser

BLUE, VERMILLION, PURPLE = (0, 114, 178), (213, 94, 0), (204, 121, 167)


def test_gmod_parsers_read_hub_and_data(ecoli_hub: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: run tests/browser/setup.sh")
    node_file("@gmod/ucsc-hub/package.json"), node_file("bbi8/package.json")
    command = [node, str(HERE / "read_hub.mjs"), str(node_folder()), str(ecoli_hub), "lacZ"]
    read = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S).stdout)
    assert read["hub"]["useOneFile"] == "on"
    assert read["genome"]["genome"] == "GCF_000005845.2"
    tracks = read["tracks"]
    assert tracks["NC_000913_3_plus"]["parent"] == "predictions_strands on"
    assert tracks["NC_000913_3_plus"]["range"] == pytest.approx([0, 0.9], abs=1e-6)
    assert tracks["NC_000913_3_minus"]["range"] == pytest.approx([-0.9, 0], abs=1e-6)
    assert "modelOutput" in tracks["NC_000913_3_called_tss"]["autosql"]
    assert (tracks["genes"]["found"], tracks["pseudogenes"]["found"]) == (1, 0)


def pixels(path: Path) -> Counter[Any]:
    with Image.open(path) as image:
        return Counter({color: count for count, color in image.convert("RGB").getcolors(1 << 24)})


@pytest.mark.slow
def test_jbrowse_draws_every_track_of_its_config(chromium: Browser, address: str, tmp_path: Path) -> None:
    files = {
        "/jbrowse.html": HERE / "jbrowse.html",
        "/react.js": node_file("react/umd/react.production.min.js"),
        "/react-dom.js": node_file("react-dom/umd/react-dom.production.min.js"),
        "/jbrowse.js": node_file("@jbrowse/react-app/dist/react-app.umd.production.min.js"),
    }
    visit = chromium.visit(f"{address}/jbrowse.html", files=files, wait="window.result && window.result.done")
    assert (visit.page.evaluate("window.result.error") or "")[:300] == ""
    visit.wait_for("window.state.session.views[0].initialized")
    visit.page.evaluate("window.state.session.views[0].navToLocString('NC_000913.3:237001-241000')")
    picture = tmp_path / "jbrowse.png"
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:  # until the strands, the calls with their labels, and the genes are drawn
        visit.page.wait_for_timeout(1000)
        visit.page.screenshot(path=str(picture))
        drawn = min(pixels(picture)[color] for color in (BLUE, VERMILLION, PURPLE)) > 100
        if drawn and "0.90" in visit.page.locator("body").text_content():
            break
    visit.page.wait_for_timeout(1000)
    shown = visit.page.evaluate(
        """state.session.views[0].tracks.map(track => [
            track.configuration.trackId, track.displays[0].error ? String(track.displays[0].error) : ""])"""
    )
    assert shown == [
        ["predictions_NC_000913_3_mirror", ""],
        ["NC_000913_3_called_tss", ""],
        ["genes", ""],
        ["pseudogenes", ""],
    ]
    domain = visit.page.evaluate("state.session.views[0].tracks[0].displays[0].domain")
    assert domain == [-1, 1]
    keep_picture("jbrowse", visit.page.screenshot(path=str(picture)))
    colors = pixels(picture)
    assert min(colors[color] for color in (BLUE, VERMILLION, PURPLE)) > 100
    text = visit.page.locator("body").text_content()
    assert "Error" not in text, "a track that cannot be drawn says so in its place"
    assert "0.90" in text
    assert "pTSS_" not in text, "labels are short"
    assert visit.errors() == []


@pytest.mark.slow
def test_igv_desktop_draws_the_session(ecoli_hub: Path, tmp_path: Path) -> None:
    igv, xvfb = shutil.which("igv"), shutil.which("xvfb-run")
    if igv is None or xvfb is None:
        pytest.skip("igv or xvfb-run is missing: run tests/browser/setup.sh --all")
    batch = tmp_path / "batch.txt"
    commands = [
        f"genome {ecoli_hub}/igv/genome.json",  # first, or IGV asks the network for hg19
        f"load {ecoli_hub}/igv/session.xml",
        f"snapshotDirectory {tmp_path}",
        "goto U00096.3:237001-241000",
        "snapshot picture.png",
        "exit",
    ]
    batch.write_text("\n".join(commands) + "\n")
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "DISPLAY": ""}
    run = subprocess.run(
        [xvfb, "-a", igv, "-b", str(batch)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert "ERROR" not in run.stdout + run.stderr, run.stdout[-2000:] + run.stderr[-2000:]
    keep_picture("igv_desktop", (tmp_path / "picture.png").read_bytes())
    colors = pixels(tmp_path / "picture.png")
    assert min(colors[color] for color in (BLUE, VERMILLION, PURPLE)) > 100
