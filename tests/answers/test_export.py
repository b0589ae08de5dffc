"""TSS and promoters in GFF3 and GenBank: words of the vocabularies, places on both strands, and no old line changed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from Bio import SeqIO
from click.testing import CliRunner

from tracktools.answers import TableOptions, make_tss_table
from tracktools.answers.export import Feature, export_features, features_of, genbank_lines, gff3_lines
from tracktools.cli import tracktools
from tracktools.errors import InputError
from tracktools.formats.genbank import new_flat_file, read_flat_file
from tracktools.formats.gff3 import read_gff3
from tracktools.genome import Contig, Genome
from tracktools.regions import read_genes

SO_TERMS = {"TSS", "promoter", "minus_10_signal", "minus_35_signal"}
INSDC = {
    ("misc_feature", None),
    ("regulatory", "promoter"),
    ("regulatory", "minus_10_signal"),
    ("regulatory", "minus_35_signal"),
}
PROMOTER = "TTGACA" + "GC" * 8 + "G" + "TATAAT" + "GCGCGC"  # the -10 begins 12 before the TSS, which follows
COMPLEMENT = str.maketrans("ACGT", "TGCA")
LENGTH = 300


def letters(at: int, strand: str) -> str:
    """A circle with one promoter, whose TSS is base `at` on a strand."""
    text = list("GC" * (LENGTH // 2))
    place = at if strand == "+" else LENGTH - 1 - at
    for step, letter in enumerate(PROMOTER):
        text[(place - len(PROMOTER) + step) % LENGTH] = letter
    whole = "".join(text)
    return whole if strand == "+" else whole.translate(COMPLEMENT)[::-1]


def features(folder: Path, at: int, strand: str, *, circular: bool = True) -> tuple[list[Feature], Genome]:
    genome = Genome(
        "g", (Contig("chr", np.frombuffer(letters(at, strand).encode(), dtype=np.uint8), circular=circular),)
    )
    (folder / "s.bed").write_text(f"chr\t{at}\t{at + 1}\tt\t0\t{strand}\n")
    table = make_tss_table({"s": folder / "s.bed"}, genome, TableOptions()).table
    return features_of(table, genome), genome


def read_back(one: Feature, text: str) -> str:
    """The letters of a feature on its strand."""
    bases = "".join(text[place % LENGTH] for place in range(one.start, one.end))
    return bases if one.strand == "+" else bases.translate(COMPLEMENT)[::-1]


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("at", [100, 5, 20, 40, 260, 299, 0])
def test_each_part_lies_on_its_letters_also_across_the_origin(tmp_path: Path, at: int, strand: str) -> None:
    found, _ = features(tmp_path, at, strand)
    by_kind = {one.kind: one for one in found}
    assert set(by_kind) == SO_TERMS
    text = letters(at, strand)
    assert read_back(by_kind["minus_35_signal"], text) == "TTGACA"
    assert read_back(by_kind["minus_10_signal"], text) == "TATAAT"
    assert read_back(by_kind["promoter"], text).startswith(PROMOTER)
    assert by_kind["promoter"].end - by_kind["promoter"].start == len(PROMOTER) + 1
    assert (by_kind["TSS"].start, by_kind["TSS"].end) == (at, at + 1)
    promoter = by_kind["promoter"].identity
    assert {one.parent for one in found} == {"", promoter}
    assert all(0 <= one.start < LENGTH for one in found)


def test_a_promoter_past_the_end_of_a_line_and_a_poor_one_are_left_out(tmp_path: Path) -> None:
    found, _ = features(tmp_path, 5, "+", circular=False)
    assert [one.kind for one in found] == ["TSS"]
    dull = Genome("g", (Contig("chr", np.frombuffer(b"GC" * 150, dtype=np.uint8)),))
    table = make_tss_table({"s": tmp_path / "s.bed"}, dull).table
    assert [one.kind for one in features_of(table, dull)] == ["TSS"]


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("at", [100, 5])
def test_genbank_is_read_back_by_biopython_and_by_us(tmp_path: Path, at: int, strand: str) -> None:
    found, genome = features(tmp_path, at, strand)
    (path,) = export_features(found, genome, tmp_path, formats=["genbank"])
    with path.open() as file:
        (record,) = SeqIO.parse(file, "genbank")
    assert record.annotations["topology"] == "circular"
    words = {(f.type, f.qualifiers.get("regulatory_class", [None])[0]) for f in record.features if f.type != "source"}
    assert words == INSDC
    hexamers = {
        f.qualifiers["regulatory_class"][0]: str(f.extract(record.seq))
        for f in record.features
        if f.type == "regulatory"
    }
    assert (hexamers["minus_10_signal"], hexamers["minus_35_signal"]) == ("TATAAT", "TTGACA")
    assert len(read_flat_file(path)) == 1


def test_gff3_is_read_back_with_parents_that_there_are(tmp_path: Path) -> None:
    found, genome = features(tmp_path, 100, "-")
    (path,) = export_features(found, genome, tmp_path, formats=["gff3"])
    rows = list(read_gff3(path))
    assert {row.type for row in rows} == SO_TERMS
    identities = {row.attributes["ID"] for row in rows}
    assert len(identities) == len(rows)
    assert {row.attributes["Parent"] for row in rows if "Parent" in row.attributes} <= identities


def test_text_with_the_signs_of_column_nine_stays_one_attribute() -> None:
    one = Feature("chr", "TSS", 4, 5, "+", "a;b=c", notes={"Note": "x=1; y,z & \t%"})
    (line,) = gff3_lines([one])
    tags = dict(tag.split("=", 1) for tag in line.split("\t")[8].split(";"))
    assert set(tags) == {"ID", "Note"}
    assert len(line.split("\t")) == 9


def test_lines_of_genbank_are_at_most_80_columns_and_lose_no_word() -> None:
    note = " ".join(f"word{n}" for n in range(60))
    lines = genbank_lines([Feature("chr", "TSS", 4, 5, "-", "x", notes={"Note": note})], 100)
    assert max(map(len, lines)) <= 80
    assert all(word in " ".join(line.strip() for line in lines) for word in note.split())


GFF = (
    "##gff-version 3\n# a comment\nchr\tx\tgene\t101\t190\t.\t+\t.\tID=a;Name=abc\n"
    "other\tx\tgene\t1\t9\t.\t+\t.\tID=b\n"
)


@pytest.mark.parametrize("ending", ["", "##FASTA\n>chr\nACGT\n"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("cut", [False, True])
def test_no_line_of_a_gff3_changes(tmp_path: Path, ending: str, eol: str, cut: bool) -> None:
    if cut and ending:
        return
    found, genome = features(tmp_path, 100, "+")
    text = (GFF + ending).replace("\n", eol).removesuffix(eol if cut else "\0").encode()
    (tmp_path / "g.gff3").write_bytes(text)
    (path,) = export_features(found, genome, tmp_path, merge_into=tmp_path / "g.gff3")
    merged = path.read_bytes().splitlines()
    ours = [line for line in merged if b"tracktools" in line]
    assert len(ours) == len(found)
    assert [line for line in merged if b"tracktools" not in line] == text.splitlines()
    if ending:
        assert merged.index(b"##FASTA") > max(merged.index(line) for line in ours)
    assert len(read_genes(path)) == 2


def test_a_gff3_without_its_first_line_is_known_by_its_rows_and_bed_is_refused(tmp_path: Path) -> None:
    found, genome = features(tmp_path, 100, "+")
    (tmp_path / "g.gff").write_text(GFF.split("\n", 1)[1])
    (path,) = export_features(found, genome, tmp_path, merge_into=tmp_path / "g.gff")
    assert path.name == "merged.gff3"
    with pytest.raises(InputError, match="neither GFF3 nor GenBank"):
        export_features(found, genome, tmp_path, merge_into=tmp_path / "s.bed")


def test_no_line_of_a_genbank_file_changes_and_names_are_joined(tmp_path: Path) -> None:
    found, genome = features(tmp_path, 100, "+")
    old = new_flat_file(
        [("other", np.frombuffer(b"ACGT" * 9, dtype=np.uint8), False), ("mine", genome["chr"].letters, True)]
    )
    (tmp_path / "g.gbk").write_bytes(old)
    with pytest.raises(InputError, match="--rename NAME_IN_THE_FILE=chr"):
        export_features(found, genome, tmp_path, merge_into=tmp_path / "g.gbk")
    (path,) = export_features(found, genome, tmp_path, merge_into=tmp_path / "g.gbk", renames={"mine": "chr"})
    merged, before = path.read_bytes().splitlines(), old.splitlines()
    kept = iter(merged)
    assert all(line in kept for line in before), "every old line, in order"
    records = list(SeqIO.parse(io.StringIO(path.read_text()), "genbank"))
    assert [len(record.features) for record in records] == [1, 1 + len(found)]


def test_real_genbank_keeps_its_lines_and_gains_features(data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "multispecies" / "annotation" / "Helicobacter_pylori_26695.gb.gz"
    sets = data_dir / "multispecies" / "tss" / "Helicobacter_pylori_26695.tss.bed"
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    words = [f"measured={sets}", "--genome", str(source), "--annotation", str(source), "--merge-into", str(source)]
    done = CliRunner().invoke(tracktools, ["tss", "table", *words, "-o", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    import gzip

    before, after = (
        gzip.decompress(source.read_bytes()).splitlines(),
        (tmp_path / "out" / "merged.gbk").read_bytes().splitlines(),
    )
    kept = iter(after)
    assert all(line in kept for line in before)
    n_tss = len(pd.read_csv(tmp_path / "out" / "tss.tsv", sep="\t"))
    with (tmp_path / "out" / "merged.gbk").open() as file:
        (record,) = SeqIO.parse(file, "genbank")
    assert sum("transcription start site" in f.qualifiers.get("note", [""])[0] for f in record.features) == n_tss
    assert len(read_genes(tmp_path / "out" / "merged.gbk")) == len(read_genes(source))
