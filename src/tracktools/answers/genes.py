"""The genes that a TSS lies in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tracktools.regions import NO_GENE, overlapping_genes


def genes_at(tss: pd.DataFrame, genes: pd.DataFrame, circles: Mapping[str, int]) -> pd.DataFrame:
    """Return the genes that each TSS lies in, on its own strand and on the other one.

    Returns
    -------
    DataFrame
        A row a TSS: `sense`, `antisense` (rows of `genes`, -1: none; of several, the first on the sequence).
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
