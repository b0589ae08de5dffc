"""The whole training: labels, steps, validation, choice, checkpoint."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from tracktools.config import ModelConfig, TrainConfig
from tracktools.errors import ConfigError, OutputError
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Metadata, make_golden, save_checkpoint
from tracktools.model.transformer import Transformer
from tracktools.progress import show_progress
from tracktools.splits import Split
from tracktools.tracks import write_provenance
from tracktools.train.choose import (
    MATCH_TOLERANCE_BP,
    RegionSignal,
    as_metrics,
    choose_calibration,
    choose_threshold,
    position_scores,
    score_part,
)
from tracktools.train.labels import describe_labels, read_labels
from tracktools.train.loop import Trainer
from tracktools.train.recipe import check_recipe
from tracktools.train.windows import LabelArrays, TrainingWindows, training_stretches

log = logging.getLogger(__name__)

_GOLDEN_BP = 700  # longer than one attention window
_SAVE_EVERY = 100  # steps


@dataclass(frozen=True)
class TrainedModel:
    """What a training made: the folder, the checkpoint in it, and its validation scores."""

    folder: Path
    checkpoint: Path
    validation: Mapping[str, Any]


def train_model(
    genome: Genome,
    labels: Mapping[str, Path],
    output: Path,
    *,
    split: Split,
    name: str,
    species: str = "",
    config: TrainConfig | None = None,
    model_config: ModelConfig | None = None,
    restart: bool = False,
) -> TrainedModel:
    """Train a network; a killed training continues when it is started again in the same way.

    Parameters
    ----------
    genome : Genome
        From `load_genome`.
    labels : mapping of str to Path
        BED files of TSS by name. The first is what the network learns to predict and is validated on; the others are
        side outputs that teach the same network and are dropped in the end.
    output : Path
        Folder to make: ``model.safetensors``, ``log.jsonl``, ``provenance.json``. Must not exist.
    split : Split
        Which bases train and which validate; the test part is never read.
    name, species : str
        For the checkpoint's header.
    config, model_config : TrainConfig, ModelConfig, optional
        The recipe and the architecture.
    restart : bool
        Drop an unfinished training instead of continuing it.

    Raises
    ------
    ConfigError
        If a setting of the recipe is out of range, or the genome is too short for it.
    OutputError
        If `output` exists, or an unfinished training in it had other settings.
    InputError
        If a label file is not what it should be.
    """
    started = time.time()
    config, model_config = config or TrainConfig(), model_config or ModelConfig()
    check_recipe(config)
    if output.exists() or output.is_symlink():
        raise OutputError("exists", path=output, mend="choose another folder")
    torch.set_num_threads(config.threads)
    folder = output.with_name(output.name + ".partial")
    if restart:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    task = _Task(genome, labels, {label: read_labels(path, genome) for label, path in labels.items()}, split, config)
    trainer = Trainer(model_config, config, _windows(task, model_config), len(labels))
    log.info("training on %s TSS of %s", f"{len(trainer.windows.tss):,}", ", ".join(labels))
    history = _fit(trainer, folder, lambda model: as_metrics(position_scores(task.validate(model)), "valid"))
    best = max(history, key=lambda record: record["average_precision"])
    model = _load_weights(folder / f"step{best['step']}.pt", model_config)
    result = folder / "result"
    result.mkdir(exist_ok=True)
    save_checkpoint(result / "model.safetensors", model, _metadata(task, model, best, name, species))
    (result / "log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in history))
    identity = {"name": genome.name, "sha256": genome.sha256}
    write_provenance(result, started=started, genome=identity, parameters=asdict(config))
    result.rename(output)
    shutil.rmtree(folder)
    return TrainedModel(output, output / "model.safetensors", best)


@dataclass(frozen=True)
class _Task:
    """What is learnt: the genome, the label sets (files, and arrays by name; the first is the one kept), the split."""

    genome: Genome
    labels: Mapping[str, Path]
    arrays: Mapping[str, LabelArrays]
    split: Split
    config: TrainConfig

    def validate(self, model: Transformer) -> list[RegionSignal]:
        """Score the validation part, beside the labels that are kept."""
        kept = next(iter(self.arrays.values()))
        return score_part(model, self.genome, kept, self.split, "valid", self.config.threads)


def _windows(task: _Task, model_config: ModelConfig) -> TrainingWindows:
    gap_bp = model_config.halo_upstream_bp + model_config.halo_downstream_bp + model_config.label_shift_bp
    try:
        stretches = training_stretches(task.genome, task.split, gap_bp)
        return TrainingWindows(task.genome, list(task.arrays.values()), stretches, model_config, task.config)
    except ValueError as error:
        raise ConfigError(f"no windows can be drawn: {error}") from None


def _metadata(task: _Task, model: Transformer, best: Mapping[str, Any], name: str, species: str) -> Metadata:
    """Choose threshold and calibration on validation, and gather what the checkpoint says of itself."""
    scored = task.validate(model)
    threshold = choose_threshold(scored, task.config.seed)
    genome = task.genome
    return Metadata(
        name=name,
        description=f"Probability that transcription starts at a base, learnt from {', '.join(task.labels)}",
        species=species,
        genome={"name": genome.name, "sha256": genome.sha256, "gc_content": genome.gc_content},
        training_data=[describe_labels(label, path, task.arrays[label]) for label, path in task.labels.items()],
        split=task.split.to_records(),
        recipe={**asdict(task.config), "chosen_step": best["step"], "outputs": list(task.labels)},
        metrics={
            "validation": dict(best),
            "calls": {"f1": threshold["f1"], "tolerance_bp": MATCH_TOLERANCE_BP},
        },
        call_threshold=threshold["threshold"],
        call_threshold_interval=threshold["interval"],
        calibration=choose_calibration(scored),
        golden=make_golden(model, _golden_sequence(genome.contigs[0])),
    )


def _fit(trainer: Trainer, folder: Path, validate: Any) -> list[dict[str, Any]]:
    """Train to the last step, keeping the state every `_SAVE_EVERY` steps and the weights at each validation."""
    state = folder / "state.pt"
    config = trainer.config
    history: list[dict[str, Any]] = []
    if state.exists():
        history = list(trainer.load(state)["history"])
        log.info("continuing at step %d", trainer.step)
    losses: list[float] = []
    with show_progress("training", config.steps - trainer.step, "steps") as advance:
        while trainer.step < config.steps:
            losses.append(trainer.train_step())
            advance(1)
            if trainer.step % config.validate_every == 0 or trainer.step == config.steps:
                model = trainer.averaged_model()
                torch.save(model.state_dict(), folder / f"step{trainer.step}.pt")
                loss = sum(losses) / len(losses)
                history.append({"step": trainer.step, "loss": loss, **validate(model)})
                losses = []
                log.info(
                    "step %d: loss %.5f, validation ROC AUC %.4f, AP %.4f",
                    *(history[-1][key] for key in ("step", "loss", "roc_auc", "average_precision")),
                )
                trainer.save(state, {"history": history})
            elif trainer.step % _SAVE_EVERY == 0:
                trainer.save(state, {"history": history})
    return history


def _load_weights(path: Path, model_config: ModelConfig) -> Transformer:
    model = Transformer(model_config)
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def _golden_sequence(contig: Contig) -> str:
    return contig.letters[:_GOLDEN_BP].tobytes().decode().upper()
