"""2bit files: genomes as UCSC and IGV read them, written and read without any UCSC program.

Format: https://genome.ucsc.edu/FAQ/FAQformat.html#format7. Four bases a byte, T 0, C 1, A 2, G 3, the first base in the
highest bits; runs of N and of lower case are lists of blocks. Other IUPAC letters become N: the format has no place for
them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Bool, Int64, Letters
from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.input_file import open_bytes

LONGEST_NAME_BYTES = 255
_MAGIC = 0x1A412743
_LETTERS = np.frombuffer(b"TCAG", dtype=np.uint8)
_FOUR_LETTERS = _LETTERS[np.arange(256)[:, None] >> np.array([6, 4, 2, 0]) & 3]  # (256, 4): of each byte
_CODE_OF_LETTER = np.zeros(256, dtype=np.uint8)
for _code, _letter in enumerate(b"TCAG"):
    _CODE_OF_LETTER[[_letter, _letter + 32]] = _code
_IS_BASE = np.zeros(256, dtype=bool)
_IS_BASE[list(b"ACGTacgt")] = True
_HEADER = struct.Struct("<IIII")  # magic, version, number of sequences, reserved


def write_twobit(path: Path, sequences: Iterable[tuple[str, Letters]]) -> None:
    """Write sequences as 2bit; soft-masking is kept, byte for byte what UCSC's faToTwoBit writes.

    Parameters
    ----------
    path : Path
        File to write; it appears complete or not at all.
    sequences : iterable of (name, letters)
        Names (up to 255 bytes) and ASCII codes, shape (length,).

    Raises
    ------
    InputError
        If a name is longer than the format can hold.
    """
    records = []
    for name, letters in sequences:
        encoded = name.encode()
        if len(encoded) > LONGEST_NAME_BYTES:
            raise InputError(
                f"the contig name {name[:40]!r}… has {len(encoded)} bytes", path=path, hint="2bit allows 255: rename it"
            )
        records.append((encoded, _record(letters)))
    offset = _HEADER.size + sum(1 + len(encoded) + 4 for encoded, _ in records)
    with atomic_file(path) as partial, partial.open("wb") as file:
        file.write(_HEADER.pack(_MAGIC, 0, len(records), 0))
        for encoded, record in records:
            file.write(bytes([len(encoded)]) + encoded + struct.pack("<I", offset))
            offset += len(record)
        for _, record in records:
            file.write(record)


def _record(letters: Letters) -> bytes:
    codes = np.zeros(-(-len(letters) // 4) * 4, dtype=np.uint8)
    codes[: len(letters)] = _CODE_OF_LETTER[letters]
    quads = codes.reshape(-1, 4)
    packed = quads[:, 0] << 6 | quads[:, 1] << 4 | quads[:, 2] << 2 | quads[:, 3]
    unknown, masked = _blocks(~_IS_BASE[letters]), _blocks(letters >= ord("a"))
    return struct.pack("<I", len(letters)) + unknown + masked + struct.pack("<I", 0) + packed.tobytes()


def _blocks(mask: Bool) -> bytes:
    edges: Int64 = np.flatnonzero(np.diff(np.concatenate(([0], mask.view(np.int8), [0]))))
    starts, sizes = edges[::2].astype("<u4"), np.diff(edges)[::2].astype("<u4")
    return struct.pack("<I", len(starts)) + starts.tobytes() + sizes.tobytes()


def is_twobit(path: Path) -> bool:
    """Return whether a file starts with the magic number of 2bit."""
    try:
        with open_bytes(path) as file:
            return file.read(4) in (struct.pack("<I", _MAGIC), struct.pack(">I", _MAGIC))
    except InputError:
        return False


def read_twobit_sizes(path: Path) -> dict[str, int]:
    """Return the length of each sequence of a 2bit file [bp], without reading the sequences.

    Raises
    ------
    InputError
        If the file is missing, not 2bit of version 0, or cut short.
    """
    sizes = {}
    try:
        with open_bytes(path) as file:
            start = file.read(_HEADER.size)
            order = "<" if start[:4] == struct.pack("<I", _MAGIC) else ">"
            magic, version, count, _ = struct.unpack(order + "IIII", start)
            if magic != _MAGIC or version != 0:
                raise InputError("is not a 2bit file of version 0", path=path)
            offsets = {}
            for _ in range(count):
                name = file.read(file.read(1)[0]).decode()
                (offsets[name],) = struct.unpack(order + "I", file.read(4))
            end = file.seek(0, 2)
            for name, offset in offsets.items():
                sizes[name], last = _read_extent(file, offset, order)
                if last > end:
                    raise ValueError(f"{name} ends after the file")
    except (struct.error, IndexError, ValueError):
        raise InputError("is damaged or cut short", path=path, hint="copy or download it again") from None
    return sizes


def _read_extent(file: IO[bytes], offset: int, order: str) -> tuple[int, int]:
    """Return the length of the sequence at an offset [bp], and the offset of the byte after it."""

    def read_integer(at: int) -> int:
        file.seek(at)
        return int(struct.unpack(order + "I", file.read(4))[0])

    length = read_integer(offset)
    offset += 4
    for _ in ("N", "lower case"):
        offset += 4 + 8 * read_integer(offset)
    return length, offset + 4 + -(-length // 4)


def read_twobit(path: Path) -> Iterator[tuple[str, Letters]]:
    """Yield name and letters (ASCII codes, soft-masking kept) of each sequence of a 2bit file.

    Raises
    ------
    InputError
        If the file is missing, not 2bit, of a version that is not 0, or cut short.
    """
    with open_bytes(path) as file:
        data = file.read()
    order = "<" if data[:4] == struct.pack("<I", _MAGIC) else ">"
    try:
        magic, version, count, _ = struct.unpack_from(order + "IIII", data)
        if magic != _MAGIC or version != 0:
            raise InputError("is not a 2bit file of version 0", path=path)
        position = _HEADER.size
        for _ in range(count):
            size = data[position]
            name = data[position + 1 : position + 1 + size].decode()
            (offset,) = struct.unpack_from(order + "I", data, position + 1 + size)
            position += 1 + size + 4
            yield name, _read_record(data, offset, order)
    except (struct.error, IndexError, ValueError):
        raise InputError("is damaged or cut short", path=path, hint="copy or download it again") from None


def _read_record(data: bytes, offset: int, order: str) -> Letters:
    integers = np.dtype(order + "u4")

    def read_integers(count: int) -> npt.NDArray[np.uint32]:
        nonlocal offset
        values = np.frombuffer(data, dtype=integers, count=count, offset=offset)
        offset += 4 * count
        return values.astype(np.uint32)

    length = int(read_integers(1)[0])
    blocks = []
    for _ in ("N", "lower case"):
        count = int(read_integers(1)[0])
        blocks.append((read_integers(count), read_integers(count)))
    read_integers(1)
    packed = np.frombuffer(data, dtype=np.uint8, count=-(-length // 4), offset=offset)
    letters: Letters = _FOUR_LETTERS[packed].reshape(-1)[:length]
    for start, size in zip(*blocks[0], strict=True):
        letters[start : start + size] = ord("N")
    for start, size in zip(*blocks[1], strict=True):
        letters[start : start + size] += 32
    return letters
