"""Which engine runs a network here, and why."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from tracktools.engine.devices import available_threads, resolve_device
from tracktools.engine.dilated_engine import DilatedEngine
from tracktools.engine.interface import TOLERANCE, AttentiveEngine, Engine, Precision
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import KERNELS, load_library, usable_kernels, why_not
from tracktools.engine.native.weights import fits
from tracktools.engine.torch_engine import TorchEngine
from tracktools.errors import ConfigError
from tracktools.model.conditioned import Conditioned
from tracktools.model.dilated import Dilated
from tracktools.model.networks import Network
from tracktools.model.transformer import Transformer

logger = logging.getLogger(__name__)

ENGINES = ("auto", "native", "torch")

_TRIAL_BP = 700  # longer than the attention window of the published network, so that a trial meets both its edges


class EngineStatus(NamedTuple):
    """One way to run the network: whether it serves here, and if not, why."""

    engine: str
    instruction_set: str
    precision: Precision
    usable: bool
    reason: str


def make_engine(
    name: str,
    model: Network,
    *,
    threads: int | None = None,
    precision: Precision = "exact",
    device: str = "cpu",
) -> Engine:
    """Return an engine that runs a network.

    A native engine is first tried on a short sequence, beside torch; if it strays, it is not used, with a warning.

    Parameters
    ----------
    name : str
        ``native``, ``torch``, or ``auto`` for the fastest that this machine, the network and `device` allow.
    model : Transformer or Dilated
        The network; its weights are copied. The native engine runs the transformer alone.
    threads : int, optional
        CPU threads; as many as the process may use if not given.
    precision : {"exact", "fast"}
        ``fast`` allows an error of 1e-2 in the probabilities; where nothing faster serves, the engine stays exact.
    device : str
        ``cpu``, a GPU as torch names it, which only the torch engine uses, or ``auto``.

    Raises
    ------
    ConfigError
        If there is no such engine or device, or it cannot run here.
    """
    if isinstance(model, Conditioned):
        raise ConfigError("this model must first be set to a genome (tracktools.model.checkpoint.set_to_genome)")
    if not isinstance(model, Dilated):
        return make_attentive_engine(name, model, threads=threads, precision=precision, device=device)
    if name == "native":
        raise ConfigError(
            "the native engine runs the transformer, and this model is convolutional (choose auto or torch)"
        )
    device = _check(name, device)
    if precision == "fast":
        logger.warning("nothing faster than exact serves this model: running torch in float32")
    return DilatedEngine(model, threads=threads or available_threads(), device=device)


def make_attentive_engine(
    name: str,
    model: Transformer,
    *,
    threads: int | None = None,
    precision: Precision = "exact",
    device: str = "cpu",
) -> AttentiveEngine:
    """Return an engine that runs a transformer and can tell what it attends to; see `make_engine`."""
    device = _check(name, device)
    threads = threads or available_threads()
    if name != "torch" and device == "cpu" and fits(model.config):
        for engine in _native_engines(model, threads, precision):
            error = _error_in_a_trial(engine, model)
            if error <= TOLERANCE[engine.precision]:
                return engine
            logger.warning("%s is off by %.1g in a trial and is not used", engine.instruction_set, error)
    if name == "native":
        raise ConfigError(f"the native engine cannot run: {_why_not_native(model, device)} (choose auto or torch)")
    if precision == "fast":
        logger.warning("nothing faster than exact serves here: running torch in float32")
    return TorchEngine(model, threads=threads, device=device)


def _check(name: str, device: str) -> str:
    """Return the device to run on, after a look at both words."""
    if name not in ENGINES:
        raise ConfigError(f"there is no engine {name!r} (choose one of {', '.join(ENGINES)})")
    return "cpu" if (name, device) == ("native", "auto") else resolve_device(device)


def describe_engines() -> list[EngineStatus]:
    """Return every way to run the network, the fastest first, with the reason where one does not serve here."""
    rows = [
        EngineStatus("native", kernel.name, kernel.precision, not reason, reason)
        for kernel in KERNELS
        for reason in [why_not(kernel)]
    ]
    capability = torch.backends.cpu.get_cpu_capability().lower()
    rows.append(EngineStatus("torch", capability, "exact", True, ""))
    has_gpu = torch.cuda.is_available()
    rows.append(EngineStatus("torch", "cuda", "exact", has_gpu, "" if has_gpu else "torch finds no GPU"))
    return rows


def automatic_engine(rows: Sequence[EngineStatus], precision: Precision) -> EngineStatus:
    """Return which of the rows of `describe_engines` ``auto`` takes on ``--device auto``.

    A network that is too wide for the native engine, or on which it strays in the trial, goes to torch all the same.
    """
    usable = [row for row in rows if row.usable]
    on_gpu = [row for row in usable if row.instruction_set == "cuda"]
    return next(row for row in [*on_gpu, *usable] if precision == "fast" or row.precision == "exact")


def _native_engines(model: Transformer, threads: int, precision: Precision) -> Iterator[NativeEngine]:
    for kernel in usable_kernels():
        if precision == "fast" or kernel.precision == "exact":
            yield NativeEngine(model, kernel=kernel, threads=threads)


def _error_in_a_trial(engine: Engine, model: Transformer) -> float:
    codes = np.random.default_rng(0).integers(0, 5, _TRIAL_BP, dtype=np.uint8)
    expected = TorchEngine(model).probabilities(codes, 0, _TRIAL_BP)
    return float(np.abs(engine.probabilities(codes, 0, _TRIAL_BP) - expected).max())


def _why_not_native(model: Transformer, device: str) -> str:
    if device != "cpu":
        return f"it does not run on {device}"
    if load_library() is None:
        return "it was not compiled when tracktools was installed"
    if not fits(model.config):
        return "it takes at most 32 channels in states and heads, and this network has more"
    return "this processor has neither AVX2 nor AVX-512, or it strayed in a trial"
