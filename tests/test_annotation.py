from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracktools import cli
from tracktools.annotation import make_gene_tracks
from tracktools.errors import GenomeMismatchError
from tracktools.formats.bed import read_bed
from tracktools.formats.bed_schemas import GENES
from tracktools.genome import load_genome
from tracktools.tracks import read_tracks


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(">plasmid\n" + "ACGT" * 5 + "\n>chrom\n" + "ACGT" * 25 + "\n")
    return path


def gff3(folder: Path, *rows: str) -> Path:
    path = folder / "a.gff3"
    path.write_text("".join("\t".join([*row.split()[:5], ".", *row.split()[5:]]) + "\n" for row in rows))
    return path


REGION = "chrom x region 1 100 + . ID=c;Is_circular=true"


def test_a_folder_of_genes(tmp_path: Path, genome: Path) -> None:
    path = gff3(
        tmp_path,
        REGION,
        "chrom x gene 91 105 - . ID=g1;locus_tag=t1;gene_biotype=protein_coding;product=a%3Bb",
        "plasmid x gene 3 9 + . ID=g2;locus_tag=t2;gene_biotype=tRNA",
    )
    output = tmp_path / "out"
    returned = make_gene_tracks(path, output, genome=load_genome(genome))
    table, schema = read_bed(output / "genes.bed")
    assert schema == GENES
    assert table[["chrom", "chromStart", "chromEnd", "strand", "itemRgb", "product"]].to_numpy().tolist() == [
        ["plasmid", 2, 9, "+", "0,158,115", ""],
        ["chrom", 0, 5, "-", "213,94,0", "a;b"],
        ["chrom", 90, 100, "-", "213,94,0", "a;b"],
    ]
    assert len(read_bed(output / "pseudogenes.bed")[0]) == 0
    assert [t.name for t in read_tracks(output)] == ["genes"] == [t.name for t in returned.tracks]
    parameters = json.loads((output / "provenance.json").read_text())["parameters"]
    assert (parameters["genes"], parameters["pseudogenes"], parameters["circular"]) == (2, 0, ["chrom"])


def test_the_genome_may_say_itself_that_it_is_circular(tmp_path: Path, genome: Path) -> None:
    path = gff3(tmp_path, "chrom x gene 91 105 - . ID=g1")
    with pytest.raises(
        GenomeMismatchError,
        match=r"g1 ends at 105 on chrom, which has 100 bp \(if chrom is a circle, say --circular chrom",
    ):
        make_gene_tracks(path, tmp_path / "out", genome=load_genome(genome))
    assert not (tmp_path / "out").exists()
    make_gene_tracks(path, tmp_path / "out", genome=load_genome(genome, circular=["chrom"]))
    assert len(read_bed(tmp_path / "out" / "genes.bed")[0]) == 2


@pytest.mark.parametrize("name", ["U00096.3.genbank.gff3.gz", "GCF_000005845.2_ASM584v2_genomic.gff.gz"])
def test_the_command_on_e_coli(data_dir: Path, tmp_path: Path, name: str) -> None:
    fasta = data_dir / "genome/NC_000913.3.fa.gz"
    arguments = ["annotation", data_dir / "annotation" / name, "--genome", fasta, "-o", tmp_path / "out"]
    result = CliRunner().invoke(cli.tracktools, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    *paths, counts = result.stdout.splitlines()
    assert paths == [str(tmp_path / "out" / f"{kind}.bed") for kind in ("genes", "pseudogenes")]
    assert counts.startswith(
        f"Read 10,120 rows of {name}: 9,324 taken, 796 left out (697 repeat_region"
        if name.startswith("U")
        else f"Read 9,489 rows of {name}: 9,390 taken, 99 left out (50 mobile_genetic_element"
    )
    genes, pseudogenes = (read_bed(tmp_path / "out" / f"{kind}.bed")[0] for kind in ("genes", "pseudogenes"))
    assert (len(genes), len(pseudogenes)) == ((4419, 166) if name.startswith("U") else (4494, 145))
    assert set(genes["chrom"]) == {"NC_000913.3"}


def test_the_annotation_of_the_older_assembly_is_refused(data_dir: Path, tmp_path: Path) -> None:
    genome = load_genome(data_dir / "genome/NC_000913.2.fa.gz")
    with pytest.raises(GenomeMismatchError, match=r"is on U00096\.3.*another version of it, NC_000913\.2"):
        make_gene_tracks(data_dir / "annotation/U00096.3.genbank.gff3.gz", tmp_path / "out", genome=genome)
