"""A teacher labels every window by its letters, also where they are mutated; what cannot teach is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tracktools.config import DilatedConfig
from tracktools.errors import ConfigError
from tracktools.model.checkpoint import Checkpoint, Metadata, load_checkpoint
from tracktools.model.dilated import Dilated
from tracktools.model.transformer import Transformer
from tracktools.splits import Region, Split
from tracktools.train import SoftLabels, train_model
from tracktools.train.loop import Trainer
from tracktools.train.teacher import Teacher
from tracktools.train.windows import TrainingWindows, training_stretches
from trainings import HALO, MODEL, QUICK, RECIPE, assert_same, circular_genome, labels_of, split_of, write_tss

NETWORK = DilatedConfig(n_channels=4, stem_width_bp=3, dilations_bp=(1, 3))


def teacher(seed: int = 0, split: Split | None = None) -> Checkpoint:
    torch.manual_seed(seed)
    network = Dilated(NETWORK).eval()
    torch.nn.init.normal_(network.output.weight)
    return Checkpoint(network, Metadata(name="wise", split=split.to_records() if split else []), sha256=f"{seed}" * 64)


@pytest.mark.parametrize("circular", [True, False])
def test_a_soft_label_is_what_the_teacher_says_of_the_base_with_its_full_context(circular: bool) -> None:
    genome = circular_genome()
    genome = replace(genome, contigs=(replace(genome.contigs[0], circular=circular),))
    wise, shift = Teacher(teacher()), MODEL.label_shift_bp
    stretches = training_stretches(genome, split_of(genome), HALO)
    recipe = replace(RECIPE, mutated_share=0.5)
    windows = TrainingWindows(genome, [labels_of(genome, 50)], stretches, MODEL, recipe, None, wise)
    mutated = 0
    for step in range(12):
        codes, is_tss, soft = windows.batch(step)
        assert soft is not None
        assert np.isnan(soft[:, :shift]).all()
        assert not np.isnan(soft[:, shift:]).any()
        reach = wise.reach_bp
        inner = wise.probabilities(codes)  # of bases with their context in the window
        assert np.allclose(
            soft[:, shift + reach : -reach or None], inner[:, : soft.shape[1] - shift - 2 * reach], atol=1e-6
        )
        unmeasured = np.isnan(is_tss).all(axis=(1, 2))
        assert np.array_equal(unmeasured, np.isnan(is_tss).any(axis=(1, 2)))
        mutated += unmeasured.sum()
        letters = genome.contigs[0].letters.tobytes() * 2
        for row, alone in zip(codes, unmeasured, strict=True):
            strands = (row, 3 - row[::-1])
            found = any(np.frombuffer(b"ACGT", np.uint8)[one].tobytes() in letters for one in strands)
            assert found or alone  # what is measured stands in the genome as it is
    assert mutated > 10


def test_a_mutated_window_teaches_the_soft_label_alone() -> None:
    genome = circular_genome()
    stretches = training_stretches(genome, split_of(genome), HALO)

    def loss(every: int, share: float) -> float:
        recipe = replace(RECIPE, mutated_share=share, precision="fp32", steps=5)
        windows = TrainingWindows(
            genome, [labels_of(genome, every)], stretches, MODEL, recipe, None, Teacher(teacher())
        )
        windows.tss = []  # the labels shall not choose the windows
        return Trainer(MODEL, recipe, windows, 1).train_step()

    assert loss(50, 1.0) == loss(70, 1.0)
    assert loss(50, 0.0) != loss(70, 0.0)


def test_a_training_learns_from_its_teacher_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    genome = circular_genome()
    recipe = replace(QUICK, steps=8, soft_weight=1.0, positive_share=0.0)

    def weights(name: str, every: int, wise: Checkpoint) -> dict[str, torch.Tensor]:
        tss = write_tss(tmp_path / f"{name}.bed", genome, every)
        train_model(
            genome, {"main": tss}, tmp_path / name, split=split_of(genome), name=name, config=recipe,
            model_config=MODEL, teacher=wise,
        )  # fmt: skip
        return load_checkpoint(tmp_path / name / "model.safetensors").model.state_dict()

    first = weights("a", 90, teacher())
    assert_same(first, weights("b", 70, teacher()))  # other hard labels
    assert not torch.equal(first["embedding"], weights("c", 90, teacher(1))["embedding"])
    kept = load_checkpoint(tmp_path / "a" / "model.safetensors").metadata.recipe
    assert kept["teacher"] == {"name": "wise", "sha256": "0" * 64}
    assert "reveals" not in caplog.text
    contig = genome.contigs[0].sequence_sha256
    weights("d", 90, teacher(0, Split((Region(contig, 3300, 3500, "train"), Region(contig, 0, 3300, "valid")))))
    assert "wise was trained on 200 bp of the validation and test parts" in caplog.text


def test_what_cannot_teach_is_refused(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = {"main": write_tss(tmp_path / "main.bed", genome, 90)}
    attentive = Checkpoint(Transformer(MODEL), Metadata(name="attentive"))
    with pytest.raises(ConfigError, match="attentive cannot teach: a teacher is a convolutional model"):
        train_model(genome, tss, tmp_path / "a", split=split_of(genome), name="a", config=QUICK, teacher=attentive)
    both = SoftLabels(tmp_path / "p.bw", tmp_path / "m.bw")
    with pytest.raises(ConfigError, match="from a signal or from a teacher"):
        train_model(
            genome, tss, tmp_path / "b", split=split_of(genome), name="b", config=QUICK, model_config=MODEL,
            teacher=teacher(), soft=both,
        )  # fmt: skip
    assert not list(tmp_path.glob("[ab]"))
