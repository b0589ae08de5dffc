"""Position weight matrices: counts, information, consensus, the informative core, and exact p-values of sequences.

Information of a column is its relative entropy to the genome's composition [bits], less the mean excess that so few
sites have by chance, 3 / (2 ln 2 n) (Schneider et al. 1986, doi 10.1016/0022-2836(86)90165-8), and never below 0.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracktools.arrays import Codes, Float64, Int64

_STEPS_PER_BIT = 100  # scores are rounded to 0.01 bit, and all p-values are exact for the rounded scores
_IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "AC": "M", "AG": "R", "AT": "W", "CG": "S", "CT": "Y", "GT": "K",
    "ACG": "V", "ACT": "H", "AGT": "D", "CGT": "B", "ACGT": "N",
}  # fmt: skip
_CLEAR, _CLEAR_TWO, _RARE = 0.5, 0.75, 0.1


@dataclass(frozen=True, eq=False)
class Pwm:
    """A position weight matrix on a stretch of windows.

    Parameters
    ----------
    counts : ndarray of float64, shape (width, 4)
        Of A, C, G, T among the sites.
    background : ndarray of float64, shape (4,)
        Composition of the genome, both strands together.
    pseudocount : float
        Added to each column, shared out as `background`.
    first : int
        Place of the first column relative to the attended base, along the strand.
    """

    counts: Float64
    background: Float64
    pseudocount: float
    first: int

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def last(self) -> int:
        """Place after the last column, relative to the attended base."""
        return self.first + len(self)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return int(self.counts[0].sum())

    @cached_property
    def shares(self) -> Float64:
        """Share of each letter with the pseudocount, shape (width, 4)."""
        smoothed = self.counts + self.pseudocount * self.background
        shares: Float64 = smoothed / smoothed.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def bits(self) -> Float64:
        """Information of each column [bits], shape (width,); see the module."""
        share = self.counts / self.counts.sum(axis=1, keepdims=True)
        terms = np.where(share > 0, share * np.log2(np.where(share > 0, share, 1.0) / self.background), 0.0)
        bits: Float64 = np.maximum(terms.sum(axis=1) - 3 / (2 * math.log(2) * self.n_sites), 0.0)
        return bits

    @cached_property
    def consensus(self) -> str:
        """IUPAC letters; lower case where a column has less than 1 bit."""
        letters = [consensus_letter(row) for row in self.shares]
        return "".join(letter if bits >= 1 else letter.lower() for letter, bits in zip(letters, self.bits, strict=True))

    @property
    def short_consensus(self) -> str:
        """The consensus without an n at its ends; three and more within it as their number, ``TTGACAn17TATAAT``."""
        return re.sub("[nN]{3,}", lambda gap: f"n{len(gap[0])}", self.consensus.strip("nN") or self.consensus)

    @cached_property
    def scores(self) -> Int64:
        """Log-odds against the background in hundredths of a bit, shape (width, 4)."""
        return np.round(_STEPS_PER_BIT * np.log2(self.shares / self.background)).astype(np.int64)

    @cached_property
    def _tail(self) -> tuple[int, Float64]:
        return score_tail(self.scores, self.background)

    def p_values(self, codes: Codes) -> Float64:
        """Return how likely a sequence of the genome's composition scores at least as high as each sequence.

        Parameters
        ----------
        codes : ndarray of uint8, shape (n, width)
            Letters A, C, G, T only.
        """
        least, tail = self._tail
        total = self.scores[np.arange(len(self)), codes].sum(axis=1)
        chances: Float64 = tail[total - least]
        return chances

    def core(self, min_bits: float) -> Pwm | None:
        """Return the matrix from its first to its last column of at least `min_bits`; None if there is none."""
        good = np.flatnonzero(self.bits >= min_bits)
        return self.columns(int(good[0]), int(good[-1]) + 1) if len(good) else None

    def columns(self, start: int, end: int) -> Pwm:
        """Return some of the columns."""
        return Pwm(self.counts[start:end], self.background, self.pseudocount, self.first + start)


def count_letters(codes: Codes, background: Float64, pseudocount: float, first: int) -> Pwm:
    """Return the matrix of windows, shape (n, width), whose first base lies at `first` from the attended one."""
    counts = np.stack([(codes == letter).sum(axis=0) for letter in range(4)], axis=1).astype(np.float64)
    return Pwm(counts, background, pseudocount, first)


def consensus_letter(shares: Float64) -> str:
    """Return the IUPAC letter of a column: rules of Cavener 1987 (doi 10.1093/nar/15.4.1353).

    One letter, if it has over half and twice the second; two letters, if they have over three quarters together; three,
    if the fourth has less than a tenth; else N.

    Examples
    --------
    >>> [consensus_letter(np.array(row)) for row in ([.1, .1, .2, .6], [.4, .1, .1, .4], [.3, .05, .33, .32])]
    ['T', 'W', 'D']
    """
    order = np.argsort(-shares, kind="stable")
    one, two = shares[order[0]], shares[order[:2]].sum()
    count = 1 if one > _CLEAR and one >= 2 * shares[order[1]] else 2 if two > _CLEAR_TWO else 0
    if not count:
        count = 3 if shares[order[3]] < _RARE else 4
    return _IUPAC["".join(sorted("ACGT"[letter] for letter in order[:count]))]


def score_tail(scores: Int64, background: Float64) -> tuple[int, Float64]:
    """Return the least score of all sequences, and the probability of each score and above, by dynamic programming.

    Parameters
    ----------
    scores : ndarray of int64, shape (width, 4)
        Score of each letter in each column.
    background : ndarray of float64, shape (4,)
        Probability of each letter.

    Returns
    -------
    least : int
        The lowest sum of scores.
    tail : ndarray of float64, shape (highest - lowest + 1,)
        ``tail[s - least]`` is the probability that a random sequence scores s or more.
    """
    chances = np.ones(1)
    for row in scores:
        shifted = row - row.min()
        grown = np.zeros(len(chances) + int(shifted.max()))
        for shift, share in zip(shifted.tolist(), background.tolist(), strict=True):
            grown[shift : shift + len(chances)] += share * chances
        chances = grown
    tail = np.cumsum(chances[::-1])[::-1]
    return int(scores.min(axis=1).sum()), np.minimum(tail, 1.0)
