"""The next gene downstream of a position, which a transcript that starts there reaches first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

NO_GENE = -1


def next_genes(tss: pd.DataFrame, genes: pd.DataFrame, circles: Mapping[str, int]) -> pd.DataFrame:
    """Return the next gene downstream on the strand of each TSS, which it can start.

    Parameters
    ----------
    tss : DataFrame
        `chrom`, `position` (0-based), `strand`.
    genes : DataFrame
        See `tracktools.regions`.
    circles : mapping of str to int
        Lengths of circular sequences [bp], on which the search goes on across the origin.

    Returns
    -------
    DataFrame
        A row per TSS: `gene` (row of `genes`, -1: none), `distance` from the TSS to its first base, 0 on it [bp].
    """
    gene = np.full(len(tss), NO_GENE, dtype=np.int64)
    distance = np.zeros(len(tss), dtype=np.int64)
    groups = dict(iter(genes.reset_index(drop=True).groupby(["chrom", "strand"])))
    for key, part in tss.reset_index(drop=True).groupby(["chrom", "strand"]):
        chrom, strand = key
        known = groups.get((chrom, strand))
        if known is None:
            continue
        size = circles.get(str(chrom), 0)
        sign = 1 if strand == "+" else -1  # on the minus strand positions are counted from the right
        first = (known["start"] if strand == "+" else known["end"] - 1).to_numpy(dtype=np.int64)
        first = sign * (first % size if size else first)
        order = np.argsort(first, kind="stable")
        ordered = first[order]
        at = sign * part["position"].to_numpy(dtype=np.int64)
        place = np.searchsorted(ordered, at, side="left")
        beyond = place == len(ordered)
        chosen = order[np.where(beyond, 0, place)]
        gap = first[chosen] - at + np.where(beyond, size, 0)
        here = ~beyond | (size > 0)
        gene[part.index] = np.where(here, known.index.to_numpy()[chosen], NO_GENE)
        distance[part.index] = np.where(here, gap, 0)
    return pd.DataFrame({"gene": gene, "distance": distance})
