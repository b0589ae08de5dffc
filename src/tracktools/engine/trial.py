"""A native engine on trial: its answers for a short sequence are compared with others before it is used on a genome.

Convolutional networks are computed again in numpy, in float64, tap by tap; transformers by the torch engine. What came
out is kept in the user's cache (`tracktools.cache`) for the same library, processor, network and kernel: a trial takes
longer than a plasmid.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from pathlib import Path

import numpy as np

from tracktools.arrays import Codes, Float64
from tracktools.cache import cache_folder
from tracktools.config import DilatedConfig
from tracktools.engine.devices import processor_name
from tracktools.engine.interface import Engine
from tracktools.engine.native.library import library_digest
from tracktools.model.parameters import Parameters

_TRANSFORMER_BP = 700  # longer than the attention window of the published network: both its edges are met
_DILATED_BP = 300  # longer than the reach of the shipped network to both sides


def known_error(engine: Engine, parameters: Parameters) -> float:
    """Return the error of a trial that was held before, or hold one now; see `error_in_a_trial`.

    A cache that cannot be read or written is as good as none.
    """
    kept = cache_folder() / "trials" / _case(engine, parameters)
    try:
        return float(kept.read_text(encoding="ascii"))
    except (OSError, ValueError):
        error = error_in_a_trial(engine, parameters)
    _keep(kept, error)
    return error


def _case(engine: Engine, parameters: Parameters) -> str:
    case = f"{library_digest()} {processor_name()} {parameters.sha256} {engine.instruction_set}"
    return hashlib.sha256(case.encode()).hexdigest()


def _keep(path: Path, error: float) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, partial = tempfile.mkstemp(dir=path.parent, prefix=".trial")
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(repr(error))
        Path(partial).replace(path)
    except OSError:
        return


def error_in_a_trial(engine: Engine, parameters: Parameters) -> float:
    """Return the largest error of a probability that an engine makes on a random sequence with some unknown letters."""
    dilated = isinstance(parameters.config, DilatedConfig)
    codes = np.random.default_rng(0).integers(0, 5, _DILATED_BP if dilated else _TRANSFORMER_BP, dtype=np.uint8)
    expected = dilated_probabilities(parameters, codes) if dilated else _torch_probabilities(parameters, codes)
    return float(np.abs(engine.probabilities(codes, 0, len(codes)) - expected).max())


def _torch_probabilities(parameters: Parameters, codes: Codes) -> Float64:
    from tracktools.engine.torch_engine import TorchEngine
    from tracktools.model.networks import network_of
    from tracktools.model.transformer import Transformer

    network = network_of(parameters)
    assert isinstance(network, Transformer)
    return TorchEngine(network).probabilities(codes, 0, len(codes)).astype(np.float64)


def dilated_probabilities(parameters: Parameters, codes: Codes) -> Float64:
    """Return the probabilities of a convolutional network over a whole sequence, shape (L,), in float64 (`Dilated`)."""
    config = parameters.config
    assert isinstance(config, DilatedConfig)
    arrays = {name: array.astype(np.float64) for name, array in parameters.arrays.items()}
    M = config.n_members

    def convolve(x: Float64, name: str, dilation: int, groups: int) -> Float64:
        weight = arrays[f"{name}.weight"]  # (D, D / groups, taps)
        taps, reach = weight.shape[2], dilation * (weight.shape[2] // 2)
        padded = np.pad(x, ((reach, reach), (0, 0)))
        blocks = weight.reshape(groups, -1, *weight.shape[1:])  # (M, out, in, taps)
        views = (padded[tap * dilation :][: len(x)].reshape(len(x), groups, -1) for tap in range(taps))
        summed = sum(np.einsum("lgi,goi->lgo", view, blocks[..., tap]) for tap, view in enumerate(views))
        return np.asarray(summed).reshape(len(x), -1) + arrays[f"{name}.bias"]

    letters = np.vstack([np.eye(4), np.full(4, 0.25)])[codes]  # (L, 4)
    x = _gelu(convolve(letters, "stem", 1, 1))
    for n, dilation in enumerate(config.dilations_bp):
        inside = _gelu(convolve(x, f"layers.{n}.conv", dilation, M))
        x = x + convolve(inside, f"layers.{n}.mix", 1, M)
    logits = x @ arrays["output.weight"].T + arrays["output.bias"]
    return np.asarray(1 / (1 + np.exp(logits[:, 0] - logits[:, 1])))


def _gelu(x: Float64) -> Float64:
    flat = np.fromiter(map(math.erf, (x / math.sqrt(2)).ravel()), np.float64, x.size)
    return np.asarray(x * 0.5 * (1 + flat.reshape(x.shape)))
