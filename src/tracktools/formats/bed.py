"""BED text with extra columns that have names and types.

A file starts with one header line, ``#chrom<TAB>chromStart<TAB>chromEnd<TAB>…``, whose words are the autoSql field
names of the bigBed made from it: by this line `read_bed` knows what each column is. Browsers take it for a comment.
Format: https://genome.ucsc.edu/FAQ/FAQformat.html#format1 and, for the types, autoSql (Kent & Brumbaugh 2002).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.bed_schemas import (
    BED3,
    BED4,
    BED5,
    BED6,
    BED9,
    BED12,
    CALLED_TSS,
    CLASSIFIED_TSS,
    CONFIRMED_TSS,
    CURATED_TSS,
    EXTRA_FIELDS,
    GENES,
    MOTIF_SITES,
    SCHEMA_OF_COLUMNS,
    STANDARD_FIELDS,
    TSS_SOURCE,
    BedField,
    BedSchema,
    standard_bed,
)
from tracktools.formats.fasta import open_maybe_gzip
from tracktools.formats.numerals import decimal_of, read_score
from tracktools.interval import CHROM_NAME

__all__ = [
    "BED3",
    "BED4",
    "BED5",
    "BED6",
    "BED9",
    "BED12",
    "CALLED_TSS",
    "CLASSIFIED_TSS",
    "CONFIRMED_TSS",
    "CURATED_TSS",
    "GENES",
    "MOTIF_SITES",
    "STANDARD_FIELDS",
    "TSS_SOURCE",
    "BedField",
    "BedSchema",
    "check_bed",
    "check_bed_on_genome",
    "format_columns",
    "item_lines",
    "parse_columns",
    "read_bed",
    "read_bed_warnings",
    "read_numbered_bed",
    "sort_bed",
    "standard_bed",
    "write_bed",
]

_INTEGER_RANGES = {
    "byte": (-(2**7), 2**7 - 1),
    "ubyte": (0, 2**8 - 1),
    "short": (-(2**15), 2**15 - 1),
    "ushort": (0, 2**16 - 1),
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
_FLOATS: dict[str, type[np.floating[Any]]] = {"float": np.float32, "double": np.float64}
_STANDARD_NAMES = tuple(field.name for field in STANDARD_FIELDS)
_OTHER_NAMES = {"start": "chromStart", "end": "chromEnd", "reserved": "itemRgb", "blockStarts": "chromStarts"}
_INTEGER = re.compile(r"-?[0-9]+")
_SCORE = re.compile(r"1000|[0-9]{1,3}")
_RGB = re.compile(r"\d{1,3},\d{1,3},\d{1,3}|\d+")
_NOT_DATA = re.compile(r"#|track(\s|$)|browser(\s|$)")
_WARNING = "# Warning: "
_ROWS_AT_ONCE = 4096  # that stand in memory as text
_LISTED = 3  # offenders that a message names


def read_bed(path: Path, *, any_score: bool = False) -> tuple[pd.DataFrame, BedSchema]:
    """Read a BED file: plain or gzip, with or without a header line.

    Parameters
    ----------
    path : Path
        The file. Its schema is found by the header line ``#chrom…`` (``start`` and ``end`` are taken for ``chromStart``
        and ``chromEnd``); a column whose name no schema of this package knows is kept as text. Without a header the
        columns are the standard 3, 4, 5, 6, 7, 8, 9 or 12. Empty lines, and lines that start with ``#``, ``track`` or
        ``browser``, are skipped.
    any_score : bool
        Take a score that BED does not allow (2.5, 5000, ``>100``, ``NA``), too: all scores then go into the column
        ``sourceScore``, where the file has none, as `read_score` reads them, and such a ``score`` becomes 0.

    Returns
    -------
    table : DataFrame
        A row an item, in file order, columns as in the schema: int64, float64 or str.
    schema : BedSchema
        What the columns are.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a row is malformed; names the line.
    """
    table, schema, _ = read_numbered_bed(path, any_score=any_score)
    return table, schema


def read_numbered_bed(path: Path, *, any_score: bool = False) -> tuple[pd.DataFrame, BedSchema, list[int]]:
    """Read a BED file as `read_bed` does; return the line of each row, too, counted from 1."""
    path = Path(path)
    header: tuple[str, ...] | None = None
    header_line = None
    rows: list[list[str]] = []
    lines: list[int] = []
    for number, text in enumerate(_read_lines(path), start=1):
        if header is None and not rows and text.startswith("#chrom\t"):
            header, header_line = tuple(_OTHER_NAMES.get(name, name) for name in text[1:].split("\t")), number
        elif _is_item(text):
            row = text.split("\t") if header or "\t" in text else text.split()
            width = len(header or (rows[0] if rows else row))
            if len(row) != width:
                raise InputError(f"has {len(row)} columns, not {width}", path=path, line=number)
            rows.append(row)
            lines.append(number)
    if header is None:
        schema = _schema_of_width(len(rows[0]) if rows else 3, path)
    else:
        schema = SCHEMA_OF_COLUMNS.get(header) or _schema_of_header(header, path, header_line)
    scores = _take_scores(rows, schema) if any_score else None
    table = parse_columns(rows, schema, path=path, lines=lines)
    if scores is not None:
        source = EXTRA_FIELDS["sourceScore"]
        table[source.name] = scores
        schema = schema.with_fields(schema.name, schema.description, (source,))
    return table, schema, lines


def _take_scores(rows: list[list[str]], schema: BedSchema) -> list[float] | None:
    """Make scores that BED does not allow 0; return all of them if any is such and no column has the source's own."""
    if schema.defined_fields < 5 or all(_SCORE.fullmatch(row[4]) for row in rows):
        return None
    decimal = decimal_of(row[4] for row in rows) or "."
    scores = [read_score(row[4], decimal).value for row in rows]
    for row in rows:
        row[4] = row[4] if _SCORE.fullmatch(row[4]) else "0"
    return None if "sourceScore" in schema.columns else scores


def read_bed_warnings(path: Path) -> tuple[str, ...]:
    """Return the warnings that stand before the header line of a BED file; see `write_bed`."""
    warnings = []
    for text in _read_lines(path):
        if not text.startswith("#"):
            break
        if text.startswith(_WARNING):
            warnings.append(text.removeprefix(_WARNING).strip())
    return tuple(warnings)


def item_lines(path: Path) -> list[int]:
    """Return the line, counted from 1, of each item that `read_bed` reads, for faults that only a caller can see."""
    return [number for number, text in enumerate(_read_lines(path), start=1) if _is_item(text)]


def _is_item(text: str) -> bool:
    return bool(text.strip()) and not _NOT_DATA.match(text)


def _read_lines(path: Path) -> list[str]:
    try:
        with open_maybe_gzip(path) as file:
            text = file.read().decode("utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        raise InputError("is not text", path=path, mend="a BED file is needed; read bigBed as bigBed") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="download or compress it again") from None


def _schema_of_width(width: int, path: Path) -> BedSchema:
    if width not in (3, 4, 5, 6, 7, 8, 9, 12):
        mend = "name the columns in a first line: #chrom, chromStart, chromEnd, …" if width > 3 else "BED needs 3"
        raise InputError(f"has {width} columns and no header line", path=path, mend=mend)
    return standard_bed(width)


def _schema_of_header(header: tuple[str, ...], path: Path, line: int | None) -> BedSchema:
    defined = next((i for i, name in enumerate(header) if _STANDARD_NAMES[i : i + 1] != (name,)), len(header))
    extra = tuple(EXTRA_FIELDS.get(name, BedField(name, "string", name)) for name in header[defined:])
    for field in extra:
        if not re.fullmatch(r"[A-Za-z]\w*", field.name):
            problem = f"the column name {field.name!r} is no word"
            raise InputError(problem, path=path, line=line, mend="use letters, digits and _")
    try:
        return BedSchema("bedPlus", "Items with extra columns", (*STANDARD_FIELDS[:defined], *extra), defined)
    except ValueError as error:
        mend = "start with #chrom, chromStart, chromEnd and name no column twice"
        raise InputError(f"the header line does not fit BED: {error}", path=path, line=line, mend=mend) from None


def parse_columns(
    rows: Sequence[Sequence[str]], schema: BedSchema, *, path: Path, lines: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return the table of rows of text, each as long as the schema; raises what `check_bed` raises."""
    numbers = lines if lines is not None else [None] * len(rows)
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema.fields)
    values = {
        field.name: _parse(field, texts, path, numbers) for field, texts in zip(schema.fields, columns, strict=True)
    }
    table = pd.DataFrame(values)
    check_bed(table, schema, path=path, lines=lines)
    return table


def _parse(field: BedField, values: Sequence[str], path: Path, lines: Sequence[int | None]) -> npt.NDArray[Any]:
    if _is_integer(field):
        for value, line in zip(values, lines, strict=True):
            if not _INTEGER.fullmatch(value):
                mend = "a whole number is needed; name extra columns in a header line #chrom, chromStart, …"
                raise InputError(f"{field.name} is {value!r}", path=path, line=line, mend=mend)
        return np.array([int(value) for value in values], dtype=np.int64)
    if field.type in _FLOATS:
        try:
            return np.array([float(value) if value else np.nan for value in values], dtype=np.float64)
        except ValueError:
            value, line = next(pair for pair in zip(values, lines, strict=True) if not _is_float(pair[0]))
            raise InputError(f"{field.name} is {value!r}", path=path, line=line, mend="a number is needed") from None
    return np.array(values, dtype=object)


def _is_float(value: str) -> bool:
    try:
        float(value or "nan")
    except ValueError:
        return False
    return True


def check_bed(
    table: pd.DataFrame, schema: BedSchema, *, path: Path | None = None, lines: Sequence[int] | None = None
) -> None:
    """Check that the rows are BED of a schema.

    Parameters
    ----------
    table : DataFrame
        Columns as in the schema.
    schema : BedSchema
        What they must be.
    path : Path, optional
        File to name in a fault.
    lines : sequence of int, optional
        Line of each row in that file.

    Raises
    ------
    InputError
        At the first row with a start past its end, a negative or too large number, a score that is not 0 to 1000, a
        strand that is not ``+``, ``-`` or ``.``, a thick part outside the item, a colour that is none, or text with a
        tab or a line break.
    """
    missing = [name for name in schema.columns if name not in table]
    if missing:
        raise InputError(f"lacks the column {missing[0]!r}", path=path, mend=f"needed: {' '.join(schema.columns)}")

    def refuse(bad: npt.NDArray[np.bool_], name: str, mend: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            value = table[name].iloc[row]
            where = "" if lines is not None else f"row {row + 1}: "
            line = None if lines is None else lines[row]
            raise InputError(f"{where}{name} is {str(value)!r}", path=path, line=line, mend=mend)

    for number, field in enumerate(schema.fields):
        values = table[field.name].to_numpy()
        if _is_integer(field):
            is_score = field.name == "score" and number < schema.defined_fields
            low, high = (0, 1000) if is_score else _INTEGER_RANGES[field.type]
            refuse(~_whole_between(values, low, high), field.name, f"a whole number from {low} to {high} is needed")
        elif field.type in _FLOATS:
            refuse(np.isnan(_numbers(values)) & ~pd.isna(values), field.name, "a number is needed")
        else:
            refuse(_matches(values, r"[\t\n\r\0]", re.search), field.name, "remove the tab or the line break")
    start, end = table["chromStart"].to_numpy(), table["chromEnd"].to_numpy()
    refuse(start > end, "chromStart", "it must not be past chromEnd")
    chroms = _matches(table["chrom"].to_numpy(), CHROM_NAME.pattern, re.fullmatch) & ~table["chrom"].isna().to_numpy()
    refuse(~chroms, "chrom", "a name without spaces is needed, not starting with # and not the word track or browser")
    if schema.defined_fields >= 6:
        refuse(~np.isin(table["strand"].to_numpy().astype(str), ["+", "-", "."]), "strand", "write +, - or .")
    if schema.defined_fields >= 8:
        thick_start, thick_end = table["thickStart"].to_numpy(), table["thickEnd"].to_numpy()
        outside = (thick_start < start) | (thick_start > thick_end) | (thick_end > end)
        refuse(outside & ((thick_start != 0) | (thick_end != 0)), "thickStart", "thick parts lie inside the item")
    if schema.defined_fields >= 9:
        colors = {value: _is_color(str(value)) for value in table["itemRgb"].unique()}
        bad = ~table["itemRgb"].map(colors).to_numpy(dtype=bool)
        refuse(bad, "itemRgb", "write R,G,B, each 0 to 255, or 0 for none")


def _is_color(text: str) -> bool:
    """Return whether a text is ``R,G,B``, or one number that holds the three."""
    if not _RGB.fullmatch(text):
        return False
    parts = [int(part) for part in text.split(",")]
    return max(parts) <= 255 if len(parts) == 3 else parts[0] < 1 << 24


def _is_integer(field: BedField) -> bool:
    return field.type in _INTEGER_RANGES and field.name != "itemRgb"  # which is R,G,B, whatever its type says


def _numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values if values.dtype.kind in "biuf" else pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)


def _whole_between(values: npt.NDArray[Any], low: int, high: int) -> npt.NDArray[np.bool_]:
    numbers = _numbers(values)
    whole: npt.NDArray[np.bool_] = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
    return whole


def _matches(values: npt.NDArray[Any], pattern: str, how: Any) -> npt.NDArray[np.bool_]:
    return np.fromiter((how(pattern, str(value)) is not None for value in values), dtype=bool, count=len(values))


def check_bed_on_genome(table: pd.DataFrame, chrom_sizes: Mapping[str, int], *, path: Path | None = None) -> None:
    """Check that every item lies on a genome.

    Parameters
    ----------
    table : DataFrame
        Columns ``chrom``, ``chromStart``, ``chromEnd``.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    path : Path, optional
        File to name in a fault.

    Raises
    ------
    GenomeMismatchError
        If a sequence is not of the genome, or an item ends past its end; names the first offenders.
    """
    names = [str(name) for name in table["chrom"].unique()]
    unknown = [name for name in names if name not in chrom_sizes]
    if unknown:
        held = _listing(list(chrom_sizes))
        raise GenomeMismatchError(
            f"names sequences that the genome does not have: {_listing(unknown)}", path=path, mend=f"it has {held}"
        )
    past = table[table["chromEnd"].to_numpy() > table["chrom"].map(chrom_sizes).to_numpy()]
    if len(past):
        items = [f"{row.chrom}:{row.chromStart}-{row.chromEnd}" for row in past.head(_LISTED + 1).itertuples()]
        length = chrom_sizes[past["chrom"].iloc[0]]
        raise GenomeMismatchError(
            f"{len(past)} of {len(table)} items end past the end of their sequence ({length} bp): {_listing(items)}",
            path=path,
            mend="was it made on another assembly?",
        )


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def sort_bed(table: pd.DataFrame, chrom_order: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the rows in order of sequence, start, end and strand; equal rows keep their order.

    Parameters
    ----------
    table : DataFrame
        Columns ``chrom``, ``chromStart``, ``chromEnd`` and perhaps ``strand``.
    chrom_order : sequence of str, optional
        Order of the sequences; by default, and for those not named, by name.
    """
    names = sorted(table["chrom"].astype(str).unique())
    order = {name: rank for rank, name in enumerate(dict.fromkeys([*(chrom_order or ()), *names]))}
    keys = [table[name].to_numpy() for name in ("strand",) if name in table]
    keys += [table["chromEnd"].to_numpy(), table["chromStart"].to_numpy(), table["chrom"].map(order).to_numpy()]
    return table.iloc[np.lexsort([key.astype(str) if key.dtype == object else key for key in keys])]


def format_columns(table: pd.DataFrame, schema: BedSchema) -> list[list[str]]:
    """Return the text of each column as BED and bigBed hold it; the shortest decimals that give each number back."""

    def text(field: BedField) -> list[str]:
        values = table[field.name].to_numpy()
        if field.type in _FLOATS:
            with np.errstate(over="ignore"):
                return [str(value) for value in _numbers(values).astype(_FLOATS[field.type])]
        if _is_integer(field):
            return [str(value) for value in values.astype(np.int64)]
        return ["" if value is None or value is pd.NA or value != value else str(value) for value in values]

    return [text(field) for field in schema.fields]


def write_bed(
    path: Path,
    table: pd.DataFrame,
    schema: BedSchema,
    *,
    chrom_order: Sequence[str] | None = None,
    made_by: str = "",
    warnings: Sequence[str] = (),
) -> None:
    """Write a table as BED with its header line, sorted.

    Parameters
    ----------
    path : Path
        File to write; it appears complete or not at all.
    table : DataFrame
        Columns as in the schema; others are left out. Missing text is written empty, a missing number as ``nan``.
    schema : BedSchema
        What the columns are. A `float` column is written with the digits of a float32, a `double` with those of a
        float64, so that reading gives the same number.
    chrom_order : sequence of str, optional
        Order of the sequences, such as that of the genome; by default by name. See `sort_bed`.
    made_by : str
        What made the rows, such as the name of a model: a comment line before all others.
    warnings : sequence of str
        What a user of the file should know: a comment line each, before the header line.

    Raises
    ------
    InputError
        If the table is not BED of this schema; see `check_bed`.
    """
    check_bed(table, schema, path=path)
    rows = sort_bed(table, chrom_order)
    with atomic_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        if made_by:
            file.write(f"# Made by: {' '.join(made_by.split())}\n")
        file.writelines(f"{_WARNING}{' '.join(warning.split())}\n" for warning in warnings)
        file.write("#" + "\t".join(schema.columns) + "\n")
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            columns = format_columns(rows.iloc[first : first + _ROWS_AT_ONCE], schema)
            file.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))
