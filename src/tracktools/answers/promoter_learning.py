"""Learning promoter elements: the two matrices that best tell the bases before TSS from other places of the genome.

A place is judged by all its pairs of -35 and -10, each by its weight, as a polymerase meets them all (Berg & von Hippel
1987, doi 10.1016/0022-2836(87)90354-8); weights are fitted by logistic regression. While learning, the model also knows
where a -10 tends to begin and which three bases precede it (the extended -10, TGn): promoters with these need less of a
-35, which else would look weaker than it is. Both are left out of the result, which tells what it reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from tracktools.answers.promoters import (
    CONSENSUS,
    HEXAMER_BP,
    OFFSETS,
    SPACERS_BP,
    WINDOW_BP,
    PromoterModel,
)
from tracktools.arrays import Bool, Codes, Float64, Int64
from tracktools.errors import InputError

LEAST_LEARNT, MOST_LEARNT = 50, 1000  # TSS: fewer make no matrices; of more the strongest, whose elements are clearest
OTHERS_PER_TSS = 4  # other places for each TSS
MINUS35_WEIGHT, SPACING_WEIGHT = 1.75, 0.35  # chosen on windows of three Gammaproteobacteria, see docs/tss.md
_SHRINKAGE = 1e-2  # the same
_ROUNDS = 80
_START = 1.0  # nats for the textbook's letter, where learning begins
_START_STIFFNESS = (1.1, 1.7)  # nats for the first base less, or more, than 17 between the elements
_LOOSE = 1e-3  # pull of the stiffness and of the places towards their start
_EXTENDED_BP = 3
_STEPS = np.array(SPACERS_BP, dtype=np.float64) - 17  # the distance is elastic: its cost grows with the square
_LETTERS = 4
_SIZES = (HEXAMER_BP * _LETTERS, HEXAMER_BP * _LETTERS, 2, _EXTENDED_BP * _LETTERS, len(OFFSETS), 1)
_MINUS35_STARTS = OFFSETS[:, None] - np.array(SPACERS_BP) - HEXAMER_BP


@dataclass(frozen=True)
class _Weights:
    """What is fitted [nats]: both hexamers, the stiffness of the distance, the bases before the -10, its place."""

    minus35: Float64
    minus10: Float64
    stiffness: Float64
    extended: Float64
    place: Float64
    constant: float

    @classmethod
    def of(cls, flat: Float64) -> _Weights:
        parts = np.split(flat, np.cumsum(_SIZES)[:-1])
        minus35, minus10, extended = (parts[i].reshape(-1, _LETTERS) for i in (0, 1, 3))
        return cls(minus35, minus10, parts[2], extended, parts[4], float(parts[5][0]))

    def distance(self) -> Float64:
        """Return the cost of each distance [nats], negative."""
        cost: Float64 = np.where(_STEPS < 0, self.stiffness[0], self.stiffness[1]) * _STEPS**2
        return -cost

    def model(self, source: str, n: int) -> PromoterModel:
        """Return the fitted hexamers and distances as a model."""
        spacing = np.exp(self.distance())
        return PromoterModel(
            minus35=_shares(self.minus35),
            minus10=_shares(self.minus10),
            spacing=spacing / spacing.sum(),
            background=np.full(_LETTERS, 1 / _LETTERS),
            minus35_weight=MINUS35_WEIGHT,
            spacing_weight=SPACING_WEIGHT,
            source=source,
            n=n,
        )


def _shares(weights: Float64) -> Float64:
    powers: Float64 = np.exp(weights)
    shares: Float64 = powers / powers.sum(axis=1, keepdims=True)
    return shares


def learn_promoters(codes: Codes, others: Codes, *, source: str) -> PromoterModel:
    """Learn the elements of a set of TSS, from the textbook's hexamers on.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, WINDOW_BP)
        Bases before the TSS, from `tracktools.answers.promoters.upstream_codes`.
    others : ndarray of uint8, shape (m, WINDOW_BP)
        The same of other places of the genome, such as random ones.
    source : str
        What the TSS are, for the record.

    Returns
    -------
    PromoterModel
        Its "shares" are weights: what tells a TSS from another place, not how often a letter is there.

    Raises
    ------
    InputError
        If there are fewer than 50 TSS.
    """
    if len(codes) < LEAST_LEARNT:
        problem = f"{len(codes)} TSS are too few to learn promoter elements from"
        raise InputError(problem, hint=f"give {LEAST_LEARNT} or more, or use the shipped model")
    places = np.concatenate([codes, others])
    known = (places[:, :, None] == np.arange(_LETTERS)).astype(np.float64)
    is_tss = np.arange(len(places)) < len(codes)
    found = minimize(_loss, _start(), args=(known, is_tss), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    return _Weights.of(found.x).model(source, len(codes))


def _start() -> Float64:
    words = [
        np.array([[_START if letter == own else -_START / 3 for letter in "ACGT"] for own in CONSENSUS[name]]).ravel()
        for name in ("minus35", "minus10")
    ]
    rest = np.zeros(sum(_SIZES[3:]))
    rest[-1] = -3.0  # the constant
    return np.concatenate([*words, _START_STIFFNESS, rest])


def _loss(flat: Float64, known: Float64, is_tss: Bool) -> tuple[float, Float64]:
    """Return the mean loss of the logistic regression with its penalties, and the gradient."""
    weights = _Weights.of(flat)
    whole = _whole(weights, known)
    top = whole.max(axis=(1, 2), keepdims=True)
    shares = np.exp(whole - top)
    total = shares.sum(axis=(1, 2), keepdims=True)
    shares /= total
    logit = (np.log(total) + top)[:, 0, 0] + weights.constant
    loss = np.logaddexp(0, np.where(is_tss, -logit, logit)).mean()
    pull = (1 / (1 + np.exp(-np.clip(logit, -500, 500))) - is_tss) / len(known)
    gradient = _gradient(shares * pull[:, None, None], known)
    gradient[-1] = pull.sum()
    shrink = np.concatenate([np.full(size, value) for size, value in zip(_SIZES, _penalties(), strict=True)])
    away = flat - np.where(np.arange(len(flat)) < sum(_SIZES[:2]), 0, _start())
    away[-1] = 0
    return float(loss + (shrink * away**2).sum()), gradient + 2 * shrink * away


def _penalties() -> tuple[float, ...]:
    return (_SHRINKAGE, _SHRINKAGE, _LOOSE, _SHRINKAGE, _LOOSE, 0.0)


def _whole(weights: _Weights, known: Float64) -> Float64:
    """Return the score of every pair [nats], shape (n, offsets, spacers)."""
    minus10 = _at(known, OFFSETS, weights.minus10) + _at(known, OFFSETS - _EXTENDED_BP, weights.extended)
    starts = np.unique(_MINUS35_STARTS)
    minus35 = _at(known, starts, weights.minus35)[:, np.searchsorted(starts, _MINUS35_STARTS)]
    whole: Float64 = (minus10 + weights.place)[:, :, None] + minus35 + weights.distance()
    return whole


def _at(known: Float64, starts: Int64, weights: Float64) -> Float64:
    """Return the score of a word that begins at each start, shape (n, starts)."""
    words = [known[:, first : first + len(weights)] for first in starts + WINDOW_BP]
    return np.stack([np.tensordot(word, weights, axes=2) for word in words], axis=1)


def _gradient(pull: Float64, known: Float64) -> Float64:
    """Return the gradient by each weight of `_Weights`, the constant's left at 0; `pull`: by each pair."""
    by_offset = pull.sum(axis=2)
    starts = np.unique(_MINUS35_STARTS)
    by_start = np.stack([pull[:, start == _MINUS35_STARTS].sum(axis=1) for start in starts], axis=1)
    squares = pull.sum(axis=(0, 1)) * -(_STEPS**2)
    stiffness = [squares[_STEPS < 0].sum(), squares[_STEPS >= 0].sum()]
    parts = [
        _letters(by_start, known, starts, HEXAMER_BP),
        _letters(by_offset, known, OFFSETS, HEXAMER_BP),
        np.array(stiffness),
        _letters(by_offset, known, OFFSETS - _EXTENDED_BP, _EXTENDED_BP),
        by_offset.sum(axis=0),
        np.zeros(1),
    ]
    return np.concatenate(parts)


def _letters(pull: Float64, known: Float64, starts: Int64, width: int) -> Float64:
    total = np.zeros((width, _LETTERS))
    for column, first in enumerate(starts + WINDOW_BP):
        total += np.tensordot(pull[:, column], known[:, first : first + width], axes=1)
    return total.ravel()
