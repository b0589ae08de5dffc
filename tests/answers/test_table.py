"""The table of TSS: every cell is what an independent look at the files gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tracktools.answers import TableOptions, TssTable, make_tss_table, write
from tracktools.answers.sequence import sequences
from tracktools.answers.sets import join_tss
from tracktools.answers.write import write_tables
from tracktools.cli import tracktools
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Contig, Genome
from tracktools.profile.matrix import SignalSource
from tracktools.regions import next_genes

LENGTH = 900
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
GFF = (
    "##gff-version 3\n"
    "chr\t.\tregion\t1\t900\t.\t+\t.\tID=chr;Is_circular=true\n"
    "chr\t.\tgene\t101\t190\t.\t+\t.\tID=gene-a;Name=abc;locus_tag=T_1\n"
    "chr\t.\tCDS\t101\t190\t.\t+\t0\tID=cds-a;Parent=gene-a;product== 1+1 kinase\n"
    "chr\t.\tgene\t201\t260\t.\t-\t.\tID=gene-b;Name=def;locus_tag=T_2\n"
)


def letters(seed: int = 0, length: int = LENGTH) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def genome_of(text: str, *, circular: bool = False) -> Genome:
    return Genome("g", (Contig("chr", np.frombuffer(text.encode(), dtype=np.uint8), circular=circular),))


def bed(path: Path, *rows: tuple[int, str, int]) -> Path:
    """Positions, strands and scores of TSS on chr."""
    path.write_text("".join(f"chr\t{at}\t{at + 1}\tt{at}\t{score}\t{strand}\n" for at, strand, score in rows))
    return path


def made(folder: Path, *rows: tuple[int, str, int], circular: bool = True) -> pd.DataFrame:
    (folder / "genes.gff3").write_text(GFF if circular else GFF.replace("chr\t.\tregion", "#"))
    sets = {"one": bed(folder / "one.bed", *rows)}
    options = TableOptions(annotation=folder / "genes.gff3")
    return make_tss_table(sets, genome_of(letters(), circular=circular), options).table


def test_genes_distances_and_flags_of_each_row(tmp_path: Path) -> None:
    table = made(tmp_path, (60, "+", 5), (97, "+", 9), (100, "+", 1), (150, "+", 2), (150, "-", 3), (300, "-", 4))
    cells = table.set_index(["position", "strand"])
    assert cells.loc[(61, "+"), ["gene", "utr_length", "class", "leaderless"]].tolist() == ["abc", 40, "secondary", ""]
    assert cells.loc[(98, "+"), ["gene", "utr_length", "class", "leaderless"]].tolist() == ["abc", 3, "primary", "yes"]
    assert cells.loc[(101, "+"), "utr_length"] == 0
    assert cells.loc[(151, "+"), ["class", "in_gene", "gene", "gene_distance"]].tolist() == [
        "internal", "abc", "abc", 850
    ]  # fmt: skip
    assert pd.isna(cells.loc[(151, "+"), "utr_length"]), "what lies in a gene makes no 5' UTR"
    assert (cells["utr_length"].dropna() == cells["gene_distance"][cells["utr_length"].notna()]).all()
    assert cells.loc[(151, "-"), ["class", "in_gene_antisense", "gene"]].tolist() == ["antisense", "abc", "def"]
    assert cells.loc[(301, "-"), ["gene", "locus_tag", "utr_length"]].tolist() == ["def", "T_2", 301 - 260]
    assert cells.loc[(61, "+"), "product"] == "= 1+1 kinase"
    assert table["id"].tolist()[0] == "TSS_chr_61_f"


def test_without_a_circle_the_last_gene_is_followed_by_none(tmp_path: Path) -> None:
    table = made(tmp_path, (150, "+", 2), circular=False)
    assert table[["gene", "locus_tag"]].iloc[0].tolist() == ["", ""]
    assert table["utr_length"].isna().all()


REGULONDB = (
    "# a comment\noperonId\toperonName\tfirstGeneLeftPosition\tlastGeneRightPosition\tstrand\n"
    "1\tabcXY\t101\t400\tforward\n2\tdef\t150\t260\treverse\n3\tother\t102\t400\tforward\n"
)
OPERON_BED = "chr\t100\t400\tabcXY\t0\t+\nchr\t149\t260\tdef\t0\t-\nchr\t101\t400\tother\t0\t+\n"


@pytest.mark.parametrize("text", [REGULONDB, OPERON_BED])
def test_the_operon_is_that_of_the_first_base_of_the_next_gene(tmp_path: Path, text: str) -> None:
    (tmp_path / "genes.gff3").write_text(GFF)
    (tmp_path / "operons").write_text(text)
    sets = {"one": bed(tmp_path / "one.bed", (60, "+", 5), (300, "-", 4), (270, "+", 1))}
    options = TableOptions(annotation=tmp_path / "genes.gff3", operons=tmp_path / "operons")
    table = make_tss_table(sets, genome_of(letters(), circular=True), options).table
    assert dict(zip(table["position"], table["operon"], strict=True)) == {61: "abcXY", 301: "def", 271: "abcXY"}
    with pytest.raises(ConfigError, match="operons need the annotation"):
        make_tss_table(sets, genome_of(letters()), TableOptions(operons=tmp_path / "operons"))


def test_a_gene_in_several_operons_names_them_all_and_one_in_none_names_none(tmp_path: Path) -> None:
    (tmp_path / "genes.gff3").write_text(GFF)
    (tmp_path / "operons.bed").write_text(OPERON_BED.replace("101\t400", "90\t400").replace("149\t260", "149\t259"))
    sets = {"one": bed(tmp_path / "one.bed", (60, "+", 5), (300, "-", 4))}
    options = TableOptions(annotation=tmp_path / "genes.gff3", operons=tmp_path / "operons.bed")
    table = make_tss_table(sets, genome_of(letters(), circular=True), options).table
    assert table["operon"].tolist() == ["abcXY;other", ""]


@given(
    st.lists(st.tuples(st.integers(0, 59), st.sampled_from("+-")), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 15), st.sampled_from("+-")), max_size=5),
    st.booleans(),
)
def test_the_next_gene_is_that_of_a_walk_downstream(
    tss: list[tuple[int, str]], placed: list[tuple[int, int, str]], circle: bool
) -> None:
    size = 60
    rows = [("chr", start, start + n, strand) for start, n, strand in placed if circle or start + n <= size]
    genes = pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])
    table = pd.DataFrame([("chr", *one) for one in tss], columns=["chrom", "position", "strand"])
    found = next_genes(table, genes, {"chr": size} if circle else {})
    for (_, position, strand), (gene, distance) in zip(
        table.itertuples(index=False), found.itertuples(index=False), strict=True
    ):
        firsts = {
            n: (start if own == "+" else end - 1) % size for n, (_, start, end, own) in enumerate(rows) if own == strand
        }
        step = 1 if strand == "+" else -1
        walked = [
            d for d in range(size) if (circle or 0 <= position + step * d < size)
            and (position + step * d) % size in firsts.values()
        ]  # fmt: skip
        if not walked:
            assert (gene, distance) == (-1, 0)
        else:
            assert distance == walked[0]
            assert firsts[gene] == (position + step * walked[0]) % size


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("at", [0, 3, 200, LENGTH - 1])
def test_sequence_is_that_of_the_strand_from_50_before_to_10_after(at: int, strand: str, circular: bool) -> None:
    text = letters(3)
    offsets = range(-50, 11)
    bases = [at + step if strand == "+" else at - step for step in offsets]
    own = [text[base % LENGTH] if circular or 0 <= base < LENGTH else "N" for base in bases]
    expected = "".join(own) if strand == "+" else "".join(own).translate(COMPLEMENT)
    rows = pd.DataFrame({"chrom": ["chr"], "position": [at], "strand": [strand]})
    assert sequences(rows, genome_of(text, circular=circular), 50, 10) == [expected]


def table_of(*rows: tuple[int, str, float]) -> pd.DataFrame:
    positions, strands, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {"chrom": "chr", "position": np.array(positions, dtype=np.int64), "strand": list(strands),
         "score": np.array(scores, dtype=float), "precision": np.nan}
    )  # fmt: skip


def test_sets_support_each_other_one_to_one_and_the_rest_become_rows() -> None:
    a = table_of((10, "+", 1), (30, "-", 1))
    b = table_of((12, "+", 5), (9, "+", 9), (30, "+", 1), (27, "-", 2))
    joined = join_tss({"a": a, "b": b}, 5, {"chr": 100})
    assert joined[["position", "strand", "support"]].to_numpy().tolist() == [
        [10, "+", 2], [12, "+", 1], [30, "+", 1], [30, "-", 2]
    ]  # fmt: skip
    assert joined["b_distance"].tolist() == [-1, 0, 0, 3], "along the strand, downstream positive"
    assert joined["sets"].tolist() == ["a;b", "b", "b", "a;b"]
    assert joined["score"].tolist() == [1, 5, 1, 1], "that of the first set which has it"


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("+-")), max_size=12, unique=True))
def test_a_set_joined_with_itself_supports_every_row_at_distance_0(rows: list[tuple[int, str]]) -> None:
    table = table_of(*((at, strand, 1.0) for at, strand in rows))
    joined = join_tss({"a": table, "b": table}, 5, {"chr": 100})
    assert len(joined) == len(rows)
    assert (joined["support"] == 2).all()
    assert (joined["b_distance"] == 0).all()


def test_reads_are_the_sum_within_5_bases_on_the_strand(tmp_path: Path) -> None:
    values = np.full(LENGTH, np.nan, dtype=np.float32)
    values[[195, 200, 205, 206]] = [1, 2, 4, 8]
    write_bigwig(tmp_path / "p.bw", {"chr": LENGTH}, {"chr": values})
    write_bigwig(tmp_path / "m.bw", {"chr": LENGTH}, {"chr": -2 * values})
    signal = SignalSource("rna", tmp_path / "p.bw", tmp_path / "m.bw")
    sets = {"s": bed(tmp_path / "s.bed", (200, "+", 1), (200, "-", 1), (20, "+", 1))}
    table = make_tss_table(sets, genome_of(letters()), TableOptions(reads=[signal])).table
    assert table.set_index(["position", "strand"])["reads_rna"].to_dict() == {
        (21, "+"): 0, (201, "+"): 7, (201, "-"): 14
    }  # fmt: skip


def test_a_set_of_another_genome_is_one_line(tmp_path: Path) -> None:
    other = tmp_path / "o.bed"
    other.write_text("phiX\t1\t2\t.\t0\t+\n")
    with pytest.raises(GenomeMismatchError, match="phiX"):
        make_tss_table({"o": other}, genome_of(letters()))


def run(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(tracktools, ["tss", "table", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table")
    (folder / "g.fa").write_text(f">chr\n{letters()}\n")
    (folder / "genes.gff3").write_text(GFF)
    bed(folder / "called.bed", (60, "+", 5), (60, "+", 4), (300, "-", 4))
    bed(folder / "m.bed", (61, "+", 5))
    said = run(
        folder, str(folder / "called.bed"), f"rna={folder / 'm.bed'}", "--genome", str(folder / "g.fa"),
        "--annotation", str(folder / "genes.gff3"), "-o", str(folder / "out"),
    )  # fmt: skip
    assert "called: Read 3 TSS: 2 taken, 1 left out (1 on a base that another row has)" in said
    assert "2 TSS, 1 in two sets or more" in said
    return folder / "out"


def test_every_kind_of_file_holds_the_same_table(written: Path) -> None:
    tsv = pd.read_csv(written / "tss.tsv", sep="\t", keep_default_na=False, na_values={"expected_precision": [""]})
    parquet = pd.read_parquet(written / "tss.parquet")
    xlsx = pd.read_excel(written / "tss.xlsx", keep_default_na=False)
    assert tsv.columns.tolist() == parquet.columns.tolist() == xlsx.columns.tolist()
    for name in ("id", "position", "gene", "product", "sequence"):
        assert tsv[name].tolist() == parquet[name].tolist() == xlsx[name].tolist(), name
    assert pd.api.types.is_integer_dtype(parquet["position"])
    columns = pd.read_csv(written / "columns.tsv", sep="\t")
    assert columns["column"].tolist() == tsv.columns.tolist()
    assert columns["description"].str.len().min() > 5


def test_the_workbook_has_typed_cells_a_frozen_header_and_no_formula(written: Path) -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(written / "tss.xlsx")["tss"]
    header = [cell.value for cell in sheet[1]]
    row = dict(zip(header, sheet[2], strict=True))
    assert sheet.freeze_panes == "A2"
    assert isinstance(row["position"].value, int)
    assert (row["product"].value, row["product"].data_type) == ("= 1+1 kinase", "s")


def test_a_workbook_of_more_rows_than_a_sheet_has_room_for_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from openpyxl import load_workbook

    monkeypatch.setattr(write, "_MOST_ROWS", 3)
    monkeypatch.setattr(write, "_ROWS_AT_ONCE", 2)
    write_tables(tmp_path, "t", pd.DataFrame({"a": range(5)}), {"a": "numbers"})
    book = load_workbook(tmp_path / "t.xlsx")
    assert [[cell.value for cell in row] for row in book["t"]] == [["a"], [0], [1], [2]]
    told = "t.xlsx has room for 3 rows: the other 2 are in t.tsv"
    rows = [[cell.value for cell in row] for row in book["columns"]]
    assert rows == [["column", "description"], ["a", "numbers"], ["(left out)", told]]
    assert len((tmp_path / "t.tsv").read_text().splitlines()) == 6
    assert told in caplog.text


def test_the_table_says_what_was_left_out_of_the_annotation(tmp_path: Path) -> None:
    (tmp_path / "genes.gff3").write_text(GFF)
    sets = {"s": bed(tmp_path / "s.bed", (60, "+", 5))}
    found: TssTable = make_tss_table(sets, genome_of(letters()), TableOptions(annotation=tmp_path / "genes.gff3"))
    assert found.notes[0].startswith("Read ")
    assert "genes.gff3" in found.notes[0]
