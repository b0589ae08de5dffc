"""What a checkpoint says of the weights in it: chosen on validation, and gathered from the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracktools.genome import Contig
from tracktools.model.checkpoint import Metadata
from tracktools.model.golden import make_golden
from tracktools.model.networks import Network
from tracktools.train.labels import describe_labels
from tracktools.train.task import Task
from tracktools.train.threshold import (
    MATCH_TOLERANCE_BP,
    as_metrics,
    choose_calibration,
    choose_threshold,
    position_scores,
)

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
    threshold = choose_threshold(scored, task.config.seed)
    genome = task.genome
    return Metadata(
        name=name,
        description=f"Model output for TSS of {label}, learnt from {', '.join(task.labels)}",
        species=species,
        genome={"name": genome.name, "sha256": genome.sha256, "gc_content": genome.gc_content},
        training_data=[describe_labels(label, path, task.arrays[label]) for label, path in task.labels.items()],
        split=task.split.to_records(),
        recipe=recipe,
        metrics={
            "validation": as_metrics(position_scores(scored), "valid"),
            "calls": {"f1": threshold["f1"], "tolerance_bp": MATCH_TOLERANCE_BP},
        },
        call_threshold=threshold["threshold"],
        call_threshold_interval=threshold["interval"],
        calibration=choose_calibration(scored),
        golden=make_golden(model, _golden_sequence(genome.contigs[0])),
        gene_context=None if task.init is None or task.context is None else task.init.metadata.gene_context,
    )


def _golden_sequence(contig: Contig) -> str:
    return contig.letters[:_GOLDEN_BP].tobytes().decode().upper()
