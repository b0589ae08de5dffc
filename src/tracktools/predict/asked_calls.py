"""Calls that the user asks for: at a threshold, or the N highest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracktools.arrays import Float32, Floating
from tracktools.blocks import Block
from tracktools.errors import ConfigError

_BITS = 15  # of a float32 that a bin of heights leaves out: 2^-8 of a value
_BINS = 1 << (32 - _BITS)
_POSITIONS_A_CALL = 8  # read at first for each call that is wanted; more if these do not make enough calls


@dataclass(frozen=True)
class AskedCalls:
    """A threshold, or a number of calls.

    Parameters
    ----------
    threshold : float, optional
        TSS are called at or above it.
    top : float, optional
        How many are called, the highest first: of the genome, or of each million scored bases with `per_mb`. Those as
        high as the last one are called, too.
    per_mb : bool
        What `top` is of.

    Raises
    ------
    ConfigError
        If both are given, or one is not positive, or the threshold above 1.
    """

    threshold: float | None = None
    top: float | None = None
    per_mb: bool = False

    def __post_init__(self) -> None:
        if self.threshold is not None and self.top is not None:
            raise ConfigError("--threshold and --top exclude each other: one of them decides what is called")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ConfigError(f"threshold is {self.threshold:g}: model output is above 0 and at most 1")
        if self.top is not None and not 0 < self.top < 1e12:
            raise ConfigError(f"top is {self.top:g}: a number above 0 is needed")

    @classmethod
    def parse(cls, threshold: float | None, top: str) -> Self | None:
        """Read the two options; None where neither is given.

        Examples
        --------
        >>> AskedCalls.parse(None, "500/Mb")
        AskedCalls(threshold=None, top=500.0, per_mb=True)
        """
        if threshold is None and not top:
            return None
        if not top:
            return cls(threshold)
        match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(/mb)?", top.strip().lower())
        if match is None or (match[2] is None and "." in match[1]):
            raise ConfigError(f"--top is {top!r} (write a number of calls, such as 2000, or a number per Mb, 500/Mb)")
        return cls(threshold, float(match[1]), match[2] is not None)

    def __str__(self) -> str:
        if self.top is None:
            return "" if self.threshold is None else f"threshold {self.threshold:g} asked for"
        return f"the {self.top:g} highest{' per Mb' if self.per_mb else ''} asked for"

    def count(self, blocks: list[Block]) -> int:
        """Return how many calls are wanted: at least one."""
        assert self.top is not None
        bases = sum(map(len, blocks)) / 2  # of one strand
        return max(1, round(self.top * bases / 1e6 if self.per_mb else self.top))


class Heights:
    """How many positions have which height: enough to find the height of the N-th, in one pass."""

    def __init__(self, blocks: list[Block], load: Callable[[Block], Float32]) -> None:
        self._counts = np.zeros(_BINS, dtype=np.int64)
        for block in blocks:
            values = load(block)
            bins = values[values > 0].view(np.uint32) >> _BITS  # the bits of positive floats are in their order
            self._counts += np.bincount(bins, minlength=_BINS)

    def floors(self, n_calls: int) -> list[float]:
        """Return lower and lower heights to try; above the last one is every value."""
        above = np.cumsum(self._counts[::-1])[::-1]
        wanted, tried = _POSITIONS_A_CALL * n_calls, []
        while wanted < above[0]:
            lowest = int(np.flatnonzero(above >= wanted)[-1])
            tried.append(float(np.array(lowest << _BITS, dtype=np.uint32).view(np.float32)))
            wanted *= _POSITIONS_A_CALL
        return [*tried, float(np.finfo(np.float32).smallest_subnormal)]


def cut_of_top(heights: Floating, n_calls: int) -> float:
    """Return the height of the N-th highest; the lowest if there are fewer."""
    ordered = np.sort(heights)[::-1]
    return float(ordered[min(n_calls, len(ordered)) - 1]) if len(ordered) else float("inf")
