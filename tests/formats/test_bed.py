from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bed_tables import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats import bed_schemas
from tracktools.formats.bed import (
    BED6,
    CALLED_TSS,
    CLASSIFIED_TSS,
    CURATED_TSS,
    BedField,
    BedSchema,
    check_bed_on_genome,
    read_bed,
    sort_bed,
    write_bed,
)

ALL_SCHEMAS = bed_schemas.SCHEMAS


@pytest.mark.parametrize("schema", ALL_SCHEMAS, ids=lambda schema: schema.name)
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, schema: BedSchema, data: st.DataObject):
    path = tmp_path_factory.mktemp("bed") / "a.bed"
    table = data.draw(tables(schema, 0))
    write_bed(path, table, schema)
    read, found = read_bed(path)
    assert found == schema
    expected = sort_bed(table)
    assert len(read) == len(table)
    for field in schema.fields:
        for one, other in zip(read[field.name], expected[field.name], strict=True):
            if field.type == "float":
                one, other = np.float32(one), np.float32(other)
            assert one == other or (one != one and other != other)


def test_rows_are_sorted_by_chrom_order_start_end_and_strand(tmp_path: Path):
    rows = [
        ("b", 5, 9, "+"),
        ("a", 5, 9, "-"),
        ("a", 5, 9, "+"),
        ("a", 5, 8, "-"),
        ("a", 10, 11, "-"),
        ("c", 0, 3, "."),
    ]
    table = pd.DataFrame(rows, columns=["chrom", "chromStart", "chromEnd", "strand"]).assign(name="n", score=0)
    write_bed(tmp_path / "a.bed", table, BED6, chrom_order=["b", "a"])
    read, _ = read_bed(tmp_path / "a.bed")
    sorted_rows = [
        ("b", 5, 9, "+"),
        ("a", 5, 8, "-"),
        ("a", 5, 9, "+"),
        ("a", 5, 9, "-"),
        ("a", 10, 11, "-"),
        ("c", 0, 3, "."),
    ]
    assert list(read[["chrom", "chromStart", "chromEnd", "strand"]].itertuples(index=False, name=None)) == sorted_rows
    write_bed(tmp_path / "b.bed", table, BED6)
    assert list(read_bed(tmp_path / "b.bed")[0]["chrom"]) == ["a"] * 4 + ["b", "c"]


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8, 9, 12])
def test_files_without_header_have_standard_columns(tmp_path: Path, count: int):
    row = ["chr", "2", "9", "tss", "17", "-", "3", "8", "1,2,3", "2", "3,1", "0,6"][:count]
    (tmp_path / "a.bed").write_text("track name=x\nbrowser position chr:1-2\n# note\n\n" + "\t".join(row) + "\n")
    table, schema = read_bed(tmp_path / "a.bed")
    assert schema.defined_fields == len(schema.fields) == count
    assert [str(value) for value in table.iloc[0]] == row


def test_spaces_separate_columns_where_there_are_no_tabs(tmp_path: Path):
    (tmp_path / "a.bed").write_text("chr  1 5   n\nchr 7 9 m")
    assert read_bed(tmp_path / "a.bed")[0]["name"].tolist() == ["n", "m"]


@pytest.mark.parametrize("compress", [False, True])
def test_windows_line_ends_byte_order_mark_and_gzip(tmp_path: Path, compress: bool):
    text = "#chrom\tchromStart\tchromEnd\tname\tnote\r\nchr\t1\t2\tn\twhite space\u2028and more\r\n".encode("utf-8-sig")
    (tmp_path / "a.bed").write_bytes(gzip.compress(text) if compress else text)
    table, schema = read_bed(tmp_path / "a.bed")
    assert (schema.defined_fields, schema.fields[4]) == (4, BedField("note", "string", "note"))
    assert table["note"].tolist() == ["white space\u2028and more"]


def test_known_extra_columns_keep_their_types_among_unknown_ones(tmp_path: Path):
    header = "#chrom\tchromStart\tchromEnd\tsupport\tmyNote\tpValue\n"
    (tmp_path / "a.bed").write_text(header + "chr\t1\t2\t3\t007\t1e-300\n")
    table, schema = read_bed(tmp_path / "a.bed")
    assert schema.defined_fields == 3
    assert (table["support"][0], table["myNote"][0], table["pValue"][0]) == (3, "007", 1e-300)


def test_start_and_end_are_common_names(tmp_path: Path):
    (tmp_path / "a.bed").write_text("#chrom\tstart\tend\tscore\tstrand\nchr\t1\t2\t0.5\tforward\n")
    table, schema = read_bed(tmp_path / "a.bed")
    assert schema.columns == ("chrom", "chromStart", "chromEnd", "score", "strand")
    assert schema.defined_fields == 3  # the fourth column of BED is the name, so these two are not BED's
    assert table.iloc[0].tolist() == ["chr", 1, 2, "0.5", "forward"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("chr\t5\t3", ":2: chromStart is '5'"),
        ("chr\t-1\t3", ":2: chromStart is '-1'"),
        ("chr\t1\tx", ":2: chromEnd is 'x'"),
        ("chr\t1\t1_0", ":2: chromEnd is '1_0'"),
        ("chr\t1\t5000000000", ":2: chromEnd is '5000000000'"),
        ("chr\t1\t3\ta\t1001\t+", ":2: score is '1001'"),
        ("chr\t1\t3\ta\t-4\t+", ":2: score is '-4'"),
        ("chr\t1\t3\ta\t20.5\t+", ":2: score is '20.5'"),
        ("chr\t1\t3\ta\t20\tforward", ":2: strand is 'forward'"),
        ("chr\t1\t3\ta\t20\t+\t1\t4", ":2: thickStart is '1'"),
        ("chr\t1\t3\ta\t20\t+\t1\t3\tred", ":2: itemRgb is 'red'"),
        ("chr\t1\t3\nchr\t1", ":3: has 2 columns, not 3"),
        ("chr\t1", "has 2 columns and no header"),
        ("chr\t1\t3\ta\t20\t+\t2.5\t1\t2\t3", "has 10 columns and no header"),
        ("my chr\t1\t3", ":2: chrom is 'my chr'"),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, row: str, problem: str):
    (tmp_path / "bad.bed").write_text(f"# comment\n{row}\n")
    with pytest.raises(InputError) as caught:
        read_bed(tmp_path / "bad.bed")
    assert f"bad.bed{':' if problem[0] != ':' else ''}" in str(caught.value)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("#chrom\tposition\tend", r"a\.bed:2: .* 3 to 12 standard columns"),
        ("#chrom\tchromStart\tchromEnd\tx\tX", r"a\.bed:2: .* must differ"),
        ("#chrom\tchromStart\tchromEnd\tp value", r"a\.bed:2: the column name 'p value' is no word"),
    ],
)
def test_headers_that_do_not_fit(tmp_path: Path, header: str, problem: str):
    (tmp_path / "a.bed").write_text("track name=x\n" + header + "\n")
    with pytest.raises(InputError, match=problem):
        read_bed(tmp_path / "a.bed")


def test_missing_binary_and_truncated_files(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_bed(tmp_path / "none.bed")
    (tmp_path / "binary.bed").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="is not text"):
        read_bed(tmp_path / "binary.bed")
    whole = gzip.compress(b"chr\t1\t2\n" * 999)
    for damaged in (whole[:-9], whole[:12] + b"\xff" * 9 + whole[21:]):
        (tmp_path / "damaged.bed.gz").write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged"):
            read_bed(tmp_path / "damaged.bed.gz")


@pytest.mark.parametrize(("name", "value"), [("name", "a\tb"), ("split", "a\nb"), ("strand", "x"), ("score", 2000)])
def test_write_refuses_what_is_not_bed_and_leaves_nothing(tmp_path: Path, name: str, value: object):
    good = {"chrom": "c", "chromStart": 1, "chromEnd": 2, "name": "n", "score": 0, "strand": "+"}
    expected = {"expectedPrecision": 0.5, "expectedPrecisionLow": 0.4, "expectedPrecisionHigh": 0.6}
    table = pd.DataFrame([good | {"modelOutput": 0.5, "calibrated": 0.25, "split": "test"} | expected])
    with pytest.raises(InputError, match=f"row 1: {name} is"):
        write_bed(tmp_path / "a.bed", table.assign(**{name: value}), CALLED_TSS)
    with pytest.raises(InputError, match="lacks the column 'calibrated'"):
        write_bed(tmp_path / "a.bed", table.drop(columns="calibrated"), CALLED_TSS)
    assert list(tmp_path.iterdir()) == []


def test_items_must_lie_on_the_genome():
    table = pd.DataFrame({"chrom": ["a", "a", "b"], "chromStart": [0, 5, 0], "chromEnd": [10, 11, 4]})
    check_bed_on_genome(table, {"a": 11, "b": 4, "c": 1})
    with pytest.raises(GenomeMismatchError, match=r"x\.bed: 1 of 3 items end past the end .*\(10 bp\): a:5-11"):
        check_bed_on_genome(table, {"a": 10, "b": 4}, path=Path("x.bed"))
    with pytest.raises(GenomeMismatchError, match=r"does not have: b \(it has a\)"):
        check_bed_on_genome(table, {"a": 10})


def test_autosql_names_every_column_with_its_type():
    lines = CLASSIFIED_TSS.autosql.splitlines()
    assert lines[0] == "table classifiedTss"
    assert '    string class; "Class by annotation"' in lines
    assert len(lines) == len(CURATED_TSS.fields) + 3 + 4


def test_a_schema_refuses_names_that_differ_in_case_only():
    with pytest.raises(ValueError, match="must differ"):
        BED6.with_fields("t", "d", (BedField("Score", "uint", "again"),))


def test_the_documentation_names_every_column():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    for schema in ALL_SCHEMAS:
        if schema.columns[schema.defined_fields :]:
            assert f"BED{schema.defined_fields} + `{' '.join(schema.columns[schema.defined_fields :])}`" in page
