"""A reader of bigWig and bigBed for the tests, straight from the published format, sharing nothing with the package."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path


class Trees:
    """The R trees and B+ trees in some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def leaves(self, tree: int) -> list[tuple[int, ...]]:
        """All leaf items of an R tree (chrom, start, chrom, end, offset, size), checking bounds on the way down."""
        magic, node_items, count, chrom0, start, chrom1, end, _, _, _ = struct.unpack_from(
            "<IIQIIIIQII", self.data, tree
        )
        assert magic == 0x2468ACE0
        found = list(self._descend(tree + 48, node_items, ((chrom0, start), (chrom1, end)) if count else None))
        assert len(found) == count
        assert found == sorted(found)
        return found

    def _descend(self, node: int, node_items: int, bounds: tuple[tuple[int, int], tuple[int, int]] | None):
        is_leaf, count = struct.unpack_from("<BxH", self.data, node)
        assert count <= node_items
        width, items = (32, "<IIIIQQ") if is_leaf else (24, "<IIIIQ")
        for number in range(count):
            item = struct.unpack_from(items, self.data, node + 4 + width * number)
            assert bounds is not None
            assert bounds[0] <= item[:2] <= item[2:4] <= bounds[1]
            if is_leaf:
                yield item
            else:
                yield from self._descend(item[4], node_items, (item[:2], item[2:4]))

    def find(self, tree: int, key: bytes) -> list[bytes]:
        """Values of a key in a B+ tree, found as UCSC's bptFileFindMultiple does: by comparing, from the root."""
        magic, node_items, key_size, value_size, _ = struct.unpack_from("<IIIIQ", self.data, tree)
        assert magic == 0x78CA8C91
        if len(key) > key_size:
            return []
        return self._find(tree + 32, node_items, key.ljust(key_size, b"\0"), value_size)

    def _find(self, node: int, node_items: int, key: bytes, value_size: int) -> list[bytes]:
        is_leaf, count = struct.unpack_from("<BxH", self.data, node)
        assert count <= node_items
        width = len(key) + (value_size if is_leaf else 8)
        rows = [self.data[node + 4 + width * number :][:width] for number in range(count)]
        keys = [row[: len(key)] for row in rows]
        assert keys == sorted(keys)
        if is_leaf:
            return [row[len(key) :] for row in rows if row.startswith(key)]
        found = []
        for number, row in enumerate(rows):
            may_start_before = number + 1 == count or keys[number + 1] >= key
            if keys[number] <= key and may_start_before:
                found += self._find(struct.unpack("<Q", row[len(key) :])[0], node_items, key, value_size)
        return found


class Walk(Trees):
    """The bytes of a file, and ways through them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes())
        words = struct.unpack_from("<IHHQQQHHQQIQ", self.data)
        self.n_zooms, self.tree, self.start_of_data, self.index = words[2:6]
        self.fields, self.defined_fields, self.autosql_offset, summary, self.buffer, self.extension = words[6:]
        self.summary = struct.unpack_from("<Qdddd", self.data, summary)
        self.item_count = struct.unpack_from("<Q", self.data, self.start_of_data)[0]
        self.zooms = [struct.unpack_from("<IIQQ", self.data, 64 + 24 * level) for level in range(self.n_zooms)]

    def autosql(self) -> str:
        return self.data[self.autosql_offset : self.data.index(b"\0", self.autosql_offset)].decode()

    def blocks(self, tree: int) -> Iterator[tuple[tuple[int, ...], bytes]]:
        for leaf in self.leaves(tree):
            block = zlib.decompress(self.data[leaf[4] : leaf[4] + leaf[5]])
            assert len(block) <= self.buffer
            yield leaf, block

    def zoom_records(self, level: int) -> list[tuple[int, int, int, int, float, float, float, float]]:
        """All records (chrom, start, end, count, min, max, sum, squares) of a zoom level, in file order."""
        _, _, data, index = self.zooms[level]
        records = []
        for leaf, block in self.blocks(index):
            mine = list(struct.iter_unpack("<IIIIffff", block))
            assert (leaf[0], leaf[1]) == mine[0][:2]
            assert (leaf[2], leaf[3]) == (mine[-1][0], mine[-1][2])
            records += mine
        assert struct.unpack_from("<I", self.data, data)[0] == len(records)
        return records

    def chrom(self, name: str) -> tuple[int, int]:
        """Number and length of a sequence."""
        (value,) = self.find(self.tree, name.encode())
        return struct.unpack("<II", value)

    def blocks_named(self, index: int, name: str) -> list[list[str]]:
        """The items of each block that an extra index of a bigBed finds, as the text behind start and end."""
        tree, _ = self._extra_index(index)
        blocks = []
        for place in sorted(set(self.find(tree, name.encode()))):
            offset, size = struct.unpack("<QQ", place)
            block = zlib.decompress(self.data[offset : offset + size])
            position, texts = 0, []
            while position < len(block):
                stop = block.index(b"\0", position + 12)
                texts.append(block[position + 12 : stop].decode())
                position = stop + 1
            blocks.append(texts)
        return blocks

    def items_named(self, index: int, name: str) -> list[str]:
        """The text behind start and end of the items that an extra index of a bigBed finds."""
        _, field = self._extra_index(index)
        texts = [text for block in self.blocks_named(index, name) for text in block]
        return [text for text in texts if text.split("\t")[field - 3] == name]

    def _extra_index(self, index: int) -> tuple[int, int]:
        """Where the tree of an extra index is, and the number of its column."""
        _, count, list_offset = struct.unpack_from("<HHQ", self.data, self.extension)
        assert index < count
        _, n_fields, tree, field, _ = struct.unpack_from("<HHQ4xHH", self.data, list_offset + 20 * index)
        assert n_fields == 1
        return tree, field
