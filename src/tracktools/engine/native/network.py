"""A network in the compiled library."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence

import numpy as np

from tracktools.arrays import Float32, Float64, Int64
from tracktools.config import ModelConfig
from tracktools.engine.interface import Window
from tracktools.engine.native.library import Kernel, Watch, load_library
from tracktools.engine.native.weights import NativeWeights


class NativeNetwork:
    """A network laid out for one kernel; the library frees it when nothing uses it any more.

    Parameters
    ----------
    config : ModelConfig
        Its dimensions.
    weights : NativeWeights
        From `lay_out`.
    kernel : Kernel
        One of `library.usable_kernels`.
    """

    def __init__(self, config: ModelConfig, weights: NativeWeights, kernel: Kernel) -> None:
        library = load_library()
        assert library is not None
        self.config, self._library = config, library
        layers = (ctypes.c_void_p * len(weights.layers))(*(layer.ctypes.data for layer in weights.layers))
        dimensions = (config.n_heads, config.d_model, config.conv_width_bp, config.attention_window_bp, config.n_layers)
        pointer: int | None = library.tracktools_make(kernel.name.encode(), *dimensions, layers, *weights[1:])
        if not pointer:
            raise MemoryError(f"no memory for the network, or no {kernel.name} on this processor")
        self._pointer = pointer
        weakref.finalize(self, library.tracktools_free, pointer)

    def run(self, windows: Sequence[Window], *, threads: int, states: Float32 | None = None) -> list[Float32]:
        """Return the probabilities that each window asks for; `states` takes what enters every layer, tile by tile."""
        codes, lengths = np.concatenate([window.codes for window in windows]), lengths_of(windows)
        whole = np.empty(len(codes), dtype=np.float32)
        to = (whole, None if states is None else states.ctypes.data, threads)
        if self._library.tracktools_run(self._pointer, codes, lengths, len(lengths), *to):
            raise MemoryError(f"no memory for {len(codes)} bases")
        starts = np.cumsum(lengths) - lengths
        return [whole[at + w.first : at + w.last].copy() for w, at in zip(windows, starts, strict=True)]

    def observe(
        self, layer: int, lengths: Int64, states: Float32, watch: Watch, sums: Float64, histogram: Int64, threads: int
    ) -> None:
        """Compute the attention of a layer from its states into what `watch` points to, and into the sums."""
        to = (ctypes.byref(watch), sums, histogram, threads)
        if self._library.tracktools_observe(self._pointer, layer, lengths, len(lengths), states, *to):
            raise MemoryError("no memory for the attention of a layer")


def lengths_of(windows: Sequence[Window]) -> Int64:
    """Return the length of each window, shape (windows,)."""
    return np.array([len(window.codes) for window in windows], dtype=np.int64)
