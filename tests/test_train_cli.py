"""`tracktools train` on the command line: settings from a file, and errors in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from species_files import write_sheet
from tracktools import load_model
from tracktools.cli import tracktools
from tracktools.errors import TracktoolsError


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    letters = np.random.default_rng(3).choice(list("ACGT"), 4000)
    (tmp_path / "tss.bed").write_text("chr\t2000\t2001\tt\t0\t+\n")
    (tmp_path / "genome.fa").write_text(">chr\n" + "".join(letters) + "\n")
    return tmp_path / "genome.fa"


def fault_of(genome: Path, *arguments: str, status: int = 1) -> str:
    """What is said: an error of the user is a `TracktoolsError`, which `main` makes one line, or a usage error."""
    command = ["train", genome, genome.with_name("tss.bed"), "-o", genome.with_name("m"), *arguments]
    result = CliRunner().invoke(tracktools, [str(word) for word in command])
    assert result.exit_code == status
    assert not list(genome.parent.glob("m*"))
    if status == 2:
        return result.output
    assert isinstance(result.exception, TracktoolsError)
    return str(result.exception)


def test_folds_have_no_teacher(genome: Path) -> None:
    told = fault_of(genome, "--folds", "3", "--teacher", "bacteria-tss", status=2)
    assert "leave out --teacher" in told


def test_another_genome_without_parts_is_one_clear_line(genome: Path) -> None:
    assert "no split is known for genome: name its parts with --split BED" in fault_of(genome)


def test_parts_that_overlap_are_named_by_their_line(genome: Path) -> None:
    genome.with_name("parts.bed").write_text("chr\t0\t900\ttrain\nchr\t800\t2000\tvalid\n")
    assert "parts.bed:2: overlaps line 1" in fault_of(genome, "--split", str(genome.with_name("parts.bed")))


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (("--fractions", "a,b"), "'a,b' is not like 0.7,0.1,0.2", 2),
        (("--fractions", "0.5,0.1,0.1"), "three shares of train, valid and test", 1),
        (("--folds", "3", "--fractions", "0.7,0.1,0.2"), "--folds cuts the genome itself", 2),
        (("--init", "none"), "no model 'none'", 1),
    ],
)
def test_what_cannot_be_meant_is_refused(genome: Path, arguments: tuple[str, ...], words: str, status: int) -> None:
    assert words in fault_of(genome, *arguments, status=status)


def test_a_sheet_and_a_genome_have_options_of_their_own(genome: Path) -> None:
    said = fault_of(genome, "--leave-out", "Firmicutes", status=2)
    assert "--leave-out is for a training on many species: give a sheet" in said
    sheet = genome.with_name("species.toml")
    sheet.touch()
    for arguments, words in [
        ([str(genome.with_name("tss.bed"))], "TSS has no place"),
        (["--split", "a.bed"], "--split has no place"),
        (["--window-bp", "99"], "--window-bp has no place"),
    ]:
        result = CliRunner().invoke(tracktools, ["train", str(sheet), *arguments, "-o", str(genome.with_name("m"))])
        assert result.exit_code == 2
        assert words in result.output
    alone = CliRunner().invoke(tracktools, ["train", str(genome), "-o", str(genome.with_name("m"))])
    assert alone.exit_code == 2
    assert "only a sheet (NAME.toml) needs none" in alone.output


def test_a_sheet_is_trained_on_from_the_command_line(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path)
    with sheet.open("a", encoding="utf-8") as file:
        file.write("\n[batch]\nstretch_bp = 300\nmain_stretches = 2\nother_stretches = 1\nwindows = 0\n")
    refused = CliRunner().invoke(tracktools, ["train", str(sheet), "-o", str(tmp_path / "m")])
    assert "no window has a TSS with its context" in str(refused.exception)
    command = ["train", sheet, "-o", tmp_path / "m", "--restart", "--steps", "2", "--precision", "fp32",
               "--leave-out", "Betota", "--leave-out", "Alphas",
               "--init", "ecoli-tss-dilated", "--init-member", "2", "--far", "0.5", "--name", "tiny"]  # fmt: skip
    result = CliRunner().invoke(tracktools, [str(word) for word in command], catch_exceptions=False)
    assert result.exit_code == 0
    metadata = load_model(tmp_path / "m" / "model.safetensors").metadata
    assert (metadata.name, metadata.recipe["init"]["member"]) == ("tiny", 2)
    assert metadata.recipe["leave_out"] == ["Betota", "Alphas"]


def test_a_file_sets_every_kind_of_option(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[train]\nsteps = 7\npositive-share = 0.25\ncircular = ["all"]\nalso = ["a=a.bed"]\nsoft = ["p.bw", "m.bw"]\n'
        'fractions = "0.6,0.2,0.2"\nfolds = 4\nprecision = "fp32"\n'
    )
    shown = CliRunner().invoke(tracktools, ["--config", str(config), "train", "--help"])
    assert shown.exit_code == 0, shown.output
    shown_text = " ".join(shown.output.split())  # help texts are wrapped
    assert "[default: 7]" in shown_text
    assert "[default: fp32]" in shown_text


@pytest.mark.parametrize("value", ['"p.bw"', '["p.bw"]', '["p.bw", "m.bw", "x.bw"]'])
def test_a_pair_of_files_is_a_pair(tmp_path: Path, value: str) -> None:
    (tmp_path / "c.toml").write_text(f"[train]\nsoft = {value}\n")
    shown = CliRunner().invoke(tracktools, ["--config", str(tmp_path / "c.toml"), "train", "--help"])
    assert shown.exit_code == 2
    assert "train.soft is" in shown.output
    assert "(2 values)" in shown.output
