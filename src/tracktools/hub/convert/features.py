"""Features for browsers: BED of any kind becomes a bigBed with colours, an index of names and typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from tracktools.config import HubConfig
from tracktools.errors import InputError
from tracktools.formats.bed import check_bed_on_genome, sort_bed
from tracktools.formats.bed_schemas import BedField, BedSchema
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.trix import write_trix
from tracktools.hub.convert.drawing import MeasuredSet, draw
from tracktools.hub.model import Contents
from tracktools.hub.text import without_markup
from tracktools.names import join_names

_NUMBERS = ("int", "uint", "bigint", "float", "double")
SEARCHED = ("name", "geneName", "locusTag")


def write_features(
    table: pd.DataFrame,
    schema: BedSchema,
    target: Path,
    chrom_sizes: Mapping[str, int],
    *,
    path: Path,
    color: str = "",
    renames: Mapping[str, str] | None = None,
    measured: Sequence[MeasuredSet] = (),
    only_genome: bool = False,
) -> tuple[Contents, pd.DataFrame]:
    """Write a table of features as bigBed.

    Parameters
    ----------
    table : DataFrame
        Rows of `schema`.
    schema : BedSchema
        Its columns; those that BED9 has and the table lacks are added.
    target : Path
        bigBed to write, with an index of the names, and next to it the trix index that makes them found in any case.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    path : Path
        Where the table came from, for messages.
    color : str
        Colour of items without a strand; see `draw`.
    renames : mapping of str to str, optional
        Name of a sequence in the table to its name in the genome, as the user says it.
    measured : sequence of MeasuredSet
        What called TSS are held against; see `draw`.
    only_genome : bool
        Leave out items on sequences that the genome does not have, instead of refusing them.

    Returns
    -------
    Contents
        Counts, ranges and choices.
    DataFrame
        The table as written.

    Raises
    ------
    InputError
        If there is no item.
    GenomeMismatchError
        If an item does not lie on the genome.
    """
    if table.empty:
        raise InputError("contains no item", path=path, hint="an empty track cannot be drawn: leave it out")
    joined = join_names(table["chrom"].unique(), chrom_sizes, renames=renames, only_genome=only_genome, path=path)
    table = table[table["chrom"].isin(list(joined))].reset_index(drop=True)
    if table.empty:
        raise InputError(
            "has no item on the genome", path=path, hint="leave it out, or name its sequences with --rename"
        )
    table = table.assign(chrom=table["chrom"].map(joined))
    check_bed_on_genome(table, chrom_sizes, path=path)
    table, schema, shaded = draw(table, schema, color=color, measured=measured)
    table = _without_markup(sort_bed(table, list(chrom_sizes)), schema)
    searched = [name for name in SEARCHED if name in schema.columns]
    write_bigbed(target, dict(chrom_sizes), table, schema, index_fields=("name",), capital_fields=searched)
    n_words = write_trix(
        target.with_suffix(".ix"),
        ((word, item) for name in searched for word, item in zip(table[name], table["name"], strict=True)),
    )
    strands = table["strand"].value_counts()
    ranges = _ranges(table, schema)
    contents = Contents(
        count=len(table),
        count_by_strand={strand: int(strands[strand]) for strand in ("+", "-", ".") if strand in strands},
        schema=schema,
        ranges=ranges,
        incomplete=tuple(name for name in ranges if not np.isfinite(table[name].to_numpy(dtype=np.float64)).all()),
        choices=_choices(table, schema),
        colors=tuple(table["itemRgb"].value_counts().index),
        shaded=shaded,
        n_words=n_words,
        size_bytes=target.stat().st_size,
    )
    return contents, table


def _without_markup(table: pd.DataFrame, schema: BedSchema) -> pd.DataFrame:
    """Take ``<`` and ``>`` out of texts, which browsers print as HTML. Sequences keep their names."""
    texts = [field.name for field in schema.fields if field.type in ("string", "lstring") and field.name != "chrom"]
    return table.assign(**{name: table[name].astype(str).map(without_markup) for name in texts})


def extra_fields(schema: BedSchema) -> tuple[BedField, ...]:
    """Return the columns beyond the standard ones."""
    return schema.fields[schema.defined_fields :]


def _ranges(table: pd.DataFrame, schema: BedSchema) -> dict[str, tuple[float, float]]:
    ranges = {}
    for field in extra_fields(schema):
        if field.type in _NUMBERS:
            values = table[field.name].to_numpy(dtype=np.float64)
            values = values[np.isfinite(values)]
            if values.size:
                ranges[field.name] = (float(values.min()), float(values.max()))
    return ranges


def _choices(table: pd.DataFrame, schema: BedSchema) -> dict[str, tuple[str, ...]]:
    """Return the values of text columns that have few; a column of comma-separated lists counts its members."""
    choices = {}
    for field in extra_fields(schema):
        if field.type in ("string", "lstring"):
            members = {part.strip() for value in table[field.name].astype(str).unique() for part in value.split(",")}
            members.discard("")
            repeated = 2 * len(members) <= len(table)  # names of items are no choices
            if (
                1 < len(members) <= HubConfig.max_filter_values
                and repeated
                and all(len(member) <= 40 and not set(member) & set('|"') for member in members)
            ):
                choices[field.name] = tuple(sorted(cast("set[str]", members)))
    return choices
