"""The ways to run the network over a genome: one small interface, several engines behind it.

``interface``     what every engine offers: `Engine`, `Window`
``torch_engine``  plain torch, on any device; serves everywhere
"""

from __future__ import annotations

from tracktools.engine.interface import Engine, Precision, Window
from tracktools.engine.torch_engine import TorchEngine
from tracktools.errors import ConfigError
from tracktools.model.transformer import Transformer

__all__ = ["ENGINES", "Engine", "Precision", "Window", "make_engine"]

ENGINES = ("auto", "torch")


def make_engine(
    name: str,
    model: Transformer,
    *,
    threads: int | None = None,
    precision: Precision = "exact",
    device: str = "cpu",
) -> Engine:
    """Return an engine that runs a network.

    Parameters
    ----------
    name : str
        ``torch``, or ``auto`` for the fastest one that this machine and `device` allow.
    model : Transformer
        The network; its weights are copied.
    threads : int, optional
        CPU threads; all that torch would use if not given.
    precision : {"exact", "fast"}
        ``fast`` allows an error of 1e-2 in the probabilities; an engine that has nothing faster stays exact.
    device : str
        ``cpu``, or a GPU as torch names it.

    Raises
    ------
    ConfigError
        If there is no such engine.
    """
    if name not in ENGINES:
        raise ConfigError(f"there is no engine {name!r} (choose one of {', '.join(ENGINES)})")
    return TorchEngine(model, threads=threads, device=device)
