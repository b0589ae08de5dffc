"""Averages of models that are set to a genome, with a member for the main one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from species_files import write_sheet
from tracktools.cli import tracktools
from tracktools.config import ConditionedConfig, DilatedConfig, ModelConfig, TrainConfig
from tracktools.descriptor import Descriptor
from tracktools.errors import ConfigError, InputError
from tracktools.gene_context import GeneContext
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, Metadata, load_checkpoint, save_checkpoint, set_to_genome
from tracktools.model.conditioned import Conditioned, average_conditioned, split_conditioned
from tracktools.model.dilated import Dilated, split_members
from tracktools.model.golden import verify_golden
from tracktools.model.transformer import Transformer
from tracktools.tracks import read_provenance
from tracktools.train import Specialist, average_species_models, read_sheet, read_specialist, train_species
from tracktools.train.specialists import learnt_from
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
    split = load_checkpoint(folder / "m1" / "model.safetensors").metadata.split
    save_checkpoint(folder / "own.safetensors", own, Metadata("own", split=split))
    return folder


def models_of(folder: Path) -> tuple[list[Checkpoint], Genome]:
    """The two models and the main genome."""
    return [load_checkpoint(folder / f"m{n}" / "model.safetensors") for n in (1, 2)], load_genome(folder / "main.fa")


def outputs(checkpoint: Checkpoint, descriptor: Descriptor) -> torch.Tensor:
    """Log-odds of some letters on a genome."""
    codes = torch.randint(0, 4, (1, 200), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return set_to_genome(checkpoint, descriptor).model(codes)


def specialised(checkpoint: Checkpoint) -> dict[str, Any]:
    """A reference by which member 1 serves another genome alone."""
    own = {"genome": "Rich species", "within": 0.0, "near": [1], "elsewhere": [0]}
    return dict(checkpoint.metadata.reference or {}) | {"specialists": own}


def conditioned(like: Checkpoint, n_members: int = 1) -> Checkpoint:
    """A network of random weights that is set to a genome, and knows the genomes of another."""
    generator = torch.Generator().manual_seed(7)
    network = Conditioned(replace(NETWORK, n_members=n_members))
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.copy_(0.3 * torch.randn(weight.shape, generator=generator) * (name != "output.bias"))
    return replace(like, network=network, metadata=replace(like.metadata, name="other"), sha256="ab" * 32)


def plain_outputs(network: torch.nn.Module) -> torch.Tensor:
    """Log-odds of the letters of `outputs`."""
    codes = torch.randint(0, 4, (1, 200), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return network(codes)  # type: ignore[no-any-return]


def test_chosen_members_of_any_convolutional_model_serve_at_home_without_the_general_ones(
    folder: Path, tmp_path: Path
) -> None:
    models, genome = models_of(folder)
    own, other = load_checkpoint(folder / "own.safetensors"), conditioned(models[0], 2)
    settings = {"genome": genome, "tss": folder / "main.bed", "name": "joined", "at_home": 0}
    chosen = [Specialist(other, 2), Specialist(own, 2)]
    made = average_species_models(models, output=tmp_path / "a", specialists=chosen, **settings)  # type: ignore[arg-type]
    joined = load_checkpoint(made.checkpoint)
    assert isinstance(other.model, Conditioned)
    assert isinstance(own.model, Dilated)
    second = replace(other, network=split_conditioned(other.model)[1])
    alone = [outputs(second, genome.descriptor), plain_outputs(split_members(own.model)[1])]
    expected = torch.stack(alone).mean(dim=0)
    torch.testing.assert_close(outputs(joined, genome.descriptor), expected, rtol=0, atol=2e-2)  # 16 bits
    like = replace(genome.descriptor, gc=genome.descriptor.gc + 0.005)  # near: no other network than at home
    assert torch.equal(outputs(joined, like), outputs(joined, genome.descriptor))
    both = average_species_models(models, output=tmp_path / "b", specialists=[Specialist(own)], **settings)  # type: ignore[arg-type]
    assert torch.equal(outputs(joined, FAR), outputs(load_checkpoint(both.checkpoint), FAR))
    assert read_provenance(made.folder)["parameters"]["training_data"] == joined.metadata.training_data
    again = average_species_models(models, output=tmp_path / "c", specialists=chosen, **settings)  # type: ignore[arg-type]
    assert again.checkpoint.read_bytes() == made.checkpoint.read_bytes()
    assert joined.metadata.recipe["composition"] == {
        "up to a distance of 0.25 from Main species":
            ["other abababababab, member 2", f"own {own.sha256[:12]}, member 2"],
        "elsewhere": [f"m{n} {models[n - 1].sha256[:12]}" for n in (1, 2)],
    }  # fmt: skip


def test_a_model_set_to_a_genome_serves_there_with_the_members_for_that_genome(folder: Path) -> None:
    models, genome = models_of(folder)
    other = conditioned(models[0], 2)
    own = {"genome": "Main species", "within": 0.1, "near": [1], "elsewhere": [0, 1]}
    reference = dict(other.metadata.reference or {}) | {"specialists": own}
    other = replace(other, metadata=replace(other.metadata, reference=reference))
    like = models[0].model
    assert isinstance(like, Conditioned)
    (member,) = Specialist(other).networks(genome, like)
    (second,) = Specialist(conditioned(models[0], 2), 2).networks(genome, like)
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in member.state_dict().items())


def test_three_general_members(folder: Path, tmp_path: Path) -> None:
    models, genome = models_of(folder)
    third, own = conditioned(models[0]), Specialist(load_checkpoint(folder / "own.safetensors"), 1)
    made = average_species_models([*models, third], genome, folder / "main.bed", tmp_path / "a", name="joined",
                                  specialists=[own], at_home=2)  # fmt: skip
    joined = load_checkpoint(made.checkpoint)
    expected = torch.stack([outputs(one, FAR) for one in (*models, third)]).mean(dim=0)
    torch.testing.assert_close(outputs(joined, FAR), expected, rtol=0, atol=2e-2)
    assert joined.metadata.reference is not None
    assert joined.metadata.reference["specialists"]["near"] == [0, 1, 3]


def test_specialists_are_named_by_file_and_member(folder: Path, tmp_path: Path) -> None:
    path = folder / "own.safetensors"
    assert [read_specialist(f"{path}{tail}").member for tail in ("", ":2")] == [None, 2]
    assert read_specialist("ecoli-tss-dilated:1").name == "ecoli-tss-dilated:1"
    colon = tmp_path / "a:2"  # a file of that name is meant as a whole
    colon.write_bytes(path.read_bytes())
    assert read_specialist(str(colon)).member is None
    with pytest.raises(ConfigError, match="no model"):
        read_specialist(f"{path}:x")


def test_sets_that_several_models_learnt_from_are_told_once() -> None:
    one, two = {"name": "a", "sha256": "1"}, {"name": "windows", "species": "Aus bus"}
    data = ([one, two], [{"name": "b", "sha256": "1"}, {"name": "windows", "species": "Cus dus"}])
    network = Dilated(DilatedConfig(n_channels=4, dilations_bp=(1,)))
    models = [Checkpoint(network, Metadata("x", training_data=records)) for records in data]
    assert list(learnt_from(models)) == [one, two, data[1][1]]


def test_the_specialist_serves_its_genome_alone(folder: Path, tmp_path: Path) -> None:
    models, genome = models_of(folder)
    own = load_checkpoint(folder / "own.safetensors")
    made = average_species_models(
        models,
        genome,
        folder / "main.bed",
        tmp_path / "a",
        name="joined",
        specialists=[Specialist(own)],
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
    joined = replace(joined, metadata=replace(joined.metadata, reference=specialised(joined)))
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
    wide = replace(own, network=Dilated(DilatedConfig(n_channels=9, stem_width_bp=7, dilations_bp=(1, 2, 4, 8))))
    attending = replace(own, network=Transformer(ModelConfig(n_layers=1, n_heads=1, d_model=4, d_head=2)))
    apart = replace(own, metadata=replace(own.metadata, split=[]))
    composed = replace(models[0], metadata=replace(models[0].metadata, reference=specialised(models[0])))
    stranger = replace(
        models[1],
        metadata=replace(models[1].metadata, reference=dict(models[1].metadata.reference or {}) | {"genomes": []}),
    )
    for given, words in (
        ({"checkpoints": models[:1]}, "two or more models"),
        ({"checkpoints": [models[0], own]}, "another architecture"),
        ({"checkpoints": [models[0], stranger]}, "other species"),
        ({"checkpoints": [models[0], composed]}, "has specialists itself"),
        ({"specialists": [Specialist(apart)]}, "own was trained on another split"),
        ({"specialists": [Specialist(attending)]}, "cannot be a specialist: a convolutional model"),
        ({"specialists": [Specialist(own, 3)]}, "own:3: the model has members 1 to 2"),
        ({"specialists": [Specialist(wide)]}, "other channels"),
        ({"specialists": [Specialist(own)], "at_home": 3}, "3 general members cannot serve Main species: there are 2"),
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
               "--specialist", f"{folder / 'own.safetensors'}:2", "--at-home", "0", "--within", "0.1", "--far", "0.5",
               "--expected", tmp_path / "e.json", "--gene-context", tmp_path / "c.json"]  # fmt: skip
    context = GeneContext((tuple(range(14)),) * 3).to_record()
    (tmp_path / "c.json").write_text(json.dumps(context))
    for number in (1, 2):
        command += ["-m", folder / f"m{number}" / "model.safetensors"]
    for damage, words in (("{", "is not JSON"), ('{"from_bp": [0]}', "gene_context: lacks"), ("[]", "object")):
        (tmp_path / "d.json").write_text(damage)
        wrong = [tmp_path / "d.json" if word == tmp_path / "c.json" else word for word in command]
        with pytest.raises(InputError, match=f"d.json.*{words}"):
            CliRunner().invoke(tracktools, [str(word) for word in wrong], catch_exceptions=False)
    result = CliRunner().invoke(tracktools, [str(word) for word in command], catch_exceptions=False)
    assert result.exit_code == 0
    metadata = load_checkpoint(tmp_path / "out" / "model.safetensors").metadata
    assert (metadata.name, metadata.reference["far"]) == ("joined", 0.5)  # type: ignore[index]
    assert metadata.expected_precision["precision"] == [0.3]  # type: ignore[index]
    assert metadata.reference["specialists"]["near"] == [2]  # type: ignore[index]
    assert metadata.gene_context == context
