"""A model adapted to one genome, and what that gained on the part that was held out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from species_files import write_genome
from test_host import conditioned
from tracktools import load_model
from tracktools.cli import tracktools
from tracktools.config import ADAPTATION, DilatedConfig
from tracktools.engine.caveats import caveats_of
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import load_genome
from tracktools.model.checkpoint import Metadata, load_checkpoint, save_checkpoint
from tracktools.model.dilated import Dilated
from tracktools.pipeline.adapt_to_counts import adapt_to_counts
from tracktools.tracks import read_provenance
from tracktools.train import TrainedFolds, TrainedModel, adapt_model

SMALL = DilatedConfig(n_channels=8, stem_width_bp=7, dilations_bp=(1, 2, 4, 8))


def untaught(folder: Path) -> Path:
    """A convolutional network that knows nothing, as a file."""
    torch.manual_seed(1)
    network = Dilated(SMALL)
    with torch.no_grad():
        network.output.bias.copy_(torch.tensor([3.0, -3.0]))  # but that TSS are rare
    save_checkpoint(folder / "start.safetensors", network, Metadata("untaught"))
    return folder / "start.safetensors"


def test_adapting_finds_what_the_start_did_not_on_the_held_out_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = replace(ADAPTATION, learning_rate=2e-2, ema_decay=0.9)  # the start knows nothing, so that steps are large
    monkeypatch.setattr("tracktools.train.adapt.ADAPTATION", large)
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=80_000)
    command = [
        "adapt",
        fasta,
        bed,
        "-m",
        untaught(tmp_path),
        "-o",
        tmp_path / "out",
        "--steps",
        "240",
        "--name",
        "mine",
    ]
    result = CliRunner().invoke(tracktools, [str(word) for word in command], catch_exceptions=False)
    assert result.exit_code == 0
    metadata = load_checkpoint(tmp_path / "out" / "model.safetensors").metadata
    held = metadata.metrics["held_out"]
    assert held["after"]["average_precision"] > 10 * held["before"]["average_precision"]
    assert held["after"]["region"] == "test"
    assert metadata.name == "mine"
    parts = {
        part: sum(row["end"] - row["start"] for row in metadata.split if row["part"] == part)
        for part in ("train", "test")
    }
    assert held["after"]["positions"] == 2 * parts["test"]
    assert parts["train"] > 2 * parts["test"]
    assert f"{held['after']['average_precision']:.4f} after" in result.output


def test_a_model_that_is_set_to_a_genome_is_set_to_this_one(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    start = conditioned(tmp_path)
    made = adapt_model(load_genome(fasta), bed, tmp_path / "out", model=start, steps=2)
    assert isinstance(made, TrainedModel)
    adapted = load_checkpoint(made.checkpoint)
    assert adapted.config == DilatedConfig(n_channels=4, stem_width_bp=5, dilations_bp=(1, 2))
    assert adapted.metadata.recipe["init"]["sha256"] == start.sha256


def test_folds_hold_out_every_base_once(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    made = adapt_model(
        load_genome(fasta), bed, tmp_path / "out", model=load_checkpoint(untaught(tmp_path)), folds=2, steps=2
    )
    assert isinstance(made, TrainedFolds)
    assert (made.table["end"] - made.table["start"]).sum() == 40_000


@pytest.mark.parametrize("folds", [None, 2])
def test_tss_on_other_names_are_renamed(tmp_path: Path, folds: int | None) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    bed.write_text(bed.read_text().replace("own\t", "theirs\t") + "elsewhere\t5\t6\tt\t0\t+\n")
    with pytest.raises(GenomeMismatchError, match="is on"):
        adapt_model(fasta, bed, tmp_path / "no", model=untaught(tmp_path), steps=2, folds=folds)
    made = adapt_model(fasta, bed, tmp_path / "o", model=untaught(tmp_path), steps=2, folds=folds,
                       renames={"theirs": "own"}, only_genome=True)  # fmt: skip
    assert made.folder == tmp_path / "o"


def test_the_transformer_is_refused(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5)
    with pytest.raises(ConfigError, match="no convolutional network"):
        adapt_model(load_genome(fasta), bed, tmp_path / "out", model=load_model("ecoli-tss"))


def write_counts(folder: Path, bed: Path, length: int) -> tuple[Path, Path]:
    """Write 5'-end counts: 50 and up at the TSS of a BED file of plus-strand TSS, 5 around them, none on minus."""
    values = np.zeros(length, dtype=np.float32)
    for number, line in enumerate(bed.read_text().splitlines()):
        at = int(line.split("\t")[1])
        values[at - 1 : at + 2] = 5, 50 + number, 5
    for name, counts in (("plus", values), ("minus", 0 * values)):
        write_bigwig(folder / f"{name}.bw", {"own": length}, {"own": counts})
    return folder / "plus.bw", folder / "minus.bw"


def test_counts_of_ends_give_what_their_peaks_give(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    plus, minus = write_counts(tmp_path, bed, 40_000)
    words: list[object] = ["adapt", fasta, plus, minus, "--threshold", 20, "-m", untaught(tmp_path)]
    result = CliRunner().invoke(tracktools, [str(word) for word in [*words, "-o", tmp_path / "a", "--steps", 2]])
    assert result.exit_code == 0, result.output
    called = {int(line.split("\t")[1]) for line in read_lines(tmp_path / "a" / "called.bed")}
    assert called == {int(line.split("\t")[1]) for line in read_lines(bed)}
    adapt_model(fasta, bed, tmp_path / "b", model=untaught(tmp_path), steps=2)
    one, other = (load_checkpoint(tmp_path / folder / "model.safetensors") for folder in "ab")
    assert one.metadata.metrics["held_out"] == other.metadata.metrics["held_out"]
    assert not (tmp_path / "b" / "called.bed").exists()


def test_an_error_in_called_tss_names_the_file_of_the_user(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "another", 0.4, 5, length=40_000)
    plus, minus = write_counts(tmp_path, bed, 40_000)  # on the sequence own
    with pytest.raises(GenomeMismatchError, match=r"is on own, which the genome does not have") as error:
        adapt_to_counts(fasta, plus, minus, 20, tmp_path / "a", model=untaught(tmp_path))
    assert str(error.value).startswith(f"{plus}: ")


def read_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "track"))]


def test_counts_of_ends_are_kept_as_called_with_folds(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    plus, minus = write_counts(tmp_path, bed, 40_000)
    model = load_checkpoint(untaught(tmp_path))
    made = adapt_to_counts(fasta, plus, minus, 20, tmp_path / "out", model=model, folds=2, steps=2)
    assert len(read_lines(made.folder / "called.bed")) == len(read_lines(bed))


@pytest.mark.parametrize("words", [["plus.bw", "minus.bw"], ["tss.bed", "--threshold", "20"]])
def test_bigwigs_need_a_threshold_and_tables_none(words: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(tracktools, ["adapt", "genome.fa", *words, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "bigWigs need both" in result.output


def test_a_part_of_the_genome_without_tss_is_refused_before_the_training(tmp_path: Path) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    rows, seen = read_lines(bed), set()
    for row in rows:
        (tmp_path / "one.bed").write_text(row + "\n")
        with pytest.raises(
            ConfigError, match=r"contains no TSS of one: .* \(give more TSS, or draw other parts"
        ) as error:
            adapt_model(fasta, tmp_path / "one.bed", tmp_path / "out", model=untaught(tmp_path), steps=2)
        seen.add(str(error.value).split()[1])
        assert not (tmp_path / "out").exists()
    assert seen <= {"training", "validation", "held-out"}
    assert len(seen) > 1


def test_a_wrong_table_is_refused_before_the_model_is_set_to_the_genome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    bed.write_text(bed.read_text().replace("own\t", "theirs\t"))
    monkeypatch.setattr("tracktools.train.adapt.set_to_host", lambda *_, **__: pytest.fail("it takes a minute"))
    with pytest.raises(GenomeMismatchError, match="theirs"):
        adapt_model(fasta, bed, tmp_path / "out", model=untaught(tmp_path))


def test_a_model_that_became_worse_says_so_and_so_do_its_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    scores = {when: {"average_precision": ap, "positives": 7} for when, ap in (("before", 0.5), ("after", 0.4))}
    monkeypatch.setattr("tracktools.train.run._held_out", lambda *_: scores)
    made = adapt_model(fasta, bed, tmp_path / "out", model=untaught(tmp_path), steps=2, name="mine")
    assert isinstance(made, TrainedModel)
    said = "worse than untaught, from which it started, on the held-out part of the genome (AP 0.4000, 0.5000 before)"
    adapted = load_checkpoint(made.checkpoint)
    assert adapted.metadata.metrics["held_out"] == scores
    assert said in " ".join(read_provenance(made.folder)["warnings"])
    assert said in " ".join(caveats_of(load_genome(fasta), adapted))


def test_tss_of_one_strand_and_few_tss_to_choose_by_are_doubted(
    tmp_path: Path,
) -> None:
    fasta, bed = write_genome(tmp_path, "own", 0.4, 5, length=40_000)
    rows = [row.split("\t")[:6] for row in read_lines(bed)]
    assert {row[5] for row in rows} == {"+"}
    said = "TSS of tss are on strand +, so the model learns that the other strand has none"
    for minus in (0, 1):
        for row in rows[:minus]:
            row[5] = "-"
        (tmp_path / "tss.bed").write_text("".join("\t".join(row) + "\n" for row in rows))
        made = adapt_model(fasta, tmp_path / "tss.bed", tmp_path / f"{minus}", model=untaught(tmp_path), steps=1)
        doubts = " ".join(load_checkpoint(made.folder / "model.safetensors").metadata.recipe["warnings"])
        assert (said in doubts) == (minus == 0)
        assert re.search(r"chosen by \d+ TSS of tss, which are few: choose calls by their order \(--top\)", doubts)
