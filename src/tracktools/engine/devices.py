"""The devices that can compute here."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tracktools.errors import ConfigError

_GPU_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # of NVIDIA, of both under WSL, of AMD


def resolve_device(name: str) -> str:
    """Return the device to compute on: ``auto`` takes a GPU where torch sees one, and the CPU elsewhere.

    Raises
    ------
    ConfigError
        If a GPU is asked for that torch does not see.
    """
    if name == "cpu" or (name == "auto" and not _may_have_gpu()):
        return "cpu"  # without torch, whose import takes seconds
    import torch

    seen = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, there in seen.items() if there)
    if not seen.get(name.partition(":")[0], False):
        raise ConfigError(f"device {name!r}: torch sees no such device here (--device auto takes what there is)")
    return name


def _may_have_gpu() -> bool:
    """Whether there may be a GPU that torch can use: a driver of NVIDIA's or AMD's is loaded, or this is a Mac."""
    return platform.system() != "Linux" or any(Path(device).exists() for device in _GPU_DEVICES)


def available_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """Return what the processor calls itself, or its architecture where it does not say."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
