"""Checks of the track blocks of a hub: names, families, types, values of settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracktools.hub.check.faults import Findings
from tracktools.hub.check.hubtxt import Block
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS
from tracktools.palette import rgb

_WEB = ("http://", "https://")
_TYPE_WORDS = """
bam bigBarChart bigBed bigChain bigDbSnp bigGenePred bigInteract bigLolly bigMaf bigMethyl bigNarrowPeak bigNet bigPsl
bigRmsk bigWig cram hic halSnake instaPort vcfTabix vcfPhasedTrio
"""
_TYPES = frozenset(_TYPE_WORDS.split())
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_VALUES = {
    "visibility": ("hide", "dense", "squish", "pack", "full", "0", "1", "2", "3", "4"),
    "windowingFunction": ("mean", "mean+whiskers", "maximum", "minimum"),
    "aggregate": ("transparentOverlay", "stacked", "solidOverlay", "none"),
    "autoScale": ("on", "off", "group"),
    "alwaysZero": ("on", "off"),
    "itemRgb": ("on", "off"),
    "bamColorMode": ("strand", "gray", "tag", "off"),
    "container": ("multiWig",),
    "compositeTrack": ("on", "faceted"),
}
_MOST_LABEL = 80  # characters of a long label; UCSC advises 76


def check_tracks(root: Path, tracks: Sequence[Block], groups: set[str] | None, findings: Findings) -> None:
    """Check every track block.

    Parameters
    ----------
    root : Path
        Folder of the hub.
    tracks : sequence of Block
        The blocks.
    groups : set of str, optional
        Names of the track groups; None where the hub defines none.
    findings : Findings
        Where faults go.
    """
    by_name: dict[str, Block] = {}
    for track in tracks:
        name = track.get("track")
        if name in by_name:
            problem = f"the name {name} is used twice, first in line {by_name[name].line}"
            findings.add(track, "track", "duplicate-track", problem, "rename one")
        by_name.setdefault(name, track)
    for track in tracks:
        _check_name(track, findings)
        _check_labels(track, findings)
        _check_values(track, findings)
        _check_family(track, by_name, findings)
        _check_files(root, track, findings)
        group = track.get("group")
        if group and groups is not None and group not in groups:
            mend = f"groups.txt has {', '.join(sorted(groups))}"
            findings.add(track, "group", "unknown-group", f"group {group} is not in groups.txt", mend)
    for track in tracks:
        _check_parent(track, tracks, findings)


def is_parent(track: Block) -> bool:
    """Return whether a track only holds others."""
    return any(key in track for key in ("compositeTrack", "container", "superTrack", "view"))


def track_type(track: Block) -> list[str]:
    """Return the words of a track's type."""
    return track.get("type").split()


def _check_name(track: Block, findings: Findings) -> None:
    name = track.get("track")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        safe = re.sub(r"\W", "_", name, flags=re.ASCII)
        problem = f"track name {name!r} is not letters, digits and _, a letter first"
        findings.add(track, "track", "track-name", problem, f"{'t' if not safe[:1].isalpha() else ''}{safe} is one")


def _check_labels(track: Block, findings: Findings) -> None:
    for key, most, advised in (
        ("shortLabel", SHORT_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS),
        ("longLabel", _MOST_LABEL, LONG_LABEL_CHARACTERS),
    ):
        text = track.get(key)
        if not text:
            findings.add(track, key, f"missing-{key}", f"has no {key}", f"add one of up to {advised} characters")
        elif len(text) > most:
            problem = f"{key} has {len(text)} characters, browsers cut it"
            findings.add(track, key, "long-label", problem, f"write up to {advised}")
        if "<" in text:
            findings.add(track, key, "markup", f"{key} holds <, which igv.js takes for HTML", "write it in words")


def _check_values(track: Block, findings: Findings) -> None:
    for key, allowed in _VALUES.items():
        if key in track and track.get(key).split()[0:1] != [] and track.get(key).split()[0] not in allowed:
            problem = f"{key} is {track.get(key)!r}"
            findings.add(track, key, "value", problem, f"one of {', '.join(allowed)}")
    for key in ("color", "altColor"):
        if key in track:
            try:
                rgb(track.get(key))
            except ValueError:
                mend = "write R,G,B, each from 0 to 255"
                findings.add(track, key, "color", f"{key} is {track.get(key)!r}", mend)
    if "priority" in track and not _NUMBER.fullmatch(track.get("priority")):
        findings.add(track, "priority", "value", f"priority is {track.get('priority')!r}", "write a number")
    height = track.get("maxHeightPixels")
    if height and not re.fullmatch(r"\d+(:\d+(:\d+)?)?", height):
        findings.add(track, "maxHeightPixels", "value", f"maxHeightPixels is {height!r}", "write max:default:min")
    if track.get("autoScale") == "group" and not is_parent(track):
        problem = "autoScale group stands on a subtrack, where it does nothing"
        findings.add(track, "autoScale", "autoscale-group", problem, "put it on the parent")
    if "negateValues" in track:
        problem = "negateValues is known to UCSC alone: IGV and JBrowse draw the values upward"
        findings.add(track, "negateValues", "negate-values", problem, "store the values negative")
    _check_limits(track, findings)


def _check_limits(track: Block, findings: Findings) -> None:
    limits = track.get("viewLimits")
    if not limits or (limits == "none"):
        return
    low, colon, high = limits.partition(":")
    if not colon or not _NUMBER.fullmatch(low) or not _NUMBER.fullmatch(high):
        findings.add(track, "viewLimits", "view-limits", f"viewLimits is {limits!r}", "write low:high")
    elif float(low) >= float(high):
        findings.add(track, "viewLimits", "view-limits", f"viewLimits {limits} is upside down", "write low:high")
    elif int(float(low)) != float(low) or int(float(high)) != float(high):
        problem = f"viewLimits {limits} has a fraction, which igv.js cuts off"
        findings.add(track, "viewLimits", "fractional-limits", problem, "use whole numbers")


def _check_family(track: Block, by_name: Mapping[str, Block], findings: Findings) -> None:
    words = track.get("parent").split()
    if not words:
        return
    parent = by_name.get(words[0])
    if parent is None:
        known = ", ".join(name for name, block in by_name.items() if is_parent(block)) or "no parent"
        findings.add(track, "parent", "unknown-parent", f"parent {words[0]} does not exist", f"the hub has {known}")
        return
    if not is_parent(parent):
        mend = "give it compositeTrack on, or remove the line"
        findings.add(track, "parent", "unknown-parent", f"parent {words[0]} holds no tracks", mend)
    if words[1:] and words[1] not in ("on", "off"):
        findings.add(track, "parent", "value", f"parent says {words[1]!r}", "write on or off after the name")
    if "subGroups" in track:
        _check_subgroups(track, parent, by_name, findings)
    elif declared_subgroups(parent) and "view" not in track:
        problem = f"says no subGroups, and {words[0]} sorts its tracks by {', '.join(declared_subgroups(parent))}"
        findings.add(track, "parent", "subgroup", problem, "add a line: subGroups NAME=VALUE")


def declared_subgroups(parent: Block) -> dict[str, set[str]]:
    """Return the values of each subgroup of a composite."""
    declared = {}
    for setting in parent.settings:
        if re.fullmatch(r"subGroup\d", setting.key):
            name, *members = setting.value.split()
            declared[name] = {member.split("=")[0] for member in members[1:]}
    return declared


def _check_subgroups(track: Block, parent: Block, by_name: Mapping[str, Block], findings: Findings) -> None:
    if "view" in parent and parent.get("parent"):
        parent = by_name.get(parent.get("parent").split()[0], parent)
    declared = declared_subgroups(parent)
    for member in track.get("subGroups").split():
        group, _, value = member.partition("=")
        if group not in declared:
            problem = f"subgroup {group} is not declared by {parent.get('track')}"
            mend = f"add to it: subGroup1 {group} {group.capitalize()} {value}={value.capitalize()}"
            findings.add(track, "subGroups", "subgroup", problem, mend)
        elif value not in declared[group]:
            problem = f"subgroup {group} has no value {value}"
            findings.add(track, "subGroups", "subgroup", problem, f"it has {', '.join(sorted(declared[group]))}")


def _check_parent(track: Block, tracks: Sequence[Block], findings: Findings) -> None:
    if not is_parent(track):
        if not track_type(track):
            problem = "has no type, and igv.js takes none from the parent"
            findings.add(track, "type", "missing-type", problem, "repeat the type in every track")
        elif track_type(track)[0] not in _TYPES:
            problem = f"type {track.get('type')!r} cannot be shown in a hub"
            findings.add(track, "type", "type", problem, "bigWig, bigBed and bam are the usual ones")
        return
    children = [other for other in tracks if other.get("parent").split()[:1] == [track.get("track")]]
    if not children:
        findings.add(track, "track", "no-children", "holds no tracks", f"give tracks: parent {track.get('track')}")
    if "container" in track and len(children) == 1:
        problem = "overlays a single track, which UCSC refuses"
        findings.add(track, "container", "one-child", problem, "give it a second one, or draw that one alone")
    declared = declared_subgroups(track)
    for key in ("dimensions", "sortOrder"):
        for word in track.get(key).split():
            left, _, right = word.partition("=")
            group = right if key == "dimensions" else left
            if group not in declared:
                problem = f"{key} names the subgroup {group}, which is not declared"
                findings.add(track, key, "subgroup", problem, f"declared: {', '.join(declared) or 'none'}")


def _check_files(root: Path, track: Block, findings: Findings) -> None:
    page = track.get("html")
    if not page:
        inherited = "parent" in track
        mend = "UCSC looks for one" if inherited else "describe how it was made"
        findings.add(track, "html", "missing-html", "has no description page", f"write: html PAGE.html; {mend}")
    elif not page.startswith(_WEB) and not any((root / name).is_file() for name in (page, page + ".html")):
        findings.add(track, "html", "missing-html", f"html {page} does not exist", "write the page or mend its path")
    if is_parent(track):
        return
    data = track.get("bigDataUrl")
    if not data:
        findings.add(track, "bigDataUrl", "missing-data", "has no bigDataUrl", "add a line: bigDataUrl FILE")
    elif not data.startswith(_WEB):
        if not (root / data).resolve().is_relative_to(root.resolve()):
            problem = f"bigDataUrl {data} lies outside the hub"
            findings.add(track, "bigDataUrl", "outside", problem, "copy the file into the hub")
        elif not (root / data).is_file():
            problem = f"bigDataUrl {data} does not exist"
            findings.add(track, "bigDataUrl", "missing-data", problem, "write the file or mend its path")
        elif track_type(track)[:1] == ["bam"]:
            index = track.get("bigDataIndex") or data + ".bai"
            if not index.startswith(_WEB) and not (root / index).is_file():
                mend = f"make one: samtools index {data}"
                findings.add(track, "bigDataUrl", "missing-index", f"{data} has no index {index}", mend)
    trix = track.get("searchTrix")
    for name in (trix, trix + "x") if trix and not trix.startswith(_WEB) else ():
        if not (root / name).is_file():
            problem = f"searchTrix {name} does not exist"
            findings.add(track, "searchTrix", "missing-trix", problem, "make it with ixIxx, or remove the line")
