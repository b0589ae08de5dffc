"""The stanzas of ``hub.txt``: the settings of each track for UCSC, IGV and JBrowse.

Settings: https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html. Two rules come from measured clients, not
from that page: every child repeats its `type` and labels (igv.js inherits none of them), and ``viewLimits`` are whole
numbers (igv.js cuts the fraction off).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracktools.hub.convert.features import extra_fields
from tracktools.hub.model import FOUND_GENES, Hub, HubGroup, HubTrack, Mirror
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS, label
from tracktools.tracks import VISIBILITIES

_NO_FILTER = ("sourceLine", "spanStart", "spanEnd")  # places in a file or on the genome: nobody filters by them
_NOT_SAID = (*_NO_FILTER, "label")
_HEIGHT = "100:60:8"
_LETTERS_HEIGHT = "200:100:16"


@dataclass(frozen=True)
class Stanza:
    """One block of ``hub.txt``.

    Parameters
    ----------
    settings : mapping of str to str
        Keys and values, in the order of the file.
    depth : int
        How far it is indented: 1 for the child of a composite or an overlay.
    """

    settings: Mapping[str, str]
    depth: int = 0


def hub_stanzas(hub: Hub) -> list[Stanza]:
    """Return every stanza of a hub: the hub, its genome, its tracks."""
    return [Stanza(_hub(hub)), Stanza(_genome(hub)), *(stanza for group in hub.groups for stanza in _group(hub, group))]


def view_limits(view: tuple[float, float]) -> str:
    """Return a range as whole numbers that hold it.

    Examples
    --------
    >>> view_limits((0.0, 0.5)), view_limits((-20.0, 0.0))
    ('0:1', '-20:0')
    """
    return f"{math.floor(view[0])}:{math.ceil(view[1])}"


def _hub(hub: Hub) -> dict[str, str]:
    return {
        "hub": hub.name,
        "shortLabel": hub.short_label,
        "longLabel": hub.long_label,
        "useOneFile": "on",
        "email": hub.email,
        "descriptionUrl": "pages/hub.html",
    }


def _genome(hub: Hub) -> dict[str, str]:
    assembly = hub.assembly
    if assembly.attached:
        return {"genome": assembly.genome}
    settings = {
        "genome": assembly.genome,
        "twoBitPath": assembly.twobit,
        "chromSizes": "chrom.sizes",
        "chromAliasBb": "chromAlias.bb",
        "groups": "groups.txt",
        "organism": assembly.organism,
        "defaultPos": assembly.default_position,
        "scientificName": assembly.scientific_name,
        "description": assembly.description,
        "orderKey": "1",
        "htmlPath": "pages/genome.html",
        "codonTable": f"default={assembly.codon_table}",
    }
    return settings | ({"taxId": str(assembly.tax_id)} if assembly.tax_id else {})


def _group(hub: Hub, group: HubGroup) -> Iterator[Stanza]:
    if group.mirrors:
        yield Stanza(_composite(hub, group))
        for mirror in group.mirrors:
            for track, word in ((mirror.plus, "plus"), (mirror.minus, "minus")):
                parent = {"track": track.name, "parent": f"{group.composite} {_switch(track)}"}
                groups = f"strand={word}" + (f" sample={mirror.name}" if len(group.mirrors) > 1 else "")
                yield Stanza(parent | _labels(track) | {"subGroups": groups} | _signal(track), depth=1)
        for mirror in group.mirrors:
            yield from _overlay(hub, group, mirror)
    yield from _heads(hub, group)
    yield from _letters(hub, group)
    for track in (track for track in group.tracks if track not in (*group.heads, *group.letters)):
        yield Stanza(
            {"track": track.name} | _labels(track) | _in_group(hub, group, track.priority) | _drawing(hub, track)
        )


def _heads(hub: Hub, group: HubGroup) -> Iterator[Stanza]:
    """Sites of attention heads, a composite in which each head is switched on or off."""
    if not group.heads:
        return
    parent = {
        "track": group.heads_composite,
        "compositeTrack": "on",
        "shortLabel": label(group.label, SHORT_LABEL_CHARACTERS),
        "longLabel": label(f"{group.label}: a track per attention head", LONG_LABEL_CHARACTERS),
        **_in_group(hub, group, group.heads[0].priority),
        "type": _features(hub, group.heads[0])["type"],
        "visibility": _most_visible(list(group.heads)),
        "allButtonPair": "on",
        "dragAndDrop": "subTracks",
        "html": f"pages/{group.heads_composite}.html",
    }
    yield Stanza(parent)
    for track in group.heads:
        place = {"track": track.name, "parent": f"{group.heads_composite} {_switch(track)}"}
        page = {"priority": f"{track.priority:g}", "html": track.page}
        yield Stanza(place | _labels(track) | _features(hub, track) | page, depth=1)


def _letters(hub: Hub, group: HubGroup) -> Iterator[Stanza]:
    """Signals that are drawn as letters, a composite with one scale."""
    if not group.letters:
        return
    views = [track.contents.view for track in group.letters if track.contents.view is not None]
    parent = {
        "track": group.letters_composite,
        "compositeTrack": "on",
        "shortLabel": label(group.label, SHORT_LABEL_CHARACTERS),
        "longLabel": label(f"{group.label} of bases to TSS: letters of the plus strand", LONG_LABEL_CHARACTERS),
        **_in_group(hub, group, group.letters[0].priority),
        "type": _signal_type((min(low for low, _ in views), max(high for _, high in views))),
        "visibility": _most_visible(list(group.letters)),
        "allButtonPair": "on",
        "dragAndDrop": "subTracks",
        "html": f"pages/{group.letters_composite}.html",
    }
    yield Stanza(parent)
    for track in group.letters:
        place = {"track": track.name, "parent": f"{group.letters_composite} {_switch(track)}"}
        yield Stanza(place | _labels(track) | _signal(track) | {"priority": f"{track.priority:g}"}, depth=1)


def _labels(track: HubTrack) -> dict[str, str]:
    return {"shortLabel": track.short_label, "longLabel": track.long_label}


def _in_group(hub: Hub, group: HubGroup, priority: float) -> dict[str, str]:
    grouped = {} if hub.assembly.attached else {"group": group.name}  # an attached genome has its own groups
    return grouped | {"priority": f"{priority:g}"}


def _switch(track: HubTrack) -> str:
    return "off" if track.visibility == "hide" else "on"


def _signal_type(view: tuple[float, float]) -> str:
    return "bigWig " + view_limits(view).replace(":", " ")


def _signal(track: HubTrack) -> dict[str, str]:
    view = track.contents.view
    assert view is not None
    windowing = "mean+whiskers" if track.letters else "minimum" if track.strand == "-" else "maximum"
    return {
        "type": _signal_type(view),
        "bigDataUrl": track.file,
        "viewLimits": view_limits(view),
        "color": track.color,
        "altColor": track.color,
        "alwaysZero": "on",
        "windowingFunction": windowing,
        "maxHeightPixels": _LETTERS_HEIGHT if track.letters else _HEIGHT,
        **({"logo": "on"} if track.letters else {}),  # the letters of the genome, as high as the values (dynseq)
        "html": track.page,
    }


def _shared_view(mirrors: tuple[Mirror, ...]) -> tuple[float, float]:
    tops = [mirror.plus.contents.view[1] for mirror in mirrors if mirror.plus.contents.view]
    return -max(tops), max(tops)


def _most_visible(tracks: list[HubTrack]) -> str:
    return max((track.visibility for track in tracks), key=VISIBILITIES.index)


def _composite(hub: Hub, group: HubGroup) -> dict[str, str]:
    tracks = [track for mirror in group.mirrors for track in (mirror.plus, mirror.minus)]
    settings = {
        "track": group.composite,
        "compositeTrack": "on",
        "shortLabel": label(group.label, SHORT_LABEL_CHARACTERS),
        "longLabel": label(f"{group.label}: plus strand up, minus strand down", LONG_LABEL_CHARACTERS),
        **_in_group(hub, group, group.mirrors[0].plus.priority),
        "type": _signal_type(_shared_view(group.mirrors)),
        "visibility": _most_visible(tracks),
        "subGroup1": "strand Strand plus=Plus minus=Minus",
    }
    if len(group.mirrors) > 1:
        samples = (f"{mirror.name}={re.sub(r'[^A-Za-z0-9.+-]', '_', mirror.short_label)}" for mirror in group.mirrors)
        settings["subGroup2"] = "sample Sample " + " ".join(samples)
        settings |= {"dimensions": "dimX=strand dimY=sample", "sortOrder": "sample=+ strand=+"}
    else:
        settings |= {"dimensions": "dimX=strand", "sortOrder": "strand=+"}
    return settings | {"dragAndDrop": "subTracks", "html": f"pages/{group.composite}.html"}


def _overlay(hub: Hub, group: HubGroup, mirror: Mirror) -> Iterator[Stanza]:
    """Both strands in one track; hidden at first, because clients other than UCSC show its children one by one."""
    view = _shared_view((mirror,))
    yield Stanza(
        {
            "track": mirror.name,
            "container": "multiWig",
            "aggregate": "transparentOverlay",
            "showSubtrackColorOnUi": "on",
            "shortLabel": mirror.short_label,
            "longLabel": mirror.long_label,
            **_in_group(hub, group, mirror.plus.priority + 0.5),
            "type": _signal_type(view),
            "viewLimits": view_limits(view),
            "alwaysZero": "on",
            "maxHeightPixels": _HEIGHT,
            "visibility": "hide",
            "html": f"pages/{group.composite}.html",
        }
    )
    for track in (mirror.plus, mirror.minus):
        settings = {"track": f"{mirror.name}_{track.name}", "parent": mirror.name} | _labels(track) | _signal(track)
        yield Stanza(settings, depth=1)


def _drawing(hub: Hub, track: HubTrack) -> dict[str, str]:
    visible = {"visibility": track.visibility}
    if track.kind == "signal":
        return _signal(track) | visible
    if track.kind == "alignments":
        reads = {"type": "bam", "bigDataUrl": track.file, "bamColorMode": "strand", "showNames": "off"}
        return reads | visible | {"html": track.page}
    return _features(hub, track) | visible | {"html": track.page}


def _features(hub: Hub, track: HubTrack) -> dict[str, str]:
    schema = track.contents.schema
    assert schema is not None
    extra = extra_fields(schema)
    names = [field.name for field in extra]
    settings = {
        "type": f"bigBed {schema.defined_fields}" + (" +" if extra else ""),
        "bigDataUrl": track.file,
        "itemRgb": "on",  # and no color: igv.js would paint every item with it
        "searchIndex": "name",
    }
    if track.contents.n_words:
        settings["searchTrix"] = track.search_file
    said = [f"{name}=${name}" for name in names if name not in _NOT_SAID][:5]
    settings["mouseOver"] = ", ".join(["$name ($strand)", *said])
    labels = [name for name in names if name in track.contents.choices or name in track.contents.ranges]
    shown = track.label_field
    settings |= {
        "labelFields": ",".join(dict.fromkeys([shown, "name", *labels])),
        "defaultLabelFields": shown,
    }
    for name, (low, high) in track.contents.ranges.items():
        if name not in _NO_FILTER and name not in track.contents.incomplete and low < high:
            limits = f"{math.floor(low)}:{math.ceil(high)}"
            settings |= {f"filter.{name}": limits, f"filterByRange.{name}": "on", f"filterLimits.{name}": limits}
    for name, values in track.contents.choices.items():
        settings |= {f"filterValues.{name}": ",".join(values), f"filterType.{name}": "multipleListOr"}
    linked = names if track.topic != FOUND_GENES else []  # their tags are no database's
    links = [f'{name}="{link}"' for name, link in hub.assembly.links.items() if name in linked]
    return settings | ({"urls": " ".join(links)} if links else {})
