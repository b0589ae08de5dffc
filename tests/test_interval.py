from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.interval import Interval

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
