"""Attention with the compiled library (``source/observe.hpp``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float64, Int64
from tracktools.engine.attention import BIN_SHIFT, BINS, FIRST_BIN, RANK_BITS, Observation, Reduction, Sums
from tracktools.engine.interface import Window
from tracktools.engine.native.library import Watch
from tracktools.engine.native.network import NativeNetwork, lengths_of
from tracktools.engine.native.weights import CHANNELS, TILE


class NativeTrace:
    """Windows that were run with the library; see `tracktools.engine.attention.Trace`.

    Positions of the library are counted over tiles, and every window begins with a tile of its own.

    Parameters
    ----------
    network, watched : NativeNetwork
        What runs the windows, and, of a kernel that observes, what gives their attention.
    windows : sequence of Window
    threads : int
    """

    def __init__(
        self, network: NativeNetwork, watched: NativeNetwork, windows: Sequence[Window], *, threads: int
    ) -> None:
        for window in windows:
            window.check()
        self._watched, self._threads, config = watched, threads, network.config
        self._lengths = lengths_of(windows)
        n_tiles = -(-self._lengths // TILE)
        self._n_tiles = int(n_tiles.sum())
        self._states = np.empty((config.n_layers, self._n_tiles * CHANNELS * TILE), dtype=np.float32)
        self.probabilities = network.run(windows, threads=threads, states=self._states)
        starts = (np.cumsum(n_tiles) - n_tiles) * TILE
        asked = [start + np.arange(w.first, w.last) for w, start in zip(windows, starts, strict=True)]
        self._asked: Int64 = np.concatenate(asked).astype(np.int64)

    def observe(self, layer: int, rows: Int64, reduction: Reduction | None = None) -> Observation:
        """Compute the attention of a layer (see `Trace`)."""
        H, W = self._watched.config.n_heads, self._watched.config.attention_window_bp
        positions = self._asked[rows]
        weights = np.empty((len(rows), H, W), dtype=np.float32)
        needed = np.zeros(self._n_tiles, dtype=np.uint8)
        needed[positions // TILE] = 1
        watch = Watch(needed=_at(needed), n_rows=len(rows), rows=_at(positions), weights=_at(weights))
        watch.bin_shift, watch.first_bin, watch.n_bins, watch.rank_bits = BIN_SHIFT, FIRST_BIN, BINS, RANK_BITS
        if reduction is None:
            self._call(layer, watch, np.zeros(0), np.zeros(0, dtype=np.int64))
            return Observation(weights, None)
        outputs = np.full(self._n_tiles * TILE, np.nan, dtype=np.float32)
        ranks = np.zeros(len(outputs), dtype=np.uint16)
        outputs[self._asked], ranks[self._asked] = reduction.outputs, reduction.ranks
        needed |= ~np.isnan(outputs).reshape(-1, TILE).all(axis=1)
        tracked = reduction.tracked[layer].astype(np.int32)
        centres = np.ascontiguousarray(reduction.centres[layer][:, ::-1], dtype=np.float32)
        followed = np.zeros((len(outputs), *tracked.shape), dtype=np.float32)
        watch.outputs, watch.ranks, watch.tracked, watch.followed = map(_at, (outputs, ranks, tracked, followed))
        watch.centres, watch.n_tracked = _at(centres), tracked.shape[1]
        sums, histogram = np.zeros((H, 4, W)), np.zeros((H, W, BINS), dtype=np.int64)
        self._call(layer, watch, sums, histogram)
        total, with_output, squares, largest = sums[:, :, ::-1].transpose(1, 0, 2)
        found = Sums(total, with_output, squares, largest, histogram[:, ::-1], followed[self._asked])
        return Observation(weights, found)

    def _call(self, layer: int, watch: Watch, sums: Float64, histogram: Int64) -> None:
        self._watched.observe(layer, self._lengths, self._states[layer], watch, sums, histogram, self._threads)


def _at(array: npt.NDArray[np.generic]) -> int:
    return array.ctypes.data
