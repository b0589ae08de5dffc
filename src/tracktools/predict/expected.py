"""The threshold on a genome of which the model knows no TSS, and the expected share of right calls.

The share of called TSS that are expected to be right, by model output, as held-out species taught
(`tracktools.predict.call_rates`). The cut is chosen a genome at a time: the lowest at which the calls together are
expected to be as often right as the model aims at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from tracktools.arrays import Float64, Floating


class ExpectedPrecision(NamedTuple):
    """The share of calls that is expected to be right, and the ends of its interval; shapes (calls,)."""

    precision: Float64
    low: Float64
    high: Float64


@dataclass(frozen=True)
class Expected:
    """Expected precision by model output.

    Parameters
    ----------
    output : tuple of float
        Model outputs, ascending; the first is the lowest that may be called.
    precision, low, high : tuple of float
        Share of calls of that output that are right within 5 bp: the mean over held-out species, and the interval in
        which another species is expected.
    target : float
        Expected precision of all calls of a genome together.
    called_at : float, optional
        The lowest output that is called, where it is known before the genome is scored; else `cut` chooses it.
    """

    output: tuple[float, ...]
    precision: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    target: float
    called_at: float | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None) -> Self | None:
        """Read a record of these columns, or None; other keys of it are not read."""
        if record is None:
            return None
        columns = {name: tuple(map(float, record[name])) for name in ("output", "precision", "low", "high")}
        called_at = record.get("called_at")
        return cls(**columns, target=float(record["target"]), called_at=None if called_at is None else float(called_at))

    @property
    def floor(self) -> float:
        """The lowest output that may be called."""
        return self.output[0]

    def of(self, output: Floating) -> ExpectedPrecision:
        """Return the expected precision of calls of these outputs; nan below `floor`: nothing was learnt of them."""
        known = np.asarray(output, dtype=np.float32) >= np.float32(self.floor)
        maps = (self.precision, self.low, self.high)
        return ExpectedPrecision(*(np.where(known, np.interp(output, self.output, values), np.nan) for values in maps))

    def cut(self, heights: Floating) -> float:
        """Return the lowest output at and above which calls of these heights are expected to reach the target together.

        Infinity where no cut does: nothing is called then.
        """
        ordered = np.sort(heights)[::-1]
        if not len(ordered):
            return float("inf")
        together = np.cumsum(self.of(ordered).precision) / np.arange(1, len(ordered) + 1)
        together[:-1][ordered[:-1] == ordered[1:]] = 0  # equal heights are called together
        enough = np.flatnonzero(together >= self.target)
        return float(ordered[enough[-1]]) if len(enough) else float("inf")
