from __future__ import annotations

import pybigtools
import pyBigWig
import pytest
from bed_tables import SIZES, tables
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.formats import bed_schemas
from tracktools.formats.bed import BedSchema, format_columns, sort_bed
from tracktools.formats.bigbed import read_bigbed, write_bigbed


@pytest.mark.parametrize("schema", bed_schemas.SCHEMAS, ids=lambda schema: schema.name)
@settings(max_examples=20)
@given(data=st.data())
def test_items_are_read_back_by_three_readers(
    tmp_path_factory: pytest.TempPathFactory, schema: BedSchema, data: st.DataObject
):
    table = data.draw(tables(schema, 1))
    path = tmp_path_factory.mktemp("bb") / "a.bb"
    write_bigbed(path, SIZES, table, schema, index_fields=schema.columns[3:5])
    read, found = read_bigbed(path)
    assert found == schema
    expected = format_columns(sort_bed(table, list(SIZES)), schema)
    assert format_columns(read, found) == expected
    rows = [(chrom, int(start), int(end), "\t".join(rest)) for chrom, start, end, *rest in zip(*expected, strict=True)]
    other = pybigtools.open(str(path))
    assert other.sql().strip() == schema.autosql.strip()
    seen = [(name, start, end, "\t".join(rest)) for name in SIZES for start, end, *rest in other.records(name)]
    assert [(*row[:3], row[3].split()) for row in rows] == [(*row[:3], row[3].split()) for row in seen]  # as pybigtools splits
    theirs = pyBigWig.open(str(path))
    assert theirs.isBigBed()
    for name, size in SIZES.items():
        mine = [row[1:] for row in rows if row[0] == name]
        assert mine == [(start, end, rest or "") for start, end, rest in theirs.entries(name, 0, size) or []]
    theirs.close()
