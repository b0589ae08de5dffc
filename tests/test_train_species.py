"""A training on many species, from its sheet to a checkpoint that is set to any genome."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from species_files import sequence, write_sheet
from tracktools import load_model
from tracktools.config import ConditionedConfig, DilatedConfig, MixtureConfig, TrainConfig
from tracktools.descriptor import describe_sequences
from tracktools.engine import make_engine
from tracktools.errors import CheckpointError, ConfigError, OutputError
from tracktools.genome import load_genome
from tracktools.model.checkpoint import load_checkpoint, save_checkpoint, set_to_genome
from tracktools.model.conditioned import Conditioned
from tracktools.model.dilated import Dilated
from tracktools.model.golden import verify_golden
from tracktools.tracks import read_provenance
from tracktools.train import TrainedModel, read_sheet, train_species

NETWORK = ConditionedConfig(n_channels=8, stem_width_bp=7, dilations_bp=(1, 2, 4, 8), n_hidden=4)
MIXTURE = MixtureConfig(stretch_bp=300, main_stretches=4, other_stretches=3, windows=40)
RECIPE = TrainConfig(
    steps=120, validate_every=60, learning_rate=1e-2, warmup_steps=5, dropout=0.05, ema_decay=0.9, clip_norm=1.0,
    precision="fp32", seed=3,
)  # fmt: skip


def train(folder: Path, output: Path, **settings: object) -> TrainedModel:
    """Train on the made-up sheet."""
    given = {"name": "many", "config": RECIPE, "model_config": NETWORK} | settings
    return train_species(replace(read_sheet(folder / "sheet.toml"), batch=MIXTURE), output, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """A model of the made-up species."""
    folder = tmp_path_factory.mktemp("species")
    write_sheet(folder)
    return train(folder, folder / "model")


def test_it_finds_the_motif_in_a_genome_it_never_saw(trained: TrainedModel) -> None:
    checkpoint = load_checkpoint(trained.checkpoint)
    letters, tss = sequence(20_000, 0.45, 77, every=400)
    codes = np.array(["ACGT".index(letter) for letter in letters])
    plain = set_to_genome(checkpoint, describe_sequences([codes.astype(np.uint8)])).model
    assert isinstance(plain, Dilated)
    with torch.no_grad():
        log_odds = plain(torch.from_numpy(codes)[None])[0].numpy()
    highest = np.argsort(-log_odds)[: len(tss)]
    assert len(set(highest.tolist()) & set(tss)) > 0.8 * len(tss)
    assert trained.validation["average_precision"] > 0.5


def test_the_checkpoint_says_what_it_learnt_from(trained: TrainedModel) -> None:
    checkpoint = load_checkpoint(trained.checkpoint)
    assert verify_golden(checkpoint) < 1e-5
    rows = {(row["species"], row["name"]): row for row in checkpoint.metadata.training_data}
    told = read_provenance(trained.checkpoint.parent)["parameters"]["training_data"]
    assert told == checkpoint.metadata.training_data
    assert set(rows) == {
        ("Main species", "main"),
        ("Rich species", "rich"),
        ("Aus bus 1", "windows"),
        ("Cus dus 2", "windows"),
    }
    assert rows["Main species", "main"]["licence"] == "CC0"
    assert rows["Aus bus 1", "windows"]["licence"] == "none stated"
    assert rows["Cus dus 2", "windows"]["phylum"] == "Betota"
    reference = checkpoint.metadata.reference
    assert reference is not None
    assert {row["name"] for row in reference["genomes"]} == {"Main species", "Rich species", "Aus bus 1", "Cus dus 2"}
    assert checkpoint.metadata.recipe["mixture"]["windows"] == 40


def test_an_engine_refuses_a_network_that_is_not_set_to_a_genome(trained: TrainedModel) -> None:
    with pytest.raises(ConfigError, match="set to a genome"):
        make_engine("auto", load_checkpoint(trained.checkpoint).model)


def test_setting_leaves_other_models_as_they_are(trained: TrainedModel) -> None:
    checkpoint, other = load_checkpoint(trained.checkpoint), load_model("ecoli-tss-dilated")
    descriptor = load_genome(trained.folder.parent / "main.fa").descriptor
    assert set_to_genome(other, descriptor) is other
    assert isinstance(checkpoint.model, Conditioned)
    once = set_to_genome(checkpoint, descriptor)
    assert type(once.model.config) is DilatedConfig
    assert (once.descriptor, once.sha256) == (descriptor, checkpoint.sha256)
    assert set_to_genome(once, descriptor) is once


def test_a_checkpoint_without_its_training_genomes_is_refused(trained: TrainedModel, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(trained.checkpoint)
    save_checkpoint(tmp_path / "bare.safetensors", checkpoint.model, replace(checkpoint.metadata, reference=None))
    descriptor = load_genome(trained.folder.parent / "main.fa").descriptor
    with pytest.raises(CheckpointError, match="does not say which genomes"):
        set_to_genome(load_checkpoint(tmp_path / "bare.safetensors"), descriptor)


def test_a_stopped_training_goes_on_to_the_same_weights(
    trained: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracktools.train.species_loop import SpeciesTrainer

    write_sheet(tmp_path)
    step = SpeciesTrainer.train_step

    def stops(self: SpeciesTrainer) -> float:
        if self.step == 110:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(SpeciesTrainer, "train_step", stops)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, tmp_path / "model")
    monkeypatch.undo()
    with pytest.raises(OutputError, match="leave_out"):
        train(tmp_path, tmp_path / "model", leave_out=["Betota"])
    again = load_checkpoint(train(tmp_path, tmp_path / "model").checkpoint)
    first = load_checkpoint(trained.checkpoint)
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name])


def test_what_was_left_out_is_written_down(tmp_path: Path) -> None:
    write_sheet(tmp_path)
    made = train(
        tmp_path, tmp_path / "model", leave_out=["Betota"], far=0.5, config=replace(RECIPE, steps=40, validate_every=40)
    )
    checkpoint = load_checkpoint(made.checkpoint)
    assert checkpoint.metadata.recipe["leave_out"] == ["Betota"]
    assert checkpoint.metadata.reference is not None
    assert checkpoint.metadata.reference["far"] == 0.5
    assert json.loads((made.folder / "provenance.json").read_text())["parameters"]["leave_out"] == ["Betota"]
