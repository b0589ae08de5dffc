"""Hubs broken in their data, pages and indexes: what is done, code, track, level."""

from __future__ import annotations

import shutil

from hub_check.edits import (
    NO_OFFSET,
    Change,
    add_to,
    both,
    cut,
    features,
    fill,
    in_track,
    library_minus,
    noise,
    padded_bins,
    patch,
    remove,
    signal,
    zoom_offset,
)
from tracktools.hub.check import Level

PLUS, MINUS, CALLED = "small_plus", "small_minus", "small_called_tss"
E, W, N = Level.ERROR, Level.WARNING, Level.NOTE

DATA: dict[str, tuple[Change, str, str, Level]] = {
    "no track page": (
        both(remove("pages/genes.html", ""), in_track("genes", "\nhtml .*", "").found("track genes")),
        "missing-html",
        "genes",
        W,
    ),
    "track page missing": (remove("pages/genes.html", "html pages/genes.html"), "missing-html", "genes", E),
    "track page empty": (fill("pages/genes.html", b"", "html pages/genes.html"), "page", "genes", E),
    "track page binary": (fill("pages/genes.html", b"\x89PNG\0\0", "html pages/genes.html"), "page", "genes", E),
    "picture of a page missing": (
        fill("pages/genes.html", b"<h1>Genes</h1>\n<p>\n<img src='none.png'>", "<img", "pages/genes.html"),
        "broken-link",
        "genes",
        E,
    ),
    "link of a page to nowhere": (
        fill("pages/genes.html", b"<h1>Genes</h1>\n<a href='none.html#top'>x</a>", "<a ", "pages/genes.html"),
        "broken-link",
        "genes",
        E,
    ),
    "bigWig missing": (remove("small_plus.bw", "bigDataUrl small_plus.bw"), "missing-data", PLUS, E),
    "bigBed missing": (remove("genes.bb", "bigDataUrl genes.bb"), "missing-data", "genes", E),
    "no bigDataUrl": (in_track("genes", "^bigDataUrl .*\n", ""), "missing-data", "genes", E),
    "bigDataUrl is a folder": (in_track("genes", "^bigDataUrl .*", "bigDataUrl pages"), "missing-data", "genes", E),
    "data outside the hub": (
        in_track("genes", "^bigDataUrl .*", "bigDataUrl ../nowhere.bb"),
        "missing-data",
        "genes",
        E,
    ),
    "BAM without index": (remove("reads.bam.bai", "bigDataUrl reads.bam"), "missing-index", "reads", E),
    "BAM with a named index that is missing": (
        add_to("reads", "bigDataIndex nowhere.bai"),
        "missing-index",
        "reads",
        E,
    ),
    "BAM cut short": (cut("reads.bam", "bigDataUrl reads.bam", 900), "data", "reads", E),
    "type bigWig on a bigBed": (in_track("genes", "^type .*", "type bigWig").found("bigDataUrl"), "data", "genes", E),
    "type bigBed on a bigWig": (in_track(PLUS, "type .*", "type bigBed 9").found("bigDataUrl"), "data", PLUS, E),
    "type bam on a bigBed": (in_track("genes", "^type .*", "type bam").found("bigDataUrl"), "data", "genes", E),
    "type cram on a bigBed": (in_track("genes", "^type .*", "type cram").found("bigDataUrl"), "data", "genes", E),
    "type vcfTabix on a bigBed": (
        in_track("genes", "^type .*", "type vcfTabix").found("bigDataUrl"),
        "data",
        "genes",
        E,
    ),
    "type hic on a bigBed": (in_track("genes", "^type .*", "type hic").found("bigDataUrl"), "data", "genes", E),
    "type bigPsl on a bigWig": (in_track(PLUS, "type .*", "type bigPsl").found("bigDataUrl"), "data", PLUS, E),
    "type bigPsl on a BED": (in_track("genes", "^type .*", "type bigPsl"), "type-columns", "genes", E),
    "type bigGenePred on a BED": (in_track("genes", "^type .*", "type bigGenePred"), "type-columns", "genes", E),
    "a page instead of the data": (fill("genes.bb", b"<html>404</html>", "bigDataUrl genes.bb"), "data", "genes", E),
    "type range upside down": (in_track(PLUS, "type bigWig 0 1", "type bigWig 1 0"), "type", PLUS, E),
    "bigBed 12 for 9 + more": (in_track("genes", "^type .*", "type bigBed 12"), "type-columns", "genes", E),
    "bigBed 9+ without a space": (in_track("genes", "^type .*", "type bigBed 9+"), "type-columns", "genes", E),
    "bigBed with too many columns": (in_track("genes", "^type .*", "type bigBed 11 +"), "type-columns", "genes", E),
    "bigBed 9 without the plus": (in_track("genes", "^type .*", "type bigBed 9"), "type-columns", "genes", N),
    "filter on no column": (add_to(CALLED, "filter.prob 0"), "unknown-column", CALLED, E),
    "filter values on no column": (add_to(CALLED, "filterValues.src a,b"), "unknown-column", CALLED, E),
    "filter of numbers on text": (add_to(CALLED, "filter.split 0"), "filter-type", CALLED, E),
    "filter by range on text": (add_to(CALLED, "filterByRange.split on"), "filter-type", CALLED, E),
    "filter values that are nowhere": (add_to(CALLED, "filterValues.split moon,sun"), "filter-values", CALLED, E),
    "mouse over of no column": (
        in_track(CALLED, "^mouseOver .*", "mouseOver $name $prob"),
        "unknown-column",
        CALLED,
        E,
    ),
    "label of no column": (in_track(CALLED, "^labelFields .*", "labelFields name,prob"), "unknown-column", CALLED, E),
    "link of no column": (add_to(CALLED, 'urls gene="https://x/$$"'), "unknown-column", CALLED, E),
    "search in no column": (in_track(CALLED, "^searchIndex .*", "searchIndex symbol"), "unknown-column", CALLED, E),
    "search without an index": (in_track("genes", "^searchIndex .*", "searchIndex geneName"), "no-index", "genes", E),
    "no index at all": (features("genes.bb", 9, "searchIndex", ()), "no-index", "genes", E),
    "trix missing": (remove("genes.ix", "searchTrix genes.ix"), "missing-trix", "genes", E),
    "second trix file missing": (remove("genes.ixx", "searchTrix genes.ix"), "missing-trix", "genes", E),
    "trix empty": (fill("genes.ix", b"", "", "genes.ix"), "trix", "genes", E),
    "trix of another track": (
        Change(
            lambda f: [shutil.copy(f / f"curated.{end}", f / f"genes.{end}") for end in ("ix", "ixx")], "", "genes.ix"
        ),
        "trix",
        "genes",
        E,
    ),
    "trix with longer prefixes": (Change(padded_bins, "abca", "genes.ixx"), "trix", "genes", E),
    "trix with offsets between lines": (
        fill("genes.ixx", b"abca 0000000003\n", "abca", "genes.ixx"),
        "trix",
        "genes",
        E,
    ),
    "trix not sorted": (
        both(
            fill("genes.ixx", b"a    0000000000\n"),
            Change(
                lambda f: (f / "genes.ix").write_bytes(
                    b"".join(reversed((f / "genes.ix").read_bytes().splitlines(keepends=True)))
                ),
                "",
                "genes.ixx",
            ),
        ),
        "trix",
        "genes",
        E,
    ),
    "trix in capitals": (
        Change(lambda f: (f / "genes.ix").write_bytes((f / "genes.ix").read_bytes().upper()), "", "genes.ix"),
        "trix",
        "genes",
        E,
    ),
    "trix of another format": (fill("genes.ix", b"abca\n", "abca", "genes.ix"), "trix", "genes", E),
    "colours without their column": (features("genes.bb", 6, "itemRgb"), "item-rgb", "genes", W),
    "bigWig of another genome": (signal("small_plus.bw", "chrZ"), "foreign-chrom", PLUS, E),
    "bigWig longer than the genome": (signal("small_plus.bw", size=6100), "chrom-length", PLUS, E),
    "bigWig all zero": (signal("small_plus.bw", value=0.0), "empty", PLUS, W),
    "bigWig cut short": (cut("small_plus.bw", "bigDataUrl small_plus.bw"), "data", PLUS, E),
    "bigWig without zoom levels": (
        both(noise("small_plus.bw"), patch("small_plus.bw", 6, b"\0\0", "bigDataUrl small_plus.bw")),
        "no-zooms",
        PLUS,
        E,
    ),
    "bigWig with zoom levels nowhere": (
        both(noise("small_plus.bw"), patch("small_plus.bw", zoom_offset(0), NO_OFFSET, "bigDataUrl small_plus.bw")),
        "data",
        PLUS,
        E,
    ),
    "bigWig with a damaged tree": (
        patch("small_plus.bw", 8, b"\x10\0\0\0\0\0\0\0", "bigDataUrl small_plus.bw"),
        "data",
        PLUS,
        E,
    ),
    "bigWig empty": (fill("small_plus.bw", b"", "bigDataUrl small_plus.bw"), "data", PLUS, E),
    "bigBed cut short": (cut("genes.bb", "bigDataUrl genes.bb"), "data", "genes", E),
    "bigBed with a damaged tree": (
        patch("genes.bb", 8, b"\x10\0\0\0\0\0\0\0", "bigDataUrl genes.bb"),
        "data",
        "genes",
        E,
    ),
    "bigBed of random bytes": (patch("genes.bb", 64, bytes(range(7, 255)), "bigDataUrl genes.bb"), "data", "genes", E),
    "minus strand stored positive": (signal("small_minus.bw"), "strand-sign", MINUS, W),
    "header maximum of libBigWig": (Change(library_minus, "bigDataUrl small_minus.bw"), "header-range", MINUS, W),
}
