"""p and q against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.motifs.statistics import benjamini_hochberg, fisher_greater


@given(st.integers(0, 200), st.integers(0, 200), st.data())
def test_fisher_is_the_tail_of_the_hypergeometric_distribution(n: int, other_n: int, data: st.DataObject) -> None:
    hits, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    both = hits + other
    tail = sum(comb(n, k) * comb(other_n, both - k) for k in range(hits, min(n, both) + 1))
    expected = float(Fraction(tail, comb(n + other_n, both)))
    assert fisher_greater(hits, n, other, other_n) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.lists(st.one_of(st.just(math.nan), st.floats(0, 1)), max_size=30))
def test_q_is_the_least_share_of_false_findings_that_takes_a_p_in(p_values: list[float]) -> None:
    tested = sorted(p for p in p_values if not math.isnan(p))
    for p, q in zip(p_values, benjamini_hochberg(p_values).tolist(), strict=True):
        if math.isnan(p):
            assert math.isnan(q)
        else:
            shares = [other * len(tested) / (rank + 1) for rank, other in enumerate(tested) if other >= p]
            assert q == pytest.approx(min(1.0, *shares), rel=1e-12, abs=1e-12)
