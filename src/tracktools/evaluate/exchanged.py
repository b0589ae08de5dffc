"""Whether the two strands of a signal look exchanged: measured TSS then find their peaks on the other strand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tracktools.evaluate.signals import MARGIN_BP, LoadedStretch
from tracktools.evaluate.tss_sets import TssSet, tss_offsets
from tracktools.interval import Strand

_AROUND_BP = 5  # the signal of a TSS may be off by a few bases
_SIGMAS = 2.5  # of a coin's toss
_OTHER: Mapping[Strand, Strand] = {"+": "-", "-": "+"}


def count_strands(tss: TssSet, loaded: Sequence[LoadedStretch]) -> tuple[int, int]:
    """Return at how many TSS the signal is higher on their own strand, and at how many on the other.

    The highest value within 5 bp counts; a base without a value is 0. Equal values count for neither.
    """
    own = other = 0
    for one in loaded:
        for strand, opposite in _OTHER.items():
            at = MARGIN_BP + tss_offsets(tss, one.stretch, one.size_bp, strand)
            here, there = (
                np.max([np.nan_to_num(one.values[s][at + by]) for by in range(-_AROUND_BP, _AROUND_BP + 1)], axis=0)
                for s in (strand, opposite)
            )
            own += int(np.count_nonzero(here > there))
            other += int(np.count_nonzero(there > here))
    return own, other


def exchange_notes(sets: Mapping[str, TssSet], loaded: Sequence[LoadedStretch]) -> list[str]:
    """Return a warning for each set whose TSS find their signal on the other strand more often than chance has it."""
    notes = []
    for name, tss in sets.items():
        own, other = count_strands(tss, loaded)
        if other - own > _SIGMAS * math.sqrt(own + other):
            notes.append(
                f"{name}: at {other:,} of {own + other:,} TSS the signal is higher on the other strand; are "
                "the strands exchanged? name the two files the other way round, or see which strand the set means"
            )
    return notes
