"""The positions that a head attends to most, over every position of a genome."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Int64


class TopPositions(NamedTuple):
    """Positions with the highest weights, the highest first: weights, keys and model outputs, shapes (n,)."""

    weights: Float32
    keys: Int64
    outputs: Float32


class Tops:
    """The positions with the highest weights, for each head at its tracked distances.

    Parameters
    ----------
    tracked : ndarray of int64, shape (layers, H, C)
    n : int
        How many are kept. Of equal weights, the positions with the smaller keys are taken.
    """

    def __init__(self, tracked: Int64, n: int) -> None:
        self._tracked, self._n = tracked, n
        none = TopPositions(np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))
        self._kept = dict.fromkeys(np.ndindex(tracked.shape), none)

    def add(self, layer: int, weights: Float32, keys: Int64, outputs: Float32) -> None:
        """Take the weights of rows, shape (rows, H, C); rows without an output are left out."""
        known = ~np.isnan(outputs)
        for head, place in np.ndindex(weights.shape[1:]):
            mine, their_keys, their_outputs = self._kept[layer, head, place]
            own = weights[:, head, place]
            near = known & (own >= max(mine[-1] if len(mine) == self._n else 0, self._nth(own[known])))
            mine = np.append(mine, own[near])
            their_keys = np.append(their_keys, keys[near])
            order = np.lexsort((their_keys, -mine))[: self._n]
            kept = TopPositions(mine[order], their_keys[order], np.append(their_outputs, outputs[near])[order])
            self._kept[layer, head, place] = kept

    def _nth(self, weights: Float32) -> float:
        """Return the n-th highest of the weights: what is below it cannot be among the n highest of all."""
        return float(np.partition(weights, -self._n)[-self._n]) if len(weights) > self._n else 0.0

    def at(self, layer: int, head: int, distance: int) -> TopPositions:
        """Return the positions at a tracked distance."""
        place = int(np.flatnonzero(self._tracked[layer, head] == distance)[0])
        return self._kept[layer, head, place]
