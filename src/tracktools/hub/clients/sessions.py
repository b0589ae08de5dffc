"""Sessions of igv.js and IGV desktop: the same tracks, colours and scales.

igv.js resolves addresses against the page that loads the session, not against the session file; IGV desktop resolves
them against the session file.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree  # only written here, never parsed
from typing import Any

from tracktools.hub.model import Hub, HubTrack, Mirror
from tracktools.palette import BLUE, VERMILLION

_SIGNAL_HEIGHT = 60
_LETTERS_HEIGHT = 100
_READS_HEIGHT = 200
_ITEMS_HEIGHT = {"autoHeight": True, "minHeight": 40, "maxHeight": 160}  # as many rows as there are in sight
_UP = "../"  # from the folder of a desktop session to the data
_DISPLAY_MODES = {"dense": "COLLAPSED", "squish": "SQUISHED", "pack": "EXPANDED", "full": "EXPANDED"}


def igvjs_reference(hub: Hub) -> dict[str, Any]:
    """Return the `reference` of igv.js: the genome, its other names and its lengths."""
    assembly = hub.assembly
    return {
        "id": assembly.genome,
        "name": assembly.organism,
        "twoBitURL": assembly.twobit,
        "chromSizesURL": "chrom.sizes",
        "aliasURL": "chromAlias.txt",
    }


def igvjs_session(hub: Hub) -> dict[str, Any]:
    """Return a session of igv.js with every track that is not hidden, for a page in the hub's folder."""
    tracks: list[dict[str, Any]] = []
    for group in hub.groups:
        tracks += [_merged(mirror) for mirror in group.mirrors if mirror.plus.visibility != "hide"]
        tracks += [igvjs_track(track) for track in group.tracks if track.visibility != "hide"]
    for order, track in enumerate(tracks, start=1):
        track["order"] = order
    return {
        "reference": igvjs_reference(hub),
        "locus": hub.assembly.default_position,
        "search": False,  # else a name that no track has is sent to igv.org
        "tracks": tracks,
    }


def igvjs_track(track: HubTrack) -> dict[str, Any]:
    """Return one track of igv.js."""
    config: dict[str, Any] = {
        "name": track.short_label,
        "description": track.long_label,
        "url": track.file,
    }
    if track.kind == "signal":
        view = track.contents.view
        assert view is not None
        return config | {
            "type": "wig",
            "format": "bigwig",
            "color": f"rgb({track.color})",
            "altColor": f"rgb({track.color})",
            "min": view[0],
            "max": view[1],
            "autoscale": False,
            "windowFunction": "min" if track.strand == "-" else "max",
            "height": _LETTERS_HEIGHT if track.letters else _SIGNAL_HEIGHT,
            **({"graphType": "dynseq"} if track.letters else {}),  # igv.js 3.0 draws bars
        }
    if track.kind == "alignments":
        return config | {
            "type": "alignment",
            "format": "bam",
            "indexURL": f"{track.file}.bai",
            "colorBy": "strand",
            "posStrandColor": f"rgb({BLUE})",
            "negStrandColor": f"rgb({VERMILLION})",
            "height": _READS_HEIGHT,
        }
    search = {"trixURL": track.search_file} if track.contents.n_words else {}
    return config | {
        "type": "annotation",
        "format": "bigbed",
        "displayMode": _DISPLAY_MODES.get(track.visibility, "EXPANDED"),
        "labelField": track.label_field,
        **_ITEMS_HEIGHT,
        **search,
    }


def _merged(mirror: Mirror) -> dict[str, Any]:
    """Return one track in which both strands are drawn, up and down from its middle."""
    assert mirror.plus.contents.view is not None
    assert mirror.minus.contents.view is not None
    return {
        "type": "merged",
        "name": mirror.short_label,
        "description": mirror.long_label,
        "height": 2 * _SIGNAL_HEIGHT,
        "min": mirror.minus.contents.view[0],
        "max": mirror.plus.contents.view[1],
        "autoscale": False,
        "alpha": 1,
        "tracks": [igvjs_track(mirror.plus), igvjs_track(mirror.minus)],
    }


def desktop_genome(hub: Hub) -> dict[str, Any]:
    """Return the genome of IGV desktop, as FASTA: IGV before 2.17 knows no 2bit."""
    assembly = hub.assembly
    return {
        "id": assembly.genome,
        "name": assembly.organism,
        "fastaURL": "genome.fa",
        "indexURL": "genome.fa.fai",
        "aliasURL": _UP + "chromAlias.txt",
    }


def desktop_session(hub: Hub) -> str:
    """Return a session of IGV desktop as XML, with every track that is not hidden."""
    session = ElementTree.Element("Session", genome="genome.json", locus=hub.assembly.default_position, version="8")
    tracks = [track for track in hub if track.visibility != "hide"]
    resources = ElementTree.SubElement(session, "Resources")
    for track in tracks:
        ElementTree.SubElement(resources, "Resource", path=_UP + track.file)
    panel = ElementTree.SubElement(session, "Panel", name="DataPanel")
    for track in tracks:
        attributes = {"id": _UP + track.file, "name": track.short_label, "visible": "true"}
        element = ElementTree.SubElement(panel, "Track", attributes | _desktop_style(track))
        if track.contents.view is not None:
            low, high = track.contents.view
            limits = {"minimum": f"{low:g}", "maximum": f"{high:g}"}
            ElementTree.SubElement(element, "DataRange", {"type": "LINEAR", "baseline": "0.0", **limits})
    ElementTree.indent(session)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(session, encoding="unicode") + "\n"


def _desktop_style(track: HubTrack) -> dict[str, str]:
    if track.kind == "signal":
        return {
            "color": track.color,
            "altColor": track.color,
            "autoScale": "false",
            "renderer": "BAR_CHART",
            "height": str(_SIGNAL_HEIGHT),
            "windowFunction": "min" if track.strand == "-" else "max",
        }
    style = {"displayMode": _DISPLAY_MODES.get(track.visibility, "EXPANDED")}
    return style | ({"featureNameProperty": track.label_field} if track.label_field != "name" else {})
