"""What bigWig and bigBed share: compressed blocks, the trees that find them, and the order of things in the file.

Format: Kent et al. 2010 (doi:10.1093/bioinformatics/btq351), supplement, and UCSC's bbiFile.h, bPlusTree.h, cirTree.h.
Everything is little-endian, in the order in which UCSC's own programs write it (header, zoom headers, autoSql,
total summary, extension header, chromosome tree, data, index, zooms, extra indexes, signature), because some readers
take that order for granted: @gmod/bbi 5 cannot open a file whose chromosome tree follows the data.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

from tracktools.errors import InputError

BIGWIG_MAGIC = 0x888FFC26
BIGBED_MAGIC = 0x8789F2EB
TREE_MAGIC = 0x78CA8C91  # B+ tree
INDEX_MAGIC = 0x2468ACE0  # R tree
VERSION = 4
# magic, version, zoom levels, offsets of chromosome tree, data and index, fields, standard fields, offsets of autoSql
# and total summary, largest uncompressed block, offset of extension header
HEADER = struct.Struct("<IHHQQQHHQQIQ")
ZOOM_HEADER = struct.Struct("<IIQQ")  # reduction, reserved, offsets of data and index
SUMMARY = struct.Struct("<Qdddd")  # bases covered, minimum, maximum, sum, sum of squares
EXTENSION = struct.Struct("<HHQ52x")  # its own size, number of extra indexes, offset of their list
EXTRA_INDEX = struct.Struct("<HHQ4xHH")  # type, number of fields, offset of the tree, field, reserved
TREE_HEADER = struct.Struct("<IIIIQ8x")  # magic, node size, key size, value size, number of items
INDEX_HEADER = struct.Struct("<IIQIIIIQII")  # magic, node size, number of items, bounds, end of data, items a block
NODE = struct.Struct("<BxH")  # is it a leaf, number of items

MAX_ZOOM_LEVELS = 10
_NODE_ITEMS = 256
_LEVEL = 4  # of zlib: a third faster than 6, and the files of benchmarks/writers.py are at most 1 % larger

LEAF = np.dtype(
    [("chrom", "<u4"), ("start", "<u4"), ("end_chrom", "<u4"), ("end", "<u4"), ("offset", "<u8"), ("size", "<u8")]
)
_INNER = np.dtype([("chrom", "<u4"), ("start", "<u4"), ("end_chrom", "<u4"), ("end", "<u4"), ("offset", "<u8")])


@dataclass(frozen=True)
class Summary:
    """The total summary of a bigWig, of its values, or of a bigBed, of its depth of coverage.

    Parameters
    ----------
    bases_covered : int
        Number of bases that have a value.
    minimum, maximum, total, sum_of_squares : float
        Over these bases; 0 where there are none.
    """

    bases_covered: int
    minimum: float
    maximum: float
    total: float
    sum_of_squares: float


class BlockWriter:
    """Compressed blocks in a file, and the R tree that finds them.

    Parameters
    ----------
    file : binary file
        Where blocks go, one after the other. Of each block only 32 bytes stay in memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.uncompressed_bytes = self.largest_block = 0
        self._leaves = bytearray()

    def add(self, chrom: int, start: int, end: int, block: bytes) -> tuple[int, int]:
        """Write a block of one sequence, after those before it; return its offset and its size in the file."""
        offset = self.file.tell()
        packed = zlib.compress(block, _LEVEL)
        self.file.write(packed)
        self._leaves += struct.pack("<IIIIQQ", chrom, start, chrom, end, offset, len(packed))
        self.uncompressed_bytes += len(block)
        self.largest_block = max(self.largest_block, len(block))
        return offset, len(packed)

    def leaves(self, shift: int = 0) -> npt.NDArray[np.void]:
        """Return the `LEAF` items of all blocks, their offsets moved by `shift` bytes."""
        leaves = np.frombuffer(bytes(self._leaves), dtype=LEAF).copy()
        leaves["offset"] += np.uint64(shift)
        return leaves


def r_tree(leaves: npt.NDArray[np.void], at: int) -> bytes:
    """Return the R tree (cirTree) over blocks, for the place `at` in the file, right behind the blocks."""
    node_items = int(np.clip(len(leaves), 1, _NODE_ITEMS))
    levels = [leaves]
    while len(levels[-1]) > node_items:
        levels.append(_bounds(levels[-1], node_items))
    whole = _bounds(leaves, max(len(leaves), 1))
    bounds = whole[["chrom", "start", "end_chrom", "end"]][0].tolist() if len(whole) else (0, 0, 0, 0)
    header = INDEX_HEADER.pack(INDEX_MAGIC, node_items, len(leaves), *bounds, at, 1, 0)
    return header + _nodes(levels, node_items, at + len(header))


def _bounds(items: npt.NDArray[np.void], node_items: int) -> npt.NDArray[np.void]:
    """Return an item for each node of `items`: what it spans, with its number in place of the offset."""
    firsts = np.arange(0, len(items), node_items)
    parents = np.zeros(len(firsts), dtype=_INNER)
    if len(firsts):
        ends = items["end_chrom"].astype(np.uint64) << np.uint64(32) | items["end"]
        last = np.maximum.reduceat(ends, firsts)
        parents["chrom"], parents["start"] = items["chrom"][firsts], items["start"][firsts]
        parents["end_chrom"], parents["end"] = last >> np.uint64(32), last & np.uint64(0xFFFFFFFF)
        parents["offset"] = np.arange(len(firsts))
    return parents


def b_plus_tree(keys: Sequence[bytes], values: Sequence[bytes], value_bytes: int, at: int) -> bytes:
    """Return the B+ tree that finds values by key, for the place `at` in the file.

    Parameters
    ----------
    keys : sequence of bytes
        Not empty, without NUL; equal ones keep their order.
    values : sequence of bytes
        One a key, each of `value_bytes` bytes.
    """
    key_bytes = max(map(len, keys), default=1)
    node_items = int(np.clip(len(keys), 1, _NODE_ITEMS))
    items = sorted(zip(keys, values, strict=True), key=lambda item: item[0])
    leaves = np.array(items, dtype=[("key", f"S{key_bytes}"), ("value", f"V{value_bytes}")])
    levels = [leaves]
    while len(levels[-1]) > node_items:
        firsts = levels[-1]["key"][::node_items]
        parents = np.zeros(len(firsts), dtype=[("key", f"S{key_bytes}"), ("offset", "<u8")])
        parents["key"], parents["offset"] = firsts, np.arange(len(firsts))
        levels.append(parents)
    header = TREE_HEADER.pack(TREE_MAGIC, node_items, key_bytes, value_bytes, len(keys))
    return header + _nodes(levels, node_items, at + len(header))


def _nodes(levels: list[npt.NDArray[np.void]], node_items: int, at: int) -> bytes:
    """Pack a tree, root first; `levels` start at the leaves, and parents hold the number of their child node."""
    sizes = [NODE.size + node_items * level.dtype.itemsize for level in levels]
    counts = [max(-(-len(level) // node_items), 1) for level in levels]
    parts = []
    for height in reversed(range(len(levels))):
        level, width = levels[height], levels[height].dtype.itemsize
        at += counts[height] * sizes[height]
        if height:
            level = level.copy()
            level["offset"] = level["offset"] * np.uint64(sizes[height - 1]) + np.uint64(at)
        items = level.tobytes()
        for first in range(0, counts[height] * node_items * width, node_items * width):
            node = items[first : first + node_items * width]
            parts.append(NODE.pack(height == 0, len(node) // width) + node.ljust(node_items * width, b"\0"))
    return b"".join(parts)


class BbiWriter:
    """The frame of a bigWig or bigBed: what comes before the data, and what follows them.

    Parameters
    ----------
    file : binary file
        Open for writing, at its start.
    magic : int
        `BIGWIG_MAGIC` or `BIGBED_MAGIC`.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp]; their order is the order of the data.
    autosql : str
        Schema of a bigBed.
    fields, defined_fields : int
        Number of columns of a bigBed, and of those that are standard.
    n_extra_indexes : int
        How many extra indexes `finish` will be given.

    Raises
    ------
    InputError
        If there is no sequence, or one has a length that the format cannot hold.
    """

    def __init__(
        self,
        file: IO[bytes],
        magic: int,
        chrom_sizes: Mapping[str, int],
        *,
        autosql: str = "",
        fields: int = 0,
        defined_fields: int = 0,
        n_extra_indexes: int = 0,
    ) -> None:
        check_chrom_sizes(chrom_sizes)
        self.file, self._magic, self._fields = file, magic, (fields, defined_fields)
        file.write(bytes(HEADER.size + MAX_ZOOM_LEVELS * ZOOM_HEADER.size))
        self._autosql_offset = file.tell() if autosql else 0
        file.write(autosql.encode() + b"\0" if autosql else b"")
        self._summary_offset = file.tell()
        file.write(bytes(SUMMARY.size))
        self._extension_offset = file.tell() if n_extra_indexes else 0
        file.write(bytes(EXTENSION.size + n_extra_indexes * EXTRA_INDEX.size) if n_extra_indexes else b"")
        self._tree_offset = file.tell()
        names = [name.encode() for name in chrom_sizes]
        identities = [struct.pack("<II", number, size) for number, size in enumerate(chrom_sizes.values())]
        file.write(b_plus_tree(names, identities, 8, self._tree_offset))
        self._data_offset = file.tell()
        file.write(bytes(8))
        self.blocks = BlockWriter(file)
        self._zoom_headers: list[tuple[int, int, int, int]] = []
        self._largest_block = 0

    def finish_data(self) -> None:
        """Write the index of the blocks; no block can follow."""
        self._index_offset = self.file.tell()
        self.file.write(r_tree(self.blocks.leaves(), self._index_offset))
        self._largest_block = self.blocks.largest_block

    def add_zoom(self, reduction: int, n_records: int, spool: BlockWriter) -> None:
        """Copy a zoom level, whose blocks are in a file of their own, behind what has been written."""
        data_offset = self.file.tell()
        self.file.write(struct.pack("<I", n_records))
        spool.file.seek(0)
        while piece := spool.file.read(1 << 20):
            self.file.write(piece)
        index_offset = self.file.tell()
        self.file.write(r_tree(spool.leaves(data_offset + 4), index_offset))
        self._zoom_headers.append((reduction, 0, data_offset, index_offset))
        self._largest_block = max(self._largest_block, spool.largest_block)

    def finish(
        self, n_items: int, summary: Summary, extra_indexes: Sequence[tuple[int, Sequence[bytes], Sequence[bytes]]] = ()
    ) -> None:
        """Write the extra indexes (field, keys, offset and size of blocks), the signature and all headers."""
        index_list = []
        for field, keys, places in extra_indexes:
            at = self.file.tell()
            self.file.write(b_plus_tree(keys, places, 16, at))
            index_list.append(EXTRA_INDEX.pack(0, 1, at, field, 0))
        self.file.write(struct.pack("<I", self._magic))
        header = HEADER.pack(
            self._magic,
            VERSION,
            len(self._zoom_headers),
            self._tree_offset,
            self._data_offset,
            self._index_offset,
            *self._fields,
            self._autosql_offset,
            self._summary_offset,
            self._largest_block,
            self._extension_offset,
        )
        self._write_at(0, header + b"".join(ZOOM_HEADER.pack(*zoom) for zoom in self._zoom_headers))
        values = (summary.minimum, summary.maximum, summary.total, summary.sum_of_squares)
        self._write_at(self._summary_offset, SUMMARY.pack(summary.bases_covered, *values))
        if index_list:
            start = self._extension_offset + EXTENSION.size
            extension = EXTENSION.pack(EXTENSION.size, len(index_list), start)
            self._write_at(self._extension_offset, extension + b"".join(index_list))
        self._write_at(self._data_offset, struct.pack("<Q", n_items))

    def _write_at(self, offset: int, data: bytes) -> None:
        self.file.seek(offset)
        self.file.write(data)


def check_chrom_sizes(chrom_sizes: Mapping[str, int]) -> None:
    """Raise `InputError` where the names or lengths of sequences do not fit into a bigWig or bigBed."""
    if not chrom_sizes:
        raise InputError("a genome without sequences", hint="give the name and length of one at least")
    for name, size in chrom_sizes.items():
        if not name or "\0" in name:
            raise InputError(f"{name!r} is no name of a sequence", hint="rename it")
        if not 0 < size < 2**31:  # the format has 32 bits, but pyBigWig and UCSC's programs read signed numbers
            raise InputError(f"sequence {name!r} has a length of {size} bp", hint="1 to 2147483647 can be written")
