"""Random BED tables, for the tests of BED and bigBed."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

from tracktools.formats.bed import BedField, BedSchema

SIZES = {"c2": 2**31 - 1, "c10": 70_000, "c1": 1_234, "plasmid|a.1": 999}  # not in order of their names
_TEXT = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs"]), max_size=12)
_BY_TYPE = {
    "uint": st.integers(0, 2**32 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
}


@st.composite
def tables(draw: st.DrawFn, schema: BedSchema, shortest_bp: int) -> pd.DataFrame:
    """Any table that is BED of a schema, on a genome of `SIZES`, with items of `shortest_bp` at least."""

    def value(field: BedField, chrom: str, start: int, end: int) -> object:
        standard = {
            "chrom": st.just(chrom),
            "chromStart": st.just(start),
            "chromEnd": st.just(end),
            "score": st.integers(0, 1000),
            "strand": st.sampled_from("+-."),
            "thickStart": st.just(start),
            "thickEnd": st.integers(start, end),
            "itemRgb": st.sampled_from(["0", "0,114,178"]),
        }
        return draw(standard.get(field.name, _BY_TYPE.get(field.type, _TEXT)))

    rows = []
    for _ in range(draw(st.integers(0, 5))):
        chrom = draw(st.sampled_from(list(SIZES)))
        start = draw(st.integers(0, SIZES[chrom] - shortest_bp))
        end = draw(st.integers(start + shortest_bp, min(SIZES[chrom], start + 1000)))
        rows.append([value(field, chrom, start, end) for field in schema.fields])
    return pd.DataFrame(rows, columns=list(schema.columns))
