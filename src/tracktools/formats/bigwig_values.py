"""Values of a bigWig, read with every offset and count checked: a damaged file is an error, whatever is wrong with it.

libBigWig, which pyBigWig wraps, trusts what a file says of itself, and ends the process where that is wrong.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float32
from tracktools.formats import bbi
from tracktools.formats.bbi_read import BbiHeader
from tracktools.formats.bigwig_sections import BED_GRAPH, FIXED_STEP, GRAPH_ITEM, SECTION, VARIABLE_ITEM, VARIABLE_STEP

_MOST_BLOCK_BYTES = 1 << 26  # of a block, unpacked; writers put 1,024 items into one, which is 12 kB
_LEAF = np.dtype(
    [("chrom", "<u4"), ("start", "<u4"), ("last_chrom", "<u4"), ("end", "<u4"), ("offset", "<u8"), ("size", "<u8")]
)
_INNER_BYTES = 24
_FIXED_ITEM = np.dtype("<f4")
_ITEMS = {BED_GRAPH: GRAPH_ITEM, VARIABLE_STEP: VARIABLE_ITEM, FIXED_STEP: _FIXED_ITEM}


class BlockValues:
    """The blocks of a bigWig, found by its index.

    Parameters
    ----------
    file : BinaryIO
        The file, which stays open.
    header : BbiHeader
        Its header.

    Raises
    ------
    ValueError, struct.error
        If the index is damaged.
    """

    def __init__(self, file: BinaryIO, header: BbiHeader) -> None:
        self._file, self._packed = file, header.block_bytes > 0
        self._end = file.seek(0, 2)
        leaves = list(_leaves(file, header.index_offset))
        self._blocks = np.concatenate(leaves) if leaves else np.zeros(0, _LEAF)
        ends = (
            self._blocks["offset"].astype(np.float64) + self._blocks["size"]
        )  # of hostile numbers, no 64 bits hold it
        if (ends > self._end).any():
            raise ValueError("a block lies past the end of the file")

    def read(self, chrom: int, start: int, end: int) -> Float32:
        """Return the values of bases of a sequence, by its number; NaN where there is none.

        Raises
        ------
        ValueError, struct.error, zlib.error
            If a block is damaged.
        """
        values = np.full(end - start, np.nan, dtype=np.float32)
        blocks = self._blocks
        before = (blocks["chrom"] < chrom) | ((blocks["chrom"] == chrom) & (blocks["start"] < end))
        after = (blocks["last_chrom"] > chrom) | ((blocks["last_chrom"] == chrom) & (blocks["end"] > start))
        for block in blocks[before & after]:
            self._add(self._section(int(block["offset"]), int(block["size"])), chrom, start, values)
        return values

    def _section(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        data = self._file.read(size)
        if not self._packed:
            return data
        unpacker = zlib.decompressobj()
        section = unpacker.decompress(data, _MOST_BLOCK_BYTES)
        if not unpacker.eof:
            raise ValueError("a block is cut short, or larger than any")
        return section

    def _add(self, section: bytes, chrom: int, start: int, values: Float32) -> None:
        """Put the values of a section into those that begin at `start`."""
        number, first, _, step, span, kind, count = SECTION.unpack_from(section)
        if kind not in _ITEMS:
            raise ValueError(f"a block of the kind {kind}")
        items = np.frombuffer(section, _ITEMS[kind], count, SECTION.size)
        if number != chrom or not count:
            return
        if kind == BED_GRAPH:
            starts, ends, found = items["start"].astype(np.int64), items["end"].astype(np.int64), items["value"]
        else:
            fixed = kind == FIXED_STEP
            starts = first + step * np.arange(count, dtype=np.int64) if fixed else items["start"].astype(np.int64)
            ends, found = starts + span, items if fixed else items["value"]
        starts, ends = starts - start, ends - start
        here = (starts < len(values)) & (ends > 0)
        starts, ends, found = np.maximum(starts[here], 0), np.minimum(ends[here], len(values)), found[here]
        lengths = np.maximum(ends - starts, 0)
        if not len(lengths):
            return
        if (lengths == 1).all():
            values[starts] = found
        elif (starts[1:] >= ends[:-1]).all():
            at = np.repeat(starts - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths) + np.arange(lengths.sum())
            values[at] = np.repeat(found, lengths)
        else:  # items that overlap, as no writer makes them: the last one counts
            for one, other, value in zip(starts, ends, found, strict=True):
                values[one:other] = value


def _leaves(file: BinaryIO, index_offset: int) -> list[npt.NDArray[np.void]]:
    """Return the items of the leaves of an R tree, in order; no node is read twice, however a tree goes round."""
    leaves: list[npt.NDArray[np.void]] = []
    file.seek(index_offset)
    (magic,) = struct.unpack("<I", file.read(4))
    if magic != bbi.INDEX_MAGIC:
        raise ValueError("no index where the header says")
    waiting, seen = [index_offset + bbi.INDEX_HEADER.size], set[int]()
    while waiting:
        offset = waiting.pop()
        if offset in seen:
            raise ValueError("the index goes round in a circle")
        seen.add(offset)
        file.seek(offset)
        is_leaf, n_items = bbi.NODE.unpack(file.read(bbi.NODE.size))
        size = n_items * (_LEAF.itemsize if is_leaf else _INNER_BYTES)
        items = file.read(size)
        if len(items) < size:
            raise ValueError("the index is cut short")
        if is_leaf:
            leaves.append(np.frombuffer(items, _LEAF))
        else:
            waiting += [place[0] for place in struct.iter_unpack("<16xQ", items)][::-1]
    return leaves
