"""The textbook promoter of sigma-70, and what the TSS sets and the heads say of it.

The -35 (TTGACA) and -10 (TATAAT) hexamers, 17 +- 1 bp apart, the -10 ending 7 +- 1 bases before the TSS, are those of
Harley & Reynolds 1987 (doi 10.1093/nar/15.5.2343). They are not learnt: a hit is a place with the most letters of
the consensus, which is what a matrix with one share for each letter of the consensus says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from tracktools.arrays import Bool, Codes, Float64, Int64
from tracktools.genome import Genome
from tracktools.motifs.matrix import Pwm
from tracktools.motifs.statistics import benjamini_hochberg, more_than_dealt
from tracktools.motifs.windows import cut_windows

SOURCE = "Harley & Reynolds 1987"
CANONICAL_SPACING_BP = 17
_CLEAR_MATCHES = 4  # of 6 letters: fewer are no hexamer
_OVERLAP = 4  # columns that a hexamer and a motif share at least


@dataclass(frozen=True)
class Element:
    """A hexamer of the promoter.

    Parameters
    ----------
    name : str
        ``-35`` or ``-10``.
    consensus : str
        Its letters.
    first, last : int
        Offsets from the TSS at which its first letter is looked for, both included.
    usual : int
        Offset of its first letter in the textbook's promoter: among equal hits the one nearest to it is taken.
    """

    name: str
    consensus: str
    first: int
    last: int
    usual: int

    def __len__(self) -> int:
        return len(self.consensus)

    @property
    def codes(self) -> Codes:
        """Codes of the consensus."""
        return np.array(["ACGT".index(letter) for letter in self.consensus], dtype=np.uint8)


MINUS_10 = Element("-10", "TATAAT", -18, -7, -12)
MINUS_35 = Element("-35", "TTGACA", -42, -28, -35)
ELEMENTS = (MINUS_35, MINUS_10)


@dataclass(frozen=True, eq=False)
class Promoters:
    """The best hexamers upstream of positions.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Row of the table of each position.
    starts, matches : mapping of str to ndarray of int64, shape (n,)
        By element: offset of the first letter of the best hit, and its letters that are those of the consensus.
    """

    rows: Int64
    starts: dict[str, Int64]
    matches: dict[str, Int64]

    def clear(self, name: str) -> Bool:
        """Return which positions have the hexamer: at least 4 of its 6 letters."""
        return np.asarray(self.matches[name] >= _CLEAR_MATCHES)

    @property
    def spacings(self) -> Int64:
        """Bases between -35 and -10, of the positions that have both."""
        both = self.clear("-10") & self.clear("-35")
        return np.asarray((self.starts["-10"] - self.starts["-35"] - len(MINUS_35))[both])


def find_promoters(table: pd.DataFrame, genome: Genome) -> Promoters:
    """Find the best -35 and -10 upstream of each position of a table (`chrom`, `position`, `strand`)."""
    reach = -MINUS_35.first
    windows = cut_windows(table, 0, genome, reach, 0)
    starts, matches = {}, {}
    for element in ELEMENTS:
        at = np.arange(element.first, element.last + 1)
        places = at[:, None] + reach + np.arange(len(element))
        same = (windows.codes[:, places] == element.codes).sum(axis=2)  # (n, places)
        best = np.argmax(1000 * same - np.abs(at - element.usual), axis=1)
        starts[element.name] = at[best]
        matches[element.name] = same[np.arange(len(windows)), best].astype(np.int64)
    return Promoters(windows.rows, starts, matches)


def spacing_table(promoters: Promoters, control: Promoters) -> pd.DataFrame:
    """Return the histogram of the bases between -35 and -10: `spacing`, `tss`, `control`."""
    values = np.arange(
        MINUS_10.first - MINUS_35.last - len(MINUS_35), MINUS_10.last - MINUS_35.first - len(MINUS_35) + 1
    )
    counted = [[int((one.spacings == value).sum()) for value in values] for one in (promoters, control)]
    return pd.DataFrame({"spacing": values, "tss": counted[0], "control": counted[1]})


def offset_table(promoters: Promoters, control: Promoters) -> pd.DataFrame:
    """Return the histogram of where the hexamers begin: `element`, `tssOffset`, `tss`, `control`."""
    rows = []
    for element in ELEMENTS:
        for offset in range(element.first, element.last + 1):
            counts = [
                int((one.starts[element.name][one.clear(element.name)] == offset).sum()) for one in (promoters, control)
            ]
            rows.append((element.name, offset, *counts))
    return pd.DataFrame(rows, columns=["element", "tssOffset", "tss", "control"])


def usual_start(promoters: Promoters, element: Element) -> int | None:
    """Return the most frequent offset of the first letter of an element; None where no position has it."""
    starts = promoters.starts[element.name][promoters.clear(element.name)]
    if not len(starts):
        return None
    values, counts = np.unique(starts, return_counts=True)
    return int(values[np.argmax(counts)])


def attended_elements(sites: pd.DataFrame, promoters: Promoters, heads: tuple[str, ...]) -> pd.DataFrame:
    """Ask of each head whether the base that it attends to most lies in the hexamers more often than by its offsets.

    Parameters
    ----------
    sites : DataFrame
        Rows of ``sites.tsv`` of every head, the positions of each head in the order of the table of `promoters`.
    promoters : Promoters
        Hexamers of these positions.
    heads : tuple of str
        The heads.

    Returns
    -------
    DataFrame
        A row per head and element: `head`, `element`, `n` (positions with the hexamer), `inside` (attended base within
        it), `expected`, `fold`, `p`, `q`. Expected: each position gets the offset of any position of the head, so that
        a head that looks at a fixed place, whatever its letters, has a fold of 1.
    """
    rows = []
    for head in heads:
        offsets = sites["tssOffset"].to_numpy(dtype=np.int64)[(sites["head"] == head).to_numpy()]
        for element in ELEMENTS:
            rows.append((head, element.name, *_inside(offsets, promoters, element)))
    table = pd.DataFrame(rows, columns=["head", "element", "n", "inside", "expected", "p"])
    table["fold"] = (table["inside"] + 0.5) / (table["expected"] + 0.5)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    return table[["head", "element", "n", "inside", "expected", "fold", "p", "q"]]


def _inside(offsets: Int64, promoters: Promoters, element: Element) -> tuple[int, int, float, float]:
    if not len(offsets):
        return 0, 0, 0.0, float("nan")
    clear = promoters.clear(element.name)
    starts = promoters.starts[element.name][clear]
    own = offsets[promoters.rows][clear]
    if not len(own):
        return 0, 0, 0.0, float("nan")
    inside = int(((own >= starts) & (own < starts + len(element))).sum())
    ordered = np.sort(own)
    low, high = (np.searchsorted(ordered, edge) for edge in (starts, starts + len(element)))
    expected, p = more_than_dealt(inside, (high - low) / len(ordered))
    return len(own), inside, expected, p


@dataclass(frozen=True)
class HexamerMatch:
    """How a motif fits a hexamer.

    Parameters
    ----------
    element : Element
        The hexamer.
    first : int
        Place of its first letter relative to the attended base.
    rank : int
        Its rank among all 4,096 hexamers, each at its best place, equal ones before it included.
    """

    element: Element
    first: int
    rank: int

    @property
    def p(self) -> float:
        """Chance that a hexamer drawn evenly fits as well."""
        return self.rank / len(_HEXAMERS)


_HEXAMERS = np.array(list(product(range(4), repeat=6)), dtype=np.uint8)


def match_hexamer(window: Pwm, core: Pwm, element: Element) -> HexamerMatch:
    """Set a hexamer against every hexamer there is, on the strand of the motif.

    Parameters
    ----------
    window : Pwm
        Counts over the whole window, for places that reach over the core.
    core : Pwm
        The motif; a hexamer lies on at least four of its columns, or on all of them if it has fewer.
    element : Element
        The hexamer.
    """
    size, overlap = len(element), min(_OVERLAP, len(core))
    inner = core.first - window.first
    places = list(range(max(0, inner + overlap - size), min(len(window) - size, inner + len(core) - overlap) + 1))
    scored: list[Float64] = [window.scores[start + np.arange(size), _HEXAMERS].sum(axis=1) for start in places]
    best = np.max(scored, axis=0)
    own = int(np.flatnonzero((element.codes == _HEXAMERS).all(axis=1))[0])
    place = places[int(np.argmax([scores[own] for scores in scored]))]
    return HexamerMatch(element, window.first + place, int((best >= best[own]).sum()))
