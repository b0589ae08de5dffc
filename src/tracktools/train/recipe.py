"""Checks of recipes."""

from __future__ import annotations

import math
from dataclasses import asdict

from tracktools.config import TrainConfig
from tracktools.errors import ConfigError

_AT_LEAST = {
    "steps": 1,
    "window_bp": 1,
    "positions_per_step": 1,
    "warmup_steps": 0,
    "weight_decay": 0,
    "focal_gamma": 0,
    "lead_bp": 0,
    "validate_every": 1,
    "seed": 0,
    "threads": 1,
}
_ABOVE_ZERO = ("learning_rate", "clip_norm")
_SHARES = ("masked_share", "positive_share", "soft_weight", "mutated_share")  # 0 to 1
_BELOW_ONE = ("dropout", "ema_decay")


def check_recipe(config: TrainConfig) -> None:
    """Refuse a recipe with a setting out of range.

    Raises
    ------
    ConfigError
        Naming the first such setting, its value and its range.
    """
    for name, value in asdict(config).items():
        if name in _AT_LEAST:
            fits, bounds = value >= _AT_LEAST[name], f"{_AT_LEAST[name]} or more"
        elif name in _ABOVE_ZERO:
            fits, bounds = value > 0, "above 0"
        elif name in _SHARES:
            fits, bounds = 0 <= value <= 1, "0 to 1"
        elif name in _BELOW_ONE:
            fits, bounds = 0 <= value < 1, "0 or more and below 1"
        else:
            continue
        if not (fits and math.isfinite(value)):
            raise ConfigError(f"{name} is {value}: it must be {bounds}")
