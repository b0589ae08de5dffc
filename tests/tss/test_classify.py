from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.tss.classify import CLASSES, classify_tss

LENGTH = 2000


def gene(name: str, start: int, end: int, strand: str, chrom: str = "c") -> dict[str, object]:
    return {
        "chrom": chrom,
        "start": start,
        "end": end,
        "strand": strand,
        "name": name,
        "locus_tag": f"tag_{name}",
        "biotype": "protein_coding",
        "is_pseudo": False,
        "product": "",
        "parts": ((start, end),),
    }


def genes(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(gene("", 0, 1, "+")))


def tss(*bases: tuple[int, str, float], chrom: str = "c") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": [base[0] for base in bases],
            "chromEnd": [base[0] + 1 for base in bases],
            "name": [f"t{base[0]}" for base in bases],
            "strand": [base[1] for base in bases],
            "sourceScore": [base[2] for base in bases],
        }
    )


def classes(table: pd.DataFrame) -> list[tuple[str, str, int]]:
    return list(zip(table["class"], table["gene"], table["distance"], strict=True))


GENE = gene("abc", 1000, 1300, "+")
MIRRORED = gene("abc", LENGTH - 1300, LENGTH - 1000, "-")


@pytest.mark.parametrize(
    ("position", "strand", "expected"),
    [
        (1000, "+", ("primary", "abc", 0)),
        (999, "+", ("primary", "abc", -1)),
        (700, "+", ("primary", "abc", -300)),
        (699, "+", ("orphan", "abc", -301)),
        (1001, "+", ("internal", "abc", 1)),
        (1299, "+", ("internal", "abc", 299)),
        (1300, "+", ("orphan", "", 0)),
        (1299, "-", ("antisense", "abc", 299)),
        (1399, "-", ("antisense", "abc", 399)),
        (1400, "-", ("orphan", "", 0)),
        (900, "-", ("antisense", "abc", -100)),
        (899, "-", ("orphan", "", 0)),
    ],
)
def test_the_edges_of_every_class_on_both_strands(position: int, strand: str, expected: tuple[str, str, int]) -> None:
    assert classes(classify_tss(tss((position, strand, 1.0)), genes(GENE)).table) == [expected]
    turned = tss((LENGTH - 1 - position, "-" if strand == "+" else "+", 1.0))
    assert classes(classify_tss(turned, genes(MIRRORED)).table) == [expected]


def test_the_strongest_upstream_is_primary() -> None:
    found = classify_tss(tss((900, "+", 5.0), (950, "+", 9.0), (980, "+", np.nan)), genes(GENE)).table
    assert found["class"].tolist() == ["secondary", "primary", "secondary"]


def test_of_equally_strong_the_nearest_is_primary() -> None:
    found = classify_tss(tss((900, "+", 5.0), (950, "+", 5.0)), genes(GENE)).table
    assert found["class"].tolist() == ["secondary", "primary"]


def test_support_counts_before_strength() -> None:
    table = tss((900, "+", 1.0), (950, "+", 9.0)).assign(support=[3, 2])
    assert classify_tss(table, genes(GENE)).table["class"].tolist() == ["primary", "secondary"]


def test_a_tss_has_the_first_class_and_all_its_relations() -> None:
    table = genes(gene("left", 500, 960, "+"), gene("abc", 1000, 1300, "+"), gene("anti", 940, 990, "-"))
    found = classify_tss(tss((950, "+", 1.0)), table)
    assert classes(found.table) == [("primary", "abc", -50)]
    relations = found.relations.set_index("gene")
    assert relations["class"].to_dict() == {"abc": "primary", "left": "internal", "anti": "antisense"}
    assert relations["distance"].to_dict() == {"abc": -50, "left": 450, "anti": 39}


def test_a_gene_without_tss_is_listed() -> None:
    found = classify_tss(tss((100, "+", 1.0)), genes(GENE, gene("far", 5000, 5100, "-"))).relations
    assert found[["gene", "class", "tss"]].to_numpy().tolist() == [["abc", "none", ""], ["far", "none", ""]]


def test_a_gene_across_the_origin_of_a_circle() -> None:
    table = genes(gene("cross", 1950, 2040, "+"), gene("first", 100, 200, "+"))
    found = classify_tss(
        tss((1940, "+", 1.0), (20, "+", 1.0), (1990, "+", 2.0)), table, utr_bp=200, circular_sizes={"c": LENGTH}
    )
    assert classes(found.table) == [("primary", "cross", -10), ("secondary", "first", -80), ("primary", "first", -110)]


def test_upstream_reaches_across_the_origin_on_the_minus_strand() -> None:
    found = classify_tss(tss((30, "-", 1.0)), genes(gene("end", 1900, 1990, "-")), circular_sizes={"c": LENGTH}).table
    assert classes(found) == [("primary", "end", -41)]


def test_no_gene_on_the_sequence() -> None:
    table = pd.concat([tss((950, "+", 1.0)), tss((950, "+", 1.0), chrom="plasmid")])
    assert classes(classify_tss(table, genes(GENE)).table) == [("primary", "abc", -50), ("orphan", "", 0)]


@settings(max_examples=25)
@given(
    bases=st.lists(st.tuples(st.integers(0, LENGTH - 1), st.sampled_from("+-")), min_size=1, max_size=12, unique=True),
    spans=st.lists(
        st.tuples(st.integers(0, LENGTH - 60), st.integers(20, 59), st.sampled_from("+-")), min_size=1, max_size=5
    ),
    utr=st.integers(0, 400),
    antisense=st.integers(0, 150),
)
def test_classes_follow_their_definition(
    bases: list[tuple[int, str]], spans: list[tuple[int, int, str]], utr: int, antisense: int
) -> None:
    table = genes(*(gene(f"g{i}", start, start + size, strand) for i, (start, size, strand) in enumerate(spans)))
    chosen = tss(*((start, strand, float(i)) for i, (start, strand) in enumerate(bases)))
    found = classify_tss(chosen, table, utr_bp=utr, antisense_bp=antisense)
    for (position, strand), kind in zip(bases, found.table["class"], strict=True):
        kinds = set()
        for start, size, gene_strand in spans:
            end = start + size
            offset = position - start if gene_strand == "+" else end - 1 - position
            if strand == gene_strand and -utr <= offset <= 0:
                kinds.add("upstream")
            elif strand == gene_strand and 0 < offset < size:
                kinds.add("internal")
            elif strand != gene_strand and start - antisense <= position < end + antisense:
                kinds.add("antisense")
        if kind in ("primary", "secondary"):
            assert "upstream" in kinds
        else:
            expected = next((name for name in CLASSES if name in kinds), "orphan")
            assert "upstream" not in kinds
            assert kind == expected
    primaries = found.relations[found.relations["class"] == "primary"]["gene"]
    assert primaries.is_unique


def test_errors() -> None:
    with pytest.raises(ConfigError, match="a distance is -1"):
        classify_tss(tss((1, "+", 1.0)), genes(GENE), utr_bp=-1)
    with pytest.raises(GenomeMismatchError, match=r"annotation is of NC_000913\.2, the set on NC_000913\.3"):
        classify_tss(tss((1, "+", 1.0), chrom="NC_000913.3"), genes(gene("g", 1, 9, "+", "NC_000913.2")))
    with pytest.raises(GenomeMismatchError, match="annotation is of c, the set on elsewhere"):
        classify_tss(tss((1, "+", 1.0), chrom="elsewhere"), genes(GENE))


def test_the_command_names_the_gene_of_known_promoters(data_dir: Path, tmp_path: Path, run) -> None:
    from tracktools.formats.bed import read_bed

    promoters = tmp_path / "known.bed"
    promoters.write_text("U00096.3\t147\t148\tthrLp\t0\t+\nU00096.3\t366427\t366428\tlacZp1\t0\t-\n")
    annotation = data_dir / "annotation" / "GCF_000005845.2_ASM584v2_genomic.gff.gz"
    result = run("tss", "classify", promoters, "--annotation", annotation, "-o", tmp_path / "out")
    assert "primary          2" in result.stdout
    table, _ = read_bed(tmp_path / "out" / "known.bed")
    assert dict(zip(table["name"], table["gene"], strict=True)) == {"thrLp": "thrL", "lacZp1": "lacZ"}
    lines = (tmp_path / "out" / "genes.tsv").read_text().splitlines()
    assert lines[0].split("\t")[:6] == ["gene", "locusTag", "class", "distance", "tss", "chrom"]
    assert len([line for line in lines if line.split("\t")[2] == "none"]) > 4000


def test_the_table_of_genes_has_whole_positions_where_some_genes_have_no_tss(tmp_path: Path, run) -> None:
    (tmp_path / "set.bed").write_text("c\t1234567\t1234568\tone\t0\t+\n")
    rows = [f"c\tx\tgene\t{start}\t{end}\t.\t+\t.\tID={name};Name={name}" for start, end, name in
            ((1_234_600, 1_235_000, "with"), (5_000, 6_000, "without"))]  # fmt: skip
    (tmp_path / "genes.gff3").write_text("##gff-version 3\n" + "\n".join(rows) + "\n")
    run("tss", "classify", tmp_path / "set.bed", "--annotation", tmp_path / "genes.gff3", "-o", tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "genes.tsv", sep="\t", dtype=str).set_index("gene")
    assert table.loc["with", "position"] == "1234567"
    assert pd.isna(table.loc["without", "position"])


@pytest.mark.parametrize("distance", [{"utr_bp": 10**23}, {"antisense_bp": 1_000_001}])
def test_a_distance_beyond_all_bounds_is_refused(distance: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="at most 1,000,000"):
        classify_tss(pd.DataFrame({"chrom": ["c"]}), pd.DataFrame(), **distance)
