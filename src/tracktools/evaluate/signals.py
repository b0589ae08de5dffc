"""The signal that is judged: a stranded pair of bigWigs, whoever made it, or anything that gives values by stretch."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from tracktools.aliases import resolve_chrom
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.evaluate.stretches import Stretch
from tracktools.formats.bigwig import BigWigReader

log = logging.getLogger(__name__)

Strand = Literal["+", "-"]
Values = dict[Strand, npt.NDArray[np.float32]]
STRANDS: tuple[Strand, ...] = ("+", "-")
MARGIN_BP = 100  # read beyond each end of a stretch, so that a slope that ends outside is no peak inside


class Signal(Protocol):
    """Something that gives a value a base and strand."""

    def values(self, chrom: str, start: int, end: int) -> Values:
        """Return both strands of [start, end) of a sequence, in plus-strand order; NaN where there is no value."""
        ...


@dataclass(frozen=True)
class LoadedStretch:
    """A stretch with its values: arrays of shape (MARGIN_BP + len(stretch) + MARGIN_BP,)."""

    stretch: Stretch
    values: Values

    def inner(self, strand: Strand) -> npt.NDArray[np.float32]:
        """Return the values without the margins, shape (len(stretch),)."""
        return self.values[strand][MARGIN_BP:-MARGIN_BP]


def load_signal(
    signal: Signal,
    stretches: Sequence[Stretch],
    circular: Collection[str],
    *,
    absent: Literal["skip", "zero"],
) -> list[LoadedStretch]:
    """Read the values of stretches into memory: 8 bytes a base.

    Parameters
    ----------
    signal : Signal
        What is judged.
    stretches : sequence of Stretch
        Where.
    circular : collection of str
        Circular sequences, on which a margin goes on across the origin; elsewhere it is NaN beyond the ends.
    absent : {"skip", "zero"}
        Whether a base without a value is left out, or has the value 0.
    """
    loaded = []
    for stretch in stretches:
        parts: dict[Strand, list[npt.NDArray[np.float32]]] = {"+": [], "-": []}
        for start, end, inside in _pieces(stretch, stretch.chrom in circular):
            nothing = np.full(end - start, np.nan, dtype=np.float32)
            here: Mapping[Strand, npt.NDArray[np.float32]] = (
                signal.values(stretch.chrom, start, end) if inside else dict.fromkeys(STRANDS, nothing)
            )
            for strand in STRANDS:
                silent = inside and absent == "zero"
                parts[strand].append(np.nan_to_num(here[strand], nan=0) if silent else here[strand])
        loaded.append(LoadedStretch(stretch, {strand: np.concatenate(parts[strand]) for strand in STRANDS}))
    return loaded


def _pieces(stretch: Stretch, circular: bool) -> Iterator[tuple[int, int, bool]]:
    """Cut a stretch with its margins at the ends of the sequence; tells whether a piece lies on it."""
    size, at, stop = stretch.size, stretch.start - MARGIN_BP, stretch.end + MARGIN_BP
    while at < stop:
        turn = at // size  # 0 on the sequence itself, other numbers before and behind
        end = min(stop, (turn + 1) * size)
        yield at - turn * size, end - turn * size, circular or turn == 0
        at = end


class BigWigPair:
    """A stranded pair of bigWigs in plus-strand coordinates.

    Parameters
    ----------
    plus, minus : BigWigReader
        Open files of the same sequences.
    names : mapping of str to str
        What each sequence of the genome is called in the files; one that they lack has no values.
    minus_negative : bool
        The minus file holds negative values, as copies for display do: take them positive.
    """

    def __init__(
        self, plus: BigWigReader, minus: BigWigReader, names: Mapping[str, str], *, minus_negative: bool = False
    ) -> None:
        self._readers: dict[Strand, BigWigReader] = {"+": plus, "-": minus}
        self._names, self._flip = names, minus_negative
        self.minus_highest = -np.inf  # of what was read so far

    def values(self, chrom: str, start: int, end: int) -> Values:
        """Return both strands of [start, end) of a sequence.

        Raises
        ------
        InputError
            If the minus file holds positive values where negative ones were announced, or an infinite value.
        """
        if chrom not in self._names:
            return {strand: np.full(end - start, np.nan, dtype=np.float32) for strand in STRANDS}
        values = {strand: reader.values(self._names[chrom], start, end) for strand, reader in self._readers.items()}
        for strand, reader in self._readers.items():
            if np.isinf(values[strand]).any():
                raise InputError(f"holds an infinite value on {chrom}", path=reader.path, mend="make the file again")
        self.minus_highest = max(self.minus_highest, float(np.nanmax(values["-"], initial=-np.inf)))
        if self._flip:
            if self.minus_highest > 0:
                path = self._readers["-"].path
                raise InputError("holds positive values", path=path, mend="leave out --minus-negative")
            values["-"] = -values["-"]
        return values

    def warn_of_sign(self) -> None:
        """Warn if no value of the minus strand that was read is positive."""
        if not self._flip and np.isfinite(self.minus_highest) and self.minus_highest <= 0:
            log.warning(
                "warning: %s: no value is above 0; is it a display copy, with the minus strand negative? "
                "(--minus-negative takes its values positive)",
                self._readers["-"].path,
            )


@contextmanager
def open_pair(
    plus: Path, minus: Path, chrom_sizes: Mapping[str, int], *, minus_negative: bool = False
) -> Iterator[BigWigPair]:
    """Open a pair of bigWigs of a genome.

    Raises
    ------
    InputError
        If a file is no bigWig.
    GenomeMismatchError
        If the two are of different sequences, or of none of the genome's, or of other lengths.
    """
    with BigWigReader(plus) as forward, BigWigReader(minus) as reverse:
        if forward.chrom_sizes != reverse.chrom_sizes:
            raise GenomeMismatchError(f"has other sequences than {plus}", path=minus, mend="take a pair of one genome")
        names = {}
        for name, size in forward.chrom_sizes.items():
            chrom = resolve_chrom(name, chrom_sizes)
            if chrom is not None and chrom_sizes[chrom] != size:
                problem = f"{name} has {size:,} bp, and {chrom_sizes[chrom]:,} in the genome"
                raise GenomeMismatchError(problem, path=plus, mend="was it made on another assembly?")
            if chrom is not None:
                names[chrom] = name
        if not names:
            held, asked = (", ".join(list(table)[:3]) for table in (forward.chrom_sizes, chrom_sizes))
            problem = f"has no sequence of the genome: it has {held}"
            raise GenomeMismatchError(problem, path=plus, mend=f"the genome has {asked}")
        yield BigWigPair(forward, reverse, names, minus_negative=minus_negative)
