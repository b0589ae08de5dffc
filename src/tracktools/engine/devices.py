"""Where torch computes."""

from __future__ import annotations

import torch

from tracktools.errors import ConfigError


def resolve_device(name: str) -> str:
    """Return the device to compute on: ``auto`` takes a GPU where torch sees one, and the CPU elsewhere.

    Raises
    ------
    ConfigError
        If a GPU is asked for that torch does not see.
    """
    seen = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, there in seen.items() if there)
    if not seen.get(name.partition(":")[0], False):
        raise ConfigError(f"device {name!r}: torch sees no such device here (--device auto takes what there is)")
    return name
