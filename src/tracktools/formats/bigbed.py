"""bigBed files with extra columns and name indexes, written and read without any UCSC program.

Besides what `bedToBigBed` does (zooms and summary of the depth of coverage, autoSql, extra indexes), the number of
standard columns in the header is right, which igv.js needs to see the extra ones. Extra indexes make names searchable
in the UCSC Genome Browser and igv.js, and alias columns usable as ``chromAliasBb``.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Float64, Int64
from tracktools.errors import InputError, OutputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.bbi import BIGBED_MAGIC, BbiWriter
from tracktools.formats.bbi_read import read_block_places, read_chroms, read_header
from tracktools.formats.bbi_zoom import ZoomPyramid, run_records
from tracktools.formats.bed import (
    STANDARD_FIELDS,
    BedField,
    BedSchema,
    check_bed,
    check_bed_on_genome,
    format_columns,
    parse_columns,
    sort_bed,
    standard_bed,
)

_BLOCK_ITEMS = 512
_ITEM = struct.Struct("<III")  # sequence, start, end; then text up to NUL
_ZOOM_BP = 32
_MOST_AUTOSQL = 100_000  # letters; a column takes about 60
_FIELD = re.compile(  # taken whole (++) and with bounds, or 100,000 letters would take hours
    r'\b(\w++(?:\s*+\[[^]]{0,999}+\]|\s*+\([^)]{0,9999}+\))?)\s++(\w++)[^;"]{0,999}+;\s*+"([^"]*+)"'
)
_OTHER_NAMES = {"itemRgb": "reserved", "chromStarts": "blockStarts"}  # that UCSC's own schemas use
_TABLE = re.compile(r'^\s*table\s+(\w+)\s*"([^"]*)"')


def write_bigbed(
    path: Path,
    chrom_sizes: Mapping[str, int],
    table: pd.DataFrame,
    schema: BedSchema,
    index_fields: Sequence[str] = ("name",),
    capital_fields: Sequence[str] = (),
) -> None:
    """Write a table as bigBed.

    Parameters
    ----------
    path : Path
        File to write; it appears complete, after it was read back and found equal, or not at all.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].
    table : DataFrame
        Columns as in the schema, rows in any order; they are stored in the order of `chrom_sizes`, start, end, strand.
        A table without rows gives a valid file without items. Items may overlap.
    schema : BedSchema
        What the columns are.
    index_fields : sequence of str
        Columns by whose values browsers can find items; those that the schema lacks are an error. Empty values are not
        indexed, equal ones are all found.
    capital_fields : sequence of str
        Columns whose values, in capital letters, are the keys of one more index: igv.js writes what it looks up in
        capitals. It is said to be of the first of these columns, and comes last, so that other readers take the one
        of exact names.

    Raises
    ------
    InputError
        If the table is not BED of this schema, or an item has no bases or does not lie on the genome
        (`GenomeMismatchError`).
    ValueError
        If an index field is no column of the schema, or one of the three that are not text in a bigBed.
    OutputError
        If the file cannot be written, or does not read back as it was written.
    """
    path = Path(path)
    for name in (*index_fields, *capital_fields):
        if name not in schema.columns[3:]:
            raise ValueError(f"{name!r} cannot be indexed: it is none of {', '.join(schema.columns[3:])}")
    check_bed(table, schema, path=path)
    check_bed_on_genome(table, chrom_sizes, path=path)
    empty = (table["chromStart"] == table["chromEnd"]).to_numpy()
    if empty.any():
        item = f"{table['chrom'].iloc[int(empty.argmax())]}:{table['chromStart'].iloc[int(empty.argmax())]}"
        hint = "readers of bigBed disagree on such items: leave them out"
        raise InputError(f"the item at {item} (0-based) has no bases", path=path, hint=hint)
    table = sort_bed(table, list(chrom_sizes))
    columns = format_columns(table, schema)
    with atomic_file(path) as partial:
        with partial.open("wb") as file:
            writer = BbiWriter(
                file,
                BIGBED_MAGIC,
                chrom_sizes,
                autosql=schema.autosql,
                fields=len(schema.fields),
                defined_fields=schema.defined_fields,
                n_extra_indexes=len(index_fields) + bool(capital_fields),
            )
            places = _write_items(writer, chrom_sizes, columns)
            writer.finish_data()
            zooms = _coverage_zooms(table, chrom_sizes, partial.parent)
            zooms.write(writer)
            zooms.close()
            numbers = [schema.columns.index(name) for name in index_fields]
            indexes = [(number, *_index(columns[number], places)) for number in numbers]
            if capital_fields:
                indexes.append(_capital_index(schema, capital_fields, columns, places))
            writer.finish(len(table), zooms.summary, indexes)
        read, found = read_bigbed(partial)
        if found != schema or format_columns(read, found) != columns:
            raise OutputError("does not read back as it was written", path=path, hint="is the disk sound?")


def _write_items(writer: BbiWriter, chrom_sizes: Mapping[str, int], columns: list[list[str]]) -> list[bytes]:
    """Write the items in blocks; return offset and size of the block of each item."""
    chroms, starts, ends = columns[0], list(map(int, columns[1])), list(map(int, columns[2]))
    texts = ["\t".join(row).encode() + b"\0" for row in zip(*columns[3:], strict=True)] or [b"\0"] * len(chroms)
    numbers = {name: number for number, name in enumerate(chrom_sizes)}
    places: list[bytes] = []
    for chrom, chrom_rows in _rows_of_chroms(chroms):
        for first in range(chrom_rows.start, chrom_rows.stop, _BLOCK_ITEMS):
            rows = range(first, min(first + _BLOCK_ITEMS, chrom_rows.stop))
            block = b"".join(_ITEM.pack(numbers[chrom], starts[row], ends[row]) + texts[row] for row in rows)
            place = writer.blocks.add(numbers[chrom], starts[first], max(ends[row] for row in rows), block)
            places += [struct.pack("<QQ", *place)] * len(rows)
    return places


def _rows_of_chroms(chroms: Sequence[str]) -> Iterator[tuple[str, range]]:
    """Yield each sequence with the rows of its items, of a table in which they follow each other."""
    changes = [row for row in range(1, len(chroms)) if chroms[row] != chroms[row - 1]]
    for first, last in pairwise([0, *changes, len(chroms)]) if chroms else ():
        yield chroms[first], range(first, last)


def _index(texts: list[str], places: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    pairs = [(text.encode(), place) for text, place in zip(texts, places, strict=True) if text]
    return [key for key, _ in pairs], [place for _, place in pairs]


def _capital_index(
    schema: BedSchema, names: Sequence[str], columns: list[list[str]], places: list[bytes]
) -> tuple[int, list[bytes], list[bytes]]:
    """Return the index of the values of several columns in capital letters, each value once for each block."""
    numbers = [schema.columns.index(name) for name in names]
    pairs = dict.fromkeys(
        (text.upper(), place) for number in numbers for text, place in zip(columns[number], places, strict=True)
    )
    return numbers[0], *_index([text for text, _ in pairs], [place for _, place in pairs])


def _coverage_zooms(table: pd.DataFrame, chrom_sizes: Mapping[str, int], folder: Path) -> ZoomPyramid:
    """Return the zoom levels of the depth of coverage; the finest is coarser than most items, as in bedToBigBed."""
    starts, ends = table["chromStart"].to_numpy(), table["chromEnd"].to_numpy()
    mean_bp = float((ends - starts).mean()) if len(table) else 0.0
    finest = _ZOOM_BP
    while finest < mean_bp:
        finest *= 4
    zooms = ZoomPyramid(finest, max(chrom_sizes.values()), folder)
    numbers = {name: number for number, name in enumerate(chrom_sizes)}
    for chrom, rows in _rows_of_chroms(table["chrom"].tolist()):
        runs = coverage(starts[rows.start : rows.stop], ends[rows.start : rows.stop])
        zooms.add(numbers[chrom], chrom_sizes[chrom], run_records(*runs, reduction=finest), last=True)
    return zooms


def coverage(starts: Int64, ends: Int64) -> tuple[Int64, Int64, Float64]:
    """Return starts, ends and depths of the runs of bases that equally many intervals cover, one at least.

    Examples
    --------
    >>> [values.tolist() for values in coverage(np.array([0, 2, 9]), np.array([5, 4, 9]))]
    [[0, 2, 4], [2, 4, 5], [1.0, 2.0, 1.0]]
    """
    borders, where = np.unique(np.concatenate((starts, ends)), return_inverse=True)
    begun = np.bincount(where[: len(starts)], minlength=len(borders))
    ended = np.bincount(where[len(starts) :], minlength=len(borders))
    depths = np.cumsum(begun - ended)[:-1].astype(np.float64)
    covered = depths > 0
    return borders[:-1][covered], borders[1:][covered], depths[covered]


def read_bigbed_columns(path: Path) -> tuple[str, ...]:
    """Return the names of the columns of a bigBed, as `read_bigbed` gives them; no item is read."""
    header = read_header(Path(path), BIGBED_MAGIC)
    schema = _parse_autosql(header.autosql, header.defined_fields) or standard_bed(header.defined_fields or 3)
    return schema.columns


def read_bigbed(path: Path) -> tuple[pd.DataFrame, BedSchema]:
    """Read all items of a bigBed, of any program.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    table : DataFrame
        A row per item, in file order, columns as in the schema.
    schema : BedSchema
        From the autoSql of the file; without one, the standard columns.

    Raises
    ------
    InputError
        If the file is missing, no bigBed, or damaged.
    """
    path = Path(path)
    header = read_header(path, BIGBED_MAGIC)
    rows: list[list[str]] = []
    try:
        schema = _parse_autosql(header.autosql, header.defined_fields) or standard_bed(header.defined_fields or 3)
        with path.open("rb") as file:
            names = {number: name for name, (number, _) in read_chroms(file, header).items()}
            for offset, size in list(read_block_places(file, header.index_offset)):
                file.seek(offset)
                block = file.read(size)
                block = zlib.decompress(block) if header.block_bytes else block
                rows += _items(block, names, len(schema.fields))
    except (
        struct.error,
        zlib.error,
        ValueError,
        KeyError,
        OSError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        problem = f"is damaged: {error or type(error).__name__}"
        raise InputError(problem, path=path, hint="copy or make it again") from None
    for row in rows:
        if len(row) != len(schema.fields):
            raise InputError(f"has an item of {len(row)} columns, not {len(schema.fields)}", path=path)
    return parse_columns(rows, schema, path=path), schema


def _items(block: bytes, names: Mapping[int, str], n_fields: int) -> list[list[str]]:
    rows, position = [], 0
    while position < len(block):
        number, start, end = _ITEM.unpack_from(block, position)
        stop = block.index(b"\0", position + _ITEM.size)
        text = block[position + _ITEM.size : stop].decode()
        rows.append([names[number], str(start), str(end), *(text.split("\t") if n_fields > 3 else ())])
        position = stop + 1
    return rows


def _parse_autosql(autosql: str, defined_fields: int) -> BedSchema | None:
    """Return the schema of a bigBed; its standard columns get their standard names, by which they are known here."""
    autosql = autosql[:_MOST_AUTOSQL]
    table = _TABLE.search(autosql)
    if table is None:
        return None
    fields = [
        BedField(name, re.sub(r"\s", "", kind), description)
        for kind, name, description in _FIELD.findall(autosql, table.end())
    ]
    defined = 0
    for field, standard in zip(fields, STANDARD_FIELDS, strict=False):
        if defined >= 3 and (
            defined >= defined_fields or field.name not in (standard.name, _OTHER_NAMES.get(standard.name))
        ):
            break
        fields[defined] = BedField(standard.name, standard.type, field.description)
        defined += 1
    return BedSchema(table[1], table[2], tuple(fields), defined) if defined >= 3 else None
