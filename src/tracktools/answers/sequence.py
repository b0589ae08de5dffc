"""Letters around TSS."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tracktools.genome import Genome

_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


def sequences(rows: pd.DataFrame, genome: Genome, upstream_bp: int, downstream_bp: int) -> list[str]:
    """Return the letters around TSS on their strands, 5' to 3'; N past an end and for letters other than A, C, G, T.

    Parameters
    ----------
    rows : DataFrame
        `chrom`, `position` (0-based), `strand`.
    genome : Genome
        The genome.
    upstream_bp, downstream_bp : int
        Bases before and after the TSS.

    Returns
    -------
    list of str
        Each of ``upstream_bp + 1 + downstream_bp`` letters; letter `upstream_bp` is the TSS.
    """
    texts = []
    for chrom, position, strand in zip(rows["chrom"], rows["position"], rows["strand"], strict=True):
        contig = genome[chrom]
        at = int(position) if strand == "+" else len(contig) - 1 - int(position)
        first, last = at - upstream_bp, at + downstream_bp + 1
        codes = contig.strand_codes(first, last, strand)
        before = 0 if contig.circular else max(0, -first)
        text = "N" * before + _LETTERS[codes].tobytes().decode()
        texts.append(text.ljust(last - first, "N"))
    return texts
