"""One model out of several of many species: the mean of their log-odds, with other members for one genome."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from tracktools.config import TrainConfig
from tracktools.descriptor import Reference, Specialists
from tracktools.engine.host import set_to_host
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, Metadata, as_half, reference_of, save_checkpoint
from tracktools.model.conditioned import Conditioned, average_conditioned, split_conditioned
from tracktools.model.dilated import DilatedLayer
from tracktools.model.golden import make_golden
from tracktools.run import check_output, output_folder
from tracktools.splits import Split
from tracktools.tracks import write_provenance
from tracktools.train.describe import describe_model
from tracktools.train.run import TrainedModel
from tracktools.train.specialists import Specialist, learnt_from
from tracktools.train.task import Task


def average_species_models(
    checkpoints: Sequence[Checkpoint],
    genome: Genome,
    tss: Path,
    output: Path,
    *,
    name: str,
    specialists: Sequence[Specialist] = (),
    at_home: int = 1,
    within: float = 0.25,
    far: float | None = None,
    expected: Mapping[str, Any] | None = None,
    gene_context: Mapping[str, Any] | None = None,
    threads: int = 1,
    force: bool = False,
) -> TrainedModel:
    """Average models that are set to a genome, and choose threshold and calibration of the main genome anew.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        Two or more, of one configuration, main genome, split and species: the general members.
    genome, tss
        The main genome and its TSS to validate on.
    output : Path
        Folder to make: ``model.safetensors``, with weights of 16 bits, and ``provenance.json``.
    name : str
    specialists : sequence of Specialist
        Convolutional models of that split, whose members, set to the main genome, become the last members. They serve
        the main genome and its like, together with the first `at_home` general members, and are left out elsewhere.
    at_home : int
        0 or more.
    within : float
        Distance from the main genome up to which the specialists serve.
    far : float, optional
        See `train_species`; by default that of the first model.
    expected, gene_context : mapping, optional
        See `Metadata.expected_precision` and `Metadata.gene_context`.
    threads, force
        See `average_models`.

    Raises
    ------
    ConfigError
        If the models do not belong together.
    """
    started = time.time()
    _check(checkpoints, genome)
    _check_specialists(specialists, checkpoints[0])
    everyone = [*checkpoints, *(one.checkpoint for one in specialists)]
    inputs = [tss, *(one.path for one in everyone if one.path is not None)]
    check_output(output, force=force, inputs=inputs)
    torch.set_num_threads(threads)
    members = [(_identity(one), member) for one in checkpoints for member in _members(one.model)]
    n_general, like = len(members), members[0][1]
    reference = reference_of(checkpoints[0])
    reference = replace(reference, far=reference.far if far is None else far)
    recipe: dict[str, Any] = {"average_of": [_said(one) for one in checkpoints]}
    if specialists:
        members += [
            (_identity(one.checkpoint, one.member), own) for one in specialists for own in one.networks(genome, like)
        ]
        serving = _serving(_main_of(reference, genome), within, n_general, len(members), at_home)
        reference = replace(reference, specialists=serving)
        recipe["specialists"] = [_said(one.checkpoint) | {"member": one.member} for one in specialists]
        recipe["composition"] = _composition(serving, [who for who, _ in members])
    model = as_half(average_conditioned([_without_bias(member) for _, member in members]))
    assert isinstance(model, Conditioned)
    with output_folder(output, force=force, inputs=inputs) as result:
        first = replace(checkpoints[0].metadata, reference=reference.to_record(), gene_context=gene_context)
        metadata = _describe(model, first, genome, tss, threads)
        learnt = list(learnt_from(everyone))
        metadata = replace(metadata, name=name, recipe=recipe, training_data=learnt, expected_precision=expected)
        save_checkpoint(result / "model.safetensors", model, metadata, half=True)
        identity = {"name": genome.name, "sha256": genome.sha256}
        parameters = {**recipe, "training_data": learnt}
        write_provenance(result, started=started, genome=identity, parameters=parameters)
    return TrainedModel(output, output / "model.safetensors", metadata.metrics["validation"])


def _describe(model: Conditioned, first: Metadata, genome: Genome, tss: Path, threads: int) -> Metadata:
    """Return what the first model says of itself, with what is chosen on validation chosen anew."""
    whole = set_to_host(Checkpoint(model, first), genome)
    plain = whole.model
    split = Split.from_records(first.split)
    task = Task(genome, {tss.stem: tss}, split, TrainConfig(threads=threads), plain.config, context=whole.context)
    task.check_validation(tss.stem)
    chosen = describe_model(task, plain, name="", species="", recipe={})
    golden = make_golden(plain, str(first.golden["sequence"]))
    return replace(
        chosen,
        description=first.description,
        species=first.species,
        golden={**golden, "descriptor": genome.descriptor.to_record()},
        reference=first.reference,
        gene_context=first.gene_context,
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


def _serving(main: str, within: float, n_general: int, n_members: int, at_home: int) -> Specialists:
    """Return which members serve where: the general ones come first."""
    if not 0 <= at_home <= n_general:
        raise ConfigError(f"{at_home} general members cannot serve {main}: there are {n_general}")
    near = (*range(at_home), *range(n_general, n_members))
    return Specialists(main, within, near, tuple(range(n_general)))


def _composition(serving: Specialists, names: Sequence[str]) -> dict[str, list[str]]:
    """Return which members serve where, in words for the header."""
    home = f"up to a distance of {serving.within:g} from {serving.genome}"
    return {home: [names[n] for n in serving.near], "elsewhere": [names[n] for n in serving.elsewhere]}


def _main_of(reference: Reference, genome: Genome) -> str:
    """Return what the main genome is called among the training genomes."""
    distance, name, _ = reference.distances(genome.descriptor)[0]
    if distance > 0:
        raise ConfigError(f"{genome.name} is not among the genomes that the models learnt from")
    return name


def _identity(checkpoint: Checkpoint, member: int | None = None) -> str:
    """Return the name of a model, the start of its SHA-256, and which member."""
    told = f"{checkpoint.metadata.name} {checkpoint.sha256[:12]}".strip()
    return told if member is None else f"{told}, member {member}"


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
        if reference_of(one).specialists is not None:
            raise ConfigError(f"{who} has specialists itself: name the models that it was made of")
        if not known.issuperset(region["sequence_sha256"] for region in one.metadata.split):
            raise ConfigError(f"{who} was trained on another main genome than this one")


def _check_specialists(specialists: Sequence[Specialist], first: Checkpoint) -> None:
    for one in specialists:
        if one.checkpoint.metadata.split != first.metadata.split:
            raise ConfigError(
                f"{one.name} was trained on another split: what it learnt, the average would be judged on"
            )
