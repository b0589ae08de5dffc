"""What the paper prints of its four TSS sets (Clauwaert et al. 2021, Table 1 and Figure 2), and why today's differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tracktools.tss.compare import Comparison

REFERENCE = "Clauwaert, Menschaert & Waegeman 2021, Brief. Bioinform. 22(5) bbab060"
WINDOW_BP = 5


@dataclass(frozen=True)
class _PaperSet:
    positions: int
    share_percent: float
    why_size: str


_SETS = {
    "cappable": _PaperSet(
        16348, 28.33, "The authors' table has 16,359 rows, all distinct, and all come through to NC_000913.3."
    ),
    "regulondb": _PaperSet(
        6487,
        38.17,
        "Another release: the 2024 promoter set has 3,834 distinct positions at all levels of confidence, so the "
        "paper's 6,487 strong ones cannot be in it.",
    ),
    "sendseq": _PaperSet(
        4026,
        73.17,
        "Ours is both growth phases together; the stationary phase alone has 4,029, three more than printed, "
        "but with it alone the other figures come no nearer.",
    ),
    "smrt": _PaperSet(
        2311,
        89.78,
        "Ours is both media together (M9 2,077, Rich 1,797 distinct); the paper names neither, and none has 2,311.",
    ),
}
_AT_LEAST = {2: 5104, 3: 2224, 4: 1012}
_WHY_SHARE = (
    "Follows from the sizes: a larger set holds more positions that the others do not have, and finds more of theirs."
)
_WHY_GROUPS = (
    "The paper does not state how positions are grouped; its counts cannot come from one transitive clustering, for "
    "they hold more memberships (13,444) than its percentages give shared positions (12,128)."
)


def beside_the_paper(comparison: Comparison, window_bp: int) -> pd.DataFrame:
    """Put the figures of the paper beside ours, with a sentence on each difference.

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
    percents = dict(zip(shares["set"], shares["share"].tolist(), strict=True))
    rows: list[tuple[str, str, str, str]] = []
    if window_bp == WINDOW_BP and set(sizes) == set(_SETS):
        for name, printed in _SETS.items():
            ours = sizes[name]
            rows.append((f"positions, {name}", f"{ours:,}", f"{printed.positions:,}", printed.why_size))
        for name, printed in _SETS.items():
            ours_percent = 100 * percents[name]
            rows.append(
                (f"share in another set, {name}", f"{ours_percent:.2f} %", f"{printed.share_percent:.2f} %", _WHY_SHARE)
            )
        support = comparison.curated.support.set_index("support")["at_least"]
        for sets, printed_count in _AT_LEAST.items():
            rows.append((f"in {sets} sets or more", f"{support[sets]:,}", f"{printed_count:,}", _WHY_GROUPS))
    return pd.DataFrame(rows, columns=["figure", "ours", "paper", "why"])


def as_text(rows: pd.DataFrame) -> Sequence[str]:
    """Return a line a figure, for a terminal."""
    return [f"{row.figure:<34}{row.ours:>10}{row.paper:>12}" for row in rows.itertuples()]
