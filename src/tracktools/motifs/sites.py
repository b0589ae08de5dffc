"""Sites on the genome that heads attend to upstream of measured TSS, as rows of BED."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tracktools.config import MotifConfig
from tracktools.formats.bed import MOTIF_SITES
from tracktools.genome import Genome
from tracktools.motifs.discover import HeadMotif
from tracktools.motifs.statistics import benjamini_hochberg
from tracktools.motifs.windows import as_text, cut_windows, interval_of


@dataclass(frozen=True, eq=False)
class SiteBed:
    """The sites of one head.

    Parameters
    ----------
    head : str
        The head.
    table : DataFrame
        Rows of the schema ``MOTIF_SITES``; a site across the origin is two rows.
    asked : int
        TSS that were looked at, each once, whatever sets it is in.
    kept : int
        Sites in `table`.
    faint : int
        Left out: less than ``min_times_uniform`` times an even share of the attention.
    unlike : int
        Left out: the sequence does not fit the motif (p above ``site_p``).
    outside : int
        Left out: the motif would leave a linear contig, or lies on unknown letters.
    """

    head: str
    table: pd.DataFrame
    asked: int
    kept: int
    faint: int
    unlike: int
    outside: int


def site_bed(
    one: HeadMotif, sites: pd.DataFrame, genome: Genome, window_bp: int, color: str, config: MotifConfig
) -> SiteBed:
    """Place the motif of a head on the bases that it attends to.

    Parameters
    ----------
    one : HeadMotif
        A head that has a motif.
    sites : DataFrame
        Its rows of ``sites.tsv``.
    genome : Genome
        The genome.
    window_bp : int
        Keys that a head distributes its attention over.
    color : str
        ``R,G,B`` of the items.
    config : MotifConfig
        The rules of what is left out.

    Returns
    -------
    SiteBed
        `pValue` is the exact probability that a sequence of the genome's composition fits the motif as well, `qValue`
        that of Benjamini and Hochberg over the sites of the head that are not faint, `score` a thousandth of attention.
    """
    pwm = one.pwm
    assert pwm is not None
    sites = sites.drop_duplicates(["chrom", "position", "strand"]).reset_index(drop=True)
    bright = sites[sites["attention"] >= config.min_times_uniform / window_bp].reset_index(drop=True)
    windows = cut_windows(bright, bright["tssOffset"].to_numpy(dtype=np.int64), genome, -pwm.first, pwm.last - 1)
    p_values = pwm.p_values(windows.codes)
    q_values = benjamini_hochberg(p_values)
    rows = []
    for number in np.flatnonzero(p_values <= config.site_p):
        row = bright.iloc[windows.rows[number]]
        start, end = interval_of(int(windows.attended[number]), row["strand"], pwm.first, pwm.last)
        tss = row["name"] if row["name"] not in ("", ".") else f"{row['chrom']}:{row['position'] + 1}:{row['strand']}"
        name = f"{one.head}_{tss}"[:250]
        score = int(np.clip(round(1000 * row["attention"]), 0, 1000))
        values = (one.head, row["attention"], row["tssOffset"], tss, as_text(windows.codes[number]))
        for low, high in pieces(start, end, genome.chrom_sizes[row["chrom"]]):
            place = row["chrom"], low, high, name, score, row["strand"], low, high, color
            rows.append((*place, *values, p_values[number], q_values[number]))
    hits = int((p_values <= config.site_p).sum())
    left_out = len(sites) - len(bright), len(windows) - hits, len(bright) - len(windows)
    return SiteBed(one.head, pd.DataFrame(rows, columns=list(MOTIF_SITES.columns)), len(sites), hits, *left_out)


def pieces(start: int, end: int, size: int) -> list[tuple[int, int]]:
    """Return an interval of a circle as intervals of its sequence, cut at the origin.

    Examples
    --------
    >>> pieces(-2, 4, 100), pieces(98, 104, 100), pieces(10, 16, 100)
    ([(98, 100), (0, 4)], [(98, 100), (0, 4)], [(10, 16)])
    """
    start, end = start % size, start % size + end - start
    return [(start, end)] if end <= size else [(start, size), (0, end - size)]
