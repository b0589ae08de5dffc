"""Scores of rankings: known answers, scikit-learn's, and what drawing blocks means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

import tracktools.resampling
from tracktools.resampling import Hits, Ranking, bootstrap_interval, draw_blocks, precision_recall, score_ranking


def one_draw(n_blocks: int) -> np.ndarray:
    return np.ones((1, n_blocks))


def test_a_ranking_by_hand() -> None:
    values = np.array([9.0, 8.0, 7.0, 6.0, 5.0])
    ranking = Ranking.of(values, np.zeros(5, dtype=np.int64), 1)
    hits = Hits(np.array([9.0, 7.0]), np.zeros(2, dtype=np.int64))
    scores = score_ranking(ranking, hits, one_draw(1), truths=np.array([2.0]))
    assert scores.average_precision[0] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert scores.roc_auc[0] == pytest.approx(5 / 6)  # of six pairs, 7 < 8 alone is wrong


def test_what_no_item_found_costs_recall() -> None:
    ranking = Ranking.of(np.array([3.0, 2.0, 1.0]), np.zeros(3, dtype=np.int64), 1)
    hits = Hits(np.array([3.0, 1.0]), np.zeros(2, dtype=np.int64))
    limits = np.array([[0.0, 0.9, 1.0]])
    scores = score_ranking(ranking, hits, one_draw(1), truths=np.array([4.0]), false_limits=limits)
    assert scores.average_precision[0] == pytest.approx((1 + 2 / 3) / 4)
    assert scores.recall[0].tolist() == [0.25, 0.25, 0.5]


def test_equal_values_are_found_together() -> None:
    ranking = Ranking.of(np.full(10, 0.5), np.arange(10) % 3, 3)
    hits = Hits(np.full(2, 0.5), np.array([0, 1]))
    scores = score_ranking(ranking, hits, one_draw(3), truths=np.array([2.0]), false_limits=np.array([[7.0, 8.0]]))
    assert scores.average_precision[0] == pytest.approx(0.2)
    assert scores.roc_auc[0] == pytest.approx(0.5)
    assert scores.recall[0].tolist() == [0, 1]


@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from([3, 50]))
@settings(max_examples=60, deadline=None)
def test_every_draw_scores_as_scikit_learn_scores_the_repeated_items(seed: int, n_blocks: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, 70).astype(np.float32)
    truth = rng.random(70) < 0.2
    truth[:2] = True, False
    blocks = rng.integers(0, n_blocks, 70)
    weights = draw_blocks(n_blocks, 4, seed)
    ranking = Ranking.of(values, blocks, n_blocks)
    hits = Hits(values[truth], blocks[truth])
    truths = weights @ np.bincount(blocks[truth], minlength=n_blocks)
    scores = score_ranking(ranking, hits, weights, truths=truths)
    for draw, weight in enumerate(weights):
        times = weight[blocks].astype(int)
        drawn, is_true = np.repeat(values, times), np.repeat(truth, times)
        if is_true.any():
            expected = average_precision_score(is_true, drawn)
            assert scores.average_precision[draw] == pytest.approx(expected)
        else:
            assert np.isnan(scores.average_precision[draw])
        if is_true.any() and not is_true.all():
            assert scores.roc_auc[draw] == pytest.approx(roc_auc_score(is_true, drawn))
        else:
            assert np.isnan(scores.roc_auc[draw])


def test_the_size_of_the_tables_in_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    values, blocks = rng.integers(0, 40, 500).astype(np.float64), rng.integers(0, 7, 500)
    truth = rng.random(500) < 0.3
    weights = draw_blocks(7, 5, 1)
    limits = rng.random((6, 2)) * 300

    def scored() -> list[np.ndarray]:
        scores = score_ranking(
            Ranking.of(values, blocks, 7),
            Hits(values[truth], blocks[truth]),
            weights,
            truths=weights @ np.bincount(blocks[truth], minlength=7),
            false_limits=limits,
        )
        return [scores.average_precision, scores.roc_auc, scores.recall]

    whole = scored()
    monkeypatch.setattr(tracktools.resampling, "_CELLS", 20)
    for one, other in zip(whole, scored(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_nothing_to_find_has_no_score() -> None:
    ranking = Ranking.of(np.array([1.0, 2.0]), np.zeros(2, dtype=np.int64), 1)
    nothing = Hits(np.zeros(0), np.zeros(0, dtype=np.int64))
    scores = score_ranking(ranking, nothing, one_draw(1), truths=np.zeros(1), false_limits=np.ones((1, 1)))
    assert np.isnan([scores.average_precision[0], scores.roc_auc[0], scores.recall[0, 0]]).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Items come in blocks that share their luck; the AP of a very large sample is the truth."""

    def sample(rng: np.random.Generator, n_blocks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        blocks = np.repeat(np.arange(n_blocks), 40)
        truth = rng.random(len(blocks)) < 0.1
        luck = rng.normal(size=n_blocks)[blocks]
        return truth * (1.5 + 0.7 * luck) + rng.normal(size=len(blocks)), truth, blocks

    def draws(rng: np.random.Generator, n_blocks: int) -> np.ndarray:
        values, truth, blocks = sample(rng, n_blocks)
        weights = draw_blocks(n_blocks, 120, 3)
        truths = weights @ np.bincount(blocks[truth], minlength=n_blocks)
        ranking, hits = Ranking.of(values, blocks, n_blocks), Hits(values[truth], blocks[truth])
        return score_ranking(ranking, hits, weights, truths=truths).average_precision[1:]

    values, truth, _ = sample(np.random.default_rng(0), 20_000)
    expected = average_precision_score(truth, values)
    covered = 0
    for seed in range(100):
        low, high = bootstrap_interval(draws(np.random.default_rng(seed + 1), 60), 0.95)
        covered += low <= expected <= high
    assert 0.87 <= covered / 100 <= 0.99


def test_an_interval_needs_two_draws() -> None:
    assert np.isnan(bootstrap_interval(np.array([np.nan, 0.5]), 0.95)).all()
    assert bootstrap_interval(np.linspace(0, 1, 101), 0.9) == (pytest.approx(0.05), pytest.approx(0.95))


def test_the_curve_meets_the_average_precision() -> None:
    rng = np.random.default_rng(4)
    values, truth = rng.integers(0, 30, 400).astype(np.float64), rng.random(400) < 0.2
    blocks = np.zeros(400, dtype=np.int64)
    ranking, hits = Ranking.of(values, blocks, 1), Hits(values[truth], blocks[truth])
    thresholds, precision, recall = precision_recall(ranking, hits, int(truth.sum()))
    assert (np.diff(thresholds) < 0).all()
    area = float(np.sum(np.diff(recall, prepend=0) * precision))
    assert area == pytest.approx(average_precision_score(truth, values))
    assert recall[-1] == 1
