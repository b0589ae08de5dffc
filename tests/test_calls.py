"""Calls: local maxima to the base, on both strands, at contig ends and across the origin."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.calls import call_positions

Strand = Literal["+", "-"]


def called(
    signal: list[float], strand: Strand, threshold: float, *, circular: bool = False, min_distance_bp: int = 6
) -> list[int]:
    """Call on a dense signal, NaN where a base is unscored."""
    array = np.array(signal, dtype=np.float32)
    positions = np.flatnonzero(array >= threshold)
    chosen = call_positions(
        positions, array[positions], strand, length=len(array), circular=circular, min_distance_bp=min_distance_bp
    )
    return [int(position) for position in positions[chosen]]


def literal_calls(
    signal: npt.NDArray[np.float32], strand: Strand, threshold: float, circular: bool, apart: int
) -> list[int]:
    """The rule word by word, slowly."""
    n = len(signal)
    order = list(range(n)) if strand == "+" else list(range(n))[::-1]  # 5' to 3'
    value = {p: -np.inf if np.isnan(signal[p]) else float(signal[p]) for p in range(n)}

    def neighbour(rank: int, step: int) -> int | None:
        rank += step
        return order[rank % n] if circular else order[rank] if 0 <= rank < n else None

    maxima = []
    for rank, p in enumerate(order):
        before = neighbour(rank, -1)
        if value[p] < threshold or (before is not None and before != p and value[before] >= value[p]):
            continue  # too low, or not the 5'-most base of a peak
        far = rank
        for _ in range(n):  # walk to the end of the plateau
            after = neighbour(far, 1)
            if after is None or value[after] != value[p]:
                break
            far = far + 1
        after = neighbour(far, 1)
        if after is None or value[after] < value[p]:
            maxima.append((-value[p], rank, p))
    kept: list[int] = []
    for _, _, p in sorted(maxima):
        gaps = [min(abs(p - q), n - abs(p - q)) if circular else abs(p - q) for q in kept]
        if all(gap >= apart for gap in gaps):
            kept.append(p)
    return sorted(kept)


@given(
    st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.9, float("nan")]), min_size=2, max_size=40).filter(
        lambda v: len(set(v)) > 1
    ),
    st.sampled_from(["+", "-"]),
    st.booleans(),
    st.integers(1, 7),
)
def test_calls_follow_the_rule_word_by_word(signal: list[float], strand: Strand, circular: bool, apart: int) -> None:
    expected = literal_calls(np.array(signal, dtype=np.float32), strand, 0.5, circular, apart)
    assert called(signal, strand, 0.5, circular=circular, min_distance_bp=apart) == expected


@given(st.lists(st.sampled_from([0.1, 0.6, 0.7, 0.8]), min_size=1, max_size=50))
def test_reversing_the_signal_swaps_the_strands(signal: list[float]) -> None:
    mirrored = sorted(len(signal) - 1 - position for position in called(signal[::-1], "-", 0.5))
    assert called(signal, "+", 0.5) == mirrored


@pytest.mark.parametrize(("strand", "expected"), [("+", [3]), ("-", [5])])
def test_a_plateau_is_called_at_its_five_prime_base(strand: Strand, expected: list[int]) -> None:
    assert called([0, 0, 0.2, 0.8, 0.8, 0.8, 0.1, 0], strand, 0.5) == expected


def test_calls_six_apart_both_stay_and_five_apart_the_higher_wins() -> None:
    assert called([0.9, 0, 0, 0, 0, 0, 0.8], "+", 0.5) == [0, 6]
    assert called([0.8, 0, 0, 0, 0, 0.9, 0], "+", 0.5) == [5]


def test_the_origin_of_a_circle_is_no_end() -> None:
    signal = [0.7, 0, 0, 0, 0, 0, 0, 0, 0, 0.9]
    assert called(signal, "+", 0.5) == [0, 9]
    assert called(signal, "+", 0.5, circular=True) == [9]
    assert called([0.9, 0, 0, 0, 0, 0, 0, 0, 0.9, 0.9], "+", 0.5, circular=True) == [8]
    assert called([0.9, 0, 0, 0, 0, 0, 0, 0, 0.9, 0.9], "-", 0.5, circular=True) == [0]


def test_an_empty_signal_has_no_calls() -> None:
    assert called([0.1, 0.2], "+", 0.5) == []
