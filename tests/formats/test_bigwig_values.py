"""Values of bigWigs of any writer, against pyBigWig and pybigtools; damaged files never end the process."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from tracktools.errors import InputError
from tracktools.formats.bigwig import BigWigReader, write_bigwig

SIZES = {"a": 5003, "b": 70, "c": 300_007}


def by_libbigwig(path: Path) -> None:
    """Write bedGraph, variableStep and fixedStep sections, with spans and gaps, by another program."""
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(SIZES.items()))
        file.addEntries(["a", "a"], [3, 40], ends=[10, 41], values=[1.5, -2.0])
        file.addEntries("a", [100, 200, 5000], values=[1.0, 2.0, 3.0], span=3)
        file.addEntries("c", 17, values=[float(n) for n in range(9000)], span=7, step=30)


@pytest.mark.parametrize("window", [1, 29, 3000, 300_007])
def test_each_kind_of_section_reads_as_by_libbigwig(tmp_path: Path, window: int) -> None:
    path = tmp_path / "a.bw"
    by_libbigwig(path)
    starts = random.Random(1)
    with BigWigReader(path) as ours, pyBigWig.open(str(path)) as theirs:
        assert ours.chrom_sizes == theirs.chroms()
        for name, size in SIZES.items():
            for _ in range(40):
                start = starts.randrange(size)
                end = min(size, start + window)
                np.testing.assert_array_equal(
                    ours.values(name, start, end), theirs.values(name, start, end, numpy=True)
                )
            whole = theirs.values(name, 0, size, numpy=True)
            np.testing.assert_array_equal(ours.values(name, 0, size), whole)


def test_a_damaged_file_is_an_error_or_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.bw"
    values = np.random.default_rng(1).random(5003).astype(np.float32)
    write_bigwig(path, {"a": 5003}, {"a": values})
    whole, rng = path.read_bytes(), random.Random(2)
    refused = 0
    for _ in range(600):
        changed = bytearray(whole)
        for _ in range(rng.choice([1, 3])):
            at = rng.randrange(len(changed))
            changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", rng.randbytes(4)])
        path.write_bytes(bytes(changed))
        try:
            with BigWigReader(path) as reader:
                for name, size in reader.chrom_sizes.items():
                    found = reader.values(name, 0, min(size, 10_000))
                    assert found.shape == (min(size, 10_000),)
        except InputError as error:
            assert "a.bw: is " in str(error)  # noqa: PT017
            refused += 1
    assert refused > 200


def test_an_index_that_goes_round_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.bw"
    write_bigwig(path, {"a": 900_001}, {"a": np.random.default_rng(1).random(900_001).astype(np.float32)})
    data = bytearray(path.read_bytes())
    index = int.from_bytes(data[24:32], "little")
    root = index + 48
    assert data[root] == 0  # not a leaf
    data[root + 4 + 16 : root + 4 + 24] = root.to_bytes(8, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"a.bw: is damaged"):
        BigWigReader(path)
