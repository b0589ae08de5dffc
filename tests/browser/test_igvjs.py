"""The hub in the real igv.js (npm `igv`) in Debian's Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import HERE, Browser, Visit

from hubs import write_ecoli_predictions
from tracktools import build_hub
from tracktools.hub.serve import serving

pytestmark = pytest.mark.browser

STATE = (HERE / "igv_state.js").read_text()
ENOUGH_PIXELS = 200


@pytest.fixture(scope="session")
def ecoli_hub(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecoli")
    predictions = write_ecoli_predictions(folder / "predictions", data_dir)
    build_hub(
        [predictions],
        folder / "hub",
        genome=data_dir / "genome/NC_000913.3.fa.gz",
        gff=data_dir / "annotation/U00096.3.genbank.gff3.gz",
    )
    return folder / "hub"


@pytest.fixture(scope="session")
def address(ecoli_hub: Path) -> Iterator[str]:
    with serving(ecoli_hub) as address:
        yield address


def open_hub(chromium: Browser, address: str, igv_js: Path, locus: str) -> Visit:
    files = {"/igv_hub.html": HERE / "igv_hub.html", "/igv.min.js": igv_js}
    visit = chromium.visit(
        f"{address}/igv_hub.html?hub=hub.txt&locus={locus}", files=files, wait="window.result && window.result.done"
    )
    assert visit.page.evaluate("window.result.error") is None
    return visit


def drawn_tracks(visit: Visit) -> dict[str, dict[str, Any]]:
    visit.page.wait_for_timeout(1500)
    return {track["name"]: track for track in visit.page.evaluate(STATE)}


def test_hub_txt_draws_in_igv_js(chromium: Browser, address: str, igv_js: Path) -> None:
    visit = open_hub(chromium, address, igv_js, "NC_000913.3:237001-241000")
    tracks = drawn_tracks(visit)
    assert list(tracks) == ["TSS (+)", "TSS (-)", "Called TSS", "Genes", "Pseudogenes"]
    assert visit.page.evaluate("browser.genome.id") == "GCF_000005845.2"
    assert visit.page.evaluate("browser.currentLoci()") == "NC_000913.3:237001-241000"
    assert {name: track["drawn"] for name, track in tracks.items() if track["drawn"] < ENOUGH_PIXELS} == {}
    assert (tracks["TSS (+)"]["min"], tracks["TSS (+)"]["max"]) == (0, 1)
    assert (tracks["TSS (-)"]["min"], tracks["TSS (-)"]["max"]) == (-1, 0)
    assert visit.faults() == []
