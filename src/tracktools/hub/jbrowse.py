"""``config.json`` of JBrowse 2: its reading of ``hub.txt`` leaves out colours, scales and overlays, so it gets its own.

Keys: https://jbrowse.org/jb2/docs/config_guides. Locations are relative to the file.
"""

from __future__ import annotations

from typing import Any

from tracktools.hub.model import Hub, HubTrack, Mirror

_SIGNAL_HEIGHT = 80


def jbrowse_config(hub: Hub, prefix: str = "../") -> dict[str, Any]:
    """Return the configuration of JBrowse 2 with the genome, every track and a session that opens the visible ones.

    Parameters
    ----------
    hub : Hub
        The hub.
    prefix : str
        Way from the configuration's folder to the data.
    """
    assembly = hub.assembly
    tracks: list[dict[str, Any]] = []
    shown: list[str] = []
    for group in hub.groups:
        for mirror in group.mirrors:
            tracks.append(_mirror(hub, group.label, mirror, prefix))
            shown += [mirror.name] if mirror.plus.visibility != "hide" else []
        for track in (track for mirror in group.mirrors for track in (mirror.plus, mirror.minus)):
            tracks.append(_track(hub, group.label, track, prefix))
        for track in group.tracks:
            tracks.append(_track(hub, group.label, track, prefix))
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
                        "twoBitLocation": _location(prefix + assembly.twobit),
                        "chromSizesLocation": _location(prefix + "chrom.sizes"),
                    },
                },
                "refNameAliases": {
                    "adapter": {"type": "RefNameAliasAdapter", "location": _location(prefix + "chromAlias.txt")}
                },
            }
        ],
        "tracks": tracks,
        "defaultSession": {
            "name": hub.long_label,
            "views": [
                {
                    "id": "view",
                    "type": "LinearGenomeView",
                    "init": {"assembly": assembly.genome, "loc": jbrowse_position(hub), "tracks": shown},
                }
            ],
        },
    }


def jbrowse_position(hub: Hub) -> str:
    """Return the default position as JBrowse writes it: with two dots."""
    chrom, _, span = hub.assembly.default_position.rpartition(":")
    return f"{chrom}:{span.replace('-', '..')}"


def _location(path: str) -> dict[str, str]:
    return {"uri": path, "locationType": "UriLocation"}


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


def _mirror(hub: Hub, category: str, mirror: Mirror, prefix: str) -> dict[str, Any]:
    assert mirror.plus.contents.view is not None
    assert mirror.minus.contents.view is not None
    parts = [
        {
            "type": "BigWigAdapter",
            "name": track.short_label,
            "source": track.name,
            "color": _css(track.color),
            "bigWigLocation": _location(prefix + track.file),
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
                "defaultRendering": "multixyplot",
                **_scale(view),
            }
        ],
    }


def _track(hub: Hub, category: str, track: HubTrack, prefix: str) -> dict[str, Any]:
    base = _base(hub, category, track.name, track.short_label, track.long_label)
    location = _location(prefix + track.file)
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
        index = {"location": _location(f"{prefix}{track.file}.bai"), "indexType": "BAI"}
        return base | {
            "type": "AlignmentsTrack",
            "adapter": {"type": "BamAdapter", "bamLocation": location, "index": index},
        }
    # the colour column of BED9 keeps the name that autoSql gives it
    color = "jexl:'rgb(' + get(feature,'itemRgb') + ')'"
    return base | {
        "type": "FeatureTrack",
        "adapter": {"type": "BigBedAdapter", "bigBedLocation": location},
        "displays": [
            {"type": "LinearBasicDisplay", **display, "renderer": {"type": "SvgFeatureRenderer", "color1": color}}
        ],
    }
