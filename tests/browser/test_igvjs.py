"""The hub in the real igv.js (npm `igv`, and the older one in pip's igv-notebook) in Debian's Chromium."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from browsing import ENOUGH_PIXELS, HERE, LOADED, Browser, Visit, drawn_tracks, igv_notebook, keep_picture, search

from hubs import build_small_hub, write_small_inputs
from tracktools import build_hub, compute_contributions
from tracktools.formats.bed import BED6, write_bed
from tracktools.hub.clients.view import build_view
from tracktools.hub.serve import serving
from tracktools.tracks import Track, write_tracks

pytestmark = pytest.mark.browser

PSEUDOGENE_LOCUS = "NC_000913.3:237001-241000"
BLUE, VERMILLION = "0,114,178", "213,94,0"


@pytest.fixture(scope="module")
def hub_txt(chromium: Browser, address: str, igv_js: Path) -> Visit:
    """hub.txt, opened as users of igv.js open it."""
    files = {"/igv_hub.html": HERE / "igv_hub.html", "/igv.min.js": igv_js}
    page = f"{address}/igv_hub.html?hub=hub.txt&locus={PSEUDOGENE_LOCUS}"
    visit = chromium.visit(page, files=files, wait="window.result && window.result.done")
    assert visit.page.evaluate("window.result.error") is None
    return visit


@pytest.fixture(scope="module")
def index(chromium: Browser, address: str) -> Visit:
    return chromium.visit(f"{address}/index.html", wait=LOADED)


def test_hub_txt_draws_every_track_with_its_range(hub_txt: Visit) -> None:
    tracks = drawn_tracks(hub_txt, PSEUDOGENE_LOCUS)
    keep_picture("igvjs_hub_txt", hub_txt.page.screenshot())
    assert list(tracks) == ["TSS (+)", "TSS (-)", "Called TSS", "Genes", "Pseudogenes"]
    assert hub_txt.page.evaluate("browser.genome.id") == "GCF_000005845.2"
    assert hub_txt.page.evaluate("browser.currentLoci()") == PSEUDOGENE_LOCUS
    assert {name: track["drawn"] for name, track in tracks.items() if track["drawn"] < ENOUGH_PIXELS} == {}
    assert (tracks["TSS (+)"]["min"], tracks["TSS (+)"]["max"]) == (0, 1)
    assert (tracks["TSS (-)"]["min"], tracks["TSS (-)"]["max"]) == (-1, 0)
    assert tracks["TSS (+)"]["colors"].get(BLUE, 0) > 50
    assert tracks["TSS (-)"]["colors"].get(VERMILLION, 0) > 50
    assert hub_txt.errors() == []


@pytest.mark.parametrize("page", ["hub_txt", "index"])
@pytest.mark.parametrize("alias", ["NC_000913.3", "U00096.3", "chr", "Chromosome"])
def test_every_name_of_the_chromosome_navigates(page: str, alias: str, request: pytest.FixtureRequest) -> None:
    visit = request.getfixturevalue(page)
    search(visit, "NC_000913.3:1-1000")
    assert search(visit, f"{alias}:500001-502000") == ("NC_000913.3", 500001, 502000)
    assert visit.errors() == []


@pytest.mark.parametrize("page", ["hub_txt", "index"])
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("pTSS_NC_000913.3_366305_r", 366305, 366305),  # the first base of lacZ
        ("lacZ", 363231, 366305),
        ("LACZ", 363231, 366305),
        ("b0344", 363231, 366305),
    ],
)
def test_names_of_tss_and_genes_navigate(
    page: str, name: str, first: int, last: int, request: pytest.FixtureRequest
) -> None:
    visit = request.getfixturevalue(page)
    search(visit, "NC_000913.3:1-1000")
    chrom, left, right = search(visit, name)
    assert chrom == "NC_000913.3"
    assert left <= first
    assert right >= last
    assert abs((left + right) / 2 - (first + last) / 2) <= 1
    assert visit.errors() == []


def test_index_mirrors_the_strands_in_one_track(index: Visit) -> None:
    tracks = drawn_tracks(index, PSEUDOGENE_LOCUS)
    keep_picture("igvjs_index", index.page.screenshot(full_page=True))
    assert list(tracks) == ["TSS", "Called TSS", "Genes", "Pseudogenes"]
    assert (tracks["TSS"]["type"], tracks["TSS"]["min"], tracks["TSS"]["max"]) == ("merged", -1, 1)
    assert min(tracks["TSS"]["colors"].get(color, 0) for color in (BLUE, VERMILLION)) > 50
    assert min(track["drawn"] for track in tracks.values()) >= ENOUGH_PIXELS
    assert index.page.locator("#problem").is_hidden()
    assert index.errors() == []


def test_a_name_that_no_track_has_stays_on_the_page(index: Visit) -> None:
    assert not index.page.evaluate("browser.search('nosuchgene')")
    assert index.errors() == []


def test_bookmark_goes_to_a_pseudogene_with_predictions_and_calls(index: Visit) -> None:
    button = index.page.locator("[data-position]").nth(1)
    assert button.inner_text().startswith("Pseudogene ")
    button.click()
    tracks = drawn_tracks(index, button.get_attribute("data-position"))
    assert min(track["drawn"] for track in tracks.values()) >= ENOUGH_PIXELS
    assert index.errors() == []


@pytest.mark.parametrize("version", ["npm", "igv-notebook"])
def test_view_opens_from_disk_with_the_network_cut(
    chromium: Browser, ecoli_hub: Path, igv_js: Path, tmp_path: Path, version: str
) -> None:
    script = igv_js if version == "npm" else igv_notebook()
    built = build_view(ecoli_hub, tmp_path / "view.html", igv_js=script)
    assert built.size_bytes < 20e6
    chromium.context.set_offline(True)
    try:
        visit = chromium.visit(built.path.as_uri(), wait=LOADED)
        tracks = drawn_tracks(visit, PSEUDOGENE_LOCUS)
        assert list(tracks) == ["TSS", "Called TSS", "Genes", "Pseudogenes"]
        assert min(track["drawn"] for track in tracks.values()) >= ENOUGH_PIXELS
        assert (tracks["TSS"]["min"], tracks["TSS"]["max"]) == (-1, 1)
        assert search(visit, "pTSS_NC_000913.3_366305_r")[1] < 366305 < search(visit, "lacZ")[2]
        assert "0.01" in visit.page.locator("body").inner_text()
        assert visit.page.locator("#problem").is_hidden()
        assert [request for request in visit.offsite if not request.startswith("file://")] == []
        assert visit.http_errors + visit.script_errors + visit.dialogs == []
    finally:
        chromium.context.set_offline(False)


def test_hostile_labels_never_run(chromium: Browser, igv_js: Path, tmp_path: Path) -> None:
    inputs = write_small_inputs(tmp_path / "inputs")
    folder = tmp_path / "hostile"
    folder.mkdir()
    attack = '<img src=x onerror="window.attacked=1"></script><script>window.attacked=1;alert(1)</script>'
    table = pd.DataFrame([("chrA", 10, 900, attack, 0, "+")], columns=BED6.columns)
    write_bed(folder / "a.bed", table, BED6)
    text = dict.fromkeys(("short_label", "long_label", "method", "source", "licence"), attack)
    write_tracks(folder, [Track("a", folder / "a.bed", "bed", group="tss", **text)])
    built = build_hub([folder], tmp_path / "hub", genome=inputs["genome"], igv_js=igv_js)
    files = {"/igv_hub.html": HERE / "igv_hub.html", "/igv.min.js": igv_js}
    with serving(built.folder) as address:
        for page, done in (
            ("index.html", LOADED),
            ("igv_hub.html?hub=hub.txt&locus=chrA:1-1000", "window.result && window.result.done"),
            ("pages/a.html", "document.readyState === 'complete'"),
            ("pages/hub.html", "document.readyState === 'complete'"),
        ):
            visit = chromium.visit(f"{address}/{page}", files=files, wait=done)
            visit.page.wait_for_timeout(500)
            for item in visit.page.locator(".igv-viewport").all()[-1:]:
                item.click(position={"x": 40, "y": 8}, force=True)  # a click on the item shows its columns
            visit.page.wait_for_timeout(300)
            assert visit.page.evaluate("window.attacked") is None, page
            assert visit.errors() == [], page


def test_index_with_the_igv_js_of_igv_notebook(chromium: Browser, tmp_path: Path) -> None:
    built = build_small_hub(write_small_inputs(tmp_path / "inputs"), tmp_path / "hub", igv_js=igv_notebook())
    with serving(built.folder) as address:
        visit = chromium.visit(f"{address}/index.html", wait=LOADED)
        tracks = drawn_tracks(visit, "chrA:1-3000", enough=50)
        assert list(tracks) == ["TSS", "Called TSS", "Curated TSS", "reads", "Genes", "Pseudogenes"]
        assert {name for name, track in tracks.items() if track["drawn"] < 50} == set()
        assert (tracks["TSS"]["min"], tracks["TSS"]["max"]) == (-1, 1)
        assert search(visit, "xyzB")[1] <= 1501
        assert search(visit, "TSS_4")[0] == "plasmid"
        assert visit.errors() == []


def test_a_locus_behind_the_address_is_where_the_page_opens(chromium: Browser, address: str) -> None:
    visit = chromium.visit(f"{address}/index.html#NC_000913.3:2001-4000", wait=LOADED)
    assert visit.page.evaluate("browser.currentLoci()") in (["NC_000913.3:2001-4000"], "NC_000913.3:2001-4000")
    assert visit.errors() == []


NUCLEOTIDES = {"0,200,0", "0,0,200", "209,113,5", "255,0,0"}  # igv.js's colours of A, C, G, T


def test_contributions_are_letters_with_a_sign(chromium: Browser, data_dir: Path, igv_js: Path, tmp_path: Path) -> None:
    genome = data_dir / "genome/NC_000913.3.fa.gz"
    rows = [("NC_000913.3", 3673330, 3673331, "f", 0, "+"), ("NC_000913.3", 3667607, 3667608, "r", 0, "-")]
    made = compute_contributions(
        genome, pd.DataFrame(rows, columns=list(BED6.columns)), tmp_path / "made", model="ecoli-tss-dilated"
    )
    hub = build_hub([made], tmp_path / "hub", genome=genome, igv_js=igv_js).folder
    with serving(hub) as address:
        visit = chromium.visit(f"{address}/index.html", wait=LOADED)
        for locus, name in (
            ("NC_000913.3:3673231-3673430", "Contribution (+)"),
            ("NC_000913.3:3667541-3667740", "Contribution (-)"),
        ):
            track = drawn_tracks(visit, locus, of=[name])[name]
            keep_picture(f"igvjs_letters_{name[-2]}", visit.page.screenshot(full_page=True))
            assert track["min"] < 0 < track["max"]
            assert all(track["colors"].get(color, 0) > 20 for color in NUCLEOTIDES), track["colors"]
        assert visit.errors() == []
