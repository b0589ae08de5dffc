"""Hubs broken in the families and the values of their tracks: what is done, code, track, level."""

from __future__ import annotations

from hub_check.edits import (
    Change,
    add,
    add_to,
    both,
    edit,
    in_track,
)
from tracktools.hub.check import Level

PLUS, MIRROR = "small_plus", "predictions_small_mirror"
E, W, N = Level.ERROR, Level.WARNING, Level.NOTE
PARENT = "shortLabel a\nlongLabel a\ntype bigWig 0 1\nhtml pages/genes.html\n"
LONE = "track lone\ntype bigBed 9 +\nshortLabel a\nlongLabel a\nhtml pages/genes.html\n"

FAMILIES: dict[str, tuple[Change, str, str, Level]] = {
    "group not in groups.txt": (in_track("curated", "group curated", "group nowhere"), "unknown-group", "curated", E),
    "group of another than the parent": (add_to(PLUS, "group curated"), "parent-group", PLUS, E),
    "track twice": (edit("^track pseudogenes", "track genes").found("track genes"), "duplicate-track", "genes", E),
    "space in a track name": (edit("^track genes", "track my genes"), "track-name", "my", E),
    "dot in a track name": (edit("^track genes", "track my.genes"), "track-name", "my.genes", W),
    "digit first in a track name": (edit("^track genes", "track 2genes"), "track-name", "2genes", W),
    "no short label": (in_track("genes", "^shortLabel .*\n", ""), "missing-shortLabel", "genes", E),
    "no long label": (in_track("genes", "^longLabel .*\n", ""), "missing-longLabel", "genes", E),
    "short label of 40": (in_track("genes", "^shortLabel .*", "shortLabel " + "x" * 40), "long-label", "genes", N),
    "markup in a label": (in_track("genes", "^shortLabel .*", "shortLabel <b>G</b>"), "markup", "genes", N),
    "unknown parent": (in_track(PLUS, "parent predictions_strands", "parent nobody"), "unknown-parent", PLUS, E),
    "parent contains nothing": (
        in_track(PLUS, "parent predictions_strands", "parent genes"),
        "unknown-parent",
        PLUS,
        E,
    ),
    "its own parent": (add_to("genes", "parent genes"), "own-parent", "genes", E),
    "two that hold each other": (
        add(
            "track a\nsuperTrack on\nparent b\n" + PARENT + "\ntrack b\nsuperTrack on\nparent a\n" + PARENT, "parent b"
        ),
        "own-parent",
        "a",
        E,
    ),
    "old form of an unknown superTrack": (add_to("genes", "superTrack nobody"), "unknown-parent", "genes", E),
    "word after the parent": (
        in_track(PLUS, "parent predictions_strands on", "parent predictions_strands yes"),
        "value",
        PLUS,
        E,
    ),
    "composite without children": (
        add("track lone\ncompositeTrack on\n" + PARENT, "track lone"),
        "no-children",
        "lone",
        E,
    ),
    "superTrack without children": (
        add("track lone\nsuperTrack on\n" + PARENT, "track lone"),
        "no-children",
        "lone",
        E,
    ),
    "overlay of one": (
        edit(rf"^    parent {MIRROR}\n", "    parent predictions_strands on\n").found("container multiWig"),
        "one-child",
        MIRROR,
        E,
    ),
    "composite with data": (
        in_track("predictions_strands", "^html", "bigDataUrl small_plus.bw\nhtml").found("bigDataUrl"),
        "container-data",
        "predictions_strands",
        E,
    ),
    "multiWig with data": (
        in_track(MIRROR, "^html", "bigDataUrl small_plus.bw\nhtml").found("bigDataUrl"),
        "container-data",
        MIRROR,
        E,
    ),
    "multiWig in a composite": (
        in_track(MIRROR, "^html", "parent predictions_strands on\nhtml").found("parent predictions_strands on"),
        "nested-container",
        MIRROR,
        E,
    ),
    "bigBed in a multiWig": (add_to("genes", f"parent {MIRROR}").found("type bigBed 9 +"), "child-type", "genes", E),
    "names that UCSC makes alike": (
        both(
            edit("^track pseudogenes", "track the.genes"),
            edit("^track genes", "track the_genes").found("track the.genes"),
        ),
        "duplicate-track",
        "the.genes",
        E,
    ),
    "superTrack and composite at once": (
        in_track("predictions_strands", "^compositeTrack", "superTrack on\ncompositeTrack").found("compositeTrack"),
        "two-kinds",
        "predictions_strands",
        E,
    ),
    "view in no composite": (
        add(
            "track s\nsuperTrack on\n"
            + PARENT
            + "\ntrack v\nview V\nparent s\n"
            + PARENT
            + "\n"
            + LONE
            + "bigDataUrl genes.bb\nparent v\n",
            "view V",
        ),
        "view",
        "v",
        E,
    ),
    "subgroups not said": (
        in_track(PLUS, "^ *subGroups .*\n", "").found("parent predictions_strands on"),
        "subgroup",
        PLUS,
        E,
    ),
    "subgroups not declared": (edit("^subGroup1 .*\n", "").found("subGroups strand=plus"), "subgroup", PLUS, E),
    "subgroup value not declared": (
        in_track(PLUS, "strand=plus", "strand=up").found("subGroups strand=up"),
        "subgroup",
        PLUS,
        E,
    ),
    "subgroup declared without values": (
        edit("^subGroup1 .*", "subGroup1 strand Strand"),
        "subgroup",
        "predictions_strands",
        E,
    ),
    "subgroup title with a blank": (
        edit("^subGroup1 .*", "subGroup1 strand Strand plus=Plus strand minus=Minus"),
        "subgroup",
        "predictions_strands",
        E,
    ),
    "dimension not declared": (
        edit("^dimensions dimX=strand", "dimensions dimX=cell"),
        "subgroup",
        "predictions_strands",
        E,
    ),
    "sort order not declared": (
        edit(r"^sortOrder strand=\+", "sortOrder cell=+"),
        "subgroup",
        "predictions_strands",
        E,
    ),
    "filter of no dimension": (edit("^dimensions .*", "filterComposite on"), "subgroup", "predictions_strands", E),
    "no type at all": (in_track("genes", "^type .*\n", ""), "missing-type", "genes", E),
    "type of the child left out": (in_track(PLUS, "^ *type .*\n", ""), "missing-type", PLUS, N),
    "type bed": (in_track("genes", "^type .*", "type bed 9"), "type", "genes", E),
    "another sign in a type": (in_track("genes", "^type .*", "type bigBed 6 %"), "type-columns", "genes", E),
    "type in another case": (in_track("genes", "^type .*", "type bigbed 9 +"), "type", "genes", E),
    "composite without a type": (
        both(
            in_track("predictions_strands", "^type .*\n", ""),
            in_track(PLUS, "^ *type", "    type").found("track predictions_strands"),
        ),
        "missing-type",
        "predictions_strands",
        E,
    ),
    "bar chart without bars": (in_track("genes", "^type .*", "type bigBarChart"), "missing-setting", "genes", E),
    "trio without a child": (in_track("genes", "^type .*", "type vcfPhasedTrio"), "missing-setting", "genes", E),
}

VALUES: dict[str, tuple[Change, str, str, Level]] = {
    "visibility of no kind": (in_track("genes", "^visibility .*", "visibility shown"), "value", "genes", E),
    "visibility with a remark": (
        in_track("genes", "^visibility .*", "visibility pack # as in the paper"),
        "value",
        "genes",
        E,
    ),
    "windowing of no kind": (in_track(PLUS, "windowingFunction .*", "windowingFunction max"), "value", PLUS, E),
    "aggregate of no kind": (edit("^aggregate .*", "aggregate overlay"), "value", MIRROR, E),
    "container of no kind": (edit("^container .*", "container multiBed"), "value", MIRROR, E),
    "height of no kind": (in_track(PLUS, "maxHeightPixels .*", "maxHeightPixels tall"), "value", PLUS, E),
    "heights upside down": (in_track(PLUS, "maxHeightPixels .*", "maxHeightPixels 8:60:100"), "value", PLUS, W),
    "priority of no kind": (in_track("genes", "^priority .*", "priority first"), "value", "genes", E),
    "switch of no kind": (in_track("genes", "^itemRgb on", "itemRgb yes"), "value", "genes", E),
    "hex colour": (in_track(PLUS, "  color .*", "  color #0072b2"), "color", PLUS, E),
    "colour past 255": (in_track(PLUS, "  color .*", "  color 0,114,999"), "color", PLUS, E),
    "colour of two numbers": (in_track(PLUS, "altColor .*", "altColor 0,114"), "color", PLUS, E),
    "group scale on a subtrack": (add_to(PLUS, "autoScale group"), "autoscale-group", PLUS, E),
    "negated by setting": (
        both(in_track(PLUS, "viewLimits .*", "viewLimits -1:0"), add_to(PLUS, "negateValues on")),
        "negate-values",
        PLUS,
        N,
    ),
    "limits upside down": (in_track(PLUS, "viewLimits .*", "viewLimits 1:0"), "view-limits", PLUS, E),
    "limits without a colon": (in_track(PLUS, "viewLimits .*", "viewLimits 1"), "view-limits", PLUS, E),
    "limits of three": (in_track(PLUS, "viewLimits .*", "viewLimits 0:1:2"), "view-limits", PLUS, E),
    "greatest limits upside down": (add_to(PLUS, "viewLimitsMax 9:1"), "view-limits", PLUS, E),
    "limits with a fraction": (in_track(PLUS, "viewLimits .*", "viewLimits 0:0.5"), "fractional-limits", PLUS, N),
    "limits that miss the data": (in_track(PLUS, "viewLimits .*", "viewLimits 5:10"), "limits-miss-data", PLUS, E),
    "filter upside down": (in_track("curated", "^filter.support .*", "filter.support 5:2"), "limits", "curated", E),
    "filter limits upside down": (
        in_track("curated", "^filterLimits.support .*", "filterLimits.support 5:2"),
        "limits",
        "curated",
        E,
    ),
    "filter of a word": (in_track("curated", "^filter.support .*", "filter.support many"), "limits", "curated", E),
    "a setting that UCSC refuses": (add_to("genes", "idInUrlSql select 1"), "forbidden", "genes", E),
}
