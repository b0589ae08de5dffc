from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pybigtools
import pyBigWig
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracktools.formats.bigwig import BigWigReader, write_bigwig

Values = npt.NDArray[np.float32]
VALUES = st.one_of(st.just(np.nan), st.sampled_from([0.0, 1.0]), st.floats(width=32, allow_infinity=False))


@st.composite
def signals(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, Values]]:
    """A genome, and values of some of its sequences: dense, sparse, in runs, with gaps."""
    sizes = draw(st.dictionaries(st.sampled_from(["b", "a10", "a2", "contig.with-a.long|name"]), st.integers(1, 300)))
    sizes = sizes or {"only": 7}
    arrays = {}
    for name, size in sizes.items():
        if draw(st.booleans()):
            lengths = draw(hnp.arrays(np.int64, size, elements=st.integers(1, 9)))
            values = draw(hnp.arrays(np.float32, size, elements=VALUES, fill=st.just(np.nan)))
            arrays[name] = np.repeat(values, lengths)[:size]
    return sizes, arrays


@given(signals())
def test_values_are_read_back_by_three_readers(tmp_path_factory: pytest.TempPathFactory, signal):
    sizes, arrays = signal
    path = tmp_path_factory.mktemp("bw") / "a.bw"
    write_bigwig(path, sizes, arrays)
    with BigWigReader(path) as reader:
        assert list(reader.chrom_sizes.items()) == list(sizes.items())
        ours = {name: reader.values(name, 0, size) for name, size in sizes.items()}
    other = pybigtools.open(str(path))
    theirs = pyBigWig.open(str(path))
    assert other.chroms() == theirs.chroms() == sizes
    for name, size in sizes.items():
        expected = np.full(size, np.nan, dtype=np.float32)
        expected[: len(arrays.get(name, ()))] = arrays.get(name, ())
        np.testing.assert_array_equal(ours[name], expected)
        np.testing.assert_array_equal(theirs.values(name, 0, size, numpy=True), expected)
        np.testing.assert_array_equal(other.values(name, 0, size, fillna=None), expected)
    theirs.close()
