"""One model out of several that were trained alike: the mean of their log-odds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tracktools.config import TrainConfig, architecture_of
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, save_checkpoint
from tracktools.model.dilated import Dilated, average_networks
from tracktools.run import check_output, output_folder
from tracktools.splits import Split
from tracktools.tracks import write_provenance
from tracktools.train.describe import describe_model
from tracktools.train.run import TrainedModel
from tracktools.train.task import Task


def average_models(
    checkpoints: Sequence[Checkpoint],
    genome: Genome,
    tss: Path,
    output: Path,
    *,
    name: str,
    threads: int = 1,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    force: bool = False,
) -> TrainedModel:
    """Average models of the convolutional network, and choose threshold and calibration anew.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        Two or more, of one configuration, genome and split: trained with other random seeds, say.
    genome : Genome
        What they were trained on.
    tss : Path
        BED file of the TSS to validate on.
    output : Path
        Folder to make: ``model.safetensors``, ``provenance.json``.
    name : str
        For the checkpoint's header.
    threads : int
    renames, only_genome
        See `train_model`.
    force : bool
        See `tracktools.run.Policy`.

    Raises
    ------
    ConfigError
        If the models cannot be averaged, or were not trained on this genome.
    OutputError
        If `output` is not empty and `force` is not set; see `Run`.
    InputError
        If the TSS are not what they should be.
    """
    started = time.time()
    _check(checkpoints, genome)
    inputs = [tss, *(one.path for one in checkpoints if one.path is not None)]
    check_output(output, force=force, inputs=inputs)
    networks = [checkpoint.model for checkpoint in checkpoints if isinstance(checkpoint.model, Dilated)]
    model = average_networks(networks)
    split = Split.from_records(checkpoints[0].metadata.split)
    sets = list(_learnt_by(checkpoints))
    task = Task(
        genome,
        {tss.stem: tss},
        split,
        TrainConfig(threads=threads),
        model.config,
        renames=renames or {},
        only_genome=only_genome,
    )
    task.check_validation(tss.stem)
    torch.set_num_threads(threads)
    members = [
        {"name": one.metadata.name, "sha256": one.sha256, "recipe": dict(one.metadata.recipe)} for one in checkpoints
    ]
    doubts = [*dict.fromkeys(str(doubt) for one in checkpoints for doubt in one.metadata.recipe.get("warnings", ()))]
    recipe = {"average_of": members, **({"warnings": doubts} if doubts else {})}
    species = checkpoints[0].metadata.species
    with output_folder(output, force=force, inputs=inputs) as result:
        metadata = describe_model(task, model, name=name, species=species, recipe=recipe)
        learnt = ", ".join(str(one.get("name")) for one in sets)
        description = f"Model output for TSS of {tss.stem}, the mean of models that learnt from {learnt}"
        metadata = replace(metadata, training_data=sets, description=description)
        save_checkpoint(result / "model.safetensors", model, metadata)
        identity = {"name": genome.name, "sha256": genome.sha256}
        write_provenance(result, started=started, genome=identity, parameters=recipe, warnings=doubts)
    return TrainedModel(output, output / "model.safetensors", metadata.metrics["validation"])


def _check(checkpoints: Sequence[Checkpoint], genome: Genome) -> None:
    if len(checkpoints) < 2:
        raise ConfigError(f"name two or more models with -m ({len(checkpoints)} given)")
    first = checkpoints[0]
    for one in checkpoints:
        who = one.path or one.metadata.name
        if not isinstance(one.model, Dilated):
            raise ConfigError(f"{who} is of architecture {architecture_of(one.model.config)}: only dilated is averaged")
        if one.model.config != first.model.config:
            raise ConfigError(f"{who} has other channels, widths or dilations than {first.path or first.metadata.name}")
        if one.metadata.split != first.metadata.split:
            raise ConfigError(f"{who} was trained on another split: what one learnt, the other would be judged on")
        known = {contig.sequence_sha256 for contig in genome}
        if not known.issuperset(region["sequence_sha256"] for region in one.metadata.split):
            raise ConfigError(f"{who} was trained on another genome than this one")


def _learnt_by(checkpoints: Sequence[Checkpoint]) -> Iterator[dict[str, Any]]:
    """Yield what each model says of the sets that it learnt from, every set once."""
    seen = []
    for checkpoint in checkpoints:
        for record in checkpoint.metadata.training_data:
            if record not in seen:
                seen.append(record)
                yield record
