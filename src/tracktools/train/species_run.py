"""A training on many species: from its sheet to a checkpoint that is set to any genome."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from tracktools.config import RECIPES, ConditionedConfig, TrainConfig
from tracktools.descriptor import Reference
from tracktools.errors import ConfigError
from tracktools.model.checkpoint import Checkpoint, Metadata, save_checkpoint
from tracktools.model.conditioned import Conditioned, conditioned_from, split_conditioned
from tracktools.model.dilated import Dilated, split_members
from tracktools.model.golden import make_golden
from tracktools.names import listed
from tracktools.run import Policy, Run, check_output
from tracktools.tracks import write_provenance
from tracktools.train.describe import golden_letters
from tracktools.train.fit import KEEPS, fit, identity_of, load_weights, resolve_precision, validations, write_log
from tracktools.train.labels import describe_labels
from tracktools.train.recipe import check_recipe
from tracktools.train.run import TrainedModel, finished_model
from tracktools.train.seen import learnt_of, seen_bp
from tracktools.train.sheet import SpeciesSheet
from tracktools.train.species_loop import SpeciesTrainer
from tracktools.train.species_task import SpeciesTask, check_left_out
from tracktools.train.threshold import as_metrics, chosen_on, position_scores

log = logging.getLogger(__name__)

_HOMOLOGUES = "homologues.safetensors"


def train_species(
    sheet: SpeciesSheet,
    output: Path,
    *,
    name: str,
    config: TrainConfig | None = None,
    model_config: ConditionedConfig | None = None,
    leave_out: Sequence[str] = (),
    far: float | None = None,
    init: Checkpoint | None = None,
    init_member: int = 1,
    force: bool = False,
    restart: bool = False,
) -> TrainedModel:
    """Train a network on many species; a killed training continues when it is started again in the same way.

    Parameters
    ----------
    sheet : SpeciesSheet
        From `read_sheet`.
    output : Path
        Folder to make: ``model.safetensors``, ``log.jsonl``, ``curves.svg`` and ``.png``, ``provenance.json``.
    name : str
        For the checkpoint's header.
    config, model_config : optional
        The recipe (of which steps, rates, dropout, precision, seed and threads count) and the architecture.
    leave_out : sequence of str
        Species, genera, classes or phyla that are not learnt from, to judge the model on them.
    far : float, optional
        Distance of a genome to the nearest that was learnt from beyond which the network gets its GC content alone;
        see `Reference`. By default it is never so.
    init : Checkpoint, optional
        Start from its weights: a conditioned network, or a dilated one, which then gives the same for any genome.
    init_member : int
        Which of its members, the first being 1.
    force, restart
        See `tracktools.run.Policy`.

    Raises
    ------
    ConfigError, InputError, OutputError
        See `train_model`.
    """
    started = time.time()
    config, network = config or RECIPES["conditioned"], model_config or ConditionedConfig()
    check_recipe(config)
    check_left_out(leave_out, sheet)
    check_output(output, force=force)
    start = None if init is None else _start(init, init_member, network)
    config = resolve_precision(config, output, restart=restart)
    torch.set_num_threads(config.threads)
    task = SpeciesTask(sheet, config, network, sheet.batch, tuple(leave_out))
    warnings = [] if init is None else _seen_before(init, task)
    for warning in warnings:
        log.warning("warning: %s", warning)
    said = {"init": "" if init is None else f"{init.sha256} {init_member}", "name": name, "far": far}
    policy, keeps = Policy(force=force, restart=restart), (*KEEPS, _HOMOLOGUES)
    with Run(output, identity_of(config, task.inputs, **said), policy=policy, keeps=keeps) as run:
        if run.done:
            return finished_model(run.done)
        task = replace(task, kept=sheet.homologues or run.folder / _HOMOLOGUES)
        trainer = SpeciesTrainer(network, config, task.draw(), len(task.main.labels), start)
        history = fit(trainer, run.folder, lambda model: _validation(task, model))
        best = max(validations(history), key=lambda record: record["average_precision"])
        model = load_weights(run.folder, best["step"], network)[0]
        assert isinstance(model, Conditioned)
        recipe = {**asdict(config), "mixture": asdict(task.mixture), "leave_out": list(leave_out),
                  "chosen_step": best["step"], **_said(init, init_member)}  # fmt: skip
        reference = replace(task.reference, far=task.reference.far if far is None else far)
        metadata = describe_species_model(task, model, reference, name, recipe)
        save_checkpoint(run.result / "model.safetensors", model, metadata)
        write_log(history, run.result)
        genome = {"name": task.main_genome.name, "sha256": task.main_genome.sha256}
        parameters = {**recipe, "training_data": metadata.training_data}
        write_provenance(run.result, started=started, genome=genome, parameters=parameters, warnings=warnings)
        run.publish()
    return TrainedModel(output, output / "model.safetensors", best)


def _start(init: Checkpoint, member: int, config: ConditionedConfig) -> Conditioned:
    """Return the network to start from."""
    model = init.model
    if not isinstance(model, Dilated):
        raise ConfigError(f"{init.metadata.name} is no convolutional network: nothing of it fits")
    if not 1 <= member <= model.config.n_members:
        raise ConfigError(f"{init.metadata.name} has {model.config.n_members} members, and no member {member}")
    try:
        if isinstance(model, Conditioned):
            return split_conditioned(model)[member - 1]
        return conditioned_from(split_members(model)[member - 1], config)
    except (ValueError, RuntimeError):
        raise ConfigError(
            f"{init.metadata.name} has other channels, widths or dilations than the one asked for"
        ) from None


def _seen_before(init: Checkpoint, task: SpeciesTask) -> list[str]:
    """Return what the model that is started from learnt of what this training is judged on, a sentence each."""
    name, seen = init.metadata.name, []
    if bases := seen_bp(init, task.split):
        seen.append(f"{name} was trained on {bases:,} bp of the validation and test parts: figures there are too good")
    if left_out := learnt_of(init, task.left_out_species):
        seen.append(f"{name} learnt from what is left out here: {listed(left_out)}")
    return seen


def _said(init: Checkpoint | None, member: int) -> dict[str, Any]:
    return {} if init is None else {"init": {"name": init.metadata.name, "sha256": init.sha256, "member": member}}


def set_to_main(task: SpeciesTask, model: Conditioned, reference: Reference) -> Dilated:
    """Return the network as it is on the main genome."""
    return model.condition(reference.features(task.main.descriptor).tolist())


def _validation(task: SpeciesTask, model: Any) -> dict[str, Any]:
    return as_metrics(position_scores(task.validate(set_to_main(task, model, task.reference))), "valid")


def describe_species_model(
    task: SpeciesTask, model: Conditioned, reference: Reference, name: str, recipe: dict[str, Any]
) -> Metadata:
    """Choose threshold and calibration on the main genome's validation part; return all that the checkpoint says."""
    plain = set_to_main(task, model, reference)
    scored = task.validate(plain)
    genome = task.main_genome
    others = len({row[0] for row in reference.genomes}) - 1
    return Metadata(
        name=name,
        description=f"Model output for TSS, learnt from {task.sheet.main.species} and {others} other genomes",
        species="bacteria",
        genome={"name": genome.name, "sha256": genome.sha256, "gc_content": genome.gc_content},
        training_data=_training_data(task),
        split=task.split.to_records(),
        recipe=recipe,
        **chosen_on(scored, task.config.seed),
        golden={**make_golden(plain, golden_letters(genome)), "descriptor": task.main.descriptor.to_record()},
        reference=reference.to_record(),
    )


def _training_data(task: SpeciesTask) -> list[dict[str, Any]]:
    """Return what each species gave, with its source and terms."""
    rows: list[dict[str, Any]] = []
    learnt = {one.species: one for one in (task.main, *task.others)}
    for row in task.sheet.genomes:
        if row.species not in learnt:
            continue
        sets = {row.tss.stem: row.tss, **row.also}
        for (label, path), arrays in zip(sets.items(), learnt[row.species].labels, strict=False):
            assert arrays is not None
            said = describe_labels(label, path, arrays)
            said["source"], said["licence"] = said["source"] or row.source, said["licence"] or row.licence
            rows.append({"species": row.species, "phylum": learnt[row.species].phylum, **said})
    rows += [
        {"species": one.species, "phylum": one.phylum, "name": "windows", "positions": int(one.around_tss.sum()),
         "source": windows.source, "licence": windows.licence}
        for one, windows in task.windows
    ]  # fmt: skip
    return rows
