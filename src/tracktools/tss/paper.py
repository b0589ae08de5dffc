"""What the paper prints of its four TSS sets (Clauwaert et al. 2021, Table 1 and Figure 2), and why today's differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tracktools.tss.compare import Comparison

WINDOW_BP = 5


@dataclass(frozen=True)
class _PaperSet:
    positions: int
    share_percent: float
    whole_table: int  # positions of today's table, to which the sentences apply
    why_size: str
    why_share: str


_SETS = {
    "cappable": _PaperSet(
        16348,
        28.33,
        16359,
        "The authors' table has 16,359 rows, all distinct, and all come through to NC_000913.3.",
        "Its own positions are the paper's but for 11; what differs are the sets that it meets, RegulonDB above all.",
    ),
    "regulondb": _PaperSet(
        6487,
        38.17,
        3834,
        "Another release: the 2024 promoter set has 3,834 distinct positions at all levels of confidence, so the "
        "paper's 6,487 strong ones cannot be in it.",
        "The paper's larger set is shared less; of today's STRONG and CONFIRMED positions alone, 1,441, it is 73.77 %.",
    ),
    "sendseq": _PaperSet(
        4026,
        73.17,
        5502,
        "Ours is both growth phases together; the stationary phase alone has 4,029, three more than printed.",
        "Either phase alone is shared more (stationary 82.01 %, log 80.18 %), so the paper has neither as it is.",
    ),
    "smrt": _PaperSet(
        2311,
        89.78,
        2569,
        "Ours is both media together (M9 2,077, Rich 1,797 distinct); the paper names neither, and none has 2,311.",
        "Two points apart: nearly all of it is in Cappable-seq or SEnd-seq, whatever the choice of media.",
    ),
}
_AT_LEAST = {
    2: (
        5104,
        "With either phase of SEnd-seq alone ours are fewer (4,086, 4,141); the paper's RegulonDB adds to its.",
    ),
    3: (2224, "Close, as the positions that three sets know are the well-supported ones of any release."),
    4: (1012, "The paper's larger RegulonDB knows more of the positions that the three experiments share."),
}
_NOT_ONE_CLUSTERING = (
    "How the paper groups positions is not stated; its counts hold more memberships (13,444) than its percentages give "
    "shared positions (12,128), so they do not come from one transitive clustering."
)


def compare_with_paper(comparison: Comparison, window_bp: int) -> pd.DataFrame:
    """Put the figures of the paper next to ours, with a sentence on each difference.

    Parameters
    ----------
    comparison : Comparison
        Of sets that are named as in `tss import --format`; others have no row.
    window_bp : int
        Window of the comparison; the paper's is 5.

    Returns
    -------
    DataFrame
        `figure`, `ours`, `paper`, `why`; empty unless all four sets are compared at the window of the paper.
    """
    shares = comparison.shares[(comparison.shares["other"] == "any") & (comparison.shares["tolerance"] == WINDOW_BP)]
    sizes = dict(zip(shares["set"], shares["positions"].tolist(), strict=True))
    shares_of = dict(zip(shares["set"], shares["share"].tolist(), strict=True))
    rows: list[tuple[str, str, str, str]] = []
    if window_bp == WINDOW_BP and set(sizes) == set(_SETS):
        whole = all(sizes[name] == printed.whole_table for name, printed in _SETS.items())
        for name, printed in _SETS.items():
            selection = f"A selection: the whole table of today has {printed.whole_table:,} positions."
            why = printed.why_size if sizes[name] == printed.whole_table else selection
            rows.append((f"positions, {name}", f"{sizes[name]:,}", f"{printed.positions:,}", why))
        for name, printed in _SETS.items():
            ours, theirs = f"{100 * shares_of[name]:.2f} %", f"{printed.share_percent:.2f} %"
            why = printed.why_share if whole else "The sets are selections, see their sizes."
            rows.append((f"share in another set, {name}", ours, theirs, why))
        support = comparison.curated.support.set_index("support")["at_least"]
        for sets, (printed_count, why) in _AT_LEAST.items():
            why = f"{why} {_NOT_ONE_CLUSTERING}" if whole else _NOT_ONE_CLUSTERING
            rows.append((f"in {sets} sets or more", f"{support[sets]:,}", f"{printed_count:,}", why))
    return pd.DataFrame(rows, columns=["figure", "ours", "paper", "why"])


def as_text(rows: pd.DataFrame) -> Sequence[str]:
    """Return a line per figure, for a terminal."""
    return [f"{row.figure:<34}{row.ours:>10}{row.paper:>12}" for row in rows.itertuples()]
