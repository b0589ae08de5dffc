"""Convolutional networks for the tests of every engine, and what they must say, in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from tracktools.config import DilatedConfig
from tracktools.model.dilated import Dilated

SMALL = DilatedConfig(n_channels=6, stem_width_bp=5, conv_width_bp=3, dilations_bp=(1, 4, 2))


def random_dilated(config: DilatedConfig = SMALL, seed: int = 1, gain: float = 1.0) -> Dilated:
    """A network with no weight and no bias at zero; at gain 1 every linear map keeps the size of what it is given."""
    generator = torch.Generator().manual_seed(seed)
    model = Dilated(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = max(parameter.shape[1:].numel(), 1)
            parameter.copy_(gain * torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
    return model


def random_codes(length: int, seed: int = 2) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 5, length, dtype=np.uint8)


def exact_probabilities(model: Dilated, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """What the torch module says of a whole sequence in float64; `test_dilated` holds it to the equations."""
    exact = Dilated(model.config).double()
    exact.load_state_dict(model.state_dict())
    with torch.no_grad():
        return exact(torch.from_numpy(codes).long()[None]).sigmoid()[0].numpy()
