"""How torch is set while an engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_settings(device: torch.device) -> Iterator[None]:
    """For a while, one thread for each of torch's operations on a CPU, and full float32 in convolutions on a GPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if device.type == "cpu" else before)
    try:
        with torch.backends.cudnn.flags(allow_tf32=False):
            yield
    finally:
        torch.set_num_threads(before)
