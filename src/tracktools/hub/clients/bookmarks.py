"""Positions worth opening first: found in the tracks themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.config import HubConfig
from tracktools.formats.bed import read_bed
from tracktools.hub.convert.source import Converted
from tracktools.hub.model import Bookmark
from tracktools.interval import Interval

BOOKMARKS_FILE = "bookmarks.bed"


def bookmarks_bed(bookmarks: Sequence[Bookmark]) -> str:
    """Return bookmarks as BED4, which IGV desktop imports as regions."""
    rows = []
    for bookmark in bookmarks:
        place = Interval.from_ucsc(bookmark.position)
        rows.append(f"{place.chrom}\t{place.start}\t{place.end}\t{bookmark.label}\n")
    return "".join(rows)


def read_bookmarks(path: Path) -> tuple[Bookmark, ...]:
    """Read what `bookmarks_bed` wrote; nothing if there is no file."""
    if not path.is_file():
        return ()
    table, _ = read_bed(path)
    return tuple(
        Bookmark(name, Interval(chrom, start, end).to_ucsc())
        for chrom, start, end, name in table[["chrom", "chromStart", "chromEnd", "name"]].itertuples(index=False)
    )


def find_bookmarks(converted: Sequence[Converted], chrom_sizes: Mapping[str, int], first: str) -> tuple[Bookmark, ...]:
    """Return the first position, and the pseudogene around which most TSS lie.

    Parameters
    ----------
    converted : sequence of Converted
        The tracks of the hub.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].
    first : str
        Where a browser opens.
    """
    bookmarks = [Bookmark("Many TSS on both strands", first)]
    tables = [(item.track, item.table) for item in converted if item.table is not None]
    sets = [table for track, table in tables if track.group in ("curated", "predictions", "tss")]
    pseudogenes = [table for track, table in tables if "pseudogene" in track.name]
    best: tuple[tuple[int, int], str, Interval] | None = None
    for row in (row for table in pseudogenes for row in table.to_dict("records")):
        reach = HubConfig.bookmark_flank_bp
        start, end = max(row["chromStart"] - reach, 0), min(row["chromEnd"] + reach, chrom_sizes[row["chrom"]])
        counts = [_count(table, row["chrom"], start, end) for table in sets]
        rank = (sum(count > 0 for count in counts), sum(counts))  # in many sets first, then many
        if rank > (0, 0) and (best is None or rank > best[0]):
            best = rank, str(row["name"]), Interval(row["chrom"], start, end)
    if best is not None:
        bookmarks.append(Bookmark(f"Pseudogene {best[1]}, with TSS around it", best[2].to_ucsc()))
    return tuple(bookmarks)


def _count(table: pd.DataFrame, chrom: str, start: int, end: int) -> int:
    starts = table["chromStart"].to_numpy()
    return int(np.count_nonzero((starts >= start) & (starts < end) & (table["chrom"] == chrom).to_numpy()))
