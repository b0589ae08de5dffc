"""Averages of models that are set to a genome, with a member for the main one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from species_files import write_sheet
from tracktools.cli import tracktools
from tracktools.config import ConditionedConfig, DilatedConfig, TrainConfig
from tracktools.descriptor import Descriptor
from tracktools.errors import ConfigError
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, Metadata, load_checkpoint, save_checkpoint, set_to_genome
from tracktools.model.conditioned import Conditioned, average_conditioned
from tracktools.model.dilated import Dilated
from tracktools.model.golden import verify_golden
from tracktools.train import average_species_models, read_sheet, train_species
from tracktools.train.species_average import _without_bias

NETWORK = ConditionedConfig(n_channels=8, stem_width_bp=7, dilations_bp=(1, 2, 4, 8), n_hidden=4)
RECIPE = TrainConfig(steps=60, validate_every=60, learning_rate=1e-2, warmup_steps=5, ema_decay=0.9, clip_norm=1.0,
                     precision="fp32")  # fmt: skip
EXPECTED = {"output": [0.1, 0.9], "precision": [0.1, 0.9], "low": [0.0, 0.8], "high": [0.2, 1.0], "target": 0.4}
FAR = Descriptor(0.9, (0.0,) * 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trained models and a specialist."""
    folder = tmp_path_factory.mktemp("average")
    sheet = read_sheet(write_sheet(folder))
    sheet = replace(sheet, batch=replace(sheet.batch, stretch_bp=300, main_stretches=3, other_stretches=2, windows=20))
    for seed in (1, 2):
        # one split for both: it is drawn by the seed, so that the seed of the recipe stays and the weights start apart
        train_species(sheet, folder / f"m{seed}", name=f"m{seed}", config=replace(RECIPE, learning_rate=seed * 1e-2),
                      model_config=NETWORK)  # fmt: skip
    own = Dilated(DilatedConfig(n_channels=8, stem_width_bp=7, dilations_bp=(1, 2, 4, 8), n_members=2))
    save_checkpoint(folder / "own.safetensors", own, Metadata("own"))
    return folder


def models_of(folder: Path) -> tuple[list[Checkpoint], Genome]:
    """The two models and the main genome."""
    return [load_checkpoint(folder / f"m{n}" / "model.safetensors") for n in (1, 2)], load_genome(folder / "main.fa")


def outputs(checkpoint: Checkpoint, descriptor: Descriptor) -> torch.Tensor:
    """Log-odds of some letters on a genome."""
    codes = torch.randint(0, 4, (1, 200), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return set_to_genome(checkpoint, descriptor).model(codes)


def test_the_specialist_serves_its_genome_alone(folder: Path, tmp_path: Path) -> None:
    models, genome = models_of(folder)
    own = load_checkpoint(folder / "own.safetensors")
    made = average_species_models(
        models,
        genome,
        folder / "main.bed",
        tmp_path / "a",
        name="joined",
        specialist=own,
        far=0.7,
        expected=EXPECTED,
    )
    joined = load_checkpoint(made.checkpoint)
    assert joined.config.n_members == 4
    assert verify_golden(joined) < 1e-5
    two = average_conditioned([model.model for model in models])  # type: ignore[misc]
    for descriptor, members in ((FAR, 2), (genome.descriptor, 3)):
        plain = set_to_genome(joined, descriptor)
        assert plain.config.n_members == members
    features = replace(models[0], network=two)
    features = replace(
        features, metadata=replace(features.metadata, reference=joined.metadata.reference | {"specialists": None})
    )  # type: ignore[operator]
    torch.testing.assert_close(outputs(joined, FAR), outputs(features, FAR), rtol=0, atol=2e-2)  # 16 bits
    at_home = outputs(joined, genome.descriptor)
    assert (at_home - outputs(features, genome.descriptor)).abs().max() > 0.05
    assert joined.metadata.expected_precision == EXPECTED
    assert joined.metadata.training_data == models[0].metadata.training_data
    assert joined.metadata.reference is not None
    assert joined.metadata.reference["specialists"] == {
        "genome": "Main species", "within": 0.25, "near": [0, 2, 3], "elsewhere": [0, 1],
    }  # fmt: skip


def test_members_that_do_not_serve_leave_no_trace(folder: Path) -> None:
    models, _ = models_of(folder)
    network = average_conditioned([_without_bias(model.model) for model in models])  # type: ignore[arg-type]
    first = models[0].model
    joined = replace(models[0], network=network)
    reference = dict(joined.metadata.reference or {}) | {
        "specialists": {"genome": "Rich species", "within": 0.0, "near": [1], "elsewhere": [0]}
    }
    joined = replace(joined, metadata=replace(joined.metadata, reference=reference))
    assert isinstance(first, Conditioned)
    alone = replace(models[0], network=first)
    torch.testing.assert_close(outputs(joined, FAR), outputs(alone, FAR), rtol=0, atol=1e-4)
    assert not np.allclose(outputs(joined, FAR), outputs(replace(models[0], network=network), FAR), atol=1e-4)


def test_weights_take_half_the_room_and_are_those_that_were_measured(folder: Path, tmp_path: Path) -> None:
    models, genome = models_of(folder)
    made = average_species_models(models, genome, folder / "main.bed", tmp_path / "a", name="joined")
    arrays = load_checkpoint(made.checkpoint).parameters.arrays
    assert all(np.array_equal(array, array.astype(np.float16).astype(np.float32)) for array in arrays.values())
    twice = sum(
        array.nbytes for array in load_checkpoint(folder / "m1" / "model.safetensors").parameters.arrays.values()
    )
    header = int.from_bytes(made.checkpoint.read_bytes()[:8], "little")
    assert made.checkpoint.stat().st_size - header < 1.1 * twice  # two members in the room of one


def test_what_does_not_belong_together_is_refused(folder: Path, tmp_path: Path) -> None:
    models, genome = models_of(folder)
    own = load_checkpoint(folder / "own.safetensors")
    bed, out = folder / "main.bed", tmp_path / "out"
    stranger = replace(
        models[1],
        metadata=replace(models[1].metadata, reference=dict(models[1].metadata.reference or {}) | {"genomes": []}),
    )
    for given, words in (
        ({"checkpoints": models[:1]}, "two or more models"),
        ({"checkpoints": [models[0], own]}, "another architecture"),
        ({"checkpoints": [models[0], stranger]}, "other species"),
        ({"specialist": models[0]}, "cannot be the specialist"),
        ({"genome": load_genome(folder / "rich.fa")}, "another main genome"),
    ):
        settings = {"checkpoints": models, "genome": genome, "tss": bed, "output": out, "name": "x"} | given
        with pytest.raises(ConfigError, match=words):
            average_species_models(**settings)  # type: ignore[arg-type]
    assert not out.exists()


def test_they_are_joined_from_the_command_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(
        '{"output": [0.1], "precision": [0.3], "low": [0.1], "high": [0.4], "target": 0.4}'
    )
    command = ["models", "average", folder / "main.fa", folder / "main.bed", "-o", tmp_path / "out", "--name", "joined",
               "--specialist", folder / "own.safetensors", "--within", "0.1", "--far", "0.5",
               "--expected", tmp_path / "e.json"]  # fmt: skip
    for number in (1, 2):
        command += ["-m", folder / f"m{number}" / "model.safetensors"]
    result = CliRunner().invoke(tracktools, [str(word) for word in command], catch_exceptions=False)
    assert result.exit_code == 0
    metadata = load_checkpoint(tmp_path / "out" / "model.safetensors").metadata
    assert (metadata.name, metadata.reference["far"]) == ("joined", 0.5)  # type: ignore[index]
    assert metadata.expected_precision["precision"] == [0.3]  # type: ignore[index]
