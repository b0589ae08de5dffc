"""How threads share the work of a network in torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def share(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, threads: int, device: torch.device
) -> list[_Result]:
    """Do a piece of work on each item; results in the order of the items.

    Meanwhile each of torch's own operations has one thread on a CPU, and full float32 in convolutions on a GPU.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if device.type == "cpu" else before)
    try:
        with torch.backends.cudnn.flags(allow_tf32=False), ThreadPoolExecutor(threads) as pool:
            return list((map if threads == 1 else pool.map)(work, items))
    finally:
        torch.set_num_threads(before)
