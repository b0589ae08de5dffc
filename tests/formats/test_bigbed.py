from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pybigtools
import pyBigWig
import pytest
from bbi_walk import Walk
from bed_tables import SIZES, tables
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.errors import GenomeMismatchError, InputError, OutputError
from tracktools.formats import bed_schemas, bigbed
from tracktools.formats.bed import BED3, BED6, BED9, BedField, BedSchema, format_columns, sort_bed
from tracktools.formats.bigbed import read_bigbed, read_bigbed_columns, write_bigbed


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
    assert read_bigbed_columns(path) == schema.columns
    expected = format_columns(sort_bed(table, list(SIZES)), schema)
    assert format_columns(read, found) == expected
    rows = [(chrom, int(start), int(end), "\t".join(rest)) for chrom, start, end, *rest in zip(*expected, strict=True)]
    other = pybigtools.open(str(path))
    assert other.sql().strip() == schema.autosql.strip()
    seen = [(name, start, end, "\t".join(rest)) for name in SIZES for start, end, *rest in other.records(name)]
    # pybigtools splits columns at any white space
    assert [(*row[:3], row[3].split()) for row in rows] == [(*row[:3], row[3].split()) for row in seen]
    theirs = pyBigWig.open(str(path))
    assert theirs.isBigBed()
    for name, size in SIZES.items():
        mine = [row[1:] for row in rows if row[0] == name]
        assert mine == [(start, end, rest or "") for start, end, rest in theirs.entries(name, 0, size) or []]
    theirs.close()


def many_items(n: int, sizes: dict[str, int], longest_bp: int) -> pd.DataFrame:
    """Overlapping items on all sequences of a genome, in random order; every third name is used twice."""
    rng = np.random.default_rng(n)
    names = rng.choice(list(sizes), n)
    lengths = np.array([sizes[name] for name in names])
    start = (rng.random(n) * lengths).astype(int)
    end = np.minimum(start + rng.integers(1, longest_bp + 1, n), lengths)
    unique = [f"TSS_{number - (number % 3 == 0)}" for number in range(1, n + 1)]
    score, strand = rng.integers(0, 1001, n), rng.choice(["+", "-"], n)
    columns = {"chrom": names, "chromStart": start, "chromEnd": end, "name": unique, "score": score, "strand": strand}
    return pd.DataFrame(columns)


LAYOUTS = {
    "short, overlapping": many_items(40_000, {"chr": 300_000, "b": 77}, 25),
    "long": many_items(900, {"chr": 1_000_000, "b": 77}, 5_000),
    "one": many_items(1, {"b": 77}, 25),
    "5,000 contigs": many_items(20_000, {f"NODE_{number}": 100 + number for number in range(5_000)}, 200),
}
GENOME = {"chr": 1_000_000, "b": 77} | {f"NODE_{number}": 100 + number for number in range(5_000)}
every_layout = pytest.mark.parametrize("table", LAYOUTS.values(), ids=LAYOUTS)


@every_layout
def test_large_tables(tmp_path: Path, table: pd.DataFrame):
    write_bigbed(tmp_path / "a.bb", GENOME, table, BED6)
    read, schema = read_bigbed(tmp_path / "a.bb")
    assert schema == BED6
    assert format_columns(read, BED6) == format_columns(sort_bed(table, list(GENOME)), BED6)
    walk = Walk(tmp_path / "a.bb")
    assert walk.item_count == len(table)
    assert (walk.fields, walk.defined_fields) == (6, 6)
    reader = pyBigWig.open(str(tmp_path / "a.bb"))
    chrom = table["chrom"].iloc[0]
    mine = table[table["chrom"] == chrom]
    for start in range(0, GENOME[chrom], GENOME[chrom] // 7):
        end = min(start + 40, GENOME[chrom])
        overlapping = mine[(mine["chromStart"] < end) & (mine["chromEnd"] > start)]
        found = reader.entries(chrom, start, end) or []
        assert Counter(item[:2] for item in found) == Counter(
            zip(overlapping["chromStart"].tolist(), overlapping["chromEnd"].tolist(), strict=True)
        )
    reader.close()


def depths(table: pd.DataFrame) -> dict[int, np.ndarray]:
    """Depth of coverage of each base, counted item by item, of each sequence that has items, by its number."""
    depth_of = {}
    for chrom, items in table.groupby("chrom"):
        depth = np.zeros(GENOME[chrom], dtype=int)
        for start, end in zip(items["chromStart"], items["chromEnd"], strict=True):
            depth[start:end] += 1
        depth_of[list(GENOME).index(chrom)] = depth
    return dict(sorted(depth_of.items()))


@every_layout
def test_every_zoom_record_and_the_summary_count_the_coverage(tmp_path: Path, table: pd.DataFrame):
    write_bigbed(tmp_path / "a.bb", GENOME, table, BED6)
    walk = Walk(tmp_path / "a.bb")
    depth_of = depths(table)
    covered = np.concatenate([depth[depth > 0] for depth in depth_of.values()])
    assert walk.summary == (len(covered), covered.min(), covered.max(), covered.sum(), (covered**2).sum())
    for level, (reduction, *_) in enumerate(walk.zooms):
        expected = []
        for number, depth in depth_of.items():
            for start in range(0, len(depth), reduction):
                window = depth[start : start + reduction]
                known = window[window > 0]
                if len(known):
                    sums = np.array([known.sum(), (known**2).sum()], dtype=np.float32)  # as the format has them
                    values = (len(known), known.min(), known.max(), *sums)
                    expected.append((number, start, start + len(window), *values))
        assert walk.zoom_records(level) == expected
    assert (walk.n_zooms > 0) == (len(table) > 1)


@every_layout
def test_names_are_found_through_the_extra_index(tmp_path: Path, table: pd.DataFrame):
    write_bigbed(tmp_path / "a.bb", GENOME, table, BED6, index_fields=("name", "strand"))
    walk = Walk(tmp_path / "a.bb")
    counts = Counter(table["name"])
    for name in [*list(counts)[:50], *list(counts)[-3:]]:
        found = [text.split("\t")[0] for text in walk.items_named(0, name)]
        assert found == [name] * counts[name]
    assert len(walk.items_named(1, "+")) == (table["strand"] == "+").sum()
    for absent in ("", "TSS", "TSS_0", "TSS_1x", "zzz", "TSS_" + "9" * 40):
        assert walk.items_named(0, absent) == []


def test_names_in_capitals_are_found_through_the_last_index_and_exact_ones_through_the_first(tmp_path: Path):
    schema = BED6.with_fields("genes", "Genes", (BedField("locusTag", "string", "Locus tag"),))
    rows = [("chr", 10 * n, 10 * n + 4, f"gEnE{n}", 0, "+", f"b{n:04}" if n % 2 else "") for n in range(2000)]
    table = pd.DataFrame(rows, columns=list(schema.columns))
    write_bigbed(tmp_path / "a.bb", {"chr": 30_000}, table, schema, capital_fields=("name", "locusTag"))
    walk = Walk(tmp_path / "a.bb")
    assert walk.items_named(0, "gEnE7")[0].startswith("gEnE7\t")
    assert walk.items_named(0, "GENE7") == walk.items_named(1, "gEnE7") == walk.items_named(1, "") == []
    for n in (1, 7, 1999):
        for capitals in (f"GENE{n}", f"B{n:04}"):
            blocks = walk.blocks_named(1, capitals)
            assert len(blocks) == 1
            assert any(item.startswith(f"gEnE{n}\t") for item in blocks[0])


def test_several_alias_columns_can_be_searched(tmp_path: Path):
    columns = ("ncbi", "genbank", "ucsc")
    fields = tuple(BedField(name, "string", f"Name at {name}") for name in columns)
    schema = BED3.with_fields("chromAlias", "Names of sequences", fields)
    table = pd.DataFrame(
        [("NC_1.3", 0, 90, "NC_1.3", "U00096.3", "chr"), ("pX", 0, 7, "NZ_2.1", "", "chrPlasmid")],
        columns=list(schema.columns),
    )
    write_bigbed(tmp_path / "alias.bb", {"pX": 7, "NC_1.3": 90}, table, schema, index_fields=columns)
    walk = Walk(tmp_path / "alias.bb")
    assert (walk.fields, walk.defined_fields) == (6, 3)
    assert walk.items_named(0, "NZ_2.1") == ["NZ_2.1\t\tchrPlasmid"]
    assert walk.items_named(1, "U00096.3") == walk.items_named(2, "chr") == ["NC_1.3\tU00096.3\tchr"]
    assert walk.items_named(2, "U00096.3") == walk.items_named(1, "") == []


def test_a_table_without_items_gives_a_valid_file(tmp_path: Path):
    table = pd.DataFrame(columns=list(BED9.columns))
    write_bigbed(tmp_path / "a.bb", {"chr": 10}, table, BED9)
    read, schema = read_bigbed(tmp_path / "a.bb")
    assert (len(read), schema) == (0, BED9)
    reader = pyBigWig.open(str(tmp_path / "a.bb"))
    assert reader.chroms() == {"chr": 10}
    assert not reader.entries("chr", 0, 10)
    assert list(pybigtools.open(str(tmp_path / "a.bb")).records("chr")) == []
    assert Walk(tmp_path / "a.bb").items_named(0, "x") == []
    reader.close()


GOOD = {"chrom": "chr", "chromStart": 3, "chromEnd": 9, "name": "n", "score": 0, "strand": "+"}


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        ({"chrom": "chr1"}, GenomeMismatchError, r"does not have: chr1 \(it has chr\)"),
        ({"chromEnd": 11}, GenomeMismatchError, "1 of 1 items end past"),
        ({"chromStart": 9}, InputError, r"the item at chr:9 \(0-based\) has no bases"),
        ({"chromStart": 10}, InputError, "chromStart is '10'"),
        ({"score": 1001}, InputError, "score is '1001'"),
        ({"score": 0.5}, InputError, "score is '0.5'"),
        ({"score": math.nan}, InputError, "score is 'nan'"),
        ({"chrom": None}, InputError, "chrom is"),
    ],
)
def test_wrong_items_are_refused_and_nothing_is_left(
    tmp_path: Path, change: dict[str, object], error: type[Exception], problem: str
):
    with pytest.raises(error, match=problem):
        write_bigbed(tmp_path / "a.bb", {"chr": 10}, pd.DataFrame([GOOD | change]), BED6)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("field", ["chrom", "gene"])
def test_only_columns_behind_the_third_can_be_indexed(tmp_path: Path, field: str):
    with pytest.raises(ValueError, match=f"'{field}' cannot be indexed"):
        write_bigbed(tmp_path / "a.bb", {"chr": 10}, pd.DataFrame([GOOD]), BED6, index_fields=(field,))


def test_a_file_that_reads_back_otherwise_does_not_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_items = bigbed._write_items

    def write_others(writer, chrom_sizes, columns):
        return write_items(writer, chrom_sizes, [*columns[:3], ["m"], *columns[4:]])

    monkeypatch.setattr(bigbed, "_write_items", write_others)
    with pytest.raises(OutputError, match="does not read back"):
        write_bigbed(tmp_path / "a.bb", {"chr": 10}, pd.DataFrame([GOOD]), BED6)
    assert list(tmp_path.iterdir()) == []


def test_damaged_and_other_files_are_refused(tmp_path: Path):
    path = tmp_path / "a.bb"
    write_bigbed(path, {"chr": 10}, pd.DataFrame([GOOD]), BED6)
    whole, leaf = path.read_bytes(), Walk(path).leaves(Walk(path).index)[0]
    path.write_bytes(whole[: leaf[4]] + b"\xff" * leaf[5] + whole[leaf[4] + leaf[5] :])
    with pytest.raises(InputError, match=r"a\.bb: is damaged"):
        read_bigbed(path)
    path.write_bytes(whole[:-5])
    with pytest.raises(InputError, match="is cut short"):
        read_bigbed(path)
    path.write_text("chr\t1\t2\n")
    with pytest.raises(InputError, match="is no bigBed"):
        read_bigbed(path)


def test_schemas_as_others_write_them(tmp_path: Path):
    autosql = """table bigOther "Other's items"
    (
    string  chr;\t"Chromosome"
    uint    chromStart ;   "Start"
    uint    chromEnd;   "End"
    string  name;       "Name; with a semicolon"
    enum(up, down)  way;  "Direction"
    uint[2] pair;       "Two numbers"
    ubyte   small primary;  "A small number"
    )"""
    items = [("chr", 1, 5, "n\tup\t3,4,\t7"), ("chr", 2, 3, "m\tdown\t3,4,\t8")]
    pybigtools.open(str(tmp_path / "a.bb"), "w").write({"chr": 10}, iter(items), autosql=autosql)
    table, schema = read_bigbed(tmp_path / "a.bb")
    assert schema.columns == ("chrom", "chromStart", "chromEnd", "name", "way", "pair", "small")
    assert (schema.defined_fields, schema.fields[4].type) == (4, "enum(up,down)")
    assert table["small"].tolist() == [7, 8]
    assert table["pair"].tolist() == ["3,4,"] * 2


def test_whatever_is_damaged_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.bb"
    table = pd.DataFrame({"chrom": "c", "chromStart": range(9), "chromEnd": range(1, 10), "name": list("abcdefghi")})
    write_bigbed(path, {"c": 90}, table, BedSchema("t", "T", BED6.fields[:4], 4))
    data = path.read_bytes()
    messages = []
    for offset in range(4, len(data), 3):
        for value in (0, 0x7F, 0xFF):
            path.write_bytes(data[:offset] + bytes([value]) * 8 + data[offset + 8 :])
            try:
                read_bigbed(path)
            except InputError as error:
                messages.append(str(error))
    assert len(messages) > 100
    assert all(message.startswith(str(path)) and "\n" not in message for message in messages)
