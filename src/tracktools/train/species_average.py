"""One model out of several of many species: the mean of their log-odds, with a member for one genome."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from tracktools.config import TrainConfig
from tracktools.descriptor import Reference, Specialists
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, Metadata, as_half, reference_of, save_checkpoint, set_to_genome
from tracktools.model.conditioned import Conditioned, average_conditioned, conditioned_from, split_conditioned
from tracktools.model.dilated import Dilated, DilatedLayer, split_members
from tracktools.model.golden import make_golden
from tracktools.run import check_output, output_folder
from tracktools.splits import Split
from tracktools.tracks import write_provenance
from tracktools.train.describe import describe_model
from tracktools.train.run import TrainedModel
from tracktools.train.task import Task


def average_species_models(
    checkpoints: Sequence[Checkpoint],
    genome: Genome,
    tss: Path,
    output: Path,
    *,
    name: str,
    specialist: Checkpoint | None = None,
    at_home: int = 1,
    within: float = 0.25,
    far: float | None = None,
    expected: Mapping[str, Any] | None = None,
    threads: int = 1,
    force: bool = False,
) -> TrainedModel:
    """Average models that are set to a genome, and choose threshold and calibration of the main genome anew.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        Two or more, of one configuration, main genome, split and species.
    genome, tss
        The main genome and its TSS to validate on.
    output : Path
        Folder to make: ``model.safetensors``, with weights of 16 bits, and ``provenance.json``.
    name : str
    specialist : Checkpoint, optional
        A convolutional model of the main genome alone, whose members become the last members. They serve the main
        genome and its like, together with the first `at_home` of the averaged models, and are left out elsewhere.
    at_home : int
    within : float
        Distance from the main genome up to which the specialist serves.
    far : float, optional
        See `train_species`; by default that of the first model.
    expected : mapping, optional
        See `Metadata.expected_precision`.
    threads, force
        See `average_models`.

    Raises
    ------
    ConfigError
        If the models do not belong together.
    """
    started = time.time()
    _check(checkpoints, genome)
    inputs = [tss, *(one.path for one in checkpoints if one.path is not None)]
    check_output(output, force=force, inputs=inputs)
    torch.set_num_threads(threads)
    members = [member for one in checkpoints for member in _members(one.model)]
    reference = reference_of(checkpoints[0])
    reference = replace(reference, far=reference.far if far is None else far)
    recipe: dict[str, Any] = {"average_of": [_said(one) for one in checkpoints]}
    if specialist is not None:
        general, own = range(len(members)), _specialists(specialist, members[0])
        numbers = range(len(members), len(members) + len(own))
        main = _main_of(reference, genome)
        serving = Specialists(main, within, (*general[:at_home], *numbers), tuple(general))
        reference, members = replace(reference, specialists=serving), [*members, *own]
        recipe["specialists"] = [_said(specialist)]
    model = as_half(average_conditioned([_without_bias(member) for member in members]))
    assert isinstance(model, Conditioned)
    with output_folder(output, force=force, inputs=inputs) as result:
        metadata = _describe(model, checkpoints[0].metadata, genome, tss, reference, threads)
        metadata = replace(metadata, name=name, recipe=recipe, expected_precision=expected)
        save_checkpoint(result / "model.safetensors", model, metadata, half=True)
        write_provenance(
            result, started=started, genome={"name": genome.name, "sha256": genome.sha256}, parameters=recipe
        )
    return TrainedModel(output, output / "model.safetensors", metadata.metrics["validation"])


def _describe(
    model: Conditioned, first: Metadata, genome: Genome, tss: Path, reference: Reference, threads: int
) -> Metadata:
    """Return what the first model says of itself, with what is chosen on validation chosen anew."""
    whole = Checkpoint(model, replace(first, reference=reference.to_record()))
    plain = set_to_genome(whole, genome.descriptor).model
    split = Split.from_records(first.split)
    task = Task(genome, {tss.stem: tss}, split, TrainConfig(threads=threads), plain.config)
    task.check_validation(tss.stem)
    chosen = describe_model(task, plain, name="", species="", recipe={})
    golden = make_golden(plain, str(first.golden["sequence"]))
    return replace(
        chosen,
        description=first.description,
        species=first.species,
        training_data=first.training_data,
        golden={**golden, "descriptor": genome.descriptor.to_record()},
        reference=reference.to_record(),
    )


def _members(model: object) -> list[Conditioned]:
    assert isinstance(model, Conditioned)
    return split_conditioned(model)


@torch.no_grad()
def _without_bias(member: Conditioned) -> Conditioned:
    """Return a network that gives the same without a bias of the output: the last layer adds as much.

    So members can be left out of an average: none of them has left anything in what is shared.
    """
    moved = Conditioned(member.config)
    moved.load_state_dict(member.state_dict())
    weight = moved.output.weight[1] - moved.output.weight[0]
    bias = moved.output.bias[1] - moved.output.bias[0]
    last = moved.layers[-1]
    assert isinstance(last, DilatedLayer)
    assert last.mix.bias is not None
    last.mix.bias += weight * bias / (weight @ weight)
    moved.output.bias.zero_()
    return moved


def _specialists(checkpoint: Checkpoint, like: Conditioned) -> list[Conditioned]:
    model, name = checkpoint.model, checkpoint.metadata.name
    if not isinstance(model, Dilated) or isinstance(model, Conditioned):
        raise ConfigError(f"{name} cannot be the specialist: a model of the dilated architecture is needed")
    try:
        return [conditioned_from(member, replace(like.config, n_members=1)) for member in split_members(model)]
    except ValueError:
        raise ConfigError(f"{name} has other channels, widths or dilations than the models to average") from None


def _main_of(reference: Reference, genome: Genome) -> str:
    """Return what the main genome is called among the training genomes."""
    distance, name, _ = reference.distances(genome.descriptor)[0]
    if distance > 0:
        raise ConfigError(f"{genome.name} is not among the genomes that the models learnt from")
    return name


def _said(checkpoint: Checkpoint) -> dict[str, Any]:
    metadata = checkpoint.metadata
    return {"name": metadata.name, "sha256": checkpoint.sha256, "recipe": dict(metadata.recipe)}


def _check(checkpoints: Sequence[Checkpoint], genome: Genome) -> None:
    if len(checkpoints) < 2:
        raise ConfigError(f"name two or more models with -m ({len(checkpoints)} given)")
    first = checkpoints[0]
    known = {contig.sequence_sha256 for contig in genome}
    for one in checkpoints:
        who = one.path or one.metadata.name
        if not isinstance(one.model, Conditioned) or asdict(one.model.config) != asdict(first.model.config):
            raise ConfigError(f"{who} is of another architecture than {first.path or first.metadata.name}")
        if one.metadata.split != first.metadata.split:
            raise ConfigError(f"{who} was trained on another split: what one learnt, the other would be judged on")
        if reference_of(one).genomes != reference_of(first).genomes:
            raise ConfigError(f"{who} learnt from other species than {first.path or first.metadata.name}")
        if not known.issuperset(region["sequence_sha256"] for region in one.metadata.split):
            raise ConfigError(f"{who} was trained on another main genome than this one")
