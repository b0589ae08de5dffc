"""``tracktools mutate``: what it prints and writes, and the one line of what cannot be."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from test_mutate_variants import random_text
from tracktools.cli import tracktools
from tracktools.errors import TracktoolsError
from tracktools.tracks import read_provenance

PROMOTER = "TTGACA" + "CCGGATCGCTAGCGGCC" + "TATAAT" + "GCGCGCA" + "CGTGCAGGTC"
LETTERS = random_text(150, 41, "GCCGA") + PROMOTER + random_text(150, 42, "GCCGA")
TSS = 150 + PROMOTER.index("TATAAT") + 12


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(f">chr\n{LETTERS}\n")
    return path


def run(*arguments: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(tracktools, ["mutate", *map(str, arguments), "-m", "ecoli-tss-dilated", "-t", "1"])
    assert done.exit_code == code, done.output
    return done


def test_substitutions_around_a_tss(genome: Path, tmp_path: Path) -> None:
    bed = tmp_path / "tss.bed"
    bed.write_text(f"chr\t{TSS}\t{TSS + 1}\tmine\t0\t+\nother\t5\t6\tno\t0\t+\n")
    done = run(genome, "--at", bed, "-o", tmp_path / "out", "--only-genome", "--upstream", 40, "--draw", 1)
    assert "Read 2 TSS: 1 taken, 1 left out" in done.output
    effects = pd.read_csv(tmp_path / "out" / "effects.tsv", sep="\t")
    assert len(effects) == 3 * (40 + 1 + 20)
    assert effects.loc[effects["effectAtTss"].idxmin(), "tssOffset"] in range(-12, -6)
    assert len(list((tmp_path / "out" / "heat_maps").iterdir())) == 3
    assert read_provenance(tmp_path / "out")["parameters"]["mutate"]["upstream_bp"] == 40
    with pytest.raises(TracktoolsError, match="force"):
        CliRunner().invoke(
            tracktools,
            ["mutate", str(genome), "--at", str(bed), "-o", str(tmp_path / "out")],
            catch_exceptions=False,
        )


def test_a_variant_of_the_command_line(genome: Path, tmp_path: Path) -> None:
    at = TSS - 12
    done = run(genome, "--vcf", f"chr:g.{at + 1}_{at + 6}delinsGCTCGC", "-o", tmp_path / "out", "--threshold", "0.1")
    assert "Read 1 allele: 1 taken, 0 left out" in done.output
    table = pd.read_csv(tmp_path / "out" / "variants.mutate.tsv", sep="\t", keep_default_na=False)
    head, row = (line.split("\t") for line in done.stdout.splitlines()[:2])
    extremes = [kind + strand for strand in ("Plus", "Minus") for kind in ("gain", "loss")]
    assert head == ["chrom", "pos", "ref", "alt", *extremes, "created", "destroyed", "moved", "note"]
    texts = pd.read_csv(tmp_path / "out" / "variants.mutate.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert row == texts[head].iloc[0].tolist()
    assert f"All columns: {tmp_path / 'out' / 'variants.mutate.tsv'}" in done.stdout
    assert table["destroyed"][0].startswith(f"{TSS + 1}:+:") or table["destroyed"][0].count(":+:") == 1
    assert table["lossPlus"][0] < -0.1


def test_the_best_changes_of_a_plasmid(genome: Path, tmp_path: Path) -> None:
    done = run("--from", genome, "--best", 2, "--circular", "all", "--tss", f"{TSS + 1}:+", "-o", tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "changes.tsv", sep="\t")
    assert len(table) == 8
    assert f"TSS chr:{TSS + 1}:+" in done.output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "and --all is needed"),
        (["GENOME", "--at", "a.bed", "--vcf", "chr:1:A>C"], 2, "there are 2"),
        (["--at", "a.bed"], 2, "GENOME is needed"),
        (["GENOME", "--from", "GENOME"], 2, "leave out GENOME"),
        (["--from", "GENOME", "--tss", "12"], 2, "POSITION:STRAND"),
        (["GENOME", "--vcf", "GENOME", "--vcf", "chr:1:A>C"], 2, "among others"),
        (["GENOME", "--at", "absent.bed"], 1, "absent.bed"),
        (["GENOME", "--vcf", "absent.vcf"], 1, "absent.vcf: no such file"),
        (["GENOME", "--vcf", "GENOME"], 1, "is not the header of a VCF file"),
        (["--from", "GENOME", "--tss", "9999:+"], 1, "position 9999 is outside chr"),
    ],
)
def test_what_cannot_be_is_one_line_and_makes_nothing(
    genome: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    given = [str(genome) if one == "GENOME" else one for one in arguments]
    done = CliRunner().invoke(tracktools, ["mutate", *given, "-o", str(tmp_path / "out")])
    if code == 2:
        assert done.exit_code == 2
        assert words in done.output
    else:
        assert isinstance(done.exception, TracktoolsError)
        assert words in str(done.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["genome.fa"]
