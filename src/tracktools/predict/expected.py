"""The threshold on a genome of which the model knows no TSS, and the expected share of right calls.

What genomes of held-out phyla taught: the share of called TSS that were right, by model output, and how far species
differ in it. The cut is chosen a genome at a time: the lowest at which the calls together are expected to be as often
right as the model aims at. So a genome whose outputs are low has few calls, not many wrong ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from tracktools.arrays import Bool, Float64, Floating


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
    """

    output: tuple[float, ...]
    precision: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    target: float

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None) -> Self | None:
        """Read what a checkpoint contains (`Metadata.expected_precision`), or None; other keys of it are not read."""
        if record is None:
            return None
        columns = {name: tuple(map(float, record[name])) for name in ("output", "precision", "low", "high")}
        return cls(**columns, target=float(record["target"]))

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


def expected_precision(
    species: Sequence[tuple[Floating, Bool]],
    *,
    target: float,
    outputs: Sequence[float] = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8),
    spread: float = 2.0,
) -> dict[str, Any]:
    """Learn the expected precision from calls on genomes of held-out species.

    Parameters
    ----------
    species : sequence of (heights, right)
        Of each species: model output of every call from the first of `outputs` on, and whether it is right.
    target : float
        See `Expected`.
    outputs : sequence of float
        Ascending; the precision at each is that of calls from halfway to the one below to halfway to the one above.
    spread : float
        Half the interval, in standard deviations between species of the logit of the precision.

    Returns
    -------
    dict
        As `Metadata.expected_precision`.
    """
    edges = np.concatenate([[0], (np.array(outputs[:-1]) + np.array(outputs[1:])) / 2, [1.01]])
    logits = np.full((len(species), len(outputs)), np.nan)
    counts = np.zeros(logits.shape)
    for row, (heights, right) in enumerate(species):
        place = np.digitize(heights, edges) - 1
        counts[row] = np.bincount(place, minlength=len(outputs))[: len(outputs)]
        found = np.bincount(place, weights=right, minlength=len(outputs))[: len(outputs)]
        share = (found + 0.5) / (counts[row] + 1)
        logits[row] = np.log(share / (1 - share))
    weight = counts / (counts + 20)  # few calls say little
    mean = (weight * logits).sum(axis=0) / weight.sum(axis=0)
    variance = (weight * (logits - mean) ** 2).sum(axis=0) / weight.sum(axis=0)
    deviation = np.sqrt(np.average(variance, weights=weight.sum(axis=0)) * len(species) / max(len(species) - 1, 1))
    mean = np.maximum.accumulate(mean)  # a higher output is no worse
    columns = {name: 1 / (1 + np.exp(-(mean + sign * spread * deviation)))
               for name, sign in (("precision", 0), ("low", -1), ("high", 1))}  # fmt: skip
    return {
        "output": [float(value) for value in outputs],
        **{name: [round(float(value), 4) for value in values] for name, values in columns.items()},
        "target": target,
    }
