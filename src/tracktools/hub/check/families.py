"""Tracks that contain tracks: parents, children, types, subgroups."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from tracktools.formats.numerals import is_whole
from tracktools.hub.check.model import Genome, Track
from tracktools.hub.check.ra import split_words
from tracktools.hub.check.report import Findings

_BIG_BEDS = """
bigBed bigBarChart bigBaseView bigChain bigDbSnp bigGenePred bigInteract bigLolly bigMaf bigMethyl bigNarrowPeak bigNet
bigPsl bigRmsk
"""
_OTHERS = "bam bigWig cram hic halSnake instaPort longTabix mathWig pslSnake vcfTabix vcfPhasedTrio"
BIG_BEDS = frozenset(_BIG_BEDS.split())
TYPES = BIG_BEDS | frozenset(_OTHERS.split())
_MOST_NAMED = 5  # other tracks in a message
_SUBGROUP = re.compile(r"subGroup\d+")
_STATES = ("on", "off", "hide", "dense", "squish", "pack", "full", "show", "0", "1", "2", "3", "4")


def check_families(genome: Genome, findings: Findings) -> None:
    """Check every track of a genome as a child and as a parent."""
    by_name = _check_names(genome, findings)
    for track in genome.tracks:
        _check_child(track, by_name, findings)
        _check_group(track, genome, findings)
        if track.is_container:
            _check_parent(track, findings)
        else:
            _check_type(track, findings)
            if track.children and not track.is_container:
                _add_no_parent(track.children[0], track, findings)


def _check_names(genome: Genome, findings: Findings) -> dict[str, Track]:
    """Say which names are used twice; return the tracks by name."""
    by_name: dict[str, Track] = {}
    fixed: dict[tuple[str, str], Track] = {}
    for track in genome.tracks:
        first = by_name.setdefault(track.name, track)
        # UCSC changes other characters, and wants the names of one parent to differ then too
        parent = track.parent.name if track.parent is not None else ""
        alike = fixed.setdefault((parent, re.sub(r"[^\w-]", "_", track.name, flags=re.ASCII)), track)
        other = first if first is not track else alike
        if other is not track:
            place = other.stanza.place_of("track")
            where = f"line {place.line}" if place.file == track.stanza.file else f"{place.file}:{place.line}"
            used = (
                f"the name {track.name} is used twice, first" if first is not track else f"{track.name} is {other.name}"
            )
            problem = f"{used} in {where}" + ("" if first is not track else ", once UCSC has changed both")
            findings.error(track.stanza, "track", "duplicate-track", problem, "rename one")
    return by_name


def _check_child(track: Track, by_name: Mapping[str, Track], findings: Findings) -> None:
    words, key = track.parent_words, track.parent_key
    if not words:
        return
    if words[0] == track.name:
        findings.error(track.stanza, key, "own-parent", f"{key} {words[0]} is the track itself", "name another track")
        return
    if track.parent is None:
        containers = (name for name, other in by_name.items() if other.is_container)
        known = ", ".join(islice(containers, _MOST_NAMED)) or "no parent"
        problem = f"parent {words[0]} does not exist"
        findings.error(track.stanza, key, "unknown-parent", problem, f"the hub has {known}")
        return
    if _is_circle(track):
        problem = f"{track.name} is held by {words[0]}, which it contains itself"
        findings.error(track.stanza, key, "own-parent", problem, "name another parent")
        return
    if words[1:] and words[1] not in _STATES:
        findings.error(track.stanza, key, "value", f"{key} says {words[1]!r}", "write on or off after the name")
    if "container" in track and not track.parent.is_super:
        problem = f"a multiWig inside {words[0]}: UCSC allows it in a superTrack alone"
        findings.error(track.stanza, key, "nested-container", problem, "remove the parent line")
    if "container" in track.parent and track.kind not in ("bigWig", "mathWig", ""):
        problem = f"is a {track.kind} in the multiWig {words[0]}, which draws bigWigs alone"
        findings.error(track.stanza, "type", "child-type", problem, "give it another parent")
    if not (track.is_super or track.is_view or "container" in track or "container" in track.parent):
        _check_subgroups(track, findings)


def _is_circle(track: Track) -> bool:
    seen, other = {track.name}, track.parent
    while other is not None:
        if other.name in seen:
            return True
        seen.add(other.name)
        other = other.parent
    return False


def _add_no_parent(child: Track, parent: Track, findings: Findings) -> None:
    fix = "give it compositeTrack on, or remove the line"
    problem = f"parent {parent.name} is no composite, multiWig or superTrack"
    findings.error(child.stanza, child.parent_key, "unknown-parent", problem, fix)


def _check_group(track: Track, genome: Genome, findings: Findings) -> None:
    """Say where the group of a subtrack is another than its parent's."""
    parent = track.parent
    if parent is None or parent.is_super or "group" not in track or not (genome.is_assembly or genome.get("groups")):
        return
    if track.get("group") != parent.find("group"):
        theirs = f"group {parent.find('group')}" if parent.find("group") else "no group"
        problem = f"group {track.get('group')}, but its parent {parent.name} has {theirs}"
        findings.error(track.stanza, "group", "parent-group", problem, "give both the same")


def _check_type(track: Track, findings: Findings) -> None:
    kind = track.kind
    if not kind:
        findings.error(track.stanza, "type", "missing-type", "has no type", "add a line: type bigWig, or another")
    elif kind == "cram":
        findings.warning(track.stanza, "type", "type", "UCSC has no type cram", "write: type bam")
    elif kind not in TYPES:
        problem = f"type {track.find('type')!r} cannot be shown in a hub"
        findings.error(track.stanza, "type", "type", problem, "bigWig, bigBed and bam are the usual ones")
    elif "type" not in track:
        problem = "has no type of its own, and igv.js takes none from the parent"
        findings.note(track.stanza, "type", "missing-type", problem, "repeat the type in every track")
    if kind == "bigBed" and not is_bigbed_type(track):
        problem = f"type {track.find('type')!r} is not bigBed, a number and perhaps +"
        fix = "write: bigBed N, or bigBed N + where more columns follow"
        findings.error(track.stanza, "type", "type-columns", problem, fix)
    needed = {
        "bigBarChart": ("barChartBars", "barChartCategoryUrl"),
        "vcfPhasedTrio": ("vcfChildSample",),
        "mathWig": ("mathDataUrl",),
    }.get(kind, ())
    if needed and not any(track.find(key) for key in needed):
        fix = f"add a line: {needed[0]} …"
        findings.error(track.stanza, "type", "missing-setting", f"type {kind} needs {' or '.join(needed)}", fix)


def is_bigbed_type(track: Track) -> bool:
    """Return whether a type is ``bigBed``, ``bigBed 9``, ``bigBed 9 +`` or ``bigBed 9 .``; UCSC wants the blank."""
    words = track.type_words
    return all(is_whole(word) for word in words[1:2]) and words[2:] in ([], ["+"], ["."])


def _check_parent(track: Track, findings: Findings) -> None:
    key = next(key for key in ("superTrack", "compositeTrack", "container", "view") if key in track)
    if not track.children:
        findings.error(track.stanza, "track", "no-children", "contains no tracks", f"give tracks: parent {track.name}")
    elif "container" in track and len(track.children) == 1:
        problem = "overlays a single track, which UCSC refuses"
        findings.error(track.stanza, "container", "one-child", problem, "give it a second one, or draw that one alone")
    if not track.is_super and not track.kind:
        problem = "has no type, which UCSC wants of composites, views and multiWigs too"
        findings.error(track.stanza, "type", "missing-type", problem, "add a line: type, as its tracks have")
    if "bigDataUrl" in track:
        problem = f"says {key} and bigDataUrl: it contains tracks or shows data, not both"
        findings.error(track.stanza, "bigDataUrl", "container-data", problem, "remove one of the lines")
    if track.is_super and track.is_composite:
        problem = "is a superTrack and a composite at once"
        findings.error(track.stanza, "compositeTrack", "two-kinds", problem, "make two tracks, one inside the other")
    if track.is_view and (track.parent is None or not track.parent.is_composite):
        findings.error(track.stanza, "view", "view", "is a view, but in no composite", "give it a composite as parent")
    _check_declarations(track, findings)


def _check_declarations(track: Track, findings: Findings) -> None:
    """Check the subgroups that a composite declares, and those that it names."""
    declared = declared_subgroups(track)
    for setting in track.stanza.settings:
        if _SUBGROUP.fullmatch(setting.key):
            _check_declaration(track, setting.key, split_words(setting.value or ""), findings)
    for key, names in _named_groups(track).items():
        for name in names:
            if name not in declared:
                problem = f"{key} names the subgroup {name}, which is not declared"
                findings.error(track.stanza, key, "subgroup", problem, f"declared: {', '.join(declared) or 'none'}")
    if track.is_composite and track.get("filterComposite") not in ("", "off") and "dimensions" not in track:
        findings.error(track.stanza, "filterComposite", "subgroup", "filterComposite needs dimensions", "declare them")


def _check_declaration(track: Track, key: str, words: Sequence[str], findings: Findings) -> None:
    if len(words) < 3:
        problem = f"{key} declares no value"
        findings.error(track.stanza, key, "subgroup", problem, "write: NAME Title value=Title …")
    for word in words[2:]:
        if "=" not in word:
            problem = f"{key} has {word!r} where value=Title is needed"
            findings.error(track.stanza, key, "subgroup", problem, "write titles with _ for blanks")


def _named_groups(track: Track) -> dict[str, list[str]]:
    """Return the subgroups that a composite names, by setting."""
    dimensions = [word.partition("=")[2] for word in split_words(track.get("dimensions"))]
    orders = [word.partition("=")[0] for word in split_words(track.get("sortOrder"))]
    # UCSC adds these two columns to every table of subtracks
    return {
        "dimensions": dimensions,
        "sortOrder": [name for name in orders if name not in ("subtrackColor", "trackName")],
    }


def declared_subgroups(parent: Track) -> dict[str, set[str]]:
    """Return the values of each subgroup of a composite."""
    declared = {}
    for setting in parent.stanza.settings:
        words = split_words(setting.value or "")
        if _SUBGROUP.fullmatch(setting.key) and words:
            declared[words[0]] = {member.split("=")[0] for member in words[2:]}
    return declared


def _check_subgroups(track: Track, findings: Findings) -> None:
    """Check that a subtrack says a declared value of each subgroup of its composite."""
    composite = next((other for other in track.line_of_parents() if other.is_composite and other is not track), None)
    if composite is None or composite.get("compositeTrack") == "faceted":
        return
    declared = declared_subgroups(composite)
    said = dict(word.partition("=")[::2] for word in split_words(track.find("subGroups")))
    key = "subGroups" if "subGroups" in track else track.parent_key
    for name, value in said.items():
        if name not in declared:
            problem = f"subgroup {name} is not declared by {composite.name}"
            fix = f"add to it: subGroup1 {name} {name.capitalize()} {value}={value.capitalize()}"
            findings.error(track.stanza, key, "subgroup", problem, fix)
        elif value not in declared[name]:
            problem = f"subgroup {name} has no value {value}"
            findings.error(track.stanza, key, "subgroup", problem, f"it has {', '.join(sorted(declared[name]))}")
    needed = {name for names in _named_groups(composite).values() for name in names}
    for name in declared:
        if name not in said:
            add = findings.error if name in needed or not said else findings.warning
            problem = f"says nothing of the subgroup {name}, by which {composite.name} sorts its tracks"
            add(track.stanza, key, "subgroup", problem, f"add a line: subGroups {name}=VALUE")
