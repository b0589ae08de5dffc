"""Checks of BED tables: that the rows follow a schema and are within a genome."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.arrays import Bool
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed_schemas import BedField, BedSchema
from tracktools.interval import CHROM_NAME

FLOATS: dict[str, type[np.floating[Any]]] = {"float": np.float32, "double": np.float64}
_INTEGER_RANGES = {
    "byte": (-(2**7), 2**7 - 1),
    "ubyte": (0, 2**8 - 1),
    "short": (-(2**15), 2**15 - 1),
    "ushort": (0, 2**16 - 1),
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
_RGB = re.compile(r"\d{1,3},\d{1,3},\d{1,3}|\d+")
_LISTED = 3  # offenders that a message names


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
        File to name in an error.
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
        raise InputError(f"lacks the column {missing[0]!r}", path=path, hint=f"needed: {' '.join(schema.columns)}")

    def refuse(bad: Bool, name: str, hint: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            value = table[name].iloc[row]
            where = "" if lines is not None else f"row {row + 1}: "
            line = None if lines is None else lines[row]
            raise InputError(f"{where}{name} is {str(value)!r}", path=path, line=line, hint=hint)

    for number, field in enumerate(schema.fields):
        values = table[field.name].to_numpy()
        if is_integer(field):
            is_score = field.name == "score" and number < schema.defined_fields
            low, high = (0, 1000) if is_score else _INTEGER_RANGES[field.type]
            refuse(~_whole_between(values, low, high), field.name, f"a whole number from {low} to {high} is needed")
        elif field.type in FLOATS:
            refuse(np.isnan(as_numbers(values)) & ~pd.isna(values), field.name, "a number is needed")
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
    """Return whether a text is ``R,G,B``, or one number that contains the three."""
    if not _RGB.fullmatch(text):
        return False
    parts = [int(part) for part in text.split(",")]
    return max(parts) <= 255 if len(parts) == 3 else parts[0] < 1 << 24


def is_integer(field: BedField) -> bool:
    """Return whether a column contains whole numbers."""
    return field.type in _INTEGER_RANGES and field.name != "itemRgb"  # which is R,G,B, whatever its type says


def as_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values of a column as numbers, nan where one is none."""
    return values if values.dtype.kind in "biuf" else pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)


def _whole_between(values: npt.NDArray[Any], low: int, high: int) -> Bool:
    numbers = as_numbers(values)
    whole: Bool = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
    return whole


def _matches(values: npt.NDArray[Any], pattern: str, how: Any) -> Bool:
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
        File to name in an error.

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
            f"names sequences that the genome does not have: {_listing(unknown)}", path=path, hint=f"it has {held}"
        )
    past = table[table["chromEnd"].to_numpy() > table["chrom"].map(chrom_sizes).to_numpy()]
    if len(past):
        items = [f"{row.chrom}:{row.chromStart}-{row.chromEnd}" for row in past.head(_LISTED + 1).itertuples()]
        length = chrom_sizes[past["chrom"].iloc[0]]
        raise GenomeMismatchError(
            f"{len(past)} of {len(table)} items end past the end of their sequence ({length} bp): {_listing(items)}",
            path=path,
            hint="was it made on another assembly?",
        )


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
