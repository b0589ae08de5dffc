"""The network in plain torch operations, on any device, in float32: windows cut for the threads, and put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from tracktools.arrays import Codes, Float32
from tracktools.engine.attention import Trace
from tracktools.engine.interface import Precision, Window
from tracktools.engine.packing import Pack, pack_windows
from tracktools.engine.torch_network import TILE, TorchNetwork
from tracktools.engine.torch_threads import share
from tracktools.engine.torch_trace import TorchTrace
from tracktools.model.transformer import Transformer

PACK_BP = 1 << 18  # short windows share a pack up to this size
LEAST_PART_BP = 1 << 14  # a thread takes no less; its context costs 3 kb more


class TorchEngine:
    """Run the network with torch.

    Parameters
    ----------
    model : Transformer
        The network; its weights are copied, and later changes to it are not seen.
    threads : int, optional
        CPU threads, each with a part of the work of its own; as many as torch would use if not given.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    """

    name = "torch"
    precision: Precision = "exact"
    alignment_bp = TILE

    def __init__(self, model: Transformer, *, threads: int | None = None, device: str = "cpu") -> None:
        self.config = model.config
        self.device = torch.device(device)
        on_cpu = self.device.type == "cpu"
        self.threads = (threads or torch.get_num_threads()) if on_cpu else 1
        self.instruction_set = torch.backends.cpu.get_cpu_capability().lower() if on_cpu else self.device.type
        self.network = TorchNetwork(model, self.device)

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        parts = [self._cut(window) for window in windows]
        flat = [part for of_window in parts for part in of_window]
        own_bp = sum(len(part.codes) for part in flat) // self.threads
        capacity = min(max(own_bp, LEAST_PART_BP), PACK_BP)
        packs = pack_windows(flat, tile=TILE, gap=self.config.conv_width_bp // 2, capacity=capacity)
        found = share(self._run, packs, threads=self.threads, device=self.device)
        answers = (answer for of_pack in found for answer in of_pack)
        return [np.concatenate([next(answers) for _ in of_window]) for of_window in parts]

    def trace(self, windows: Sequence[Window]) -> Trace:
        """Run windows and keep the hidden states that enter every layer (see `AttentiveEngine`)."""
        parts = [part for window in windows for part in self._cut(window)]
        gap = self.config.conv_width_bp // 2
        capacity = max(sum(len(part.codes) for part in parts) // self.threads, LEAST_PART_BP)
        packs = list(pack_windows(parts, tile=TILE, gap=gap, capacity=capacity))
        return TorchTrace(self.network, packs, [window.last - window.first for window in windows], threads=self.threads)

    def _cut(self, window: Window) -> list[Window]:
        """Cut a window for the threads: torch's own threads wait for each other at every small product."""
        window.check()
        asked = window.last - window.first
        n = max(min(self.threads, asked // LEAST_PART_BP), 1)
        if n == 1:
            return [window]
        borders = [window.first + asked * i // n for i in range(n + 1)]
        starts = [max(first - self.config.halo_upstream_bp, 0) // TILE * TILE for first in borders[:-1]]
        return [
            Window(window.codes[start : last + self.config.halo_downstream_bp], first - start, last - start)
            for start, first, last in zip(starts, borders, borders[1:], strict=False)
        ]

    @torch.inference_mode()
    def _run(self, pack: Pack) -> list[Float32]:
        return pack.answers(self.network.run(pack).cpu().numpy())

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run over windows of this length together adds to the process at most [bytes] (see `Engine`)."""
        H, K, D = self.config.n_heads, self.config.d_head, self.config.d_model
        J = self.config.attention_window_bp + TILE
        context = self.config.halo_upstream_bp + self.config.halo_downstream_bp  # each thread brings its own
        # a layer's states, the next one's, what is added to them, and as much in holes that malloc leaves between them
        states = 4 * (windows_bp + (context + self.network.chunk_bp) * self.threads) * D
        chunk = 4 * (self.network.chunk_bp + self.config.attention_window_bp) * H * (K + D)
        scores = 2 * self.network.tiles_at_once * TILE * J
        return 4 * (states + (chunk + scores) * self.threads)
