from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import py2bit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import InputError, OutputError
from tracktools.formats.twobit import is_twobit, read_twobit, read_twobit_sizes, write_twobit

SEQUENCES = st.dictionaries(
    st.text("abcXYZ019_.|-", min_size=1, max_size=30),
    st.text("ACGTNacgtn", min_size=1, max_size=120),
    min_size=1,
    max_size=4,
)


def as_arrays(sequences: dict[str, str]) -> list[tuple[str, np.ndarray]]:
    return [(name, np.frombuffer(letters.encode(), dtype=np.uint8)) for name, letters in sequences.items()]


def contents(path: Path) -> dict[str, str]:
    return {name: letters.tobytes().decode() for name, letters in read_twobit(path)}


@given(SEQUENCES)
def test_letters_and_case_are_read_back(tmp_path_factory: pytest.TempPathFactory, sequences: dict[str, str]):
    path = tmp_path_factory.mktemp("2bit") / "a.2bit"
    write_twobit(path, as_arrays(sequences))
    assert is_twobit(path)
    assert contents(path) == sequences
    assert list(contents(path)) == list(sequences)
    other = py2bit.open(str(path), True)
    assert other.chroms() == {name: len(letters) for name, letters in sequences.items()}
    for name, letters in sequences.items():
        assert other.sequence(name) == letters.replace("n", "N")  # py2bit masks no N
    other.close()


def test_other_iupac_letters_become_n(tmp_path: Path):
    write_twobit(tmp_path / "a.2bit", as_arrays({"c": "ACRYgtkmNNbA"}))
    assert contents(tmp_path / "a.2bit") == {"c": "ACNNgtnnNNnA"}


def test_bytes_are_those_of_the_format(tmp_path: Path):
    write_twobit(tmp_path / "a.2bit", as_arrays({"c": "TCAGNacA"}))
    header = struct.pack("<IIII", 0x1A412743, 0, 1, 0) + b"\x01c" + struct.pack("<I", 22)
    blocks = struct.pack("<IIIIIIII", 8, 1, 4, 1, 1, 5, 2, 0)
    assert (tmp_path / "a.2bit").read_bytes() == header + blocks + bytes([0b00_01_10_11, 0b00_10_01_10])


def test_files_of_big_endian_machines_are_read(tmp_path: Path):
    record = struct.pack(">IIIIIII", 5, 1, 3, 1, 0, 0, 0)[:-4] + bytes([0b00_01_10_00, 0b11_000000])
    header = struct.pack(">IIII", 0x1A412743, 0, 1, 0) + b"\x01c" + struct.pack(">I", 22)
    (tmp_path / "a.2bit").write_bytes(header + record)
    assert contents(tmp_path / "a.2bit") == {"c": "TCANG"}


@pytest.mark.parametrize("size", [3, 10, 17, 20, 30, 60])
def test_files_cut_short_are_refused(tmp_path: Path, size: int):
    path = tmp_path / "a.2bit"
    write_twobit(path, as_arrays({"c": "ACGTNNacgt" * 20}))
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match=r"a\.2bit: is damaged"):
        contents(path)


def test_what_is_no_2bit(tmp_path: Path):
    (tmp_path / "a.fa").write_text(">c\nACGT" * 9)
    assert not is_twobit(tmp_path / "a.fa")
    assert not is_twobit(tmp_path / "none.2bit")
    with pytest.raises(InputError, match="is not a 2bit file"):
        contents(tmp_path / "a.fa")
    with pytest.raises(InputError, match="no such file"):
        contents(tmp_path / "none.2bit")


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path):
    with pytest.raises(InputError, match="has 256 bytes"):
        write_twobit(tmp_path / "a.2bit", as_arrays({"a" * 255: "A", "b" * 256: "A"}))
    with pytest.raises(OutputError, match="its folder does not exist"):
        write_twobit(tmp_path / "none" / "a.2bit", as_arrays({"a": "A"}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [4, 10, 16, 20, 30, 45])
def test_a_file_cut_short_says_so(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.2bit"
    write_twobit(path, as_arrays({"chrA": "ACGTN" * 30}))
    path.write_bytes(path.read_bytes()[:length])
    for read in (contents, read_twobit_sizes) if length < 30 else (contents,):  # sizes come before the bases
        with pytest.raises(InputError, match=r"a.2bit: is damaged or cut short \(copy or download it again\)"):
            read(path)


def test_lengths_are_refused_of_a_file_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "a.2bit"
    write_twobit(path, as_arrays({"one": "NNacgtACGT", "two": "ACGTACGTACGTA"}))
    data = path.read_bytes()
    assert read_twobit_sizes(path) == {"one": 10, "two": 13}
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(InputError):
            read_twobit_sizes(path)
