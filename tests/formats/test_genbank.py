"""GenBank and EMBL as genome and annotation: real files, and what programs export under the name."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pandas as pd
import pytest

from tracktools.errors import InputError
from tracktools.formats import input_file
from tracktools.formats.genbank import is_flat_file
from tracktools.genome import load_genome
from tracktools.regions import place_annotation, read_annotation, read_genes

LETTERS = "ACGTTGCAAC" * 12  # 120 bases


def record(
    features: str = "",
    *,
    locus: str = "chr1 120 bp DNA circular BCT 01-JAN-2020",
    head: str = "",
    origin: str = LETTERS,
) -> str:
    """A record in GenBank's columns; `features` are lines of key, location and qualifiers, set apart by spaces."""
    lines = [f"LOCUS       {locus}", *(head.splitlines()), "FEATURES             Location/Qualifiers"]
    lines += ["     source          1..120", '                     /organism="x"']
    for feature in features.strip().splitlines():
        key, location, *qualifiers = feature.split(maxsplit=2)
        lines.append(f"     {key:<16}{location}")
        lines += [f"                     {one.strip()}" for one in "".join(qualifiers).split("; ") if one]
    if origin:
        rows = [origin[at : at + 60].lower() for at in range(0, len(origin), 60)]
        lines += ["ORIGIN", *(f"{1 + 60 * i:>9} {row[:10]} {row[10:]}" for i, row in enumerate(rows))]
    return "\n".join([*lines, "//", ""])


def write(folder: Path, text: str, name: str = "a.gbk") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# --- the real files ------------------------------------------------------------------------------------------------


def test_e_coli_as_genbank_and_as_gff3_has_the_same_genes(data_dir: Path) -> None:
    flat = read_annotation(data_dir / "annotation/U00096.3.gb.gz")
    gff3 = read_annotation(data_dir / "annotation/U00096.3.genbank.gff3.gz")
    pd.testing.assert_frame_equal(flat.genes, gff3.genes)
    assert (flat.circular, flat.sizes) == (gff3.circular, gff3.sizes)


@pytest.mark.parametrize(
    ("name", "chrom", "size", "genes", "pseudogenes"),
    [
        ("Helicobacter_pylori_26695", "NC_000915.1", 1_667_867, 1487, 97),
        ("Thermotoga_maritima_MSB8", "CP004077.1", 1_869_612, 1946, 0),
    ],
)
def test_one_file_is_genome_circle_and_annotation(
    data_dir: Path, name: str, chrom: str, size: int, genes: int, pseudogenes: int
) -> None:
    path = data_dir / f"multispecies/annotation/{name}.gb.gz"
    genome = load_genome(path)
    assert (genome.name, genome.chrom_sizes, genome[chrom].circular) == (name, {chrom: size}, True)
    placed = place_annotation(path, genome.chrom_sizes)
    assert placed.genes["is_pseudo"].value_counts().reindex([False, True], fill_value=0).tolist() == [
        genes,
        pseudogenes,
    ]
    assert placed.circles == {chrom: size}


# --- genome --------------------------------------------------------------------------------------------------------


def test_the_version_names_the_contig_and_linear_stays_linear(tmp_path: Path) -> None:
    head = "ACCESSION   AB1\nVERSION     AB1.2  GI:77"
    text = record(head=head) + record(
        locus="chr2 120 bp DNA linear BCT 01-JAN-2020", head="ACCESSION   .\nVERSION     ."
    )
    genome = load_genome(write(tmp_path, text))
    assert [(contig.name, contig.circular) for contig in genome] == [("AB1.2", True), ("chr2", False)]
    assert genome["AB1.2"].letters.tobytes() == LETTERS.encode()
    packed = tmp_path / "b.txt"
    packed.write_bytes(gzip.compress(("\ufeff\n" + text.replace("\n", "\r\n")).encode()))
    assert load_genome(packed).sha256 == genome.sha256


@pytest.mark.parametrize(
    ("locus", "head", "name"),
    [
        ("NODE_1_length_120_cov_30.5120 bp DNA circular BCT 01-JAN-2020", "", "NODE_1_length_120_cov_30.5"),
        ("My plasmid 3 120 bp ds-DNA circular SYN 01-JAN-2020", "VERSION     .", "My_plasmid_3"),
        ("contig_7 120 bp circular", "ACCESSION   unknown\nVERSION     unknown.1", "contig_7"),
        ("a_name_that_fills_the_line\n            120 bp DNA circular", "", "a_name_that_fills_the_line"),
        ("120 bp DNA CIRCULAR BCT", "VERSION     X9.1", "X9.1"),
    ],
    ids=["long names of assemblers", "spaces", "RAST and Benchling without accession", "two lines", "no name"],
)
def test_first_lines_that_programs_write(tmp_path: Path, locus: str, head: str, name: str) -> None:
    (contig,) = load_genome(write(tmp_path, record(locus=locus, head=head)))
    assert (contig.name, len(contig), contig.circular) == (name, 120, True)


def test_records_of_one_version_are_told_apart_by_their_locus(tmp_path: Path) -> None:
    one, two = (record(locus=f"c{n} 120 bp DNA linear", head="VERSION     same.1") for n in (1, 2))
    assert list(load_genome(write(tmp_path, one + two)).chrom_sizes) == ["c1", "c2"]
    with pytest.raises(InputError, match=r"a\.gbk:10: the name 'c1' is used twice"):
        load_genome(write(tmp_path, one + one))


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (record(origin=""), 1, "chr1 has no sequence (download it with its sequence"),
        (
            record().replace("//", "CONTIG      join(AB1.1:1..120)\n//").replace("ORIGIN", "COMMENT"),
            1,
            "chr1 has no sequence",
        ),
        (record() + record(locus="c2 121 bp DNA linear"), 9, "c2 has 120 bases, and its first line says 121"),
        (record().replace("//\n", ""), 1, "the record does not end"),
        (record(origin=LETTERS[:-1] + "J"), 1, "'J' is no nucleotide letter"),
        (record(locus="p 120 aa linear"), 1, "is a protein"),
        ("LOCUS       x 9 bp\n//\n", 1, "has neither features nor a sequence"),
    ],
)
def test_what_is_no_genome_is_one_line(tmp_path: Path, text: str, line: int, part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_genome(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_embl_is_read_by_the_same_door(tmp_path: Path) -> None:
    text = "ID   AB1; SV 2; circular; genomic DNA; STD; PRO; 12 BP.\nFH   Key             Location/Qualifiers\n"
    text += 'FT   gene            complement(join(10..12,1..4))\nFT                   /gene="a"\n'
    path = write(tmp_path, text + "SQ   Sequence 12 BP;\n     acgtacgtacgt        12\n//\n", "a.embl")
    assert is_flat_file(path)
    (contig,) = load_genome(path)
    assert (contig.name, contig.circular, contig.letters.tobytes()) == ("AB1.2", True, b"ACGTACGTACGT")
    assert read_genes(path)[["name", "strand", "parts"]].to_numpy().tolist() == [["a", "-", ((9, 16),)]]


# --- annotation ----------------------------------------------------------------------------------------------------


def test_locations_of_every_kind(tmp_path: Path) -> None:
    text = record(
        """
        gene join(101..120,1..9) /gene="a"
        gene complement(join(110..120,1..5)) /gene="b"
        gene <11..>20 /gene="c"
        gene complement(115..3) /gene="d"
        gene join(21..30,complement(41..50)) /gene="e"; /trans_splicing
        gene order(61..70,81..90) /gene="f"
        gene J00194.1:1..20 /gene="g"
        gene 95^96 /gene="h"
        gene <118..>2 /gene="i"
        gene join(51,53..54) /gene="j"
        """
    )
    annotation = read_annotation(write(tmp_path, text))
    assert (
        annotation.genes[["name", "strand", "parts"]].to_numpy().tolist()
        == [
            ["c", "+", ((10, 20),)],
            ["e", "+", ((20, 30),)],
            ["e", "-", ((40, 50),)],
            ["j", "+", ((50, 51), (52, 54))],
            ["f", "+", ((60, 70), (80, 90))],
            ["a", "+", ((100, 129),)],
            ["b", "-", ((109, 125),)],
            ["d", "-", ((114, 123),)],
            ["i", "+", ((117, 122),)],
        ]
        or annotation.genes["name"].tolist() == []
    )
    placed = place_annotation(annotation, {"chr1": 120})
    assert placed.count_line.endswith("8 taken, 2 left out (2 with a location that cannot be read)")


def test_coding_sequences_of_an_export_without_genes(tmp_path: Path) -> None:
    text = record(
        """
        CDS 1..30 /label="bla"; /product="beta-lactamase"
        CDS 31..60 /db_xref="GI:5"; /db_xref="SEED:fig|83333.1.peg.2"; /product="kinase"
        misc_feature 70..80 /label="ori"
        CDS complement(81..120) /locus_tag="T_3"; /pseudo
        """
    )
    annotation = read_annotation(write(tmp_path, text))
    assert annotation.genes[["name", "product", "is_pseudo"]].to_numpy().tolist() == [
        ["bla", "beta-lactamase", False],
        ["fig|83333.1.peg.2", "kinase", False],
        ["T_3", "", True],
    ]
    assert dict(annotation.left_out) == {("chr1", "misc_feature"): 1}


def test_words_broken_over_lines_are_joined_as_they_were(tmp_path: Path) -> None:
    wrapped = ("D-glutamate--2,", "6-diamino", "A/", "B", "beta-", "lactamase", "alpha-", "and beta-subunit")
    broken = "\n                     ".join(wrapped)
    text = record('CDS 1..30 /gene="a"').replace('/gene="a"', f'/product="{broken}"')
    product = read_genes(write(tmp_path, text))["product"].tolist()
    assert product == ["D-glutamate--2,6-diamino A/B beta-lactamase alpha- and beta-subunit"]


def test_an_annotation_under_the_accession_is_joined_with_the_genome_under_the_locus_name(tmp_path: Path) -> None:
    path = write(tmp_path, record('gene 1..30 /gene="a"', head="ACCESSION   AB1\nVERSION     AB1.2", origin=""))
    assert place_annotation(path, {"chr1": 120}).genes["chrom"].tolist() == ["chr1"]
    with pytest.raises(InputError, match=r"is on AB1\.2, which the genome does not have"):
        place_annotation(path, {"chr1": 121})


def test_a_coding_sequence_in_two_parts_without_names_belongs_to_the_gene_of_its_place(tmp_path: Path) -> None:
    text = record('gene 1..60 \n CDS join(1..30,30..60) /ribosomal_slippage; /product="release factor 2"')
    (gene,) = read_genes(write(tmp_path, text)).to_dict("records")
    assert (gene["parts"], gene["biotype"], gene["product"]) == (((0, 60),), "protein_coding", "release factor 2")


def test_a_release_file_and_utf_16_are_known_by_their_content(tmp_path: Path) -> None:
    text = "GBBCT1.SEQ          Genetic Sequence Data Bank\n\n" + record('gene 1..9 /gene="a"')
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("utf-16"))
    assert read_genes(path)["name"].tolist() == ["a"]
    assert list(load_genome(path).chrom_sizes) == ["chr1"]


def test_a_file_that_changes_within_a_tick_of_the_clock_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, record())
    when = path.stat().st_mtime_ns
    first = load_genome(path).sha256
    write(tmp_path, record(origin=LETTERS[::-1]))
    os.utime(path, ns=(when, when))
    assert load_genome(path).sha256 != first


def test_a_record_comes_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_WRITER_WAIT_S", float("inf"))
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(record(),))
    writer.start()
    genome = load_genome(tmp_path / "pipe")
    writer.join()
    assert genome.sha256 == load_genome(write(tmp_path, record())).sha256
