"""The ways to run the network over a genome: one small interface, two engines behind it.

``interface``     what every engine offers: `Engine`, `Window`
``torch_engine``  plain torch, on any device; serves everywhere (`dilated_engine`: the convolutional network)
``native``        C++; compiled when the package is installed
``speed``         how fast an engine is
``trial``         how far a native engine is from torch or numpy on a short sequence
``choice``        `engine_for`, `make_engine`, `describe_engines`: which of them runs here, and why
"""

from __future__ import annotations

from tracktools.engine.choice import (
    ENGINES,
    EngineStatus,
    automatic_engine,
    describe_engines,
    engine_for,
    make_attentive_engine,
    make_engine,
)
from tracktools.engine.interface import Engine, Precision, Window

__all__ = [
    "ENGINES",
    "Engine",
    "EngineStatus",
    "Precision",
    "Window",
    "automatic_engine",
    "describe_engines",
    "engine_for",
    "make_attentive_engine",
    "make_engine",
]
