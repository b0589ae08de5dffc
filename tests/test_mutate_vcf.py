"""A VCF file comes back as it was, with the effect of each allele; what cannot be right is one line."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pysam
import pytest

from runs import NEAR_MODELS
from test_mutate_variants import CONFIG, compute, contig_of, random_text
from tracktools import Genome, mutate_variants
from tracktools.config import PredictConfig
from tracktools.errors import GenomeMismatchError, InputError, UnfinishedRunDiffers
from tracktools.mutate import vcf as vcf_module
from tracktools.mutate.changed import Change
from tracktools.mutate.info import ALL_NAMES
from tracktools.report import make_report

TEXT = random_text(400, 31)
GENOME = Genome("g", (contig_of(TEXT), contig_of(random_text(90, 32))))
GENOME = Genome("g", (GENOME.contigs[0], type(GENOME.contigs[0])("plasmid", GENOME.contigs[1].letters, True)))
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
PLASMID = random_text(90, 32)
SETTINGS = PredictConfig(block_bp=500, threads=1, engine="torch", device="cpu", threshold=0.5)

HEADER = """##fileformat=VCFv4.3
##source=a caller, "with" quotes
##FILTER=<ID=PASS,Description="All filters passed">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##INFO=<ID=TT_CREATED,Number=A,Type=String,Description="of an older run">
##INFO=<ID=SOMATIC,Number=0,Type=Flag,Description="A flag">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##ALT=<ID=DEL,Description="Deletion">
##contig=<ID=chr,length=400>
##contig=<ID=plasmid,length=90>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2
"""


def row(
    position: int, alternatives: str, info: str = ".", *, n: int = 1, chrom: str = "chr", lower: bool = False
) -> str:
    text = TEXT if chrom == "chr" else PLASMID
    reference = (text + text)[position - 1 : position - 1 + n]
    reference = reference.lower() if lower else reference
    return f"{chrom}\t{position}\trs{position}\t{reference}\t{alternatives}\t3.00\tPASS\t{info}\tGT\t0/1\t./.\n"


ROWS = [
    row(300, OTHER[TEXT[299]], "DP=12;SOMATIC"),
    row(100, f"{OTHER[TEXT[99]]},*,{TEXT[99]}TTACG", "TT_CREATED=9:+:1;DP=3"),  # unsorted, several alleles
    row(200, TEXT[199], n=6),
    row(205, "<DEL>", "DP=1"),
    row(210, "."),
    row(220, OTHER[TEXT[219]].lower(), lower=True),
    row(90, PLASMID[89], chrom="plasmid", n=4),  # across the origin
    row(1, OTHER[TEXT[0]]),
    row(398, TEXT[397], n=3),
]


def write(path: Path, header: str = HEADER, rows: list[str] = ROWS) -> Path:
    path.write_text(header + "".join(rows))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> vcf_module.VariantEffects:
    home = tmp_path_factory.mktemp("vcf")
    source = write(home / "some.vcf")
    return mutate_variants(GENOME, source, home / "out", model=NEAR_MODELS["dilated"], config=SETTINGS)


def test_lines_come_back_as_they_were_with_values_for_each_allele(made: vcf_module.VariantEffects) -> None:
    lines = made.vcf.read_text().splitlines()
    found = [line.split("\t") for line in lines if not line.startswith("#")]
    assert [one[:7] + one[8:] for one in found] == [
        line.rstrip("\n").split("\t")[:7] + line.rstrip("\n").split("\t")[8:] for line in ROWS
    ]
    for line, original in zip(found, ROWS, strict=True):
        kept = [entry for entry in line[7].split(";") if entry.partition("=")[0] not in ALL_NAMES]
        was = [entry for entry in original.split("\t")[7].split(";") if not entry.startswith("TT_")]
        assert (kept or ["."]) == was
        for entry in line[7].split(";"):
            if entry.startswith("TT_"):
                assert len(entry.partition("=")[2].split(",")) == len(line[4].split(",")), entry
    meta = [line for line in lines if line.startswith("##")]
    assert [line for line in meta if "TT_" not in line and not line.startswith("##tracktoolsMutate")] == [
        line for line in HEADER.splitlines() if line.startswith("##") and "TT_" not in line
    ]
    assert sum("ID=TT_CREATED," in line for line in meta) == 1
    assert made.n_computed == 8
    assert sum(made.left_out.values()) == 2


def test_values_are_those_of_the_single_changes(made: vcf_module.VariantEffects) -> None:
    table = pd.read_csv(made.table, sep="\t", keep_default_na=False)
    changes = {
        (300, OTHER[TEXT[299]]): Change(299, 300, OTHER[TEXT[299]]),
        (100, OTHER[TEXT[99]]): Change(99, 100, OTHER[TEXT[99]]),
        (100, f"{TEXT[99]}TTACG"): Change(100, 100, "TTACG"),
        (200, TEXT[199]): Change(200, 205, ""),
        (220, OTHER[TEXT[219]].lower()): Change(219, 220, OTHER[TEXT[219]]),
        (1, OTHER[TEXT[0]]): Change(0, 1, OTHER[TEXT[0]]),
    }
    with pysam.VariantFile(str(made.vcf)) as file:
        records = {(one.chrom, one.pos): one for one in file}
    for (position, allele), change in changes.items():
        (effect,) = compute("dilated", TEXT, [change], False, 0.5)
        line = table[(table["chrom"] == "chr") & (table["pos"] == position) & (table["alt"] == allele)].iloc[0]
        info = records["chr", position].info
        number = [one.lower() for one in records["chr", position].alts].index(allele.lower())
        for strand, side in (("Plus", effect.plus), ("Minus", effect.minus)):
            name = strand.upper()
            assert float(line[f"gain{strand}"]) == pytest.approx(side.gain, rel=1e-5)
            assert float(line[f"lossLogOdds{strand}"]) == pytest.approx(side.loss_log_odds, rel=1e-5)
            assert info[f"TT_GAIN_{name}"][number] == pytest.approx(side.gain, rel=1e-5)
            assert info[f"TT_LOSS_{name}_LOGODDS"][number] == pytest.approx(side.loss_log_odds, rel=1e-5)
            assert info[f"TT_GAIN_{name}_POS"][number] == side.gain_position
        assert line["created"] == "|".join(map(str, effect.created))
        assert line["destroyed"] == "|".join(map(str, effect.destroyed))
        assert line["moved"] == "|".join(map(str, effect.moved))
    assert (table["moved"] + table["created"] + table["destroyed"] != "").any()
    (missing,) = table.loc[table["alt"] == "*", "note"]
    assert missing == "deleted by another variant (*)"


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is not installed (Debian: bcftools)")
def test_bcftools_reads_and_queries_it(made: vcf_module.VariantEffects) -> None:
    done = subprocess.run(
        ["bcftools", "query", "-f", "%POS %TT_GAIN_PLUS %TT_CREATED %DP\n", str(made.vcf)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [line.split("\t")[1] for line in ROWS]
    sort = subprocess.run(["bcftools", "sort", "-Ob", str(made.vcf)], capture_output=True, check=False)
    assert sort.returncode == 0
    assert sort.stdout.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("kind", ["gzip", "bgzip", "crlf", "no_fileformat", "no_contigs"])
def test_other_ways_to_write_a_file_give_the_same(kind: str, made: vcf_module.VariantEffects, tmp_path: Path) -> None:
    text = HEADER + "".join(ROWS)
    path = tmp_path / "some.vcf"
    if kind == "gzip":
        path = tmp_path / "some.vcf.gz"
        path.write_bytes(gzip.compress(text.encode()))
    elif kind == "bgzip":
        path = tmp_path / "some.vcf.gz"
        pysam.tabix_compress(str(write(tmp_path / "plain.vcf")), str(path))
    elif kind == "crlf":
        path.write_bytes(text.replace("\n", "\r\n").encode())
    elif kind == "no_fileformat":
        path.write_text(text.split("\n", 1)[1])
    else:
        path.write_text("".join(line for line in text.splitlines(keepends=True) if "##contig" not in line))
    other = mutate_variants(GENOME, path, tmp_path / "out", model=NEAR_MODELS["dilated"], config=SETTINGS)
    assert other.table.read_bytes() == made.table.read_bytes() or kind in ("no_fileformat", "no_contigs")
    body = [[line for line in one.vcf.read_text().splitlines() if line[0] != "#"] for one in (made, other)]
    assert body[0] == body[1]
    assert other.vcf.read_text().startswith("##fileformat=VCFv4.")


@pytest.mark.parametrize(
    ("change", "words", "line"),
    [
        (lambda text: text.replace("##contig=<ID=chr,length=400>", "##contig=<ID=chr,length=401>"), "401 bp", 9),
        (lambda text: text + "chr\t30\t.\tGATTACA\tT\t.\t.\t.\n", "the genome has", 21),
        (lambda text: text + "chr\t399\t.\tAAA\tT\t.\t.\t.\n", "not within chr", 21),
        (lambda text: text + "chrX\t3\t.\tA\tT\t.\t.\t.\n", "chrX", None),
        (lambda text: text + "chr\t3\t.\tA\n", "4 columns", 21),
        (lambda text: text + "chr\tthree\t.\tA\tT\t.\t.\t.\n", "POS is 'three'", 21),
        (lambda text: text + "chr\t3\t.\t.\tT\t.\t.\t.\n", "REF is '.'", 21),
        (lambda text: text + "chr\t3\t.\tA\tT,\t.\t.\t.\n", "ALT is 'T,'", 21),
        (lambda text: text.replace("#CHROM\tPOS", "CHROM\tPOS"), "not the header", 11),
        (lambda text: text.replace("\t", " "), "not the header", 11),
        (lambda text: "", "#CHROM", None),
        (lambda text: HEADER, "no variant", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_nothing_is_made(change, words, line, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "some.vcf"
    path.write_text(change(HEADER + "".join(ROWS)))
    with pytest.raises((InputError, GenomeMismatchError), match=words) as error:
        mutate_variants(GENOME, path, tmp_path / "out", model=NEAR_MODELS["dilated"], config=SETTINGS)
    assert error.value.line == line
    assert "\n" not in str(error.value)
    assert [one.name for one in tmp_path.iterdir()] == ["some.vcf"]


def test_names_are_joined_and_other_sequences_left_out(tmp_path: Path) -> None:
    rows = [ROWS[0].replace("chr\t", "chromosome\t", 1), "other\t5\t.\tA\tC\t.\t.\tDP=3\tGT\t0\t1\n"]
    path = write(tmp_path / "some.vcf", HEADER.replace("ID=chr,", "ID=chromosome,"), rows)
    made = mutate_variants(
        GENOME, path, tmp_path / "out", model=NEAR_MODELS["dilated"], config=SETTINGS,
        renames={"chromosome": "chr"}, only_genome=True,
    )  # fmt: skip
    assert (made.n_computed, made.left_out) == (1, {vcf_module.OTHER_SEQUENCES: 1})
    lines = [line for line in made.vcf.read_text().splitlines() if line[0] != "#"]
    assert lines[0].startswith("chromosome\t300\t")
    assert "TT_GAIN_PLUS=" in lines[0]
    assert lines[1].split("\t")[7] == "DP=3;TT_NOTE=on_sequences_that_the_genome_does_not_have"


def test_a_killed_run_goes_on_and_another_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "some.vcf", rows=[row(at, OTHER[TEXT[at - 1]]) for at in range(150, 156)])
    monkeypatch.setattr(vcf_module, "_LINES_A_PART", 2)
    real, calls = vcf_module.variant_effects, []

    def killed(alleles, *args, **options):  # type: ignore[no-untyped-def]
        calls.append(len(alleles))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(alleles, *args, **options)

    whole = mutate_variants(GENOME, path, tmp_path / "whole", model=NEAR_MODELS["dilated"], config=SETTINGS)
    monkeypatch.setattr(vcf_module, "variant_effects", killed)
    with pytest.raises(KeyboardInterrupt):
        mutate_variants(GENOME, path, tmp_path / "out", model=NEAR_MODELS["dilated"], config=SETTINGS)
    with pytest.raises(UnfinishedRunDiffers):
        mutate_variants(GENOME, path, tmp_path / "out", model=NEAR_MODELS["transformer"], config=SETTINGS)
    assert not (tmp_path / "out").exists()
    made = mutate_variants(GENOME, path, tmp_path / "out", model=NEAR_MODELS["dilated"], config=SETTINGS)
    assert calls == [2, 2, 2, 2], "two parts were kept"
    assert made.vcf.read_bytes() == whole.vcf.read_bytes()
    assert made.table.read_bytes() == whole.table.read_bytes()
    assert not (tmp_path / "out.partial").exists()


def test_variants_of_the_command_line_make_a_file_of_their_own(tmp_path: Path) -> None:
    notations = [f"chr:300:{TEXT[299]}>{OTHER[TEXT[299]]}", "chr:g.201_205del", "plasmid:o.90_3del"]
    made = mutate_variants(GENOME, notations, tmp_path / "out", model=NEAR_MODELS["dilated"], config=CONFIG)
    with pysam.VariantFile(str(made.vcf)) as file:
        records = list(file)
    assert [(one.chrom, one.pos) for one in records] == [("chr", 300), ("chr", 200), ("plasmid", 89)]
    assert records[1].ref == TEXT[199:205]
    assert len(pd.read_csv(made.table, sep="\t")) == 3


def test_the_report_counts_what_variants_do(made: vcf_module.VariantEffects, tmp_path: Path) -> None:
    table = pd.read_csv(made.table, sep="\t", keep_default_na=False)
    report = make_report([made.folder], tmp_path / "report.html")
    assert report.sections == ["Variants"]
    numbers = json.loads(report.multiqc.read_text())["data"]["g"]
    assert numbers["variant_alleles"] == len(table) == 10
    assert numbers["alleles_tss_created"] == (table["created"] != "").sum()
    assert numbers["alleles_tss_moved"] == (table["moved"] != "").sum()
    assert numbers["alleles_tss_created"] + numbers["alleles_tss_destroyed"] + numbers["alleles_tss_moved"] > 0
