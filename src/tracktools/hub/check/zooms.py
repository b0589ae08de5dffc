"""Zoom levels of bigWig and bigBed: what browsers draw from afar."""

from __future__ import annotations

from tracktools.formats.bbi_read import BbiHeader
from tracktools.hub.check.model import Track
from tracktools.hub.check.report import Findings

_FEW_BASES = 1000  # of fewer, some writers make no levels, and a browser reads them as fast
_FEW_ITEMS = 512


def check_zooms(header: BbiHeader, track: Track, findings: Findings, *, n_items: int | None = None) -> None:
    """Say where the zoom levels of a file are missing, or lie nowhere.

    Parameters
    ----------
    header : BbiHeader
        Header of the file.
    track : Track
        The track that shows it.
    findings : Findings
        Where findings go.
    n_items : int, optional
        How many items a bigBed has; None for a bigWig.
    """
    name = track.find("bigDataUrl")
    if any(0 in zoom for zoom in header.zooms):
        problem = f"the zoom levels of {name} lie nowhere in the file: it was not closed, or is damaged"
        findings.error(track.stanza, "bigDataUrl", "data", problem, "write it again")
        return
    bases = header.summary.bases_covered if header.summary is not None else _FEW_BASES
    many = bases >= _FEW_BASES if n_items is None else n_items > _FEW_ITEMS
    if not header.zooms and many:
        problem = f"{name} has no zoom levels, so browsers read all of it to draw from afar"
        findings.error(track.stanza, "bigDataUrl", "no-zooms", problem, "write it again, with zoom levels")
