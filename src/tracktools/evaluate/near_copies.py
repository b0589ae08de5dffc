"""Bases whose surroundings occur, nearly letter by letter, in the sequence that a model was trained on.

Ribosomal RNA operons and insertion sequences have copies on both sides of any split: a model may know them by heart.
The rule: a base is a near-copy if the 100 nt around it are equal, in at least 90 of their letters and without gaps, to
100 nt of training sequence on either strand; so are the bases between two near-copies less than 100 nt apart, since a
lost or added letter breaks only the comparison, not the copy. Candidates are found by words of 12 letters in common: a
window whose differences leave no such word is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tracktools.arrays import Bool, Codes, Int32, Int64
from tracktools.genome import ALPHABET, UNKNOWN, Contig, Genome
from tracktools.interval import Interval, Range, merge
from tracktools.splits import Split

WINDOW_BP = 100
LEAST_EQUAL_LETTERS = 90  # of a window, to be a near-copy
WORD_BP = 12
_STEP_BP = 50  # within one run of equal letters a word is looked at so often
_BEFORE = WINDOW_BP - WORD_BP  # letters that are compared before a word; behind its start, a window
_NOTHING = UNKNOWN + 1  # equals no letter of a training sequence, unknown ones included
_POSITIONS, _PAIRS = 1 << 16, 1 << 16  # at once: of the scored sequence, and pairs of words


class TrainingWords:
    """Where each word of the training sequence occurs, on both strands.

    Parameters
    ----------
    genome, split : Genome, Split
        The training regions of the split are what is searched.
    """

    def __init__(self, genome: Genome, split: Split) -> None:
        wall = np.full(WINDOW_BP, UNKNOWN, dtype=np.uint8)
        parts: list[Codes] = [wall]
        for contig in genome:
            for start, end in _training(contig, split):
                for strand, first in (("+", start), ("-", len(contig) - end)):
                    parts += [contig.strand_codes(first, first + end - start, "+" if strand == "+" else "-"), wall]
        self.codes: Codes = np.concatenate(parts)
        words = _words(self.codes)
        places = np.flatnonzero(words >= 0)
        self._places: Int64 = places[np.argsort(words[places], kind="stable")]
        counts = np.bincount(words[places], minlength=len(ALPHABET) ** WORD_BP)
        self._starts: Int64 = np.concatenate(([0], np.cumsum(counts)))

    def pairs(self, codes: Codes) -> Iterator[tuple[Int64, Int64]]:
        """Yield places of equal words in `codes` and in the training sequence, pairwise."""
        words = _words(codes)
        here = np.flatnonzero(words >= 0)
        for piece in np.array_split(here, -(-len(here) // _POSITIONS)) if len(here) else ():
            first, last = self._starts[words[piece]], self._starts[words[piece] + 1]
            counts = last - first
            borders = np.concatenate(([0], np.cumsum(counts)))
            at = np.repeat(piece, counts)
            there = self._places[np.arange(borders[-1]) - np.repeat(borders[:-1] - first, counts)]
            fresh = (codes[at - 1] != self.codes[there - 1]) | (at % _STEP_BP == 0)
            yield at[fresh], there[fresh]


def _training(contig: Contig, split: Split) -> list[Range]:
    """Return the training regions of a contig, joined across the origin of a circle."""
    regions = [(region.start, region.end) for region in split.regions_of(contig, "train")]
    return merge(regions, gap_bp=-1, circle_bp=len(contig) if contig.circular else None)


def _words(codes: Codes) -> Int32:
    """Return the number of the word that starts at each base; -1 if it is not whole or has an unknown letter."""
    n = len(codes) - WORD_BP + 1
    words = np.zeros(max(n, 0), dtype=np.int32)
    known = np.ones(max(n, 0), dtype=bool)
    for offset in range(WORD_BP if n > 0 else 0):
        letters = codes[offset : offset + n]
        words = words * len(ALPHABET) + letters
        known &= letters < len(ALPHABET)
    return np.where(known, words, np.int32(-1))


def find_near_copies(genome: Genome, split: Split, stretches: Sequence[Interval]) -> list[Bool]:
    """Return which bases of stretches are near-copies of training sequence; one array a stretch, for both strands.

    Parameters
    ----------
    genome : Genome
    split : Split
        Says what was trained on.
    stretches : sequence of Interval
        What is scored; contains no training region, or that would be its own copy.
    """
    training = TrainingWords(genome, split)
    return [_near_copies(genome[stretch.chrom], stretch, training) for stretch in stretches]


def _near_copies(contig: Contig, stretch: Interval, training: TrainingWords) -> Bool:
    half = WINDOW_BP // 2
    first, last = stretch.start - half, stretch.end + half  # what windows of the stretch hold
    inner = (first, last) if contig.circular else (max(first, 0), min(last, len(contig)))
    codes = np.full(last - first + 2 * WINDOW_BP, _NOTHING, dtype=np.uint8)
    known = contig.strand_codes(*inner, "+")
    offset = WINDOW_BP + inner[0] - first
    codes[offset : offset + len(known)] = np.where(known == UNKNOWN, _NOTHING, known)
    near = np.zeros(len(codes), dtype=bool)
    for at, there in training.pairs(codes):
        for start in range(0, len(at), _PAIRS):
            here, other = at[start : start + _PAIRS], there[start : start + _PAIRS]
            near[_centres_of_near_copies(codes, here, training.codes, other)] = True
    inside = near[WINDOW_BP + half : len(codes) - WINDOW_BP - half]
    return fill_holes(inside)


def _centres_of_near_copies(codes: Codes, at: Int64, training: Codes, there: Int64) -> Int64:
    """Return the middles of the windows about paired words in which enough letters are equal."""
    along = np.arange(-_BEFORE, WINDOW_BP)
    equal = codes[at[:, None] + along] == training[there[:, None] + along]  # (pairs, letters)
    upto = np.zeros((len(at), len(along) + 1), dtype=np.int16)
    np.cumsum(equal, axis=1, out=upto[:, 1:])
    pair, window = np.nonzero(upto[:, WINDOW_BP:] - upto[:, :-WINDOW_BP] >= LEAST_EQUAL_LETTERS)
    return np.unique(at[pair] - _BEFORE + window + WINDOW_BP // 2)


def fill_holes(near: Bool) -> Bool:
    """Return `near` with the bases between two near ones filled, where one window (100 bases) contains both."""
    marked = np.flatnonzero(near)
    filled = near.copy()
    for number in np.flatnonzero((np.diff(marked) > 1) & (np.diff(marked) < WINDOW_BP)):
        filled[marked[number] : marked[number + 1]] = True
    return filled
