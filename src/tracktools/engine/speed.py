"""How fast an engine is here, found by trying: what a command promises before a long run."""

from __future__ import annotations

import time

import numpy as np

from tracktools.config import NetworkConfig
from tracktools.engine.interface import Engine
from tracktools.engine.kept_answers import KeepingEngine

_PROBE_BP = 4096  # scored twice: the first run warms the engine up


def bases_per_second(network: NetworkConfig, engine: Engine) -> float:
    """Return how many bases of DNA the engine reads in a second, found by trying."""
    halo = network.halo_upstream_bp
    engine = engine.computes if isinstance(engine, KeepingEngine) else engine  # random letters are not kept
    codes = np.random.default_rng(0).integers(0, 4, halo + _PROBE_BP, dtype=np.uint8)
    for _ in range(2):
        started = time.perf_counter()
        engine.probabilities(codes, halo, len(codes))
        elapsed = time.perf_counter() - started
    return len(codes) / elapsed
