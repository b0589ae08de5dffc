from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import InputError
from tracktools.formats.bedgraph import read_bedgraph


def write(folder: Path, text: str) -> Path:
    path = folder / "a.bedgraph"
    path.write_text(text)
    return path


def test_lines_that_are_not_values_are_passed_over(tmp_path: Path) -> None:
    text = "track type=bedGraph\nbrowser position c:1-9\n# x\n\nd\t4\t6\t-1.5e1\r\nc 0 1 2\nd\t1\t2\t3"
    steps = read_bedgraph(write(tmp_path, text))
    assert list(steps) == ["d", "c"]
    assert steps["d"].starts.tolist() == [1, 4]
    assert steps["d"].ends.tolist() == [2, 6]
    assert steps["d"].values.tolist() == [3.0, -15.0]


def test_gzip_is_known_by_content(tmp_path: Path) -> None:
    path = tmp_path / "plain_name"
    path.write_bytes(gzip.compress(b"c\t0\t1\t2\n"))
    assert read_bedgraph(path)["c"].values.tolist() == [2.0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=12), st.data())
def test_dense_equals_brute_force(pieces: list[tuple[int, int, int]], data: st.DataObject) -> None:
    expected, lines, position = np.full(150, np.nan), [], 0
    for gap, length, value in pieces:
        start, position = position + gap, position + gap + length
        expected[start:position] = value
        lines.append(f"c\t{start}\t{position}\t{value}\n")
    shuffled = data.draw(st.permutations(lines))
    low, high = sorted((data.draw(st.integers(0, 150)), data.draw(st.integers(0, 150))))
    with tempfile.TemporaryDirectory() as folder:
        dense = read_bedgraph(write(Path(folder), "".join(shuffled)))["c"].dense(low, high)
    np.testing.assert_array_equal(dense, expected[low:high])


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("c\t0\t1\n", 1, "has 3 columns"),
        ("c\t0\t1\t2\t+\n", 1, "has 5 columns"),
        ("c 0 1 2\nc\t1\t2.5\t3\n", 2, "'1 2.5 3' are not start, end and value"),
        ("c\t1\t2\tx\n", 1, "'1 2 x' are not start, end and value"),
        ("c\t2\t2\t1\n", 1, "goes from 2 to 2"),
        ("c\t-1\t2\t1\n", 1, "goes from -1 to 2"),
        ("c\t1\t2\tnan\n", 1, "the value is nan"),
        ("c\t1\t2\tinf\n", 1, "the value is inf"),
        ("c 5 9 1\nd 0 1 1\nc 1 6 1\n", 1, "c:5-9 overlaps line 3"),
    ],
)
def test_an_error_is_one_line_with_file_and_line(tmp_path: Path, text: str, line: int, part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_bedgraph(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert part in str(caught.value)


def test_an_empty_or_cut_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contains no values"):
        read_bedgraph(write(tmp_path, "track type=bedGraph\n"))
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"c\t0\t1\t2\n" * 999)[:-12])
    with pytest.raises(InputError, match="is damaged"):
        read_bedgraph(path)


def test_a_binary_file_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.bw"
    path.write_bytes(bytes.fromhex("26fc8f880400") + bytes(50) + b"\n1 2 3\n")
    with pytest.raises(InputError, match=r"a.bw:1: is not text but binary \(bedGraph is needed"):
        read_bedgraph(path)
