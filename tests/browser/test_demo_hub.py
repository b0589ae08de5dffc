"""The demo's hub: real genome, shipped model, measured sets and reads, in the real igv.js."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ENOUGH_PIXELS, LOADED, Browser, Visit, drawn_tracks, keep_picture

from tracktools.formats.bed import read_bed
from tracktools.hub.check import check_hub
from tracktools.hub.serve import serving
from tracktools.pipeline.demo import run_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUSY_LOCUS = "NC_000913.3:3325969-3329968"  # 25 curated TSS on both strands within 4 kb


@pytest.fixture(scope="module")
def demo(data_dir: Path, igv_js: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo with measured sets: that which TRACKTOOLS_DEMO names, or one made now (minutes)."""
    if made := os.environ.get("TRACKTOOLS_DEMO"):
        return Path(made).resolve()
    folder = tmp_path_factory.mktemp("demo") / "demo"
    run_demo(folder, data=data_dir)
    return folder


@pytest.fixture(scope="module")
def page(demo: Path, chromium: Browser) -> Iterator[Visit]:
    with serving(demo / "hub") as address:
        yield chromium.visit(f"{address}/index.html", wait=LOADED)


def test_hub_check_finds_nothing(demo: Path) -> None:
    assert check_hub(demo / "hub") == []


def test_every_track_is_drawn_next_to_the_others(page: Visit) -> None:
    expected = {
        "TSS model", "Called TSS", "Model split", "Cappable-seq", "SEnd-seq", "SMRT-Cappable-seq", "RegulonDB",
        "Curated TSS", "Term-seq", "Genes",
    }  # fmt: skip
    tracks = drawn_tracks(page, BUSY_LOCUS, of=expected)
    keep_picture("demo", page.page.screenshot(full_page=True))
    drawn = {name for name, track in tracks.items() if track["drawn"] >= ENOUGH_PIXELS}
    assert drawn >= expected
    heads = {name for name in tracks if re.match(r"L\dH\d ", name)}
    assert len(heads) <= 3, "the strongest heads alone are shown at first"
    assert set(tracks) - heads == expected | {"Pseudogenes"}, (
        "no pseudogene is in sight here, though igv.js may draw one next to it"
    )
    assert (tracks["TSS model"]["min"], tracks["TSS model"]["max"]) == (-1, 1)
    assert page.errors() == []


def test_most_tss_of_all_four_sources_are_called_to_within_5_bp_on_bases_the_model_never_saw(demo: Path) -> None:
    curated, _ = read_bed(demo / "measured" / "curated" / "curated.bed")
    called, _ = read_bed(demo / "predictions" / "NC_000913.3.called_tss.bed")
    valid = curated[(curated["support"] == 4) & curated["chromStart"].between(3667115, 4131279)]
    calls = {strand: set(rows["chromStart"]) for strand, rows in called.groupby("strand")}
    hit = [
        any(position + step in calls[strand] for step in range(-5, 6))
        for position, strand in zip(valid["chromStart"], valid["strand"], strict=True)
    ]
    assert len(hit) > 50
    assert sum(hit) / len(hit) > 0.5
