"""What a checkpoint says of the weights in it: chosen on validation, and gathered from the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracktools.genome import Genome
from tracktools.model.checkpoint import Metadata
from tracktools.model.golden import make_golden
from tracktools.model.networks import Network
from tracktools.train.labels import describe_labels
from tracktools.train.task import Task
from tracktools.train.threshold import chosen_on

_GOLDEN_BP = 700  # longer than one attention window


def describe_model(
    task: Task, model: Network, *, name: str, species: str, recipe: Mapping[str, Any], label: str | None = None
) -> Metadata:
    """Choose threshold and calibration on validation, and return all that the checkpoint says of itself.

    Parameters
    ----------
    task : Task
        What the weights were trained for.
    model : Transformer or Dilated
    name, species : str
    recipe : mapping
        How the weights came to be.
    label : str, optional
        The label set that the output is of; by default the one that is kept.
    """
    label = label or next(iter(task.labels))
    scored = task.validate(model, label)
    genome = task.genome
    return Metadata(
        name=name,
        description=f"Model output for TSS of {label}, learnt from {', '.join(task.labels)}",
        species=species,
        genome={"name": genome.name, "sha256": genome.sha256, "gc_content": genome.gc_content},
        training_data=[describe_labels(label, path, task.arrays[label]) for label, path in task.labels.items()],
        split=task.split.to_records(),
        recipe=recipe,
        golden=make_golden(model, golden_letters(genome)),
        **chosen_on(scored, task.config.seed),
        gene_context=None if task.init is None or task.context is None else task.init.metadata.gene_context,
    )


def golden_letters(genome: Genome) -> str:
    """Return the letters of which a checkpoint keeps the output, to be checked by."""
    return genome.contigs[0].letters[:_GOLDEN_BP].tobytes().decode().upper()
