"""Zoom levels of bigWig and bigBed: what browsers draw from afar."""

from __future__ import annotations

import struct
from pathlib import Path

from tracktools.formats.bbi import INDEX_HEADER, NODE
from tracktools.formats.bbi_read import BbiHeader, read_block_places
from tracktools.hub.check.model import Track
from tracktools.hub.check.report import Findings

_FEW_BYTES = 2048  # of so little data, some writers make no levels, and a browser reads all of it as fast
_LEAF_BYTES = 32  # of an index, for each block


def check_zooms(path: Path, header: BbiHeader, track: Track, findings: Findings) -> None:
    """Say where the zoom levels of a file are missing, or lie nowhere.

    Raises
    ------
    struct.error, ValueError, OSError, RecursionError
        If the file is damaged.
    """
    name = track.find("bigDataUrl")
    if any(0 in zoom for zoom in header.zooms):
        problem = f"the zoom levels of {name} lie nowhere in the file: it was not closed, or is damaged"
        findings.error(track.stanza, "bigDataUrl", "data", problem, "write it again")
    elif not header.zooms:
        problem = f"{name} has no zoom levels, so browsers read all of it to draw from afar"
        fix = "write it again, with zoom levels"
        if header.index_offset - header.data_offset > _FEW_BYTES:
            findings.error(track.stanza, "bigDataUrl", "no-zooms", problem, fix)
        elif track.kind == "bigWig" and _has_more(path, header):
            problem = f"{name} has no zoom levels, but more data than its header says"
            findings.warning(track.stanza, "bigDataUrl", "no-zooms", problem, fix)


def _has_more(path: Path, header: BbiHeader) -> bool:
    """Return whether something comes after the index of the data, where zoom levels are written."""
    with path.open("rb") as file:
        try:
            n_blocks = sum(1 for _ in read_block_places(file, header.index_offset))
        except (ValueError, struct.error, RecursionError):  # which is said where the items are read
            return False
    end = header.index_offset + INDEX_HEADER.size + NODE.size + _LEAF_BYTES * n_blocks
    return path.stat().st_size > end + _LEAF_BYTES
