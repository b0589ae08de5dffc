"""Hubs that UCSC reads: no error is found in them, in the folder or from the web."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hub_check.edits import (
    add_to,
    edit,
    fill,
    in_track,
    interactions,
    remove,
    three_files,
    variants,
    write,
    write_items,
)
from tracktools.formats.bed import BED6
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.twobit import write_twobit
from tracktools.hub.check import Level, check_hub

PLUS, MINUS, CALLED, MIRROR = "small_plus", "small_minus", "small_called_tss", "predictions_small_mirror"
LABELS = "shortLabel a\nlongLabel a\n"
ITEMS = f"track items\ntype bigBed 6 +\nbigDataUrl items.bb\nhtml pages/genes.html\n{LABELS}"
ITEMS_OF_3 = ITEMS.replace("bigBed 6 +", "bigBed 4 +")
Make = Callable[[Path, str], object]
LEGAL: dict[str, Make] = {}


def legal(name: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        LEGAL[name] = make
        return make

    return keep


def changed(name: str, *changes: Callable[[Path], None]) -> None:
    """Add a legal hub that is made by changes of the good one."""

    def make(folder: Path, address: str) -> None:
        for change in changes:
            change(folder)

    LEGAL[name] = make


def added(folder: Path, text: str) -> None:
    write(folder / "hub.txt", f"{(folder / 'hub.txt').read_text()}\n\n{text}\n")


def with_items(folder: Path, settings: str = "", stanza: str = ITEMS) -> None:
    """Add a track of two items."""
    write_items(folder / "items.bb")
    added(folder, stanza + settings)


# --- the text ---------------------------------------------------------------------------------------------------------
changed(
    "a backslash with blanks after it",
    in_track("genes", "^longLabel .*", r"longLabel Genes \\  \n   of the annotation"),
)
changed("a backslash within a word", in_track("genes", "^type .*", r"type big\\\n    Bed 9 +"))
changed("a remark that ends in a backslash", in_track("genes", "^visibility", r"# see C:\\\nvisibility"))
changed("a remark within a stanza", in_track("genes", "^visibility", "    # a remark\nvisibility"))
changed("a stanza of remarks", edit("\n\ntrack curated", "\n\n# a remark\n# and more\n\ntrack curated"))
changed("remarks and empty lines first", edit(r"\A", "# made by hand\n\n\n"))
changed("many empty lines", edit("\n\ntrack curated", "\n\n \n\t\n\n\ntrack curated"))
changed("no line end at the end", edit(r"\s*\Z", ""))
changed("settings in another order", edit(r"\Ahub (.*)\nshortLabel (.*)", r"shortLabel \2\nhub \1"))
changed("tabs after keys", edit("^visibility ", "visibility\t \t"))
changed("an accent in a label", in_track("genes", "^shortLabel .*", "shortLabel G\u00e8nes"))
changed("a no-break space in a label", in_track("genes", "^shortLabel .*", "shortLabel All\u00a0genes"))
changed("a setting nobody knows", add_to("genes", "labOfOrigin ours"))


@legal("lines that end with CR and LF")
def _crlf(folder: Path, address: str) -> None:
    data = (folder / "hub.txt").read_bytes()
    (folder / "hub.txt").write_bytes(data.replace(b"\n", b"\r\n"))


@legal("lines that end with CR")
def _cr(folder: Path, address: str) -> None:
    data = (folder / "hub.txt").read_bytes()
    (folder / "hub.txt").write_bytes(data.replace(b"\n", b"\r"))


@legal("latin-1")
def _latin(folder: Path, address: str) -> None:
    data = (folder / "hub.txt").read_bytes()
    (folder / "hub.txt").write_bytes(data.replace(b"longLabel Genes", b"longLabel G\xe8nes"))


# --- files and addresses ----------------------------------------------------------------------------------------------
changed("three files", three_files)
changed("three files, the trackDb in a folder of its own", lambda folder: three_files(folder, subfolder="small/"))
changed("data named with a query", in_track("genes", "^bigDataUrl .*", "bigDataUrl genes.bb?v=2"))
changed("a BAM named with a query", in_track("reads", "^bigDataUrl .*", "bigDataUrl reads.bam?v=2"))
changed("an index named as samtools once did", lambda folder: (folder / "reads.bam.bai").rename(folder / "reads.bai"))
changed("html without its ending", in_track("genes", "^html .*", "html pages/genes"))
changed("no description of a subtrack", in_track(PLUS, "^ *html .*", ""), remove("pages/small_plus.html", ""))
changed("data by ftp", in_track("genes", "^bigDataUrl .*", "bigDataUrl ftp://ftp.example.invalid/genes.bb"))
changed("data where UCSC alone reads", in_track("genes", "^bigDataUrl .*", "bigDataUrl s3://bucket/genes.bb"))
changed("an address that is not known here", in_track("genes", "^html .*", "html https://example.invalid/genes.html"))
changed(
    "a page with links to other places",
    fill("pages/genes.html", b"<a href='#x'>x</a> <a href='mailto:a@b.c'>a</a> <a href='/cgi-bin/hgTracks'>g</a>"),
)


@legal("data with a blank in its name")
def _blank(folder: Path, address: str) -> None:
    (folder / "genes.bb").rename(folder / "all genes.bb")
    in_track("genes", "^bigDataUrl .*", "bigDataUrl all%20genes.bb")(folder)


@legal("a description page named as the track")
def _implied(folder: Path, address: str) -> None:
    (folder / "pages/genes.html").rename(folder / "genes.html")
    in_track("genes", "^html .*\n?", "")(folder)


@legal("data in a folder next to the hub")
def _outside(folder: Path, address: str) -> None:
    shutil.copytree(folder, folder / "hub")
    for name in ("hub.txt", "genes.bb"):
        (folder / "hub" / name).unlink()
    text = (folder / "hub.txt").read_text().replace("bigDataUrl genes.bb", "bigDataUrl ../genes.bb")
    (folder / "hub.txt").unlink()
    write(folder / "hub/hub.txt", text)


@legal("data by its whole address")
def _absolute(folder: Path, address: str) -> None:
    for name in ("genes.bb", "reads.bam", "small_plus.bw"):
        edit(f"bigDataUrl {name}", f"bigDataUrl {address}/{name}")(folder)


@legal("genomes file, trackDb and groups by their whole address")
def _absolute_files(folder: Path, address: str) -> None:
    three_files(folder)
    edit("genomesFile ", f"genomesFile {address}/")(folder)
    for key in ("trackDb", "groups", "twoBitPath", "htmlPath"):
        edit(f"^{key} ", f"{key} {address}/", "genomes.txt")(folder)


@legal("included tracks in a folder")
def _include(folder: Path, address: str) -> None:
    write_items(folder / "items.bb")
    write(folder / "more/tracks.txt", ITEMS)
    added(folder, "include more/tracks.txt")


@legal("included tracks by their whole address")
def _include_web(folder: Path, address: str) -> None:
    write_items(folder / "items.bb")
    write(folder / "more.txt", ITEMS)
    added(folder, f"include {address}/more.txt")


# --- genomes ----------------------------------------------------------------------------------------------------------
changed("a group without a priority", edit("^priority .*\n", "", "groups.txt"))
changed("aliases as text", edit("^chromAliasBb .*", "chromAlias chromAlias.txt"))
changed("the first sequence as default position", edit("^defaultPos .*", "defaultPos plasmid:1-2011"))


@legal("two genomes with the same track names")
def _two_genomes(folder: Path, address: str) -> None:
    three_files(folder)
    write_twobit(folder / "other.2bit", [("chrB", np.frombuffer(b"ACGT" * 300, dtype=np.uint8))])
    write_items(folder / "other.bb", "chrB", 1200)
    genome = (
        "\n\ngenome other\norganism other\ndefaultPos chrB:1-900\ntwoBitPath other.2bit\ntrackDb other.txt\n"
        "htmlPath pages/genome.html\n"
    )
    write(folder / "genomes.txt", (folder / "genomes.txt").read_text() + genome)
    write(folder / "other.txt", ITEMS.replace("track items", "track genes").replace("items.bb", "other.bb"))


@legal("items on other names of the sequences")
def _aliases(folder: Path, address: str) -> None:
    fields = type(BED6)("aliases", "Names", (*BED6.fields[:4],), 4)
    table = pd.DataFrame({"chrom": ["chrA"], "chromStart": [0], "chromEnd": [6007], "name": ["one"]})
    write_bigbed(folder / "chromAlias.bb", {"chrA": 6007, "plasmid": 2011}, table, fields)
    write_items(folder / "items.bb", "one")
    added(folder, ITEMS)


@legal("a genome that UCSC knows")
def _attached(folder: Path, address: str) -> None:
    text = (folder / "hub.txt").read_text()
    text = re.sub(r"(?m)^genome small\n(.+\n)+", "genome hg38\n", text)
    write(folder / "hub.txt", text.replace("group curated", "group regulation"))


# --- settings ---------------------------------------------------------------------------------------------------------
changed("itemRgb On", in_track("genes", "^itemRgb .*", "itemRgb On"))
changed("priority 1.", in_track("genes", "^priority .*", "priority 1."))
changed("priority .5", in_track("genes", "^priority .*", "priority .5"))
changed("limits 0:1.", in_track(PLUS, "viewLimits .*", "viewLimits 0:1."))
changed("limits -.5:.5", in_track(PLUS, "viewLimits .*", "viewLimits -.5:.5"))
changed("limits 1e-3:1e1", in_track(PLUS, "viewLimits .*", "viewLimits 1e-3:1e1"))
changed("limits of negated values", add_to(PLUS, "negateValues on"), in_track(PLUS, "viewLimits .*", "viewLimits -1:0"))
changed(
    "limits that the scale overrides", add_to(PLUS, "autoScale on"), in_track(PLUS, "viewLimits .*", "viewLimits 5:10")
)
changed("visibility 3", in_track("genes", "^visibility .*", "visibility 3"))
changed("visibility Dense", in_track("genes", "^visibility .*", "visibility Dense"))
changed("smoothing OFF", add_to(PLUS, "smoothingWindow OFF"))
changed("visibility show", in_track("genes", "^visibility .*", "visibility show"))
changed("a colour with blanks", in_track(PLUS, "  color .*", "  color 0, 114 178"))
changed("a name with a minus", edit("^track genes", "track genes-2"))
changed("the order of colours", edit("^sortOrder .*", "sortOrder strand=+ subtrackColor=+"))
changed("qualities of a BAM", add_to("reads", "aliQualRange 0:99\nbaseQualRange 0:40"))
changed("the type without a number", in_track("genes", "^type .*", "type bigBed"))
changed("a type with a dot", in_track("genes", "^type .*", "type bigBed 9 ."))
changed("fewer columns in the type", in_track("genes", "^type .*", "type bigBed 4 +"))
changed("the colour column in a mouse-over", in_track("genes", "^mouseOver .*", "mouseOver $name ${reserved} $chrom"))
changed("labels of columns", lambda folder: with_items(folder, "labelFields none\nskipFields depth\nsepFields source"))
HIGHLIGHTS = """highlight.depth 4:8
highlightLimits.depth 0:9
highlightValues.source a,b
highlightValuesDefault.source a
highlightColor #ff0000
"""
FILTERS = """filterText.source *
filterType.source single
filterValues.source a|First,b|Second
filterLabel.source Kind
"""
changed("highlights", lambda folder: with_items(folder, HIGHLIGHTS))
changed("filters of text", lambda folder: with_items(folder, FILTERS))
changed(
    "filters of the old form",
    lambda folder: with_items(folder, "depthFilter 2\ndepthFilterLimits 0:9\nscoreFilter 1\nscoreFilterLimits 0:1000"),
)
changed(
    "link of a column",
    lambda folder: with_items(folder, 'urls source="https://example.org/$$"\nurl https://example.org/$<source>'),
)


# --- families ---------------------------------------------------------------------------------------------------------
changed("labels of the parent", in_track(PLUS, "^ *shortLabel .*\n", ""), in_track(PLUS, "^ *longLabel .*\n", ""))
changed("the type of the parent", in_track(PLUS, "^ *type .*\n", ""))
changed("the page of the parent", in_track(MINUS, "^ *html .*", ""), remove("pages/small_minus.html", ""))
changed("a child that is off", in_track(PLUS, "parent predictions_strands on", "parent predictions_strands off"))
changed("the older word for parent", in_track(PLUS, "parent ", "subTrack "))
FOLDER = f"track all\nsuperTrack on show\nhtml pages/genes.html\n{LABELS}"


@legal("a folder of tracks")
def _super(folder: Path, address: str) -> None:
    with_items(folder, "parent all pack")
    added(folder, FOLDER)


@legal("a folder of tracks in the old form")
def _old_super(folder: Path, address: str) -> None:
    with_items(folder, "superTrack all dense")
    added(folder, FOLDER)


@legal("a composite and a multiWig in a folder")
def _nested(folder: Path, address: str) -> None:
    for name in ("predictions_strands", MIRROR):
        in_track(name, "^html", "parent all\nhtml")(folder)
    added(folder, FOLDER)


@legal("a composite with views")
def _views(folder: Path, address: str) -> None:
    page = "html pages/genes.html\n"
    added(folder, f"track c\ncompositeTrack on\ntype bigBed 6 +\n{LABELS}{page}subGroup1 view Views it=Items\n")
    added(folder, f"track v\nview it\nparent c\n{LABELS}{page}visibility pack")
    with_items(folder, "parent v on\nsubGroups view=it")


@legal("a composite with facets")
def _facets(folder: Path, address: str) -> None:
    write(folder / "facets.tsv", "accession\ttissue\nitems\tleaf\n")
    facets = "metaDataUrl facets.tsv\nprimaryKey accession\nmaxCheckboxes 20\nhtml pages/genes.html\n"
    added(folder, f"track c\ncompositeTrack faceted\ntype bigBed 6 +\n{LABELS}{facets}")
    with_items(folder, "parent c on")


# --- other kinds of data ----------------------------------------------------------------------------------------------
changed("variants", lambda folder: variants(folder, index=True))
changed("interactions as text", lambda folder: interactions(folder, index=True))
changed("words of settings in another case", add_to("genes", "exonArrows OFF"), in_track(PLUS, "maximum", "Maximum"))
changed("three columns that are standard, and names as of more", lambda folder: with_items(folder, "", ITEMS_OF_3))


def test_they_are_many() -> None:
    assert len(LEGAL) >= 40


@pytest.mark.parametrize("name", LEGAL)
def test_legal_hub_has_no_error(copy: tuple[Path, str], name: str) -> None:
    folder, address = copy
    LEGAL[name](folder, address)
    below = "hub/" if (folder / "hub").is_dir() else ""
    for place in (folder / below, f"{address}/{below}hub.txt"):
        assert [str(finding) for finding in check_hub(place) if finding.level is Level.ERROR] == [], place
