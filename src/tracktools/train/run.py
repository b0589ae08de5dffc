"""The whole training: labels, steps, validation, choice, checkpoint."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tracktools.concise import concise
from tracktools.config import ModelConfig, NetworkConfig, TrainConfig
from tracktools.engine.host import set_to_host
from tracktools.errors import ConfigError
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint, save_checkpoint
from tracktools.model.files import read_header
from tracktools.model.networks import Network
from tracktools.model.registry import as_model
from tracktools.run import Policy, Run, check_output
from tracktools.splits import Split
from tracktools.tracks import write_provenance
from tracktools.train.describe import describe_model
from tracktools.train.fit import KEEPS, fit, identity_of, load_weights, resolve_precision, validations, write_log
from tracktools.train.loop import Trainer
from tracktools.train.recipe import check_recipe
from tracktools.train.seen import warn_of_start, warn_of_teacher
from tracktools.train.soft import SoftLabels
from tracktools.train.task import Task
from tracktools.train.teacher import Teacher
from tracktools.train.threshold import as_metrics, position_scores
from tracktools.train.windows import TrainingWindows

log = logging.getLogger(__name__)


@concise
@dataclass(frozen=True)
class TrainedModel:
    """What a training made: the folder, the checkpoint in it, and its validation scores."""

    folder: Path
    checkpoint: Path
    validation: Mapping[str, Any]


def train_model(
    genome: Genome | Path | str,
    labels: Mapping[str, Path | str],
    output: Path | str,
    *,
    split: Split,
    name: str,
    species: str = "",
    config: TrainConfig | None = None,
    model_config: NetworkConfig | None = None,
    soft: SoftLabels | None = None,
    teacher: Checkpoint | Path | str | None = None,
    init: Checkpoint | Path | str | None = None,
    keep_sides: bool = False,
    keep_labels: bool = False,
    measure: bool = False,
    force: bool = False,
    restart: bool = False,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> TrainedModel:
    """Train a network; a killed training continues when it is started again in the same way.

    Parameters
    ----------
    genome : Genome, Path or str
        From `load_genome`, or the file.
    labels : mapping of str to Path or str
        BED files of TSS by name. The first is what the network learns to predict and is validated on; the others are
        side outputs that teach the same network and are dropped in the end (unless `keep_sides`).
    output : Path or str
        Folder to make: ``model.safetensors``, ``log.jsonl``, ``curves.svg`` and ``.png``, ``provenance.json``.
    split : Split
        Which bases train and which validate; the test part is never read (but see `measure`).
    name, species : str
        For the checkpoint's header.
    config, model_config : TrainConfig, ModelConfig or DilatedConfig, optional
        The recipe and the architecture; with `init` the architecture is that of the checkpoint.
    soft : SoftLabels, optional
        A stranded signal that the kept output learns from besides the first label set; validation is by the set alone.
    teacher : Checkpoint, Path or str, optional
        A convolutional model whose output is the soft label of every base, also of mutated windows; not with `soft`.
    init : Checkpoint, Path or str, optional
        From `load_model`, or the name or file that it takes: start from its weights.
    keep_sides : bool
        Keep each side output as a model of its own, too: ``NAME.safetensors``, of the step that is best for the first.
    keep_labels : bool
        Copy the files of the label sets into the folder.
    measure : bool
        When all is chosen, score the test part by the model that was started from and by the one that came of it; the
        figures are in the checkpoint (`metrics`, ``held_out``). Needs `init`, and a test part with TSS.
    force, restart
        See `tracktools.run.Policy`.
    renames : mapping of str to str, optional
        Name of a sequence in label and signal files to its name in the genome.
    only_genome : bool
        Leave out TSS on sequences that the genome lacks, instead of refusing them.

    Raises
    ------
    ConfigError
        If a setting of the recipe is out of range, the genome is too short for it, or a part that is used contains no
        TSS.
    OutputError
        If `output` is not empty and `force` is not set, or an unfinished training in it had other inputs or settings;
        see `Run`.
    InputError
        If a label file is not what it should be.
    """
    started, kept, output = time.time(), next(iter(labels)), Path(output)
    genome, sets = as_genome(genome), {label: Path(path) for label, path in labels.items()}
    config = config or TrainConfig()
    start = None if init is None else set_to_host(as_model(init), genome, threads=config.threads)
    taught, policy = _teacher(teacher, genome, config.threads), Policy(force=force, restart=restart)
    check_recipe(config)
    check_output(output, force=force, inputs=sets.values())
    _check_names(sets if keep_sides else {})
    network = _architecture(start, model_config)
    config = resolve_precision(config, output, restart=restart)
    task = Task(genome, sets, split, config, network, soft, start, renames or {}, only_genome, taught)
    doubts = _doubts(task)
    torch.set_num_threads(config.threads)
    windows = task.windows()  # all inputs are read, and what is wrong with them said, before anything is written
    doubts += _told(task.label_doubts())
    _check_parts(task, sides=keep_sides, measure=measure)
    identity = identity_of(config, task.inputs, outputs=[*labels], name=name, species=species, keep_sides=keep_sides)
    with Run(output, identity, inputs=sets.values(), policy=policy, keeps=KEEPS) as run:
        if run.done:
            return finished_model(run.done)
        history = _train(task, windows, run.folder)
        best = max(validations(history), key=lambda record: record["average_precision"])
        networks = load_weights(run.folder, best["step"], network)
        held_out = _held_out(task, networks[0]) if measure else {}
        doubts += _warn_of_loss(task, held_out)
        recipe = {**_recipe(task), "chosen_step": best["step"], **({"warnings": doubts} if doubts else {})}
        for label, model in zip(labels, networks if keep_sides else networks[:1], strict=False):
            own, file = (f"{name}-{label}", f"{label}.safetensors") if label != kept else (name, "model.safetensors")
            metadata = describe_model(task, model, name=own, species=species, recipe=recipe, label=label)
            if held_out and label == kept:
                metadata = replace(metadata, metrics={**metadata.metrics, "held_out": held_out})
            save_checkpoint(run.result / file, model, metadata)
        write_log(history, run.result)
        for path in sets.values() if keep_labels else ():
            shutil.copyfile(path, run.result / path.name)
        trained_on = {"name": genome.name, "sha256": genome.sha256}
        write_provenance(run.result, started=started, genome=trained_on, parameters=_recipe(task), warnings=doubts)
        run.publish()
    return TrainedModel(output, output / "model.safetensors", best)


def _architecture(start: Checkpoint | None, asked: NetworkConfig | None) -> NetworkConfig:
    """Return the architecture of the network to start from; without one, that asked for."""
    if start is not None and asked not in (None, start.model.config):
        raise ConfigError("the network of the checkpoint to start from has another architecture than the one asked for")
    return start.model.config if start else asked or ModelConfig()


def _check_parts(task: Task, *, sides: bool, measure: bool) -> None:
    """Refuse a split whose parts lack the TSS that something is chosen by or measured on."""
    for label in task.labels if sides else ():
        task.check_validation(label)
    if measure:
        task.check_held_out()


def _held_out(task: Task, model: Network) -> dict[str, dict[str, Any]]:
    """Return the scores of the test part before and after the training; nothing if it did not start from a model."""
    networks = {} if task.init is None else {"before": task.init.model, "after": model}
    signals = {when: task.validate(one, part="test") for when, one in networks.items()}
    return {when: as_metrics(position_scores(own), "test") for when, own in signals.items()}


def _warn_of_loss(task: Task, held_out: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Warn of a training after which the test part is scored worse; return the sentence, or nothing."""
    if task.init is None or not held_out:
        return []
    before, after = (held_out[when]["average_precision"] for when in ("before", "after"))
    if after >= before:
        return []
    name = task.init.metadata.name
    doubt = f"the model is worse than {name}, from which it started, on the held-out part of the genome "
    doubt += f"(AP {after:.4f}, {before:.4f} before): predict with {name}, or train on more TSS"
    return _told([doubt])


def finished_model(folder: Path) -> TrainedModel:
    """Return what a training made in a folder, as its checkpoint tells it."""
    checkpoint = folder / "model.safetensors"
    header = read_header(checkpoint)
    return TrainedModel(folder, checkpoint, header["metrics"]["validation"] | {"step": header["recipe"]["chosen_step"]})


def _teacher(model: Checkpoint | Path | str | None, genome: Genome, threads: int) -> Teacher | None:
    return None if model is None else Teacher(set_to_host(as_model(model), genome, gene_context=False, threads=threads))


def _check_names(labels: Mapping[str, Path]) -> None:
    for label in list(labels)[1:]:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", label, re.ASCII) or label.casefold() == "model":
            allowed = "letters, digits, _, - and . are allowed, and not 'model', which is the kept output"
            raise ConfigError(f"{label!r} cannot name a file of its own: {allowed}")


def _doubts(task: Task) -> list[str]:
    """Warn of models that were trained on what this training holds back; return the sentences.

    Raises
    ------
    ConfigError
        If there are soft labels and a teacher.
    """
    if task.teacher is not None and task.soft is not None:
        raise ConfigError("soft labels are from a signal or from a teacher: give one of the two")
    doubts = [] if task.init is None else warn_of_start(task.init, task.genome, task.split)
    if task.teacher is not None:
        doubts += warn_of_teacher(task.teacher.checkpoint, task.genome, task.split)
    return _told(doubts)


def _told(doubts: list[str]) -> list[str]:
    for doubt in doubts:
        log.warning("warning: %s", doubt)
    return doubts


def _train(task: Task, windows: TrainingWindows, folder: Path) -> list[dict[str, Any]]:
    init = None if task.init is None else task.init.model
    trainer = Trainer(task.model_config, task.config, windows, len(task.labels), init)
    left_out = f" ({windows.n_tss_left_out:,} more are in stretches of less than {windows.least_bp:,} bp)"
    log.info(
        "training on %s TSS of %s%s, %s",
        f"{windows.n_tss:,}", ", ".join(task.labels), left_out if windows.n_tss_left_out else "", task.config.precision,
    )  # fmt: skip
    return fit(trainer, folder, lambda model: as_metrics(position_scores(task.validate(model)), "valid"))


def _recipe(task: Task) -> dict[str, Any]:
    """Return the settings, and what else the weights came from."""
    recipe: dict[str, Any] = {**asdict(task.config), "outputs": list(task.labels)}
    if task.soft is not None:
        recipe["soft"] = task.soft.describe()
    if task.teacher is not None:
        taught = task.teacher.checkpoint
        recipe["teacher"] = {"name": taught.metadata.name, "sha256": taught.sha256}
    if task.init is not None:
        recipe["init"] = {"name": task.init.metadata.name, "sha256": task.init.sha256}
    return recipe
