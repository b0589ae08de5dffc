"""The steps of a training, its validations, and what is kept of them on disk, so that a killed one continues."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tracktools.config import NetworkConfig, TrainConfig
from tracktools.figures.training import draw_training
from tracktools.formats.atomic import atomic_file
from tracktools.model.networks import Network, make_network
from tracktools.progress import show_progress
from tracktools.run import unfinished_identity
from tracktools.train.loop import Trainer, native_precision
from tracktools.train.state import load_state, save_state

log = logging.getLogger(__name__)

_SAVE_EVERY = 100  # steps
_DRAW_EVERY_S = 60.0  # validations of a small genome come faster than they can be drawn
_STATE = "state.safetensors"
KEEPS = (
    _STATE,
    "step*.safetensors",
    "log.jsonl",
    "curves.svg",
    "curves.png",
)  # what a killed training leaves for the next

History = list[dict[str, Any]]


def resolve_precision(config: TrainConfig, output: Path, *, restart: bool = False) -> TrainConfig:
    """Return the recipe with ``auto`` replaced: by what an unfinished training began with, or what suits this CPU."""
    if config.precision != "auto":
        return config
    started = None if restart else (unfinished_identity(output) or {}).get("precision")
    return replace(config, precision=started if started in ("bf16", "fp32") else native_precision())


def identity_of(config: TrainConfig, inputs: Mapping[str, Any], **more: object) -> dict[str, Any]:
    """Return all that the weights of a training depend on, see `Run`."""
    return {"verb": "train", **more, **inputs, **asdict(config)}


def fit(trainer: Trainer, folder: Path, validate: Callable[[Network], Mapping[str, Any]]) -> History:
    """Train to the last step; return the log: loss, and scores where there was a validation.

    Parameters
    ----------
    trainer : Trainer
        Before its first step.
    folder : Path
        Holds the state, kept every `_SAVE_EVERY` steps, and the weights at each validation. What an earlier run of the
        same recipe and inputs left there is continued.
    validate : callable
        Returns the validation scores of a network.

    Raises
    ------
    InputError
        If the state in `folder` is not as it was written.
    """
    config, state = trainer.config, folder / _STATE
    history: History = []
    if state.exists():
        history = list(trainer.load(state)["history"])
        log.info("continuing at step %d", trainer.step)
    losses: list[float] = []
    drawn = time.monotonic()
    with show_progress("training", config.steps - trainer.step, "steps") as advance:
        while trainer.step < config.steps:
            losses.append(trainer.train_step())
            advance(1)
            validates = trainer.step % config.validate_every == 0 or trainer.step == config.steps
            if validates or trainer.step % _SAVE_EVERY == 0:
                record: dict[str, Any] = {"step": trainer.step, "loss": sum(losses) / len(losses)}
                history.append({**record, **(_validated(trainer, folder, validate) if validates else {})})
                losses = []  # what is lost in a kill was not yet counted, so that the log is that of an unbroken run
                trainer.save(state, {"history": history})
                pictures = validates and time.monotonic() - drawn > _DRAW_EVERY_S
                write_log(history, folder, pictures=pictures)
                drawn = time.monotonic() if pictures else drawn
    return history


def validations(history: History) -> History:
    """Return the records of validations."""
    return [record for record in history if "average_precision" in record]


def write_log(history: History, folder: Path, *, pictures: bool = True) -> None:
    """Write ``log.jsonl`` and, if asked for, ``curves.svg`` and ``curves.png``."""
    with atomic_file(folder / "log.jsonl") as partial:
        partial.write_text("".join(json.dumps(record) + "\n" for record in history), encoding="utf-8")
    if pictures:
        draw_training(history, folder, f"training, {history[-1]['step']:,} steps")


def _validated(trainer: Trainer, folder: Path, validate: Callable[[Network], Mapping[str, Any]]) -> Mapping[str, Any]:
    model = trainer.averaged_model()
    networks = [model, *trainer.averaged_sides()]
    tensors = {
        f"{number}.{name}": tensor
        for number, network in enumerate(networks)
        for name, tensor in network.state_dict().items()
    }
    save_state(_weights_file(folder, trainer.step), tensors, {"networks": len(networks)})
    scores = validate(model)
    log.info("step %d: validation ROC AUC %.4f, AP %.4f", trainer.step, scores["roc_auc"], scores["average_precision"])
    return scores


def load_weights(folder: Path, step: int, model_config: NetworkConfig) -> list[Network]:
    """Return the networks of a validation: that of the kept output, then one a side output."""
    tensors, values = load_state(_weights_file(folder, step))
    networks = []
    for number in range(values["networks"]):
        start = f"{number}."
        networks.append(make_network(model_config))
        networks[-1].load_state_dict(
            {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
        )
    return [network.eval() for network in networks]


def _weights_file(folder: Path, step: int) -> Path:
    return folder / f"step{step}.safetensors"
