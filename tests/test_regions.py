from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.regions import (
    GENE_COLUMNS,
    check_on_genome,
    genes_from_bed,
    genes_to_bed,
    nearest_genes,
    overlapping_genes,
    read_annotation,
    read_genes,
    split_parts,
)

LENGTH = 97


def gff(folder: Path, *rows: str) -> Path:
    path = folder / "a.gff3"
    lines = ["\t".join([*row.split()[:5], ".", row.split()[5], ".", " ".join(row.split()[6:])]) for row in rows]
    path.write_text("\n".join(lines))
    return path


def one(folder: Path, *rows: str) -> dict[str, Any]:
    table = read_genes(gff(folder, *rows))
    assert list(table.columns) == list(GENE_COLUMNS)
    assert len(table) == 1
    return dict(table.iloc[0])


# --- reading -----------------------------------------------------------------------------------------------------


def test_genbank_annotation_of_e_coli(data_dir: Path) -> None:
    genes = read_genes(data_dir / "annotation/U00096.3.genbank.gff3.gz")
    pseudo = genes["is_pseudo"]
    assert (~pseudo).sum() == 4419
    assert genes.loc[pseudo, "parts"].map(len).sum() == 166  # rows of the file: 147 pseudogenes, 17 of them in parts
    assert pseudo.sum() == 147
    assert genes.loc[~pseudo, "biotype"].value_counts().to_dict() == {
        "protein_coding": 4240,
        "tRNA": 86,
        "ncRNA": 71,
        "rRNA": 22,
    }
    thrl = genes.iloc[0]
    assert tuple(thrl[["chrom", "start", "end", "strand", "name", "locus_tag", "product"]]) == (
        "U00096.3",
        189,
        255,
        "+",
        "thrL",
        "b0001",
        "thr operon leader peptide",
    )
    crl = genes[genes["name"] == "crl"].iloc[0]
    assert (crl["start"], crl["end"], crl["parts"]) == (257828, 259006, ((257828, 257899), (258675, 259006)))
    assert not genes["locus_tag"].duplicated().any()
    assert read_annotation(data_dir / "annotation/U00096.3.genbank.gff3.gz").circular == {"U00096.3"}


def test_refseq_annotation_of_e_coli(data_dir: Path) -> None:
    genes = read_genes(data_dir / "annotation/GCF_000005845.2_ASM584v2_genomic.gff.gz")
    assert (len(genes), genes["is_pseudo"].sum()) == (4494 + 145, 145)
    assert genes["chrom"].unique().tolist() == ["NC_000913.3"]
    codes = genes[genes["biotype"].isin(["protein_coding", "tRNA", "rRNA"])]
    assert (codes["product"] != "").all()


def test_prokka_writes_no_gene_rows(tmp_path: Path) -> None:
    rows = (
        "c p CDS 11 20 + ID=AB_1;locus_tag=AB_1;product=kinase;gene=thrA;Name=thrA",
        "c p tRNA 31 40 - ID=AB_2;locus_tag=AB_2;product=tRNA-Ala(tgc)",
        "c p CRISPR 51 60 . note=12",
    )
    table = read_genes(gff(tmp_path, *rows))
    assert table["name"].tolist() == ["thrA", "AB_2"]
    assert table["biotype"].tolist() == ["protein_coding", "tRNA"]
    assert table["product"].tolist() == ["kinase", "tRNA-Ala(tgc)"]


def test_bakta_names_a_coding_sequence_by_its_product(tmp_path: Path) -> None:
    gene = one(tmp_path, "c b CDS 11 20 + ID=X_5;Name=kinase;locus_tag=X_5;product=kinase;pseudo=True")
    assert (gene["name"], gene["biotype"], gene["is_pseudo"]) == ("X_5", "pseudogene", True)


def test_ensembl_children_tell_what_the_gene_does_not(tmp_path: Path) -> None:
    gene = one(
        tmp_path,
        "Chromosome e gene 11 20 + ID=gene:b1;Name=thrL;description=leader",
        "Chromosome e mRNA 11 20 + ID=transcript:t1;Parent=gene:b1",
        "Chromosome e CDS 11 20 + ID=CDS:p1;Parent=transcript:t1",
    )
    assert (gene["name"], gene["locus_tag"], gene["biotype"], gene["product"]) == (
        "thrL",
        "b1",
        "protein_coding",
        "leader",
    )


def test_ensembl_writes_genes_of_an_rna_in_their_own_type(tmp_path: Path) -> None:
    rows = (
        "Chromosome e ncRNA_gene 11 20 + ID=gene:b9;Name=rrsA;biotype=rRNA",
        "Chromosome e rRNA 11 20 + ID=t9;Parent=gene:b9",
    )
    assert one(tmp_path, *rows)["name"] == "rrsA"


def test_a_child_without_parent_is_found_by_its_locus_tag(tmp_path: Path) -> None:
    gene = one(tmp_path, "c x gene 11 20 + ID=g;locus_tag=t", "c x CDS 11 20 + ID=d;locus_tag=t;product=kinase")
    assert (gene["name"], gene["product"], gene["biotype"]) == ("t", "kinase", "protein_coding")


def test_parents_in_a_ring_do_not_hang(tmp_path: Path) -> None:
    rows = ("c x gene 1 9 + ID=g", "c x mRNA 1 9 + ID=a;Parent=b", "c x mRNA 1 9 + ID=b;Parent=a")
    assert one(tmp_path, *rows)["name"] == "g"


def test_a_gene_across_the_origin_written_in_either_way(tmp_path: Path) -> None:
    region = "c x region 1 100 + ID=c;Is_circular=true"
    long = one(tmp_path, region, "c x gene 91 105 - ID=g")
    cut = one(tmp_path, region, "c x gene 91 100 - ID=g", "c x gene 1 5 - ID=g")
    assert (long["start"], long["end"], long["parts"]) == (90, 105, ((90, 105),))
    assert (cut["start"], cut["end"], cut["parts"]) == (90, 105, ((90, 105),))


def test_three_parts_around_the_origin(tmp_path: Path) -> None:
    rows = [f"c x gene {part} + ID=g" for part in ("1 5", "11 20", "71 80", "91 100")]
    gene = one(tmp_path, "c x region 1 100 + ID=c;Is_circular=true", *rows)
    assert gene["parts"] == ((70, 80), (90, 105), (110, 120))
    linear = one(tmp_path, *rows)
    assert linear["parts"] == ((0, 5), (10, 20), (70, 80), (90, 100))


def test_one_id_on_two_strands_is_two_genes(tmp_path: Path) -> None:
    table = read_genes(gff(tmp_path, "c x gene 1 5 + ID=g", "c x gene 8 9 - ID=g", "d x gene 8 9 - ID=g"))
    assert table[["chrom", "strand"]].to_numpy().tolist() == [["c", "+"], ["c", "-"], ["d", "-"]]


def test_no_genes_is_an_error_that_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.gff3: contains no genes .*it has region, repeat_region"):
        read_genes(gff(tmp_path, "c x region 1 9 + ID=c", "c x repeat_region 2 3 + ID=r"))


# --- the genome --------------------------------------------------------------------------------------------------


def table(*rows: tuple[str, int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])
    return frame.assign(name=[f"g{i}" for i in range(len(rows))], parts=[((start, end),) for _, start, end, _ in rows])


def test_names_are_those_of_the_genome(data_dir: Path) -> None:
    genes = read_genes(data_dir / "annotation/U00096.3.genbank.gff3.gz")
    placed = check_on_genome(genes, {"plasmid": 9, "NC_000913.3": 4641652})
    assert placed["chrom"].unique().tolist() == ["NC_000913.3"]
    assert genes["chrom"].unique().tolist() == ["U00096.3"]


@pytest.mark.parametrize(
    ("row", "sizes", "part"),
    [
        (("c", 1, 2, "+"), {"d": 9, "e": 8}, "a.gff: is on c, which the genome does not have (the genome has d, e"),
        (
            ("U00096.2", 1, 2, "+"),
            {"NC_000913.3": 9},
            "the genome has another version of it, NC_000913.3",
        ),
        (("c", 1, 10, "+"), {"c": 9}, "g0 ends at 10 on c, which has 9 bp"),
    ],
)
def test_another_genome_is_refused(row: tuple[str, int, int, str], sizes: dict[str, int], part: str) -> None:
    with pytest.raises(GenomeMismatchError) as caught:
        check_on_genome(table(row), sizes, path=Path("a.gff"))
    assert part in str(caught.value)


def test_only_a_circle_may_be_crossed_and_only_once() -> None:
    crossing = table(("c", 90, 105, "+"))
    assert len(check_on_genome(crossing, {"c": 100}, circular={"c"})) == 1
    with pytest.raises(GenomeMismatchError, match="if c is a circle, say --circular c"):
        check_on_genome(crossing, {"c": 100}, circular={"d"})
    for start, end in ((90, 191), (100, 105)):
        with pytest.raises(GenomeMismatchError):
            check_on_genome(table(("c", start, end, "+")), {"c": 100}, circular={"c"})


def test_parts_are_cut_at_the_origin() -> None:
    genes = table(("d", 3, 5, "-"), ("c", 90, 105, "+"), ("c", 2, 4, "-"))
    genes.at[0, "parts"] = ((3, 4), (4, 5))
    parts = split_parts(genes, {"c": 100, "d": 7})
    assert parts[["chrom", "start", "end", "name"]].to_numpy().tolist() == [
        ["c", 0, 5, "g1"],
        ["c", 2, 4, "g2"],
        ["c", 90, 100, "g1"],
        ["d", 3, 4, "g0"],
        ["d", 4, 5, "g0"],
    ]
    assert len(split_parts(genes.head(0), {"c": 100})) == 0


def test_bed_and_back(tmp_path: Path) -> None:
    region = "c x region 1 100 + ID=c;Is_circular=true"
    rows = (
        "c x gene 91 105 - ID=g1;locus_tag=t1;gene_biotype=tRNA;product=tRNA-Ala",
        "c x pseudogene 11 20 + ID=g2;locus_tag=t2;part=1/2",
        "c x pseudogene 31 33 + ID=g2;locus_tag=t2;part=2/2",
        "c x gene 25 33 + ID=g3;locus_tag=t3;gene_biotype=protein_coding;gene=thrA",
    )
    genes = read_genes(gff(tmp_path, region, *rows))
    bed = genes_to_bed(genes, {"c": 100})
    assert bed[["chromStart", "chromEnd", "name", "itemRgb"]].to_numpy().tolist() == [
        [0, 5, "t1", "0,158,115"],
        [10, 20, "t2", "204,121,167"],
        [24, 33, "thrA", "0,114,178"],
        [30, 33, "t2", "204,121,167"],
        [90, 100, "t1", "0,158,115"],
    ]
    pd.testing.assert_frame_equal(genes_from_bed(bed, {"c": 100}, circular={"c"}), genes)


def test_bed_and_back_on_the_whole_annotation(data_dir: Path) -> None:
    genes = read_genes(data_dir / "annotation/U00096.3.genbank.gff3.gz")
    sizes = {"U00096.3": 4641652}
    bed = genes_to_bed(genes, sizes)
    assert len(bed) == 4419 + 166
    pd.testing.assert_frame_equal(genes_from_bed(bed, sizes, sizes), genes)


# --- overlap and nearest, against brute force ----------------------------------------------------------------------


def bases(start: int, end: int, length: int | None) -> set[int]:
    return {base if length is None else base % length for base in range(start, end)}


def related(first: str, second: str, relation: str) -> bool:
    return relation == "any" or ("." not in (first, second) and (first == second) == (relation == "same"))


@st.composite
def tables(draw: st.DrawFn, *, points: bool) -> pd.DataFrame:
    rows = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, LENGTH - 1))
        end = start + 1 if points else draw(st.integers(start + 1, LENGTH))
        rows.append((draw(st.sampled_from("cd")), start, end, draw(st.sampled_from("+-."))))
    return table(*rows) if rows else table(("c", 0, 1, "+")).head(0)


def stretched(genes: pd.DataFrame) -> pd.DataFrame:
    """Let genes on the circle c that end at its length go on across the origin."""
    end = genes["end"].where((genes["end"] < LENGTH - 9) | (genes["chrom"] != "c"), genes["end"] + genes["start"] // 3)
    return genes.assign(end=end, parts=[((s, e),) for s, e in zip(genes["start"], end, strict=True)])


RELATIONS = st.sampled_from(["any", "same", "opposite"])


@settings(deadline=None, max_examples=80)
@given(tables(points=False), tables(points=False), RELATIONS, st.booleans())
def test_overlaps_equal_brute_force(intervals: pd.DataFrame, genes: pd.DataFrame, relation: Any, circle: bool) -> None:
    sizes = {"c": LENGTH} if circle else {}
    if circle:
        intervals, genes = stretched(intervals), stretched(genes)
    found = overlapping_genes(intervals.drop(columns="parts"), genes, strand=relation, circular_sizes=sizes)
    expected = [
        [i, j]
        for i, a in enumerate(intervals.itertuples())
        for j, b in enumerate(genes.itertuples())
        if a.chrom == b.chrom
        and related(str(a.strand), str(b.strand), relation)
        and bases(a.start, a.end, sizes.get(a.chrom)) & bases(b.start, b.end, sizes.get(b.chrom))  # type: ignore[arg-type]
    ]
    assert found[["interval", "gene"]].to_numpy().tolist() == expected


def signed_distance(position: int, gene: Any, length: int | None) -> int:
    """Return 0 inside, else the signed number of steps; on a circle the shorter way, upstream where both are equal."""
    if position in bases(gene.start, gene.end, length):
        return 0
    if length is None:
        plus = position - gene.start if position < gene.start else position - gene.end + 1
    else:
        ahead, behind = (gene.start - position) % length, (position - gene.end + 1) % length
        upstream, downstream = (ahead, behind) if gene.strand != "-" else (behind, ahead)
        return -upstream if upstream <= downstream else downstream
    return -plus if gene.strand == "-" else plus


@settings(deadline=None, max_examples=120)
@given(tables(points=True), tables(points=False), RELATIONS, st.booleans())
def test_nearest_equals_brute_force(positions: pd.DataFrame, genes: pd.DataFrame, relation: Any, circle: bool) -> None:
    sizes = {"c": LENGTH} if circle else {}
    genes = stretched(genes) if circle else genes
    positions = positions.set_axis(np.arange(len(positions)) * 7 + 3)
    found = nearest_genes(positions, genes, strand=relation, circular_sizes=sizes)
    assert found.index.equals(positions.index)
    for (_, position), gene, distance in zip(positions.iterrows(), found["gene"], found["distance_bp"], strict=True):
        candidates = [
            (abs(d), d > 0, j, d)
            for j, other in enumerate(genes.itertuples())
            if other.chrom == position["chrom"] and related(position["strand"], str(other.strand), relation)
            for d in [signed_distance(position["start"], other, sizes.get(position["chrom"]))]
        ]
        if candidates:
            assert (gene, distance) == (min(candidates)[2], min(candidates)[3])
        else:
            assert gene == -1
            assert distance is pd.NA


def test_the_gap_of_an_interrupted_gene_is_not_the_gene() -> None:
    genes = table(("c", 10, 50, "-"), ("c", 25, 30, "+"))
    genes.at[0, "parts"] = ((10, 20), (40, 50))
    positions = table(("c", 27, 28, "-"), ("c", 21, 22, "-"), ("c", 40, 41, "-")).drop(columns="parts")
    assert overlapping_genes(positions, genes).to_numpy().tolist() == [[0, 1], [2, 0]]
    same = nearest_genes(positions, genes, strand="same")
    assert same["distance_bp"].tolist() == [-8, -2, 0]


def test_a_neighbour_is_one_base_away_whatever_the_slack() -> None:
    genes = table(("c", 10, 20, "+"), ("c", 40, 50, "-"))
    positions = table(*[("c", p, p + 1, "+") for p in (9, 10, 19, 20, 39, 50)])
    assert nearest_genes(positions, genes)["distance_bp"].tolist() == [-1, 0, 0, 1, 1, -1]


def test_of_two_genes_equally_far_the_one_ahead_is_taken_then_the_first() -> None:
    genes = table(("c", 10, 20, "+"), ("c", 30, 40, "+"), ("c", 30, 35, "+"))  # 5 behind, 6 and 6 ahead of 24
    found = nearest_genes(table(("c", 24, 25, "+"), ("c", 25, 26, "+")), genes)
    assert found.to_numpy().tolist() == [[0, 5], [1, -5]]
    even = nearest_genes(table(("c", 24, 25, "+")), table(("c", 10, 20, "+"), ("c", 29, 35, "+"), ("c", 29, 33, "+")))
    assert even.to_numpy().tolist() == [[1, -5]]


def test_a_position_is_one_base() -> None:
    with pytest.raises(ValueError, match="one base"):
        nearest_genes(table(("c", 1, 3, "+")), table(("c", 1, 3, "+")))
