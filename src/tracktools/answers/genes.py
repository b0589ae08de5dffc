"""The genes that a TSS lies in, and the operons of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from tracktools.profile.operons import Operon
from tracktools.regions import NO_GENE, overlapping_genes


def genes_at(tss: pd.DataFrame, genes: pd.DataFrame, circles: Mapping[str, int]) -> pd.DataFrame:
    """Return the genes that each TSS lies in, on its own strand and on the other one.

    Returns
    -------
    DataFrame
        A row per TSS: `sense`, `antisense` (rows of `genes`, -1: none; of several, the first on the sequence).
    """
    intervals = pd.DataFrame(
        {
            "chrom": tss["chrom"].to_numpy(),
            "start": tss["position"].to_numpy(),
            "end": tss["position"].to_numpy() + 1,
            "strand": tss["strand"].to_numpy(),
        }
    )
    found = {}
    for name, strand in (("sense", "same"), ("antisense", "opposite")):
        pairs = overlapping_genes(intervals, genes, strand=strand, circular_sizes=dict(circles))  # type: ignore[arg-type]
        first = pairs.sort_values(["interval", "gene"]).drop_duplicates("interval").set_index("interval")["gene"]
        found[name] = first.reindex(range(len(tss))).fillna(NO_GENE).to_numpy(dtype=np.int64)
    return pd.DataFrame(found)


def operons_of(genes: pd.DataFrame, operons: Iterable[Operon], circles: Mapping[str, int]) -> pd.Series:
    """Return the names of the operons that hold the first base of each gene, on its strand, ``;`` between several."""
    forward = (genes["strand"] == "+").to_numpy()
    first = np.where(forward, genes["start"], genes["end"] - 1).astype(np.int64)
    sizes = genes["chrom"].map(circles).fillna(0).to_numpy(dtype=np.int64)
    first = np.where(sizes > 0, first % np.maximum(sizes, 1), first)
    names: list[list[str]] = [[] for _ in range(len(genes))]
    groups = {
        key: np.asarray(rows) for key, rows in genes.reset_index(drop=True).groupby(["chrom", "strand"]).groups.items()
    }
    for operon in operons:
        place = operon.place
        rows = groups.get((place.chrom, place.strand), np.zeros(0, dtype=np.int64))
        for row in rows[(first[rows] >= place.start) & (first[rows] < place.end)]:
            if operon.name not in names[row]:
                names[row].append(operon.name)
    return pd.Series([";".join(one) for one in names], index=genes.index, dtype=object)
