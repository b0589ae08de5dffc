"""BED text with extra columns that have names and types.

A file starts with one header line, ``#chrom<TAB>chromStart<TAB>chromEnd<TAB>…``, whose words are the autoSql field
names of the bigBed made from it: by this line `read_bed` knows what each column is. Browsers take it for a comment.
Format: https://genome.ucsc.edu/FAQ/FAQformat.html#format1 and, for the types, autoSql (Kent & Brumbaugh 2002).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.bed_check import FLOATS, as_numbers, check_bed, check_bed_on_genome, is_integer
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
    FOUND_GENES,
    GENES,
    MOTIF_SITES,
    PROMOTER_ELEMENTS,
    SCHEMA_OF_COLUMNS,
    STANDARD_FIELDS,
    TSS_SOURCE,
    BedField,
    BedSchema,
    standard_bed,
)
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.numerals import DROPPED, HIGHEST, Score, decimal_of, read_score

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
    "FOUND_GENES",
    "GENES",
    "MOTIF_SITES",
    "PROMOTER_ELEMENTS",
    "STANDARD_FIELDS",
    "TSS_SOURCE",
    "BedField",
    "BedSchema",
    "check_bed",
    "check_bed_on_genome",
    "format_columns",
    "item_lines",
    "notes_of",
    "parse_columns",
    "read_bed",
    "read_bed_head",
    "read_numbered_bed",
    "sort_bed",
    "standard_bed",
    "write_bed",
]

_STANDARD_NAMES = tuple(field.name for field in STANDARD_FIELDS)
_OTHER_NAMES = {"start": "chromStart", "end": "chromEnd", "reserved": "itemRgb", "blockStarts": "chromStarts"}
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_SCORE = re.compile(r"1000|[0-9]{1,3}")
_SCORE_COLUMNS = ("modelOutput", "sourceScore")
_NOT_DATA = re.compile(r"#|track(\s|$)|browser(\s|$)")
_WARNING = "# Warning: "
_NOTES = "notes"  # of a table, in `DataFrame.attrs`
_ROWS_AT_ONCE = 4096  # that are in memory as text


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
        ``sourceScore``, where the file has none, as `read_score` reads them, and such a ``score`` becomes 0. A score
        that is no finite number of float32 (``inf``, ``1e39``, ``high``) is left out: its item has none, and
        `notes_of` says so.

    Returns
    -------
    table : DataFrame
        A row per item, in file order, columns as in the schema: int64, float64 or str.
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
        table[source.name] = [score.value for score in scores]
        schema = schema.with_fields(schema.name, schema.description, (source,))
        _note_dropped(table, [score.remark == DROPPED for score in scores], path, lines)
    own = [name for name in _SCORE_COLUMNS if name in schema.columns] if any_score and scores is None else []
    if own:
        infinite = table[own].abs() > HIGHEST
        table[own] = table[own].mask(infinite)
        _note_dropped(table, infinite.any(axis=1), path, lines)
    return table, schema, lines


def _take_scores(rows: list[list[str]], schema: BedSchema) -> list[Score] | None:
    """Make scores that BED does not allow 0; return all of them if any is such and no column has the source's own."""
    if schema.defined_fields < 5 or all(_SCORE.fullmatch(row[4]) for row in rows):
        return None
    decimal = decimal_of(row[4] for row in rows) or "."
    scores = [read_score(row[4], decimal) for row in rows]
    for row in rows:
        row[4] = row[4] if _SCORE.fullmatch(row[4]) else "0"
    return None if "sourceScore" in schema.columns else scores


def _note_dropped(table: pd.DataFrame, dropped: npt.ArrayLike, path: Path, lines: list[int]) -> None:
    rows = np.flatnonzero(dropped)
    if len(rows):
        what = "1 score is" if len(rows) == 1 else f"{len(rows):,} scores are"
        where = f"the first on line {lines[rows[0]]}"
        table.attrs[_NOTES] = (
            f"{path}: {what} no finite number (the most is 3.4e38), {where}: left out, the positions are kept"
        )


def notes_of(*tables: pd.DataFrame) -> list[str]:
    """Return what a user should know of tables from `read_bed`: how many scores were left out."""
    return [str(table.attrs[_NOTES]) for table in tables if _NOTES in table.attrs]


def read_bed_head(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the columns, and the warnings, that the comment lines before the first item say.

    Either is empty where they say none; see `write_bed`. No item is read or checked.
    """
    columns: tuple[str, ...] = ()
    warnings = []
    with open_maybe_gzip(path) as file:
        for line in file:
            text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
            if _is_item(text):
                break
            if text.startswith(_WARNING):
                warnings.append(text.removeprefix(_WARNING).strip())
            elif text.startswith("#chrom\t"):
                columns = tuple(_OTHER_NAMES.get(name, name) for name in text[1:].split("\t"))
    return columns, tuple(warnings)


def item_lines(path: Path) -> list[int]:
    """Return the line, counted from 1, of each item that `read_bed` reads, for errors that only a caller can see."""
    return [number for number, text in enumerate(_read_lines(path), start=1) if _is_item(text)]


def _is_item(text: str) -> bool:
    return bool(text.strip()) and not _NOT_DATA.match(text)


def _read_lines(path: Path) -> list[str]:
    if path.is_dir() and (inside := sorted(path.glob("*.bed"))):
        raise InputError("is a folder", path=path, hint=f"name a file in it, such as {inside[0]}")
    try:
        with open_maybe_gzip(path) as file:
            text = file.read().decode("utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        raise InputError("is not text", path=path, hint="a BED file is needed") from None


def _schema_of_width(width: int, path: Path) -> BedSchema:
    if width not in (3, 4, 5, 6, 7, 8, 9, 12):
        hint = "name the columns in a first line: #chrom, chromStart, chromEnd, …" if width > 3 else "BED needs 3"
        raise InputError(f"has {width} column{'s' * (width != 1)} and no header line", path=path, hint=hint)
    return standard_bed(width)


def _schema_of_header(header: tuple[str, ...], path: Path, line: int | None) -> BedSchema:
    defined = next((i for i, name in enumerate(header) if _STANDARD_NAMES[i : i + 1] != (name,)), len(header))
    extra = tuple(EXTRA_FIELDS.get(name, BedField(name, "string", name)) for name in header[defined:])
    for field in extra:
        if not re.fullmatch(r"[A-Za-z]\w*", field.name):
            problem = f"the column name {field.name!r} is no word"
            raise InputError(problem, path=path, line=line, hint="use letters, digits and _")
    try:
        return BedSchema("bedPlus", "Items with extra columns", (*STANDARD_FIELDS[:defined], *extra), defined)
    except ValueError as error:
        hint = "start with #chrom, chromStart, chromEnd and name no column twice"
        raise InputError(f"the header line does not fit BED: {error}", path=path, line=line, hint=hint) from None


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
    if is_integer(field):
        for value, line in zip(values, lines, strict=True):
            if not _INTEGER.fullmatch(value):
                hint = "a whole number is needed; name extra columns in a header line #chrom, chromStart, …"
                raise InputError(f"{field.name} is {value!r}", path=path, line=line, hint=hint)
        return np.array([int(value) for value in values], dtype=np.int64)
    if field.type in FLOATS:
        try:
            return np.array([float(value) if value else np.nan for value in values], dtype=np.float64)
        except ValueError:
            value, line = next(pair for pair in zip(values, lines, strict=True) if not _is_float(pair[0]))
            raise InputError(f"{field.name} is {value!r}", path=path, line=line, hint="a number is needed") from None
    return np.array(values, dtype=object)


def _is_float(value: str) -> bool:
    try:
        float(value or "nan")
    except ValueError:
        return False
    return True


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
        if field.type in FLOATS:
            with np.errstate(over="ignore"):
                return [str(value) for value in as_numbers(values).astype(FLOATS[field.type])]
        if is_integer(field):
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
