"""The web pages of a hub: one for each track, each composite, the genome and the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tracktools.config import HubConfig
from tracktools.genome import Genome
from tracktools.hub.model import Hub, HubGroup, HubTrack
from tracktools.hub.render import Templates
from tracktools.hub.text import human_count
from tracktools.palette import BLUE, GREEN, GREY, PURPLE, STRAND_COLORS, VERMILLION
from tracktools.versions import tracktools_version

_LISTED_COLORS = 3
_COLOR_MEANINGS = {
    BLUE: "on the plus strand",
    VERMILLION: "on the minus strand",
    GREY: "of no strand",
    GREEN: "gene of an RNA",
    PURPLE: "pseudogene",
}


def write_pages(folder: Path, hub: Hub, templates: Templates, genome: Genome) -> None:
    """Write ``pages/*.html``; paths in them are those of the hub, names and labels are escaped."""
    pages = folder / "pages"
    pages.mkdir()
    shared = shared_values(hub)

    def write(path: str, template: str, **values: Any) -> None:
        (folder / path).write_text(templates.render(template, **shared, **values), encoding="utf-8")

    write("pages/hub.html", "hub.html", links=False)
    write("pages/genome.html", "genome.html", genome_sha256=genome.sha256, gc_content=genome.gc_content)
    for group in hub.groups:
        if group.mirrors:
            tracks = [track for mirror in group.mirrors for track in (mirror.plus, mirror.minus)]
            write(f"pages/{group.composite}.html", "composite.html", group=group, tracks=tracks)
        if group.heads:
            write(f"pages/{group.heads_composite}.html", "heads.html", group=group, tracks=group.heads)
        if group.letters:
            write(f"pages/{group.letters_composite}.html", "letters.html", group=group, tracks=group.letters)
        for track in tracks_of(group):
            write(track.page, "track.html", group=group, track=track)


def page_json(value: Mapping[str, Any]) -> Markup:
    """Return JSON that is safe inside a script element: ``<`` is spelled out, so that no text ends the element."""
    text = json.dumps(value).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 - JSON in which no "<" is left cannot end its element


def alias_json(aliases: Mapping[str, Sequence[str]]) -> Markup:
    """Return JSON of which sequence each name means: its own names and the others."""
    names = {chrom: chrom for chrom in aliases}
    return page_json({alias: chrom for chrom, others in aliases.items() for alias in others} | names)


def shared_values(hub: Hub) -> dict[str, Any]:
    """Return the variables that every page has."""
    return {
        "hub": hub,
        "version": tracktools_version(),
        "display_decimals": HubConfig.display_decimals,
        "plus_color": BLUE,
        "minus_color": VERMILLION,
        "color_meanings": _COLOR_MEANINGS,
        "strand_colors": STRAND_COLORS,
        "warnings_of": warnings_of,
        "swatches": {track.name: swatches(track) for track in hub},
        "tracks_of": {group.name: tracks_of(group) for group in hub.groups},
    }


def viewer_values(hub: Hub) -> dict[str, Any]:
    """Return the variables of ``viewer.html`` for the page next to the data."""
    length = human_count(sum(hub.assembly.chrom_sizes.values()))
    return {
        "version": shared_values(hub)["version"],
        "title": hub.long_label,
        "lead": f"{hub.assembly.genome} · {length} bp · search by position, gene or TSS name",
        "warnings": hub.warnings,
        "bookmarks": hub.bookmarks,
        "plus_color": BLUE,
        "minus_color": VERMILLION,
        "links": True,
        "sections": [
            {"label": group.label, "tracks": [_viewer_row(track) for track in tracks_of(group)]} for group in hub.groups
        ],
    }


def warnings_of(tracks: Sequence[HubTrack]) -> list[str]:
    """Return what a user of some tracks should know, each sentence once."""
    return list(dict.fromkeys(warning for track in tracks for warning in track.source.warnings))


def swatches(track: HubTrack) -> tuple[str, ...]:
    """Return the colours of a track in a list; features and reads have those of their strands."""
    if track.kind == "signal":
        return (track.color,)
    if track.kind == "alignments":
        return (BLUE, VERMILLION)
    if not track.contents.shaded:
        order = [*STRAND_COLORS.values(), *track.contents.colors]
        return tuple(sorted(track.contents.colors[:_LISTED_COLORS], key=order.index))
    return tuple(color for strand, color in STRAND_COLORS.items() if track.contents.count_by_strand.get(strand))


def _viewer_row(track: HubTrack) -> dict[str, Any]:
    unit = {"signal": "bases", "features": "items", "alignments": "reads"}[track.kind]
    return {
        "label": track.long_label,
        "colors": swatches(track),
        "page": track.page,
        "amount": f"{human_count(track.contents.count)} {unit}" if track.contents.count else "",
    }


def tracks_of(group: HubGroup) -> list[HubTrack]:
    """Return the tracks of a group in the order in which they are drawn."""
    return [track for mirror in group.mirrors for track in (mirror.plus, mirror.minus)] + list(group.tracks)
