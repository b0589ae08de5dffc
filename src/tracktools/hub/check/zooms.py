"""Zoom levels of bigWig and bigBed: what browsers draw from afar."""

from __future__ import annotations

from tracktools.formats.bbi_read import BbiHeader
from tracktools.hub.check.model import Track
from tracktools.hub.check.report import Findings

_FEW_BYTES = 2048  # of so little data, some writers make no levels, and a browser reads all of it as fast


def check_zooms(header: BbiHeader, track: Track, findings: Findings) -> None:
    """Say where the zoom levels of a file are missing, or lie nowhere.

    Parameters
    ----------
    header : BbiHeader
        Header of the file.
    track : Track
        The track that shows it.
    findings : Findings
        Where findings go.
    """
    name = track.find("bigDataUrl")
    if any(0 in zoom for zoom in header.zooms):
        problem = f"the zoom levels of {name} lie nowhere in the file: it was not closed, or is damaged"
        findings.error(track.stanza, "bigDataUrl", "data", problem, "write it again")
        return
    if not header.zooms and header.index_offset - header.data_offset > _FEW_BYTES:
        problem = f"{name} has no zoom levels, so browsers read all of it to draw from afar"
        findings.error(track.stanza, "bigDataUrl", "no-zooms", problem, "write it again, with zoom levels")
