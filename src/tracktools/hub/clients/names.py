"""Names of items and where they are, for the pages that draw a hub: the search of igv.js 3.0 finds wrong items."""

from __future__ import annotations

from collections.abc import Sequence

from tracktools.hub.convert.features import SEARCHED
from tracktools.hub.convert.source import Converted

NAMES_FILE = "names.tsv"
_FIRST_GROUP = "annotation"  # whoever types a name means the gene, where a TSS has the same


def names_tsv(converted: Sequence[Converted]) -> str:
    """Return the names of the items of all tracks that are shown at first.

    Parameters
    ----------
    converted : sequence of Converted
        The tracks of a hub, in their order.

    Returns
    -------
    str
        A line per item: sequence, first and last base (1-based), then its names, tab-separated. Each name (upper and
        lower case differ) is given once: with the genes if they have it, else with the first track; of several items
        of one track with the longest, for genes that are cut in two.
    """
    shown = [item for item in converted if item.table is not None and item.track.visibility != "hide"]
    seen: set[str] = set()
    lines = []
    for item in sorted(shown, key=lambda item: item.track.group != _FIRST_GROUP):
        table = item.table
        assert table is not None
        lengths = table["chromEnd"] - table["chromStart"]
        rows = table.loc[lengths.sort_values(ascending=False, kind="stable").index]
        columns = [rows[name].astype(str) for name in SEARCHED if name in rows]
        places = zip(rows["chrom"], rows["chromStart"].tolist(), rows["chromEnd"].tolist(), strict=True)
        for (chrom, start, end), *words in zip(places, *columns, strict=True):
            new = [word for word in dict.fromkeys(words) if word and word not in seen]
            seen.update(new)
            if new:
                lines.append("\t".join([chrom, str(start + 1), str(end), *new]) + "\n")
    return "".join(lines)
