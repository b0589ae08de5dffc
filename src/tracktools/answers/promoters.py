"""The -35 and -10 elements of promoters: two weight matrices and the distance between them.

A promoter of the housekeeping sigma factor has two hexamers, some 17 bases apart, the second one ending a few bases
before the TSS (Harley & Reynolds 1987, doi 10.1093/nar/15.5.2343). The model is those two matrices and the weights of
the distances; where the -10 begins counts for nothing within the bases looked at, so that the model says what it reads
and not what is expected. Of a TSS, the best pair is taken. `tracktools.answers.promoter_learning` learns models.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Codes, Float64, Int64
from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.formats.json_file import json_bytes, read_json

HEXAMER_BP = 6
SPACERS_BP = (15, 16, 17, 18, 19)
FIRST_BP, LAST_BP = -20, -7  # where the -10 may begin; the TSS is 0
WINDOW_BP = -FIRST_BP + HEXAMER_BP + SPACERS_BP[-1]  # bases upstream of the TSS that the model sees
_UNKNOWN = 4
CONSENSUS = {"minus35": "TTGACA", "minus10": "TATAAT"}
COLUMNS = (
    "minus35", "minus10", "spacer_length", "discriminator_length", "minus35_position", "minus10_position",
    "minus35_score", "minus10_score", "promoter_score",
)  # fmt: skip
OFFSETS = np.arange(FIRST_BP, LAST_BP + 1)


@concise
@dataclass(frozen=True, eq=False)
class PromoterModel:
    """Two matrices and the distances between them.

    Parameters
    ----------
    minus35, minus10 : ndarray, shape (6, 4)
        Weight of A, C, G, T at each place of the hexamer, as shares that add up to 1.
    spacing : ndarray, shape (5,)
        The same of each number of bases between them, 15 to 19.
    background : ndarray, shape (4,)
        The same of A, C, G, T elsewhere.
    minus35_weight, spacing_weight : float
        How much the -35 and the distance count against the -10.
    source : str
        What it was learnt from.
    n : int
        Number of TSS it was learnt from.
    """

    minus35: Float64
    minus10: Float64
    spacing: Float64
    background: Float64
    minus35_weight: float = 1.0
    spacing_weight: float = 1.0
    source: str = ""
    n: int = 0

    def to_record(self) -> dict[str, Any]:
        """Return the model as plain values, for JSON."""
        return {
            "minus35": self.minus35.tolist(),
            "minus10": self.minus10.tolist(),
            "spacing": self.spacing.tolist(),
            "background": self.background.tolist(),
            "minus35_weight": self.minus35_weight,
            "spacing_weight": self.spacing_weight,
            "source": self.source,
            "n": self.n,
        }


_ROWS_AT_ONCE = 20_000
_WEIGHTS = ("minus35_weight", "spacing_weight")
_MOST_WEIGHT = 100
_ROUNDING = 1e-6  # of shares that add up to 1
_WHICH_FILE = "name the model.json of `tss promoters --learn`"


@dataclass(frozen=True)
class _Scores:
    """Scores in bits of every pair: shapes (n, offsets), (n, offsets, spacers), and their sum (n, offsets, spacers)."""

    minus10: Float64
    minus35: Float64
    whole: Float64


def shipped_model() -> PromoterModel:
    """Return the model of *E. coli* that comes with the package."""
    return read_model(Path(str(files("tracktools") / "data" / "promoters.json")))


def read_model(path: Path) -> PromoterModel:
    """Read a model that `write_model` wrote.

    Raises
    ------
    InputError
        If the file is no such model.
    """
    shapes = {"minus35": (6, 4), "minus10": (6, 4), "spacing": (len(SPACERS_BP),), "background": (4,)}
    fields: dict[str, type | tuple[type, ...]] = {**dict.fromkeys(shapes, list), "source": str, "n": int}
    try:
        record = read_json(path, fields=fields | dict.fromkeys(_WEIGHTS, (int, float)))
    except FileNotFoundError:
        raise InputError("no such file", path=path, hint=_WHICH_FILE) from None
    lacking = [name for name in (*shapes, *_WEIGHTS, "source", "n") if name not in record]
    if lacking:
        raise InputError(f"is no promoter model: it lacks {', '.join(lacking)}", path=path, hint=_WHICH_FILE)
    for name in _WEIGHTS:
        if not 0 < record[name] < _MOST_WEIGHT:
            problem = f"has the {name} {record[name]!r}"
            raise InputError(problem, path=path, value=record[name], hint=f"a number between 0 and {_MOST_WEIGHT}")
    values: dict[str, Any] = {name: _shares(record[name], shape, name, path) for name, shape in shapes.items()}
    values |= {name: float(record[name]) for name in _WEIGHTS}
    return PromoterModel(**values, source=record["source"], n=record["n"])


def _shares(values: list[Any], shape: tuple[int, ...], name: str, path: Path) -> Float64:
    """Return shares that add up to 1 along the last axis."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.shape != shape or not ((array > 0) & (array <= 1)).all() or (abs(array.sum(-1) - 1) > _ROUNDING).any():
        size = " x ".join(map(str, shape))
        problem = f"is no promoter model: {name} has to be {size} shares above 0 that add up to 1"
        raise InputError(problem, path=path, hint=_WHICH_FILE)
    return array


def write_model(path: Path, model: PromoterModel) -> None:
    """Write a model as JSON."""
    path.write_bytes(json_bytes(model.to_record()))


def upstream_codes(texts: list[str]) -> Codes:
    """Return codes of sequences that end with the base before the TSS, shape (n, WINDOW_BP); other letters are 4.

    Parameters
    ----------
    texts : list of str
        At least `WINDOW_BP` letters each, 5' to 3'; the last letter is the base before the TSS.
    """
    table = np.full(256, _UNKNOWN, dtype=np.uint8)
    for code, letter in enumerate("ACGT"):
        table[ord(letter)] = table[ord(letter.lower())] = code
    if not texts:
        return np.zeros((0, WINDOW_BP), dtype=np.uint8)
    letters = np.frombuffer("".join(text[-WINDOW_BP:] for text in texts).encode("ascii", "replace"), dtype=np.uint8)
    codes: Codes = table[letters].reshape(len(texts), WINDOW_BP)
    return codes


def find_elements(codes: Codes, model: PromoterModel) -> pd.DataFrame:
    """Find the best pair of elements upstream of each TSS.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, WINDOW_BP)
        From `upstream_codes`.
    model : PromoterModel
        The matrices.

    Returns
    -------
    DataFrame
        A row per TSS, `COLUMNS`: the two hexamers, the bases between them, the bases between the -10 and the TSS, where
        each begins (negative, the TSS is 0; the biologist's -12 is -12), and scores in bits against the background;
        `promoter_score` is their sum with that of the distance. Of equal pairs the one nearest to the TSS wins. An
        unknown letter counts as 0 bits.
    """
    if not len(codes):
        return pd.DataFrame({name: pd.Series(dtype=object if name in CONSENSUS else np.float64) for name in COLUMNS})
    parts = [_find(codes[first : first + _ROWS_AT_ONCE], model) for first in range(0, len(codes), _ROWS_AT_ONCE)]
    return pd.concat(parts, ignore_index=True)


def _find(codes: Codes, model: PromoterModel) -> pd.DataFrame:
    """Return the best pairs of some TSS: their scores at all places take a hundred times what is returned."""
    scores = _score(codes, model)
    offset, spacer = _best(scores.whole)
    row = np.arange(len(codes))
    start10 = OFFSETS[offset]
    start35 = start10 - np.array(SPACERS_BP)[spacer] - HEXAMER_BP
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)

    def words(starts: Int64) -> list[str]:
        places = starts[:, None] + WINDOW_BP + np.arange(HEXAMER_BP)
        return [sys.intern(word.tobytes().decode()) for word in letters[np.take_along_axis(codes, places, axis=1)]]

    values = (
        words(start35), words(start10), np.array(SPACERS_BP)[spacer], -start10 - HEXAMER_BP, start35, start10,
        scores.minus35[row, offset, spacer], scores.minus10[row, offset], scores.whole[row, offset, spacer],
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _best(whole: Float64) -> tuple[Int64, Int64]:
    flipped = whole[:, ::-1].reshape(len(whole), -1)  # argmax takes the first: the pair nearest to the TSS
    offset, spacer = np.divmod(flipped.argmax(axis=1), whole.shape[2])
    return whole.shape[1] - 1 - offset, spacer


def _score(codes: Codes, model: PromoterModel) -> _Scores:
    minus10 = _matrix_scores(codes, np.log2(model.minus10 / model.background), OFFSETS)
    bits = model.minus35_weight * np.log2(model.minus35 / model.background)
    starts = OFFSETS[:, None] - np.array(SPACERS_BP) - HEXAMER_BP
    minus35 = _matrix_scores(codes, bits, starts.ravel()).reshape(len(codes), *starts.shape)
    spacing = model.spacing_weight * np.log2(model.spacing * len(SPACERS_BP))
    return _Scores(minus10, minus35, minus10[:, :, None] + minus35 + spacing)


def _matrix_scores(codes: Codes, bits: Float64, starts: Int64) -> Float64:
    padded = np.hstack([bits, np.zeros((HEXAMER_BP, 1))])  # an unknown letter says nothing
    total = np.zeros((len(codes), len(starts)))
    for place in range(HEXAMER_BP):
        total += padded[place][codes[:, starts + WINDOW_BP + place]]
    return total
