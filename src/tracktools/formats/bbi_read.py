"""Reading what bigWig and bigBed share: header, sequences, blocks. Checks before any C library touches the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tracktools.errors import InputError
from tracktools.formats import bbi
from tracktools.formats.input_file import open_seekable

_KINDS = {bbi.BIGWIG_MAGIC: "bigWig", bbi.BIGBED_MAGIC: "bigBed"}


@dataclass(frozen=True)
class BbiHeader:
    """What the header of a bigWig or bigBed says; offsets in bytes from the start of the file."""

    version: int
    tree_offset: int
    data_offset: int
    index_offset: int
    fields: int
    defined_fields: int
    autosql: str
    summary: bbi.Summary | None
    block_bytes: int
    zooms: tuple[tuple[int, int, int], ...]  # reduction, offset of the data, offset of the index
    extension_offset: int


def read_header(path: Path, magic: int) -> BbiHeader:
    """Read and check the header of a bigWig or bigBed.

    Parameters
    ----------
    path : Path
        The file.
    magic : int
        `BIGWIG_MAGIC` or `BIGBED_MAGIC`: what it must be.

    Raises
    ------
    InputError
        If the file is missing, not of this kind, or cut short.
    """
    try:
        with open_seekable(path) as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _read_header(file, size, magic, path)
    except (struct.error, ValueError, OverflowError):
        raise InputError("is cut short or damaged", path=path, hint="copy or make it again") from None


def _read_header(file: IO[bytes], size: int, magic: int, path: Path) -> BbiHeader:
    start = file.read(bbi.HEADER.size)
    found = {order: struct.unpack(order + "I", start[:4])[0] for order in "<>"} if len(start) >= 4 else {"<": 0, ">": 0}
    if found["<"] != magic:
        other = _KINDS.get(found["<"])
        problem = f"is no {_KINDS[magic]}" + (f" but a {other}" if other else "")
        big_endian = "it is big-endian: write it again on a current machine" if found[">"] == magic else None
        raise InputError(problem, path=path, hint=big_endian or f"a {_KINDS[magic]} file is needed")
    damaged = InputError("is cut short or damaged", path=path, hint="copy or make it again")
    if len(start) < bbi.HEADER.size:
        raise damaged
    _, version, n_zooms, tree, data, index, fields, defined, autosql, summary, block, extension = bbi.HEADER.unpack(
        start
    )
    zooms = [file.read(bbi.ZOOM_HEADER.size) for _ in range(n_zooms)]
    if any(len(zoom) < bbi.ZOOM_HEADER.size for zoom in zooms):
        raise damaged
    levels = tuple((zoom[0], zoom[2], zoom[3]) for zoom in map(bbi.ZOOM_HEADER.unpack, zooms))
    offsets = [tree, data, index, autosql, summary, extension, *(level[2] for level in levels)]
    if max(offsets) >= size or (version >= 4 and _read_at(file, size - 4, 4) != start[:4]):
        raise damaged
    return BbiHeader(
        version=version,
        tree_offset=tree,
        data_offset=data,
        index_offset=index,
        fields=fields,
        defined_fields=defined,
        autosql=_read_text(file, autosql) if autosql else "",
        summary=bbi.Summary(*bbi.SUMMARY.unpack(_read_at(file, summary, bbi.SUMMARY.size))) if summary else None,
        block_bytes=block,
        zooms=levels,
        extension_offset=extension,
    )


def _read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _read_text(file: IO[bytes], offset: int) -> str:
    file.seek(offset)
    text = b""
    while b"\0" not in text and (piece := file.read(4096)):
        text += piece
    return text.partition(b"\0")[0].decode(errors="replace")


def read_chroms(file: IO[bytes], header: BbiHeader) -> dict[str, tuple[int, int]]:
    """Return number and length [bp] of each sequence, by name, in the order of the numbers.

    Raises
    ------
    ValueError, struct.error
        If the tree is damaged.
    """
    start = _read_at(file, header.tree_offset, bbi.TREE_HEADER.size)
    magic, _, key_bytes, value_bytes, _ = bbi.TREE_HEADER.unpack(start)
    if magic != bbi.TREE_MAGIC:
        raise ValueError("no tree of sequences where the header says")
    chroms: dict[str, tuple[int, int]] = {}

    seen: set[int] = set()

    def walk(offset: int) -> None:
        if offset in seen:
            raise ValueError("the tree of sequences goes round in a circle")
        seen.add(offset)
        is_leaf, n_items = bbi.NODE.unpack(_read_at(file, offset, bbi.NODE.size))
        width = key_bytes + (value_bytes if is_leaf else 8)
        items = file.read(n_items * width)
        for first in range(0, n_items * width, width):
            value = items[first + key_bytes : first + width]
            if is_leaf:
                number, size = struct.unpack("<II", value[:8])
                chroms[items[first : first + key_bytes].rstrip(b"\0").decode()] = (number, size)
            else:
                walk(struct.unpack("<Q", value)[0])

    walk(header.tree_offset + bbi.TREE_HEADER.size)
    return dict(sorted(chroms.items(), key=lambda item: item[1]))


def read_indexed_columns(file: IO[bytes], header: BbiHeader) -> tuple[int, ...]:
    """Return the numbers of the columns of a bigBed that have a name index, counted from 0."""
    if not header.extension_offset:
        return ()
    _, n_indexes, offset = struct.unpack("<HHQ", _read_at(file, header.extension_offset, 12))
    columns: list[int] = []
    for number in range(n_indexes if offset else 0):
        # type, number of columns, offset of the tree, reserved, then the first column and its padding
        _, n_columns, _, _, column, _ = struct.unpack("<HHQIHH", _read_at(file, offset + 20 * number, 20))
        columns += [column] if n_columns == 1 else []
    return tuple(columns)


def read_block_places(file: IO[bytes], index_offset: int) -> Iterator[tuple[int, int]]:
    """Yield offset and size of each block that an R tree finds, in order; struct.error or ValueError: it is damaged."""
    seen: set[int] = set()

    def walk(offset: int) -> Iterator[tuple[int, int]]:
        if offset in seen:
            raise ValueError("the index goes round in a circle")
        seen.add(offset)
        is_leaf, n_items = bbi.NODE.unpack(_read_at(file, offset, bbi.NODE.size))
        item = struct.Struct("<16xQQ" if is_leaf else "<16xQ")
        for place in item.iter_unpack(file.read(n_items * item.size)):
            if is_leaf:
                yield place[0], place[1]
            else:
                yield from walk(place[0])

    yield from walk(index_offset + bbi.INDEX_HEADER.size)
