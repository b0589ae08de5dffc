"""Matrices, p-values and tests against brute force."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest

from tracktools.motifs.matrix import Pwm, count_letters
from tracktools.motifs.promoter import MINUS_10, match_hexamer
from tracktools.motifs.statistics import benjamini_hochberg, fisher_greater, more_than_dealt

BACKGROUND = np.array([0.3, 0.2, 0.1, 0.4])


def random_pwm(width: int, n: int = 50, seed: int = 0) -> Pwm:
    generator = np.random.default_rng(seed)
    codes = np.stack([generator.choice(4, size=n, p=generator.dirichlet([0.5] * 4)) for _ in range(width)], axis=1)
    return count_letters(codes.astype(np.uint8), BACKGROUND, 1.0, -2)


def test_p_values_equal_the_enumeration_of_every_sequence() -> None:
    pwm = random_pwm(5)
    every = np.array(list(product(range(4), repeat=5)), dtype=np.uint8)
    chance = BACKGROUND[every].prod(axis=1)
    score = pwm.scores[np.arange(5), every].sum(axis=1)
    expected = np.array([chance[score >= one].sum() for one in score])
    np.testing.assert_allclose(pwm.p_values(every), expected, rtol=1e-9)
    assert np.abs(pwm.scores / 100 - np.log2(pwm.shares / BACKGROUND)).max() <= 0.005 + 1e-12


def test_counts_shares_and_information_of_a_column() -> None:
    codes = np.array([[0, 3], [0, 3], [0, 1], [2, 3]], dtype=np.uint8)
    pwm = count_letters(codes, BACKGROUND, 2.0, 7)
    assert pwm.counts.tolist() == [[3, 0, 1, 0], [0, 1, 0, 3]]
    assert (pwm.n_sites, pwm.first, pwm.last) == (4, 7, 9)
    np.testing.assert_allclose(pwm.shares[0], [3.6 / 6, 0.4 / 6, 1.2 / 6, 0.8 / 6])
    raw = 0.75 * math.log2(0.75 / 0.3) + 0.25 * math.log2(0.25 / 0.1)
    np.testing.assert_allclose(pwm.bits[0], raw - 3 / (2 * math.log(2) * 4))
    assert count_letters(codes[:1], BACKGROUND, 1.0, 0).bits.min() == 0, "one site says nothing"


def test_the_core_is_trimmed_to_informative_columns_and_knows_where_it_lies() -> None:
    generator = np.random.default_rng(1)
    codes = generator.choice(4, size=(400, 12), p=BACKGROUND).astype(np.uint8)
    codes[:, 4:9] = [3, 0, 3, 0, 0]
    codes[:, 6] = generator.choice(4, size=400)  # a gap inside stays
    core = count_letters(codes, BACKGROUND, 1.0, -5).core(0.2)
    assert core is not None
    assert (core.first, core.last, core.consensus) == (-1, 4, "TAnAA")
    assert count_letters(codes[:, :4], BACKGROUND, 1.0, -5).core(0.2) is None


def test_the_short_consensus_counts_what_says_nothing() -> None:
    codes = np.random.default_rng(2).choice(4, size=(400, 40)).astype(np.uint8)
    codes[:, 5:11], codes[:, 28:34], codes[:, 36] = [3, 3, 2, 0, 1, 0], [3, 0, 3, 0, 0, 3], 0
    pwm = count_letters(codes, BACKGROUND, 1.0, 0)
    assert pwm.consensus == "n" * 5 + "TTGACA" + "n" * 17 + "TATAATnnAnnn"
    assert pwm.short_consensus == "TTGACAn17TATAATnnA"


def test_fisher_equals_the_enumeration_of_every_table() -> None:
    hits, n, other_hits, other_n = 4, 6, 2, 8
    marked = range(hits + other_hits)
    draws = [sum(one in marked for one in drawn) for drawn in combinations(range(n + other_n), n)]
    assert fisher_greater(hits, n, other_hits, other_n) == pytest.approx(np.mean([draw >= hits for draw in draws]))
    assert fisher_greater(0, 0, 3, 9) == 1.0
    assert 0 <= fisher_greater(5000, 5000, 0, 5000) < 1e-300


def test_chances_of_unequal_trials_equal_their_enumeration() -> None:
    chances = np.array([0.1, 0.7, 0.4, 0.05])
    for observed in range(5):
        expected = sum(
            np.prod([c if one else 1 - c for c, one in zip(chances, outcome, strict=True)])
            for outcome in product((0, 1), repeat=4)
            if sum(outcome) >= observed
        )
        mean, p = more_than_dealt(observed, chances)
        assert (mean, p) == (pytest.approx(1.25), pytest.approx(expected))


def test_q_values_rise_with_p_and_leave_out_what_was_not_tested() -> None:
    p = np.random.default_rng(2).random(40) ** 3
    p[7] = np.nan
    q = benjamini_hochberg(p)
    assert np.isnan(q[7])
    known = np.delete(p, 7)
    expected = [
        min(known[known >= one].copy() * 39 / np.array([(known <= x).sum() for x in known[known >= one]]))
        for one in known
    ]
    np.testing.assert_allclose(np.delete(q, 7), np.minimum(expected, 1))


def test_the_hexamer_is_first_among_all_where_it_is_and_its_place_is_known() -> None:
    generator = np.random.default_rng(5)
    codes = generator.choice(4, size=(200, 21)).astype(np.uint8)
    codes[:, 6:12] = MINUS_10.codes
    window = count_letters(codes, np.full(4, 0.25), 1.0, -10)
    core = window.core(0.2)
    assert core is not None
    match = match_hexamer(window, core, MINUS_10)
    assert (match.rank, match.first, match.p) == (1, -4, 1 / 4096)
    short = window.columns(6, 10)  # TATA: all hexamers that begin or end so are as good
    assert match_hexamer(window, short, MINUS_10).first == -4
