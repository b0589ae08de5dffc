"""The convolutional network over whole chromosomes, in plain torch, on any device, in float32.

A window is cut into parts of `PART_BP` bases, each with its own context; parts, and short windows side by side, are
laid on an axis of always the same length. What is between them is kept at zero in every layer, as if the molecule
ended there. Each part begins at a multiple of `TILE`, so that its arithmetic is the same wherever it is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch

from tracktools.arrays import Codes, Float32
from tracktools.engine.interface import Precision, Window
from tracktools.engine.packing import Pack, pack_windows
from tracktools.engine.torch_threads import share
from tracktools.model.dilated import Dilated

TILE = 64
PART_BP = {"cpu": 1 << 12, "cuda": 1 << 17}  # on a CPU, states of a part stay in its caches


class DilatedEngine:
    """Run the convolutional network with torch.

    Parameters
    ----------
    model : Dilated
        The network; its weights are copied, and later changes to it are not seen.
    threads : int, optional
        CPU threads, each with parts of its own; as many as torch would use if not given.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    """

    name = "torch"
    precision: Precision = "exact"
    alignment_bp = TILE

    def __init__(self, model: Dilated, *, threads: int | None = None, device: str = "cpu") -> None:
        self.config = model.config
        self.device = torch.device(device)
        on_cpu = self.device.type == "cpu"
        self.threads = (threads or torch.get_num_threads()) if on_cpu else 1
        self.instruction_set = torch.backends.cpu.get_cpu_capability().lower() if on_cpu else self.device.type
        self.model = copy.deepcopy(model).float().eval().to(self.device)
        self.part_bp = PART_BP["cpu" if on_cpu else "cuda"]
        self.margin = -(-self.config.halo_upstream_bp // TILE) * TILE
        self.gap = max(self.config.stem_width_bp // 2, *(self._reach(d) for d in self.config.dilations_bp))
        self.capacity = self.part_bp + 2 * self.margin + -(-self.gap // TILE) * TILE

    def _reach(self, dilation_bp: int) -> int:
        return dilation_bp * (self.config.conv_width_bp // 2)

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        parts = [self._cut(window) for window in windows]
        flat = [part for of_window in parts for part in of_window]
        packs = pack_windows(flat, tile=TILE, gap=self.gap, capacity=self.capacity)
        found = share(self._run, packs, threads=self.threads, device=self.device)
        answers = (answer for of_pack in found for answer in of_pack)
        return [np.concatenate([np.empty(0, np.float32), *(next(answers) for _ in of_window)]) for of_window in parts]

    def memory_bytes(self, window_bp: int) -> int:
        """Estimate the memory that a run over windows of this length adds to the process [bytes]."""
        states = 6 * self.capacity * self.config.d_model * self.threads
        return 4 * (states + 2 * window_bp)

    def _cut(self, window: Window) -> list[Window]:
        """Cut a window into parts that begin at multiples of `TILE`, counted in the window."""
        window.check()
        origin = window.first // TILE * TILE
        parts = []
        for at in range(origin, window.last, self.part_bp):
            first, last = max(at, window.first), min(at + self.part_bp, window.last)
            start = max(at - self.margin, 0)
            parts.append(Window(window.codes[start : last + self.margin], first - start, last - start))
        return parts

    @torch.inference_mode()
    def _run(self, pack: Pack) -> list[Float32]:
        codes = torch.zeros(1, self.capacity, dtype=torch.int64)
        is_base = torch.zeros(1, 1, self.capacity)
        for window, start in zip(pack.windows, pack.starts, strict=True):
            end = start + len(window.codes)
            codes[0, start:end] = torch.from_numpy(window.codes)
            is_base[0, 0, start:end] = 1
        states = self.model.run(codes.to(self.device), is_base.to(self.device))  # (1, D, L)
        whole = torch.sigmoid(self.model.log_odds(states.transpose(1, 2)))[0].cpu().numpy()
        return pack.answers(whole)
