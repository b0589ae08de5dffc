from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.interval import Interval, intersect, merge

CHROMS = st.sampled_from(["chr", "NC_000913.3", "HLA:A*01:01", "a-b_c.1"])
SPANS = st.tuples(st.integers(0, 10**9), st.integers(1, 10**6))


@given(CHROMS, SPANS, st.sampled_from("+-."))
def test_browser_positions_are_read_back(chrom: str, span: tuple[int, int], strand: str):
    interval = Interval(chrom, span[0], span[0] + span[1], strand)
    assert Interval.from_ucsc(interval.to_ucsc(), strand) == interval
    assert len(interval) == span[1]


def test_browser_positions_are_one_based_and_closed():
    assert Interval("chr", 0, 1).to_ucsc() == "chr:1-1"
    assert Interval.from_ucsc("chr:1") == Interval("chr", 0, 1)
    assert Interval.from_ucsc(" chr:2,345-10,000 ", "-") == Interval("chr", 2344, 10_000, "-")


@pytest.mark.parametrize("position", ["", "chr", "chr:", ":1-2", "chr:a-b", "chr:1-", "chr:1-2-3x", "chr:-5"])
def test_what_is_no_position(position: str):
    with pytest.raises(ValueError, match="not a browser position"):
        Interval.from_ucsc(position)


@pytest.mark.parametrize("position", ["chr:0-5", "chr:9-3"])
def test_positions_start_at_one_and_run_forward(position: str):
    with pytest.raises(ValueError, match="0 <= start <= end"):
        Interval.from_ucsc(position)


@given(SPANS)
def test_the_five_prime_base_is_in_the_interval_at_the_end_that_the_strand_names(span: tuple[int, int]):
    start, end = span[0], span[0] + span[1]
    assert Interval("c", start, end, "+").five_prime == Interval("c", start, end, ".").five_prime == start
    assert Interval("c", start, end, "-").five_prime == end - 1


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (7, 6), (-3, -2)])
def test_coordinates_are_checked(start: int, end: int):
    with pytest.raises(ValueError, match=f"got {start} and {end}"):
        Interval("c", start, end)


@pytest.mark.parametrize("strand", ["", "f", "1", "+-"])
def test_strands_are_checked(strand: str):
    with pytest.raises(ValueError, match="a strand is"):
        Interval("c", 0, 1, strand)


def test_intervals_sort_by_sequence_start_end_strand():
    intervals = [Interval("b", 0, 1), Interval("a", 5, 9, "-"), Interval("a", 5, 9, "+"), Interval("a", 5, 6)]
    assert sorted(intervals) == [intervals[3], intervals[2], intervals[1], intervals[0]]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), max_size=12), st.booleans())
def test_merged_ranges_hold_the_same_bases_once(drawn: list[tuple[int, int]], circular: bool) -> None:
    ranges = [(start, min(start + size, 41)) for start, size in drawn]
    merged = merge(ranges, circle_bp=41 if circular else None)
    bases = [base % 41 for start, end in merged for base in range(start, end)]
    assert sorted(bases) == sorted({base for start, end in ranges for base in range(start, end)})
    assert all(one[1] < other[0] for one, other in pairwise(merged))
    if circular and len(merged) > 1:
        assert not (merged[0][0] == 0 and merged[-1][1] == 41)
    cut = intersect(merged, (10, 20))
    assert {base for one in cut for base in range(*one)} == set(range(10, 20)) & {b for r in merged for b in range(*r)}


def test_ranges_a_gap_apart_are_joined_and_no_further() -> None:
    assert merge([(0, 2), (5, 6)], gap_bp=3) == [(0, 6)]
    assert merge([(0, 2), (5, 6)], gap_bp=2) == [(0, 2), (5, 6)]
    assert merge([(0, 2), (2, 3)], gap_bp=-1) == [(0, 2), (2, 3)]
