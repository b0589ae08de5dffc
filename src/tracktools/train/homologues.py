"""Windows that are homologous to what a model is judged on, so that it does not learn them from a relative.

Near-copies (90 of 100 letters) miss most genes that two enterobacteria share. Here a window is homologous if, along one
diagonal without gaps, it agrees with a judged region in a stretch that scores at least `LEAST_SCORE`, a match counting
+1 and any other pair -1. By Karlin & Altschul 1990 (PNAS 87:2264) with these scores (lambda = ln 3), 24 or more is
expected by chance in fewer than one window of 1,000 against both strands of 1.4 million bases. Looked for along the
diagonals that share a word of `WORD_BP` letters: of windows of 240 bases with four letters of five alike 98 % are
found, with three of four 90 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tracktools.arrays import Bool, Codes, Int32, Int64

WORD_BP = 11
LEAST_SCORE = 24
_UNKNOWN = 4
_PART = 20_000  # diagonals that are scored at once


def homologous(windows: Codes, regions: Iterable[Codes]) -> Bool:
    """Return which windows are homologous to a region that a model is judged on, on either strand.

    Parameters
    ----------
    windows : ndarray of uint8, shape (N, L)
        Codes: A 0, C 1, G 2, T 3, anything else 4, which matches nothing.
    regions : iterable of ndarray of uint8
        As codes of the plus strand.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    found = np.zeros(len(windows), dtype=bool)
    strands: list[Codes] = []
    for region in regions:
        strands += [region, np.array([3, 2, 1, 0, 4], dtype=np.uint8)[region[::-1]]]
    for target in strands:
        padded = np.concatenate([
            np.full(windows.shape[1], 5, np.uint8), target, np.full(windows.shape[1], 5, np.uint8)
        ])  # fmt: skip  # 5 matches nothing, 4 of a window included
        for rows, starts in _diagonals(windows, target, found):
            for part in range(0, len(rows), _PART):
                some, at = rows[part : part + _PART], starts[part : part + _PART]
                letters = padded[(at + windows.shape[1])[:, None] + np.arange(windows.shape[1])]
                same = (windows[some] == letters) & (windows[some] < _UNKNOWN)
                found[some[_best_stretch(same) >= LEAST_SCORE]] = True
    return found


def _words(codes: Codes) -> Int64:
    """Return the word that starts at each place of the last axis as a number; -1 where it contains another letter."""
    count = codes.shape[-1] - WORD_BP + 1
    words = np.zeros((*codes.shape[:-1], max(count, 0)), dtype=np.int64)
    unknown = np.zeros(words.shape, dtype=bool)
    for at in range(WORD_BP if count > 0 else 0):
        letters = codes[..., at : at + count]
        words = 4 * words + (letters & 3)
        unknown |= letters >= _UNKNOWN
    words[unknown] = -1
    return words


def _diagonals(windows: Codes, target: Codes, found: Bool) -> Iterator[tuple[Int64, Int64]]:
    """Yield, a thousand windows at a time, the windows and where in the target their first letter falls, each once."""
    words = _words(target)
    order = np.argsort(words, kind="stable")
    words = words[order]
    for first in range(0, len(windows), 1000):
        rows = first + np.flatnonzero(~found[first : first + 1000])
        mine = _words(windows[rows])
        low, high = np.searchsorted(words, mine, "left"), np.searchsorted(words, mine, "right")
        counts = np.where(mine < 0, 0, high - low)
        row, place = np.nonzero(counts)
        times = counts[row, place]
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        hits = order[np.repeat(low[row, place], times) + within]
        pairs = np.unique(np.stack([np.repeat(row, times), hits - np.repeat(place, times)]), axis=1)
        yield rows[pairs[0]], pairs[1]


def _best_stretch(same: Bool) -> Int32:
    """Return the highest score of a stretch of each row: +1 where True, -1 elsewhere."""
    sums = np.cumsum(np.where(same, 1, -1), axis=1, dtype=np.int32)
    before = np.concatenate([np.zeros((len(sums), 1), np.int32), sums[:, :-1]], axis=1)
    best: Int32 = (sums - np.minimum.accumulate(before, axis=1)).max(axis=1, initial=0)
    return best
