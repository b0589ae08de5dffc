"""``config.json`` of JBrowse 2: its reading of ``hub.txt`` leaves out colours, scales and overlays, so it gets its own.

Keys: https://jbrowse.org/jb2/docs/config_guides. Locations are relative to the file.
"""

from __future__ import annotations

from typing import Any

from tracktools.hub.model import Hub, HubTrack, Mirror
from tracktools.interval import Interval

_SIGNAL_HEIGHT = 80
_BED_METHYL = (  # what JBrowse 2.18 calls the columns behind the ninth of what it takes for bedMethyl
    *("n_valid_cov", "fraction_modified", "n_mod", "n_canonical", "n_other_mod", "n_delete", "n_fail", "n_diff"),
    "n_nocall",
)
_VIEW_PIXELS = 1200  # width of a window for which the first view is reckoned
_ITEMS_PER_PIXEL = 0.3  # up to which JBrowse draws items without being asked


def jbrowse_config(hub: Hub) -> dict[str, Any]:
    """Return the configuration of JBrowse 2 with the genome, every track and a session that opens the visible ones."""
    assembly = hub.assembly
    tracks: list[dict[str, Any]] = []
    shown: list[str] = []
    for group in hub.groups:
        for mirror in group.mirrors:
            tracks.append(_mirror(hub, group.label, mirror))
            shown += [mirror.name] if mirror.plus.visibility != "hide" else []
        for track in (track for mirror in group.mirrors for track in (mirror.plus, mirror.minus)):
            tracks.append(_track(hub, group.label, track))
        for track in group.tracks:
            tracks.append(_track(hub, group.label, track))
            shown += [track.name] if track.visibility != "hide" else []
    return {
        "assemblies": [
            {
                "name": assembly.genome,
                "displayName": assembly.organism,
                "sequence": {
                    "type": "ReferenceSequenceTrack",
                    "trackId": "sequence",
                    "adapter": {
                        "type": "TwoBitAdapter",
                        "twoBitLocation": _location(assembly.twobit),
                        "chromSizesLocation": _location("chrom.sizes"),
                    },
                },
                "refNameAliases": {"adapter": {"type": "RefNameAliasAdapter", "location": _location("chromAlias.txt")}},
            }
        ],
        "tracks": tracks,
        "defaultSession": {
            "name": hub.long_label,
            "views": [_view(hub, [track for track in tracks if track["trackId"] in shown])],
        },
    }


def _view(hub: Hub, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a view at the default position, spelt out: JBrowse before 3.0 knows no shorter form."""
    place = Interval.from_ucsc(hub.assembly.default_position)
    bp_per_pixel = len(place) / _VIEW_PIXELS
    limits = {track.name: _zoom_limit(hub, track) for track in hub if track.kind == "features"}
    region = {
        "refName": place.chrom,
        "start": 0,
        "end": hub.assembly.chrom_sizes[place.chrom],
        "assemblyName": hub.assembly.genome,
    }
    return {
        "id": "view",
        "type": "LinearGenomeView",
        "bpPerPx": bp_per_pixel,
        "offsetPx": round(place.start / bp_per_pixel),
        "displayedRegions": [region],
        "trackLabels": "offset",  # above a track: by default, they hide the start of its data
        "tracks": [
            {
                "type": track["type"],
                "configuration": track["trackId"],
                "displays": [
                    {"type": display["type"], "configuration": display["displayId"], **limits.get(track["trackId"], {})}
                    for display in track["displays"]
                ],
            }
            for track in tracks
        ],
    }


def _zoom_limit(hub: Hub, track: HubTrack) -> dict[str, float]:
    """Return from which zoom on items are drawn: JBrowse estimates it from few of them, and is slow or far off."""
    genome_bp = sum(hub.assembly.chrom_sizes.values())
    return {"userBpPerPxLimit": round(_ITEMS_PER_PIXEL * genome_bp / track.contents.count, 3)}


def _location(file: str) -> dict[str, str]:
    return {"uri": f"../{file}", "locationType": "UriLocation"}  # from the folder of the configuration


def _css(color: str) -> str:
    return f"rgb({color})"


def _base(hub: Hub, category: str, name: str, label: str, description: str) -> dict[str, Any]:
    return {
        "trackId": name,
        "name": label,
        "description": description,
        "category": [category],
        "assemblyNames": [hub.assembly.genome],
    }


def _scale(view: tuple[float, float]) -> dict[str, Any]:
    return {"minScore": view[0], "maxScore": view[1], "height": _SIGNAL_HEIGHT}


def _mirror(hub: Hub, category: str, mirror: Mirror) -> dict[str, Any]:
    assert mirror.plus.contents.view is not None
    assert mirror.minus.contents.view is not None
    parts = [
        {
            "type": "BigWigAdapter",
            "name": track.short_label,
            "source": track.short_label,
            "color": _css(track.color),
            "bigWigLocation": _location(track.file),
        }
        for track in (mirror.plus, mirror.minus)
    ]
    view = (mirror.minus.contents.view[0], mirror.plus.contents.view[1])
    return _base(hub, category, mirror.name, mirror.short_label, mirror.long_label) | {
        "type": "MultiQuantitativeTrack",
        "adapter": {"type": "MultiWiggleAdapter", "subadapters": parts},
        "displays": [
            {
                "type": "MultiLinearWiggleDisplay",
                "displayId": f"{mirror.name}-display",
                "defaultRendering": "xyplot",
                **_scale(view),
                "renderers": {"MultiXYPlotRenderer": {"type": "MultiXYPlotRenderer", "summaryScoreMode": "whiskers"}},
            }
        ],
    }


def _track(hub: Hub, category: str, track: HubTrack) -> dict[str, Any]:
    base = _base(hub, category, track.name, track.short_label, track.long_label)
    location = _location(track.file)
    display = {"displayId": f"{track.name}-display"}
    if track.kind == "signal":
        assert track.contents.view is not None
        renderer = {"type": "XYPlotRenderer", "color": _css(track.color), "summaryScoreMode": "whiskers"}
        return base | {
            "type": "QuantitativeTrack",
            "adapter": {"type": "BigWigAdapter", "bigWigLocation": location},
            "displays": [
                {
                    "type": "LinearWiggleDisplay",
                    **display,
                    **_scale(track.contents.view),
                    "renderers": {"XYPlotRenderer": renderer},
                }
            ],
        }
    if track.kind == "alignments":
        index = {"location": _location(f"{track.file}.bai"), "indexType": "BAI"}
        return base | {
            "type": "AlignmentsTrack",
            "adapter": {"type": "BamAdapter", "bamLocation": location, "index": index},
            "displays": [{"type": "LinearAlignmentsDisplay", **display}],
        }
    # where the thick part is the whole item, JBrowse 2.18 takes BED9 for bedMethyl, whose column of colours is color
    names = " || ".join(f"get(feature,'{name}')" for name in ("item_rgb", "itemRgb", "color"))
    color = f"jexl:'rgb(' + ({names} || '{track.color}') + ')'"
    thick_end = " || ".join(f"get(feature,'{name}')" for name in ("thick_end", "thickEnd", "end"))
    return base | {
        "type": "FeatureTrack",
        "adapter": {"type": "BigBedAdapter", "bigBedLocation": location, "aggregateField": "none"},
        "displays": [
            {
                "type": "LinearBasicDisplay",
                **display,
                "renderer": {
                    "type": "SvgFeatureRenderer",
                    "color1": color,
                    "color2": color,  # of the arrow, else black
                    "height": f"jexl:(({thick_end}) > get(feature,'start')) ? 10 : 4",
                    "labels": {"name": f"jexl:{_label(track)} || ''"},
                },
            }
        ],
    }


def _label(track: HubTrack) -> str:
    """Return the expression for what is printed next to an item: by the name of its column, and by bedMethyl's."""
    if track.label_field == "name":
        return "get(feature,'name') || get(feature,'code')"
    assert track.contents.schema is not None
    place = track.contents.schema.columns.index(track.label_field) - 9
    other = f" || get(feature,'{_BED_METHYL[place]}')" if place < len(_BED_METHYL) else ""
    return f"get(feature,'{track.label_field}'){other}"
