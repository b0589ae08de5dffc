from __future__ import annotations

import struct

import numpy as np
import pytest
from bbi_walk import Trees
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracktools.formats.bbi import LEAF, b_plus_tree, r_tree
from tracktools.formats.bbi_zoom import dense_records, run_records
from tracktools.formats.bigbed import coverage

SOME_PLACE = 1234  # trees may be anywhere in a file


@pytest.mark.parametrize("n", [0, 1, 2, 255, 256, 257, 512, 513, 65_536, 65_537, 70_001])
def test_an_r_tree_holds_its_blocks_in_order_within_bounds(n: int):
    rng = np.random.default_rng(n)
    leaves = np.zeros(n, dtype=LEAF)
    leaves["chrom"] = leaves["end_chrom"] = np.sort(rng.integers(0, 5, n))
    leaves["start"] = np.arange(n) * 10
    leaves["end"] = leaves["start"] + rng.integers(1, 500, n)  # blocks of bigBed overlap
    leaves["offset"], leaves["size"] = np.arange(n) + 2**40, rng.integers(1, 2**35, n)
    tree = r_tree(leaves, SOME_PLACE)
    found = Trees(bytes(SOME_PLACE) + tree + b"behind").leaves(SOME_PLACE)
    assert found == leaves.tolist()


@pytest.mark.parametrize("n", [0, 1, 2, 256, 257, 65_536, 66_000])
def test_a_b_plus_tree_finds_each_key_and_no_other(n: int):
    keys = [f"{number * 7919 % 100_003:x}".encode() for number in range(n)]  # of several lengths, in no order
    values = [struct.pack("<I", number) for number in range(n)]
    trees = Trees(bytes(SOME_PLACE) + b_plus_tree(keys, values, 4, SOME_PLACE))
    for number in [*range(0, n, 997), *range(max(n - 3, 0), n)]:
        assert trees.find(SOME_PLACE, keys[number]) == [values[number]]
    for absent in (b"!", b"x", b"zzzzzzzz", b"0x"):
        assert trees.find(SOME_PLACE, absent) == []


@given(st.lists(st.binary(min_size=1, max_size=4).map(lambda key: key.replace(b"\0", b"a")), max_size=40), st.data())
def test_equal_keys_are_all_found(keys: list[bytes], data: st.DataObject):
    keys = keys * data.draw(st.sampled_from([1, 20]))  # so that equal ones fill more than a node
    values = [struct.pack("<I", number) for number in range(len(keys))]
    trees = Trees(bytes(SOME_PLACE) + b_plus_tree(keys, values, 4, SOME_PLACE))
    for key in set(keys):
        assert trees.find(SOME_PLACE, key) == [value for one, value in zip(keys, values, strict=True) if one == key]


@given(
    lengths=hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(1, 60)),
    reduction=st.integers(1, 50),
    windows_before=st.integers(0, 9),
    data=st.data(),
)
def test_runs_and_bases_have_the_same_zoom_records(
    lengths: np.ndarray, reduction: int, windows_before: int, data: st.DataObject
):
    values = data.draw(
        hnp.arrays(np.float32, len(lengths), elements=st.just(np.nan) | st.floats(-1000, 1000, width=32))
    )
    start = windows_before * reduction
    ends = start + np.cumsum(lengths)
    known = ~np.isnan(values)
    by_run = run_records((ends - lengths)[known], ends[known], values[known].astype(float), reduction)
    by_base = dense_records(start, np.repeat(values, lengths), reduction)
    for name in ("start", "count", "min", "max"):
        assert by_run[name].tolist() == by_base[name].tolist()
    for name in ("sum", "squares"):
        np.testing.assert_allclose(by_run[name], by_base[name], rtol=1e-12, atol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), min_size=1, max_size=20))
def test_coverage_counts_the_intervals_over_each_base(intervals: list[tuple[int, int]]):
    depth = np.zeros(60, dtype=int)
    for start, length in intervals:
        depth[start : start + length] += 1
    starts = np.array([start for start, _ in intervals])
    found = np.zeros(60, dtype=int)
    for start, end, value in zip(*coverage(starts, starts + [length for _, length in intervals]), strict=True):
        assert not found[start:end].any()
        assert end > start
        found[start:end] = value
    assert found.tolist() == depth.tolist()
