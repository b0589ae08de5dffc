"""The steps of a training, its validations, and what is kept of them on disk, so that a killed one continues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from tracktools.config import NetworkConfig, TrainConfig
from tracktools.errors import OutputError
from tracktools.model.networks import Network, make_network
from tracktools.progress import show_progress
from tracktools.train.loop import Trainer, native_precision

log = logging.getLogger(__name__)

_SAVE_EVERY = 100  # steps
_STATE = "state.pt"

History = list[dict[str, Any]]


def resolve_precision(config: TrainConfig, folder: Path) -> TrainConfig:
    """Return the recipe with ``auto`` replaced: by what an unfinished training began with, or what suits this CPU."""
    if config.precision != "auto":
        return config
    state = folder / _STATE
    if not state.exists():
        return replace(config, precision=native_precision())
    started: Literal["bf16", "fp32"] = torch.load(state, weights_only=True)["config"]["precision"]
    return replace(config, precision=started)


def fit(
    trainer: Trainer, folder: Path, inputs: Mapping[str, Any], validate: Callable[[Network], Mapping[str, Any]]
) -> History:
    """Train to the last step; return a record for each validation.

    Parameters
    ----------
    trainer : Trainer
        Before its first step.
    folder : Path
        Holds the state, kept every `_SAVE_EVERY` steps, and the weights at each validation. What an earlier run left
        there is continued.
    inputs : mapping
        What the training learns from, see `Task.inputs`.
    validate : callable
        Returns the validation scores of a network.

    Raises
    ------
    OutputError
        If an earlier run in `folder` had other settings or inputs.
    """
    config, state = trainer.config, folder / _STATE
    history: History = []
    if state.exists():
        extra = trainer.load(state)
        _check_inputs(extra.get("inputs", inputs), inputs, state)
        history = list(extra["history"])
        log.info("continuing at step %d", trainer.step)
    losses: list[float] = []
    with show_progress("training", config.steps - trainer.step, "steps") as advance:
        while trainer.step < config.steps:
            losses.append(trainer.train_step())
            advance(1)
            if trainer.step % config.validate_every == 0 or trainer.step == config.steps:
                history.append(_validated(trainer, folder, sum(losses) / len(losses), validate))
                losses = []
            elif trainer.step % _SAVE_EVERY:
                continue
            trainer.save(state, {"history": history, "inputs": dict(inputs)})
    return history


def _validated(
    trainer: Trainer, folder: Path, loss: float, validate: Callable[[Network], Mapping[str, Any]]
) -> dict[str, Any]:
    model = trainer.averaged_model()
    torch.save(model.state_dict(), folder / f"step{trainer.step}.pt")
    record = {"step": trainer.step, "loss": loss, **validate(model)}
    log.info(
        "step %d: loss %.5f, validation ROC AUC %.4f, AP %.4f",
        *(record[key] for key in ("step", "loss", "roc_auc", "average_precision")),
    )
    return record


def _check_inputs(found: Mapping[str, Any], expected: Mapping[str, Any], state: Path) -> None:
    for name, value in expected.items():
        if found.get(name) != value:
            raise OutputError(
                f"an unfinished training from other inputs ({name})", path=state, mend="--restart drops it"
            )


def load_weights(folder: Path, step: int, model_config: NetworkConfig) -> Network:
    """Return the network of a validation."""
    model = make_network(model_config)
    model.load_state_dict(torch.load(folder / f"step{step}.pt", weights_only=True))
    return model.eval()
