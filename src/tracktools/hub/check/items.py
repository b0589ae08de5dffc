"""Items of a bigBed as they are, of any program: their texts are not parsed, so odd columns are no obstacle."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.bbi import BIGBED_MAGIC
from tracktools.formats.bbi_read import BbiHeader, read_block_places, read_chroms, read_header, read_indexed_columns
from tracktools.formats.bed import STANDARD_FIELDS

_FIELD = re.compile(
    r"^\s*((?:enum|set)\s*\([^)]*\)|[a-z]\w*(?:\s*\[[^\]]*\])?)\s+(\w+)\s*(?:primary|index|unique|auto)?\s*;"
)
_MOST_BLOCK_BYTES = 1 << 27
_ITEM = struct.Struct("<III")  # sequence, start, end; then text up to NUL
_TEXT = ("string", "lstring", "char", "enum", "set")
_OTHER_NAMES = {"reserved": "itemRgb", "blockStarts": "chromStarts", "start": "chromStart", "end": "chromEnd"}
DAMAGE = (
    struct.error,
    zlib.error,
    ValueError,
    KeyError,
    IndexError,
    OSError,
    RecursionError,
    MemoryError,
    OverflowError,
)


@dataclass(frozen=True)
class BedItems:
    """A bigBed as it was read.

    Parameters
    ----------
    header : BbiHeader
        Its header.
    chroms : mapping of str to int
        Length of each sequence that it names [bp].
    indexed : tuple of int
        Numbers of the columns with a name index, from 0.
    rows : tuple of tuple of str
        The items, a text a column.
    complete : bool
        Whether these are all.
    names, types : tuple of str
        Of its columns, from its autoSql; of the standard columns where it has none.
    """

    header: BbiHeader
    chroms: Mapping[str, int]
    indexed: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    complete: bool
    names: tuple[str, ...]
    types: tuple[str, ...]

    def column_of(self, name: str) -> int | None:
        """Return the number of a column, called by its own or its standard name; None if there is none."""
        standard = {_OTHER_NAMES.get(own, own): number for number, own in enumerate(self.names)}
        if name in self.names:
            return self.names.index(name)
        return standard.get(_OTHER_NAMES.get(name, name))

    def is_text(self, column: int) -> bool:
        """Return whether a column contains text, or lists."""
        return self.types[column].startswith(_TEXT) or "[" in self.types[column]

    def values(self, column: int) -> set[str]:
        """Return the different texts of a column."""
        return {row[column] for row in self.rows if column < len(row)}

    @property
    def n_defined(self) -> int:
        """How many columns are standard, as the header says; old writers say 0 for all."""
        return self.header.defined_fields or min(self.header.fields, len(STANDARD_FIELDS))

    @property
    def n_standard(self) -> int:
        """How many columns, from the first, have standard names: so many can be drawn as BED."""
        count = 0
        for name, field in zip(self.names, STANDARD_FIELDS, strict=False):
            if count >= 3 and _OTHER_NAMES.get(name, name) != field.name:
                break
            count += 1
        return count


def read_items(path: Path, most: int = 1_000_000) -> BedItems:
    """Read a bigBed, about `most` items of it.

    Raises
    ------
    InputError
        If it is no bigBed, or damaged.
    """
    header = read_header(path, BIGBED_MAGIC)
    try:
        with path.open("rb") as file:
            chroms = read_chroms(file, header)
            indexed = read_indexed_columns(file, header)
            names = {number: name for name, (number, _) in chroms.items()}
            rows: list[tuple[str, ...]] = []
            places = list(read_block_places(file, header.index_offset))
            n_read = 0
            while n_read < len(places) and len(rows) < most:
                offset, size = places[n_read]
                file.seek(offset)
                block = file.read(size)
                rows += _rows(_unpack(block) if header.block_bytes else block, names)
                n_read += 1
    except DAMAGE as error:
        problem = f"is damaged: {error or type(error).__name__}"
        raise InputError(problem, path=path, hint="copy or make it again") from None
    columns = _columns(header)
    return BedItems(
        header,
        {name: size for name, (_, size) in chroms.items()},
        indexed,
        tuple(rows),
        n_read == len(places),
        tuple(name for name, _ in columns),
        tuple(kind for _, kind in columns),
    )


def _unpack(block: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(block, _MOST_BLOCK_BYTES)
    if not unpacker.eof:
        raise ValueError(f"a block is cut short, or has more than {_MOST_BLOCK_BYTES} bytes")
    return data


def _rows(block: bytes, names: Mapping[int, str]) -> Iterator[tuple[str, ...]]:
    position = 0
    while position < len(block):
        number, start, end = _ITEM.unpack_from(block, position)
        stop = block.index(b"\0", position + _ITEM.size)
        rest = block[position + _ITEM.size : stop].decode(errors="replace")
        yield (names[number], str(start), str(end), *(rest.split("\t") if rest else ()))
        position = stop + 1


def _columns(header: BbiHeader) -> list[tuple[str, str]]:
    """Return name and type of each column."""
    found = []
    for line in re.split(r"(?<=;)|\n", header.autosql.partition("(")[2]):
        match = _FIELD.match(re.sub(r'^\s*"[^"]*"', "", line))
        if match:
            found.append((match[2], match[1]))
    if len(found) == header.fields:
        return found
    standard = [(field.name, field.type) for field in STANDARD_FIELDS[: header.fields]]
    # UCSC calls them so where there is no autoSql
    return standard + [(f"field{number}", "string") for number in range(len(standard) + 1, header.fields + 1)]
