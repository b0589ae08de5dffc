"""The signal to score: a stranded pair of bigWigs of any program, or anything that gives values by stretch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tracktools.arrays import Float32
from tracktools.formats.bigwig_pair import BigWigPair
from tracktools.interval import STRANDS, Interval, Strand

Values = dict[Strand, Float32]
MARGIN_BP = 100  # read beyond each end of a stretch, so that a slope that ends outside is no peak inside


class Signal(Protocol):
    """Something that gives a value per base and strand."""

    def values(self, chrom: str, start: int, end: int) -> Values:
        """Return both strands of [start, end) of a sequence, in plus-strand order; NaN where there is no value."""
        ...


@dataclass(frozen=True)
class LoadedStretch:
    """A stretch with its values: arrays of shape (MARGIN_BP + len(stretch) + MARGIN_BP,)."""

    stretch: Interval
    size_bp: int  # of its sequence
    values: Values

    def inner(self, strand: Strand) -> Float32:
        """Return the values without the margins, shape (len(stretch),)."""
        return self.values[strand][MARGIN_BP:-MARGIN_BP]


def load_signal(
    signal: Signal,
    stretches: Sequence[Interval],
    chrom_sizes: Mapping[str, int],
    circular: Collection[str],
    *,
    absent: Literal["skip", "zero"],
) -> list[LoadedStretch]:
    """Read the values of stretches into memory: 8 bytes per base.

    Parameters
    ----------
    signal : Signal
        What is scored.
    stretches : sequence of Interval
        Where.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].
    circular : collection of str
        Circular sequences, on which a margin goes on across the origin; elsewhere it is NaN beyond the ends.
    absent : {"skip", "zero"}
        Whether a base without a value is left out, or has the value 0.
    """
    loaded = []
    for stretch in stretches:
        size_bp = chrom_sizes[stretch.chrom]
        parts: dict[Strand, list[Float32]] = {"+": [], "-": []}
        for start, end, inside in _pieces(stretch, size_bp, stretch.chrom in circular):
            nothing = np.full(end - start, np.nan, dtype=np.float32)
            here: Mapping[Strand, Float32] = (
                signal.values(stretch.chrom, start, end) if inside else dict.fromkeys(STRANDS, nothing)
            )
            for strand in STRANDS:
                silent = inside and absent == "zero"
                parts[strand].append(np.nan_to_num(here[strand], nan=0) if silent else here[strand])
        loaded.append(LoadedStretch(stretch, size_bp, {strand: np.concatenate(parts[strand]) for strand in STRANDS}))
    return loaded


def _pieces(stretch: Interval, size_bp: int, circular: bool) -> Iterator[tuple[int, int, bool]]:
    """Cut a stretch with its margins at the ends of the sequence; tells whether a piece lies on it."""
    at, stop = stretch.start - MARGIN_BP, stretch.end + MARGIN_BP
    while at < stop:
        turn = at // size_bp  # 0 on the sequence itself, other numbers before and behind
        end = min(stop, (turn + 1) * size_bp)
        yield at - turn * size_bp, end - turn * size_bp, circular or turn == 0
        at = end


class PairSignal:
    """A stranded pair of bigWigs as a `Signal`.

    Parameters
    ----------
    pair : BigWigPair
        Open files.
    """

    def __init__(self, pair: BigWigPair) -> None:
        self.pair = pair

    def values(self, chrom: str, start: int, end: int) -> Values:
        """Return both strands of [start, end) of a sequence, positive on both."""
        return {strand: self.pair.values(strand, chrom, start, end) for strand in STRANDS}
