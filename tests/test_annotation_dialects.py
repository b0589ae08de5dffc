"""Annotation files as people have them; each test says whose file it is like, and what must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from tracktools import cli
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed import read_bed
from tracktools.regions import place_annotation, place_without_genome, read_annotation, read_genes

KEY = ["name", "locus_tag", "start", "end", "strand"]


def write(folder: Path, *rows: str, name: str = "a.gff3") -> Path:
    """Write rows whose first eight columns are set apart by spaces; the ninth may hold anything."""
    path = folder / name
    path.write_text("".join("\t".join(row.split(" ", 8)) + "\n" for row in rows))
    return path


def genes_of(folder: Path, *rows: str) -> list[list[Any]]:
    return read_genes(write(folder, *rows))[KEY].to_numpy().tolist()


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli.tracktools, [str(argument) for argument in arguments])


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "g.fa"
    path.write_text(">c1\n" + "ACGTA" * 1000 + "\n>c2\n" + "GATTACA" * 100 + "\n")
    return path


# --- coding sequences without a row of their gene ------------------------------------------------------------------


def test_each_coding_sequence_of_an_operon_is_a_gene(tmp_path: Path) -> None:
    rows = (
        "c1 x operon 101 900 . + . ID=o",
        "c1 x CDS 101 400 . + 0 ID=a;Parent=o;gene=lacZ",
        "c1 x CDS 401 900 . + 0 Parent=o;gene=lacY",
        "c1 x CDS 1501 1900 . - 0 ID=c;gene=lacI",
    )
    assert genes_of(tmp_path, *rows) == [
        ["lacZ", "a", 100, 400, "+"],
        ["lacY", "", 400, 900, "+"],
        ["lacI", "c", 1500, 1900, "-"],
    ]
    assert dict(read_annotation(tmp_path / "a.gff3").left_out) == {("c1", "operon"): 1}


def test_a_file_filtered_to_coding_sequences_keeps_its_genes(tmp_path: Path) -> None:
    rows = (
        "c1 x gene 1 90 . + . ID=gene-a;Name=thrA",
        "c1 x CDS 1 90 . + 0 ID=cds-a;Parent=gene-a;product=kinase",
        "c1 x CDS 201 300 . - 0 ID=cds-b;Parent=gene-b;product=ligase",  # its gene row was filtered out
        "c1 x CDS 401 500 . - 0 ID=cds-c;Parent=gene-c;pseudo=true",
    )
    table = read_genes(write(tmp_path, *rows))
    assert table["name"].tolist() == ["thrA", "b", "c"]
    assert table["product"].tolist() == ["kinase", "ligase", ""]
    assert table["is_pseudo"].tolist() == [False, False, True]


def test_a_transcript_with_a_coding_sequence_is_one_gene_and_one_without_is_none(tmp_path: Path) -> None:
    rows = (
        "c1 x transcript 101 400 . + . ID=t1;geneID=G1;gene_name=abcA",
        "c1 x exon 101 400 . + . Parent=t1",
        "c1 x CDS 101 220 . + 0 Parent=t1",
        "c1 x CDS 251 400 . + 0 Parent=t1",
        "c1 x transcript 601 900 . + . ID=t2",
    )
    path = write(tmp_path, *rows)
    (gene,) = read_genes(path).to_dict("records")
    assert (gene["name"], gene["locus_tag"], gene["parts"]) == ("abcA", "G1", ((100, 220), (250, 400)))
    assert dict(read_annotation(path).left_out) == {("c1", "transcript"): 1}


def test_a_transcript_that_carries_several_coding_sequences_is_several_genes(tmp_path: Path) -> None:
    rows = (
        "c1 x mRNA 101 900 . + . ID=m",
        "c1 x CDS 101 400 . + 0 ID=a;Parent=m;locus_tag=T1",
        "c1 x CDS 397 900 . + 0 ID=b;Parent=m;locus_tag=T2",
    )
    assert [row[1] for row in genes_of(tmp_path, *rows)] == ["T1", "T2"]


# --- which rows are one gene ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "differ",
    [
        ("Name=tnpA", "Name=tnpB"),
        ("locus_tag=A1", "locus_tag=A2"),
        ("product=kinase", "product=ligase"),
        ("gene=x;Parent=p1", "gene=x;Parent=p2"),
    ],
)
def test_one_id_used_for_two_genes(tmp_path: Path, differ: tuple[str, str]) -> None:
    kind = "CDS" if "Parent" in differ[0] else "gene"
    rows = [
        f"c1 x {kind} {start} {start + 98} . + 0 ID=dup;{said}" for start, said in zip((1, 201), differ, strict=True)
    ]
    assert [row[2:4] for row in genes_of(tmp_path, *rows)] == [[0, 99], [200, 299]]


def test_one_id_far_apart_is_two_genes_unless_they_are_called_parts(tmp_path: Path) -> None:
    near, far = "c1 x gene 11 90 . + . ID=tnp;Name=tnp", "c1 x gene 300001 300090 . + . ID=tnp;Name=tnp"
    assert len(genes_of(tmp_path, near, far)) == 2
    assert len(genes_of(tmp_path, near + ";part=1/2", far + ";part=2/2")) == 1
    assert len(genes_of(tmp_path, near, near.replace("11 90", "1011 1090"))) == 1  # cut by an insertion element


@pytest.mark.parametrize("said", ["ID=b1", "ID=x;Name=thrA", "ID=x;gene=thrA", "note=none"])
def test_a_coding_sequence_without_link_belongs_to_the_gene_at_its_place(tmp_path: Path, said: str) -> None:
    gene = "c1 x gene 1 90 . + . ID=b1;Name=thrA"
    (row,) = read_genes(write(tmp_path, gene, f"c1 x CDS 1 90 . + 0 {said};product=kinase")).to_dict("records")
    assert (row["name"], row["biotype"], row["product"]) == ("thrA", "protein_coding", "kinase")


def test_a_coding_sequence_of_two_transcripts_tells_both_genes(tmp_path: Path) -> None:
    rows = (
        "c1 x gene 1 90 . + . ID=g1",
        "c1 x gene 1 99 . + . ID=g2",
        "c1 x mRNA 1 90 . + . ID=t1;Parent=g1",
        "c1 x mRNA 1 99 . + . ID=t2;Parent=g2",
        "c1 x CDS 1 90 . + 0 ID=p;Parent=t1,t2;product=kinase",
    )
    table = read_genes(write(tmp_path, *rows))
    assert table["product"].tolist() == ["kinase", "kinase"]
    assert table["biotype"].tolist() == ["protein_coding", "protein_coding"]


def test_two_products_of_one_gene_without_gene_rows_are_one_gene(tmp_path: Path) -> None:
    rows = (  # dnaX: tau, and gamma by a frameshift
        "c1 x CDS 1 1932 . + 0 ID=cds-tau;Parent=gene-b0470;gene=dnaX;locus_tag=b0470",
        "c1 x CDS 1 1296 . + 0 ID=cds-gamma;Parent=gene-b0470;gene=dnaX;locus_tag=b0470",
    )
    assert genes_of(tmp_path, *rows) == [["dnaX", "b0470", 0, 1932, "+"]]


# --- what spreadsheets, encodings and writers do to a line ----------------------------------------------------------


def test_quotes_that_a_spreadsheet_or_a_writer_put_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "a.gff3"
    path.write_text(
        'c1\tR\tgene\t101\t400\t.\t+\t.\t"ID=gene-b1;Name=dnaA;locus_tag=b1;gene_biotype=pseudogene"\n'
        'c1\tR\tCDS\t101\t400\t.\t+\t0\t"ID=c;Parent=gene-b1;product=DnaA, ""initiator"""\n'
        'c1\tP\tCDS\t601\t900\t.\t-\t0\tID="X_2";locus_tag="X_2";product="binding protein; domain"\n'
    )
    table = read_genes(path)
    assert table["locus_tag"].tolist() == ["b1", "X_2"]
    assert table["biotype"].tolist() == ["pseudogene", "protein_coding"]
    assert table["product"].tolist() == ['DnaA, "initiator"', "binding protein; domain"]


def test_control_characters_in_a_name_do_not_reach_a_file(tmp_path: Path, genome: Path) -> None:
    path = write(tmp_path, "c1 x gene 1 90 . + . ID=g;Name=a%09b%0Ac%00;product=x%E2%80%A8y")
    result = run("annotation", path, "--genome", genome, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    bed = read_bed(tmp_path / "out" / "genes.bed")[0]
    assert bed[["name", "product"]].to_numpy().tolist() == [["a b c", "x y"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_text_of_any_system_gives_the_same_genes(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = "##gff-version 3\nc1\tx\tgene\t1\t90\t.\t+\t.\tID=g;product=Glucosyltransferase Müller\n"
    path = tmp_path / "a.gff3"
    path.write_bytes(text.replace("\n", line_end).encode(encoding))
    assert read_genes(path)["product"].tolist() == ["Glucosyltransferase Müller"]


def test_attributes_of_other_case(tmp_path: Path) -> None:
    row = "c1 x gene 1 90 . + . ID=gene.1;Name=dnaA;Locus_tag=SPV_0001;Product=initiator"
    (gene,) = read_genes(write(tmp_path, row)).to_dict("records")
    assert (gene["locus_tag"], gene["product"]) == ("SPV_0001", "initiator")


def test_the_annotation_of_d39v_in_its_own_dialect(data_dir: Path) -> None:
    path = data_dir / "multispecies/annotation/Streptococcus_pneumoniae_D39V.coding_features.gff.gz"
    annotation = read_annotation(path)
    pseudo = annotation.genes["is_pseudo"]
    assert ((~pseudo).sum(), pseudo.sum()) == (2100, 167)
    assert annotation.genes["locus_tag"].str.startswith("SPV_").all()
    assert (annotation.genes["product"] != "").all()
    placed = place_annotation(annotation, {"CP027540.1": 2_046_572}, renames={"D39V": "CP027540.1"})
    assert placed.count_line.endswith("33 left out (33 mRNA_region)")


def test_gtf_of_ncbi_and_of_a_filtered_file(tmp_path: Path) -> None:
    gene = 'c1 R gene 1 93 . + . gene_id "b1"; transcript_id ""; gene "thrL"; gene_biotype "protein_coding";'
    coding = 'c1 R CDS 1 90 . + 0 gene_id "b1"; transcript_id "u1"; gene_name "thrL"; product "leader; peptide";'
    stop = 'c1 R stop_codon 91 93 . + 0 gene_id "b1"; transcript_id "u1";'
    for rows in ((gene, coding, stop), (coding, stop)):  # GTF takes the stop codon out of the coding sequence
        (found,) = read_genes(write(tmp_path, *rows)).to_dict("records")
        assert (found["name"], found["locus_tag"], found["parts"]) == ("thrL", "b1", ((0, 93),))
        assert (found["biotype"], found["product"]) == ("protein_coding", "leader; peptide")
    quoted = gene.split(" ", 8)[8].replace('"', '""')
    assert genes_of(tmp_path, f'c1 R gene 1 93 . + . "{quoted}"') == [["thrL", "b1", 0, 93, "+"]]
    doubled = coding.replace('"', '""').replace('gene_id ""b1""; ', "")
    assert genes_of(tmp_path, doubled) == [["thrL", "u1", 0, 90, "+"]]
    inside = coding.replace('gene_name "thrL"', 'gene_name "thr""L"')
    assert genes_of(tmp_path, inside) == [['thr"L', "b1", 0, 90, "+"]]
    with pytest.raises(InputError, match=r"contains no genes .*it has exon, transcript"):  # assembled transcripts
        genes_of(tmp_path, stop.replace("stop_codon", "transcript"), stop.replace("stop_codon", "exon"))


def test_rast_names_its_genes_by_what_they_do(tmp_path: Path) -> None:
    rows = (
        "c FIG CDS 1 90 . + 0 ID=fig|83333.1.peg.1;Name=Thr operon leader peptide",
        "c FIG RNA 101 170 . + . ID=fig|83333.1.rna.1;Name=tRNA-Ala-GGC",
    )
    table = read_genes(write(tmp_path, *rows))
    assert table["name"].tolist() == ["fig|83333.1.peg.1", "fig|83333.1.rna.1"]
    assert table[["biotype", "product"]].to_numpy().tolist() == [
        ["protein_coding", "Thr operon leader peptide"],
        ["tRNA", "tRNA-Ala-GGC"],
    ]


# --- the genome: circles, other sequences, other names --------------------------------------------------------------


def test_a_gene_past_the_end_names_the_option_and_the_option_works(tmp_path: Path, genome: Path) -> None:
    path = write(tmp_path, "c1 x region 1 5000 . + . ID=c1", "c1 x tmRNA 4800 5120 . + . ID=t;gene=ssrA")
    tss = tmp_path / "t.bed"
    tss.write_text("c1\t4790\t4791\tt\t0\t+\n")
    for command in (
        ["annotation", path, "--genome", genome],
        ["tss", "classify", tss, "--annotation", path],
        ["tss", "classify", tss, "--annotation", path, "--genome", genome],
    ):
        refused = run(*command, "-o", tmp_path / "out")
        assert isinstance(refused.exception, GenomeMismatchError)
        assert "ssrA ends at 5,120 on c1, which has 5,000 bp (if c1 is a circle, say --circular c1" in str(
            refused.exception
        )
        for wanted in ("c1", "all"):
            taken = run(*command, "--circular", wanted, "-o", tmp_path / "out", "--force")
            assert taken.exit_code == 0, taken.output
    placed = place_annotation(path, {"c1": 5000}, circular=["c1"])
    assert placed.genes["parts"].tolist() == [((4799, 5120),)]


def test_two_rows_across_the_origin_of_a_circle_that_only_the_user_knows(tmp_path: Path) -> None:
    path = write(tmp_path, "c1 x gene 4901 5000 . - . ID=g", "c1 x gene 1 50 . - . ID=g")
    assert place_annotation(path, {"c1": 5000}, circular=["all"]).genes["parts"].tolist() == [((4900, 5050),)]
    assert place_annotation(path, {"c1": 5000}).genes["parts"].tolist() == [((0, 50), (4900, 5000))]
    with pytest.raises(InputError, match="does not say how long c1 is, which --circular names"):
        place_without_genome(path, circular=["all"])


def test_rows_on_sequences_that_the_genome_lacks(tmp_path: Path, genome: Path) -> None:
    path = write(
        tmp_path, "c1 x gene 1 90 . + . ID=g", "p9 x gene 1 20 . + . ID=z", "p9 x repeat_region 1 9 . + . ID=r"
    )
    command = ["annotation", path, "--genome", genome, "-o", tmp_path / "out"]
    assert "say --rename p9=c1" in str(run(*command).exception)
    result = run(*command, "--only-genome")
    last = result.output.splitlines()[-1]
    assert last == ("Read 3 rows of a.gff3: 1 taken, 2 left out (2 on sequences that the genome does not have)")
    assert run(*command, "--rename", "p9=c2", "--force").exit_code == 0
    bed = read_bed(tmp_path / "out" / "genes.bed")[0]
    assert bed["chrom"].tolist() == ["c1", "c2"]


def test_an_unknown_circle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "c1 x gene 1 90 . + . ID=g")
    with pytest.raises(InputError, match="--circular names 'c3', and the genome has c1"):
        place_annotation(path, {"c1": 5000}, circular=["c3"])


def test_the_table_keeps_its_columns_when_nothing_is_left(tmp_path: Path) -> None:
    path = write(tmp_path, "c1 x gene 1 90 . + . ID=g")
    with pytest.raises(InputError, match="has no gene on c2"):
        place_annotation(path, {"c2": 5000}, only_genome=True)
    assert isinstance(place_annotation(path, {"c1": 90}).genes, pd.DataFrame)


def test_prokka_writes_genome_and_annotation_into_one_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, "##gff-version 3", "c1 P region 1 40 . + . ID=c1;Is_circular=true", "c1 P CDS 31 45 . + 0 ID=A_1"
    )
    bare = run("annotation", path, "-o", tmp_path / "out")
    assert "is GFF3 without a sequence (name the FASTA that it annotates)" in str(bare.exception)
    path.write_text(path.read_text() + "##FASTA\n>c1\n" + "ACGT" * 10 + "\n")
    result = run("annotation", path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    bed = read_bed(tmp_path / "out" / "genes.bed")[0]
    assert bed[["chromStart", "chromEnd"]].to_numpy().tolist() == [[0, 5], [30, 40]]


def test_a_hub_leaves_out_what_is_on_other_sequences_and_says_so(tmp_path: Path, genome: Path) -> None:
    path = write(tmp_path, "c1 x gene 1 90 . + . ID=g", "p9 x gene 1 20 . + . ID=z")
    bed = tmp_path / "sites.bed"
    bed.write_text("c1\t5\t6\ta\t0\t+\np9\t5\t6\tb\t0\t+\n")
    command = ["hub", "build", bed, "--annotation", path, "--genome", genome, "-o", tmp_path / "hub"]
    assert isinstance(run(*command).exception, GenomeMismatchError)
    result = run(*command, "--only-genome")
    assert result.exit_code == 0, result.output
    reason = "1 taken, 1 left out (1 on sequences that the genome does not have)"
    assert f"Read 2 rows of a.gff3: {reason}" in result.output
    assert f"Read 2 items of sites.bed: {reason}" in result.output


def test_genes_as_bed_are_an_annotation_too(tmp_path: Path, genome: Path) -> None:
    bed = tmp_path / "genes12.bed"
    bed.write_text(
        "c1\t10\t100\tg1\t0\t+\t10\t100\t0\t2\t20,30,\t0,60,\nc1\t200\t300\tg2\t0\t-\t200\t300\t0\t1\t100\t0\n"
    )
    table = read_genes(bed)
    assert table[["name", "strand"]].to_numpy().tolist() == [["g1", "+"], ["g2", "-"]]
    assert table["parts"].tolist() == [((10, 30), (70, 100)), ((200, 300),)]
    gff3 = write(tmp_path, "c1 x gene 1 90 . + . ID=g;locus_tag=T1;Name=abc;gene_biotype=tRNA;product=p")
    assert run("annotation", gff3, "--genome", genome, "-o", tmp_path / "out").exit_code == 0
    pd.testing.assert_frame_equal(read_genes(tmp_path / "out" / "genes.bed"), read_genes(gff3))
    bed.write_text("c1\t10\t100\tg1\n")
    with pytest.raises(InputError, match="is BED without strands"):
        read_genes(bed)
