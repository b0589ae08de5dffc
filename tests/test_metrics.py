"""Metrics: known answers, and the rules of matching."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.metrics import best_f1_threshold, match_calls, score_positions


def test_a_perfect_signal_scores_one_and_prevalence_is_what_knowing_nothing_gives() -> None:
    is_tss = np.array([False, True, False, False, True])
    perfect = score_positions(np.array([0.1, 0.9, 0.2, 0.1, 0.8]), is_tss)
    assert (perfect.roc_auc, perfect.average_precision, perfect.positives, perfect.positions) == (1, 1, 2, 5)
    assert score_positions(np.zeros(5), is_tss).average_precision == pytest.approx(2 / 5)


def test_unscored_bases_are_left_out() -> None:
    scores = score_positions(np.array([np.nan, 0.9, 0.2]), np.array([True, True, False]))
    assert (scores.positives, scores.positions, scores.roc_auc) == (1, 2, 1)


def test_without_positives_there_is_no_score() -> None:
    assert np.isnan(score_positions(np.array([0.1, 0.2]), np.array([False, False])).roc_auc)


def test_matching_is_one_to_one_and_the_highest_call_chooses_first() -> None:
    calls, heights = np.array([10, 12, 40]), np.array([0.5, 0.9, 0.7])
    assert match_calls(calls, heights, np.array([11]), 5).tolist() == [False, True, False]
    assert match_calls(calls, heights, np.array([11, 15, 46]), 5).tolist() == [True, True, False]
    assert match_calls(calls, heights, np.array([11, 15, 45]), 5).tolist() == [True, True, True]


@given(
    st.lists(st.integers(0, 60), max_size=15, unique=True),
    st.lists(st.integers(0, 60), max_size=12, unique=True),
    st.integers(0, 6),
)
def test_no_tss_is_found_twice_and_every_match_is_near(calls: list[int], tss: list[int], k: int) -> None:
    rng = np.random.default_rng(len(calls) * 17 + len(tss))
    found = match_calls(
        np.array(calls, dtype=np.int64), rng.random(len(calls)), np.array(sorted(tss), dtype=np.int64), k
    )
    assert found.sum() <= len(tss)
    for call, hit in zip(calls, found, strict=True):
        near = any(abs(call - position) <= k for position in tss)
        assert near or not hit
    if not found.all():
        missed = [call for call, hit in zip(calls, found, strict=True) if not hit]
        assert found.sum() == len(tss) or all(  # a missed call has no free TSS next to it
            sum(abs(call - position) <= k for position in tss) <= found.sum() for call in missed
        )


def test_the_best_f1_threshold() -> None:
    heights = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    found = np.array([True, True, False, True, False])
    threshold, f1 = best_f1_threshold(heights, found, 4)
    assert threshold == pytest.approx(0.6)
    assert f1 == pytest.approx(2 * 3 / (4 + 4))


def test_equal_heights_are_called_together() -> None:
    threshold, f1 = best_f1_threshold(np.array([0.5, 0.5, 0.5]), np.array([True, False, False]), 1)
    assert (threshold, f1) == (0.5, pytest.approx(2 / 4))
