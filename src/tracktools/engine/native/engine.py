"""The native engine: Python's side of the compiled library."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence

import numpy as np

from tracktools.arrays import Codes, Float32
from tracktools.engine.attention import Trace
from tracktools.engine.interface import Window, pack_windows
from tracktools.engine.native.library import Kernel, load_library, usable_kernels
from tracktools.engine.native.trace import NativeTrace
from tracktools.engine.native.weights import CHANNELS, TILE, lay_out
from tracktools.model.transformer import Transformer

PACK_BP = 1 << 18  # short windows share a pack up to this size


class NativeEngine:
    """Run the network with the compiled library.

    Parameters
    ----------
    model : Transformer
        The network, of dimensions that the library takes (`weights.fits`); its weights are copied.
    kernel : Kernel
        One of `library.usable_kernels`.
    threads : int
        Threads that share the work; they change no bit of the answer.
    """

    name = "native"
    alignment_bp = TILE

    def __init__(self, model: Transformer, *, kernel: Kernel, threads: int) -> None:
        library = load_library()
        assert library is not None
        self.library = library
        self.config = model.config
        self.precision, self.instruction_set = kernel.precision, kernel.name
        self.threads = threads
        self._weights = lay_out(model)
        self.network = self._make(kernel)
        self._watched = self.network if kernel.observes else None

    def _make(self, kernel: Kernel) -> int:
        weights, config = self._weights, self.config
        layers = (ctypes.c_void_p * len(weights.layers))(*(layer.ctypes.data for layer in weights.layers))
        dimensions = (config.n_heads, config.d_model, config.conv_width_bp, config.attention_window_bp, config.n_layers)
        network: int | None = self.library.tracktools_make(kernel.name.encode(), *dimensions, layers, *weights[1:])
        if not network:
            raise MemoryError(f"no memory for the network, or no {kernel.name} on this processor")
        weakref.finalize(self, self.library.tracktools_free, network)
        return network

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        answers: list[Float32] = []
        for pack in pack_windows(windows, tile=TILE, gap=0, capacity=PACK_BP * self.threads):
            codes = np.concatenate([window.codes for window in pack.windows])
            lengths = np.array([len(window.codes) for window in pack.windows], dtype=np.int64)
            whole = np.empty(len(codes), dtype=np.float32)
            if self.library.tracktools_run(self.network, codes, lengths, len(lengths), whole, None, self.threads):
                raise MemoryError(f"no memory for {len(codes)} bases")
            ends = np.cumsum(lengths)
            answers += [
                whole[end - length + w.first : end - length + w.last].copy()
                for w, end, length in zip(pack.windows, ends, lengths, strict=True)
            ]
        return answers

    def trace(self, windows: Sequence[Window]) -> Trace:
        """Run windows and keep the hidden states that enter every layer (see `AttentiveEngine`)."""
        if self._watched is None:
            self._watched = self._make(next(kernel for kernel in usable_kernels() if kernel.observes))
        return NativeTrace(self, self._watched, windows)

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run over windows of this length together adds to the process at most [bytes] (see `Engine`)."""
        config = self.config
        n_blocks = -(-(config.attention_window_bp - 1) // TILE) + 1
        states = 2 * windows_bp * CHANNELS
        scratch = n_blocks * TILE * config.n_heads * 2 * CHANNELS
        codes_and_answers = 2 * windows_bp
        return 4 * (states + codes_and_answers + scratch * self.threads)
