"""Soft labels: each is at its base on its strand, weighs what is asked for, and bad ones are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Genome
from tracktools.model.checkpoint import load_checkpoint
from tracktools.train import SoftLabels, train_model
from tracktools.train.loop import mixed_loss
from tracktools.train.soft import read_soft
from tracktools.train.windows import SoftArrays, TrainingWindows, training_stretches
from trainings import HALO, MODEL, QUICK, RECIPE, assert_same, circular_genome, labels_of, split_of, write_tss


def test_the_soft_label_of_a_base_is_label_shift_downstream_on_its_own_strand() -> None:
    genome = circular_genome()
    ramp = np.arange(len(genome), dtype=np.float32) / len(genome)
    soft: SoftArrays = {(0, "+"): ramp, (0, "-"): ramp + 1}  # each base and strand has a value of its own
    stretches = training_stretches(genome, split_of(genome), HALO)
    windows = TrainingWindows(genome, [labels_of(genome, 50)], stretches, MODEL, RECIPE, soft)
    codes, _, values = windows.batch(1)
    assert values is not None
    assert np.isnan(values[:, : MODEL.label_shift_bp]).all()
    contig, shift, strands = genome.contigs[0], MODEL.label_shift_bp, set()
    for row in range(len(codes)):
        at = 30  # network position; it is that of base 30 - shift of the window
        strand = "-" if values[row, at] >= 1 else "+"
        strands.add(strand)
        base = round(float(values[row, at] % 1) * len(genome))
        along = base if strand == "+" else len(genome) - 1 - base
        expected = contig.strand_codes(along - 10, along + 20, strand)
        assert np.array_equal(codes[row, at - shift - 10 : at - shift + 20], expected)
    assert strands == {"+", "-"}


def test_the_mixed_loss_is_the_hard_loss_and_cross_entropy_by_weight_and_hard_where_nothing_is_known() -> None:
    log_odds, soft = torch.tensor([-1.0, 2.0, 0.3]), torch.tensor([0.2, 0.9, float("nan")])
    hard, p = torch.tensor([0.5, 0.7, 0.9]), torch.sigmoid(log_odds)
    entropy = -soft * p.log() - (1 - soft) * (1 - p).log()
    found = mixed_loss(hard, log_odds, soft, 0.25)
    assert torch.allclose(found[:2], (0.75 * hard + 0.25 * entropy)[:2])
    assert found[2] == hard[2]


def test_nothing_known_gives_no_gradient_of_nan() -> None:
    log_odds = torch.tensor([1.0, -1.0], requires_grad=True)
    mixed_loss(log_odds**2, log_odds, torch.tensor([0.5, float("nan")]), 1.0).sum().backward()
    assert log_odds.grad is not None
    assert torch.allclose(log_odds.grad, torch.tensor([float(torch.sigmoid(torch.tensor(1.0))) - 0.5, -2.0]))


def pair(folder: Path, genome: Genome, *, seed: int = 0, scale: float = 1.0) -> SoftLabels:
    rng = np.random.default_rng(seed)
    paths = [folder / f"{seed}.{strand}.bw" for strand in ("plus", "minus")]
    for path in paths:
        values = scale * rng.random(len(genome), dtype=np.float32)
        write_bigwig(path, genome.chrom_sizes, {"chr": values})
    return SoftLabels(*paths)


def test_soft_weight_one_learns_from_the_signal_alone(tmp_path: Path) -> None:
    genome = circular_genome()
    soft, other = pair(tmp_path, genome), pair(tmp_path, genome, seed=1)
    recipe = replace(QUICK, steps=8, soft_weight=1.0, positive_share=0.0)

    def weights(name: str, every: int, labels: SoftLabels) -> dict[str, torch.Tensor]:
        tss = write_tss(tmp_path / f"{name}.bed", genome, every)
        train_model(
            genome, {"main": tss}, tmp_path / name, split=split_of(genome), name=name, config=recipe,
            model_config=MODEL, soft=labels,
        )  # fmt: skip
        return load_checkpoint(tmp_path / name / "model.safetensors").model.state_dict()

    first = weights("a", 90, soft)
    assert_same(first, weights("b", 70, soft))  # other hard labels
    assert not torch.equal(first["embedding"], weights("c", 90, other)["embedding"])
    recipe_kept = load_checkpoint(tmp_path / "a" / "model.safetensors").metadata.recipe
    assert recipe_kept["soft"] == soft.describe()
    assert recipe_kept["precision"] == "fp32"


def test_a_signal_that_is_no_soft_label_is_refused(tmp_path: Path) -> None:
    genome = circular_genome()
    good, counts = pair(tmp_path, genome, seed=3), pair(tmp_path, genome, scale=3)
    with pytest.raises(InputError, match=r"0\.minus\.bw: the value of chr at \d+ .* soft labels are 0 to 1"):
        read_soft(replace(good, minus=counts.minus), genome)
    with pytest.raises(GenomeMismatchError, match=r"chr has 6,007 bp, and 5,000 in the genome"):
        read_soft(good, circular_genome(5000))
    write_bigwig(tmp_path / "empty.bw", genome.chrom_sizes, {})
    with pytest.raises(InputError, match="contains no value"):
        read_soft(replace(good, plus=tmp_path / "empty.bw"), genome)


def test_a_minus_file_stored_negative_teaches_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    genome = circular_genome()
    good, shown = pair(tmp_path, genome, seed=3), pair(tmp_path, genome, seed=4, scale=-1)
    mirrored = read_soft(replace(shown, plus=good.plus), genome)[0, "-"]
    assert "stored negative" in caplog.text
    turned = read_soft(replace(good, minus=pair(tmp_path, genome, seed=4).minus), genome)[0, "-"]
    np.testing.assert_array_equal(mirrored, turned)
