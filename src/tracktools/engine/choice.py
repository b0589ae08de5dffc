"""Which engine runs a network here, and why. torch is imported where it is needed, and only there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracktools.config import ConditionedConfig, DilatedConfig, ModelConfig, NetworkConfig, PredictConfig
from tracktools.engine.devices import available_threads, resolve_device
from tracktools.engine.interface import TOLERANCE, AttentiveEngine, Engine, Precision
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.engine.native.dilated import NativeDilatedEngine, fits_dilated
from tracktools.engine.native.library import KERNELS, Architecture, Kernel, load, usable_kernels, why_not
from tracktools.engine.trial import known_error
from tracktools.errors import ConfigError
from tracktools.model.parameters import Parameters, parameters_of

if TYPE_CHECKING:
    from tracktools.model.checkpoint import Checkpoint
    from tracktools.model.networks import Network
    from tracktools.model.transformer import Transformer

logger = logging.getLogger(__name__)

ENGINES = ("auto", "native", "torch")
REQUIRE_NATIVE = "TRACKTOOLS_REQUIRE_NATIVE"  # of the environment: 1 makes it an error that torch steps in


class EngineStatus(NamedTuple):
    """One way to run networks: whether it works here, and if not, why; `networks`: which it runs."""

    engine: str
    instruction_set: str
    precision: Precision
    usable: bool
    reason: str
    networks: tuple[Architecture, ...] = ("dilated", "transformer")


def make_engine(
    name: str,
    model: Network | Parameters,
    *,
    threads: int | None = None,
    precision: Precision = "exact",
    device: str = "cpu",
) -> Engine:
    """Return an engine that runs a network.

    A native engine is first tried on a short sequence; if it strays, it is not used, with a warning.

    Parameters
    ----------
    name : str
        ``native``, ``torch``, or ``auto`` for the fastest that this machine, the network and `device` allow.
    model : Transformer, Dilated or Parameters
        The network; its weights are copied.
    threads : int, optional
        CPU threads; as many as the process may use if not given.
    precision : {"exact", "fast"}
        ``fast`` allows an error of 1e-2 in the probabilities; where nothing faster serves, the engine stays exact.
    device : str
        ``cpu``, a GPU as torch names it, which only the torch engine uses, or ``auto``.

    Raises
    ------
    ConfigError
        If there is no such engine or device, or it cannot run here; or if torch would step in for a native engine on
        the CPU and the environment variable TRACKTOOLS_REQUIRE_NATIVE is 1.
    """
    if isinstance(model.config, ConditionedConfig):
        raise ConfigError("this model must first be set to a genome (tracktools.model.checkpoint.set_to_genome)")
    device = _check(name, device)
    threads = threads or available_threads()
    parameters = model if isinstance(model, Parameters) else parameters_of(model)
    if name != "torch" and device == "cpu":
        for engine in _native_engines(parameters, threads, precision):
            error = known_error(engine, parameters)
            if error <= TOLERANCE[engine.precision]:
                return engine
            logger.warning("%s is off by %.1g in a trial and is not used", engine.instruction_set, error)
    reason = _why_not_native(parameters.config, device)
    if name == "native":
        raise ConfigError(f"the native engine cannot run: {reason} (choose auto or torch)")
    if name == "auto" and device == "cpu" and os.environ.get(REQUIRE_NATIVE) == "1":
        raise ConfigError(f"torch would replace the native engine: {reason} ({REQUIRE_NATIVE} is 1)")
    if precision == "fast":
        logger.warning("warning: no engine here is faster than the exact ones: torch computes in float32")
    return _torch_engine(model, threads, device)


def engine_for(model: Checkpoint, config: PredictConfig) -> Engine:
    """Return the engine that the settings ask for."""
    available = available_threads()
    if config.threads < 0:
        raise ConfigError(f"threads is {config.threads} (0 takes all, or write how many)")
    if config.threads > available:
        logger.warning(
            "warning: --threads is %d, and this process may use %d: it takes these", config.threads, available
        )
    engine = make_engine(
        config.engine,
        model.parameters,
        threads=min(config.threads or available, available),
        precision=config.precision,
        device=config.device,
    )
    if not config.cache:
        return engine
    return KeepingEngine(engine, model.config, Path(config.cache), model.parameters.sha256)


def make_attentive_engine(
    name: str,
    model: Transformer,
    *,
    threads: int | None = None,
    device: str = "cpu",
) -> AttentiveEngine:
    """Return an engine that runs a transformer and can tell what it attends to; see `make_engine`."""
    engine = make_engine(name, model, threads=threads, device=device)
    assert hasattr(engine, "trace")
    return engine  # type: ignore[return-value]  # every engine of a transformer is attentive


def _check(name: str, device: str) -> str:
    """Return the device to run on, after a look at both words."""
    if name not in ENGINES:
        raise ConfigError(f"there is no engine {name!r} (choose one of {', '.join(ENGINES)})")
    return "cpu" if (name, device) == ("native", "auto") else resolve_device(device)


def describe_engines() -> list[EngineStatus]:
    """Return every way to run the networks, the fastest first, with the reason where one does not work here."""
    import torch

    rows = [_native_status(kernel) for kernel in KERNELS]
    capability = torch.backends.cpu.get_cpu_capability().lower()
    rows.append(EngineStatus("torch", capability, "exact", True, ""))
    has_gpu = torch.cuda.is_available()
    rows.append(EngineStatus("torch", "cuda", "exact", has_gpu, "" if has_gpu else "torch finds no GPU"))
    return rows


def _native_status(kernel: Kernel) -> EngineStatus:
    reason = why_not(kernel, "dilated")  # no kernel runs the transformer alone
    networks: tuple[Architecture, ...] = ("dilated", "transformer") if kernel.transformer else ("dilated",)
    return EngineStatus("native", kernel.name, kernel.precision, not reason, reason, networks)


def automatic_engine(
    rows: Sequence[EngineStatus], precision: Precision, network: Architecture = "transformer"
) -> EngineStatus:
    """Return which of the rows of `describe_engines` ``auto`` takes on ``--device auto``.

    A network of dimensions that the native engine does not take, or on which it strays in the trial, goes to torch all
    the same.
    """
    usable = [row for row in rows if row.usable and network in row.networks]
    on_gpu = [row for row in usable if row.instruction_set == "cuda"]
    return next(row for row in [*on_gpu, *usable] if precision == "fast" or row.precision == "exact")


def _native_engines(parameters: Parameters, threads: int, precision: Precision) -> Iterator[Engine]:
    config = parameters.config
    for kernel in usable_kernels("dilated" if isinstance(config, DilatedConfig) else "transformer"):
        if not _fits(config) or (precision == "exact" and kernel.precision != "exact"):
            continue
        if isinstance(config, DilatedConfig):
            yield NativeDilatedEngine(parameters, kernel=kernel, threads=threads)
        else:
            yield _native_transformer(parameters, kernel, threads)


def _native_transformer(parameters: Parameters, kernel: Kernel, threads: int) -> Engine:
    from tracktools.engine.native.engine import NativeEngine
    from tracktools.model.networks import network_of
    from tracktools.model.transformer import Transformer

    network = network_of(parameters)
    assert isinstance(network, Transformer)
    return NativeEngine(network, kernel=kernel, threads=threads)


def _torch_engine(model: Network | Parameters, threads: int, device: str) -> Engine:
    from tracktools.engine.dilated_engine import DilatedEngine
    from tracktools.engine.torch_engine import TorchEngine
    from tracktools.model.dilated import Dilated
    from tracktools.model.networks import network_of

    network = network_of(model) if isinstance(model, Parameters) else model
    if isinstance(network, Dilated):
        return DilatedEngine(network, threads=threads, device=device)
    return TorchEngine(network, threads=threads, device=device)


def _fits(config: NetworkConfig) -> bool:
    return fits_dilated(config) if isinstance(config, DilatedConfig) else _fits_transformer(config)


def _fits_transformer(config: ModelConfig) -> bool:
    from tracktools.engine.native.weights import fits

    return fits(config)


def _why_not_native(config: NetworkConfig, device: str) -> str:
    if device != "cpu":
        return f"it does not run on {device}"
    if load().library is None:
        return load().problem
    if not _fits(config):
        if isinstance(config, DilatedConfig):
            return "it takes odd widths of convolutions alone, and dilations that are not this large"
        return "it takes at most 32 channels in states and heads, and this network has more"
    return "no kernel of it runs this network on this processor, or all strayed in a trial"
