"""Every gene of a real genome is found by its name: in both pages, by both versions of igv.js."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from browsing import LOADED, Browser, Visit, igv_notebook, search

from tracktools.formats.bigbed import read_bigbed
from tracktools.hub.clients.view import build_view
from tracktools.hub.serve import serving

pytestmark = pytest.mark.browser

CHROM = "NC_000913.3"
BOX = "input.igv-search-input, .igv-search-container input"


@pytest.fixture(scope="module", params=["3.8 index", "3.8 view", "3.0 index", "3.0 view"])
def visit(
    request: pytest.FixtureRequest,
    chromium: Browser,
    ecoli_hub: Path,
    igv_js: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Visit]:
    """One of the two pages of the hub, drawn by one of the two versions."""
    version, page = request.param.split()
    script = igv_js if version == "3.8" else igv_notebook()
    folder = tmp_path_factory.mktemp("names")
    if page == "view":
        built = build_view(ecoli_hub, folder / "view.html", igv_js=script)
        yield chromium.visit(built.path.as_uri(), wait=LOADED)
        return
    hub = Path(shutil.copytree(ecoli_hub, folder / "hub"))
    index = hub / "index.html"
    if version == "3.0":
        shutil.copyfile(script, hub / "igv/igv.min.js")
        index.write_text(index.read_text().replace("drawsLabels: true", "drawsLabels: false"))
    with serving(hub) as address:
        yield chromium.visit(f"{address}/index.html", wait=LOADED)


@pytest.fixture(scope="module")
def genes(ecoli_hub: Path) -> pd.DataFrame:
    tables = [read_bigbed(ecoli_hub / f"{kind}.bb")[0] for kind in ("genes", "pseudogenes")]
    return pd.concat(tables, ignore_index=True)


def holds(place: tuple[str, int, int], gene: pd.Series) -> bool:
    """Whether a place is of the gene: it contains all of it, in its middle."""
    chrom, first, last = place
    middle = (first - 1 + last) / 2 - (gene["chromStart"] + gene["chromEnd"]) / 2
    return chrom == gene["chrom"] and first - 1 <= gene["chromStart"] and last >= gene["chromEnd"] and abs(middle) <= 1


def split(locus: str) -> tuple[str, int, int]:
    chrom, _, span = locus.rpartition(":")
    first, last = span.split("-")
    return chrom, int(first), int(last)


def test_the_version_is_the_one_that_is_meant(visit: Visit, request: pytest.FixtureRequest) -> None:
    assert visit.page.evaluate("igv.version()").startswith(request.node.callspec.params["visit"][:3])


def test_every_name_of_every_gene_leads_to_that_gene(visit: Visit, genes: pd.DataFrame) -> None:
    whole = genes[~genes["name"].duplicated(keep=False)]  # a gene in parts is looked at below
    assert len(whole) > 4300
    away = whole[(whole["chromStart"] > 5000) & (whole["chromEnd"] < 4_636_000)]  # where no end of the genome is near
    for column, form in (("name", str), ("locusTag", str), ("name", str.upper), ("name", str.lower)):
        rows = away[away[column] != ""]
        found = visit.page.evaluate("names => Promise.all(names.map(viewer.find))", rows[column].map(form).tolist())
        lost = [
            row[column]
            for locus, (_, row) in zip(found, rows.iterrows(), strict=True)
            if not (locus and holds(split(locus), row))
        ]
        assert lost == [], column
    assert visit.script_errors == []


def test_the_viewer_goes_to_the_shortest_genes_too(visit: Visit, genes: pd.DataFrame) -> None:
    lengths = (genes["chromEnd"] - genes["chromStart"]).where(~genes["name"].duplicated(keep=False))
    for _, gene in genes.loc[lengths.nsmallest(25).index].iterrows():
        assert holds(search(visit, gene["name"]), gene), gene["name"]
    assert holds(search(visit, "spy"), genes[genes["name"] == "spy"].iloc[0])


def test_a_gene_typed_into_the_search_box_is_found(visit: Visit, genes: pd.DataFrame) -> None:
    search(visit, f"{CHROM}:1-1000")
    box = visit.page.locator(BOX).first
    box.fill("spy")
    box.press("Enter")
    visit.wait_for(f"!browser.currentLoci().toString().startsWith('{CHROM}:1-')")
    gene = genes[genes["name"] == "spy"].iloc[0]
    place = split(str(visit.page.evaluate("browser.currentLoci().toString()")).split(".0-")[0])
    assert holds(place, gene)


@pytest.mark.parametrize("alias", ["NC_000913.3", "U00096.3", "chr", "Chromosome", "CHR"])
def test_every_name_of_a_sequence_works_as_a_locus(visit: Visit, alias: str) -> None:
    search(visit, f"{CHROM}:1-1000")
    assert search(visit, f"{alias}:5000-6000") == (CHROM, 5000, 6000)
    assert search(visit, f"{alias}:5,000-6,000") == (CHROM, 5000, 6000)
    assert visit.page.evaluate(f"browser.search('{alias}')"), "a name alone is the whole sequence"
    assert visit.page.evaluate("browser.currentLoci().toString()").startswith(CHROM)


def test_called_tss_are_found_by_their_long_name_and_drawn_with_the_short_one(visit: Visit) -> None:
    chrom, first, last = search(visit, "pTSS_NC_000913.3_366305_r")
    assert (chrom, (first + last) // 2) in [(CHROM, 366304), (CHROM, 366305)]
    labels = visit.page.evaluate(
        """async () => {
            const track = browser.findTracks(track => track.name === "Called TSS")[0]
            const items = await track.getFeatures("NC_000913.3", 366300, 366310, 1)
            return items.filter(item => item.start === 366304).map(item => [item.name, item.label])
        }"""
    )
    assert labels in ([["pTSS_NC_000913.3_366305_r", "0.90"]], [["0.90", "0.90"]])
    assert visit.script_errors == []
