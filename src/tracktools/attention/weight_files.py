"""Attention of sampled positions on disk, a file per head: each head is read alone, memory stays flat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tracktools.arrays import Float32, Int64


class Spool:
    """Weights of positions in the order of their arrival.

    Parameters
    ----------
    folder : Path
        Folder of the files; `remove` deletes them.
    heads : list of str
        Names of the heads, layer after layer.
    window_bp : int
        Distances that a head sees.
    """

    def __init__(self, folder: Path, heads: list[str], window_bp: int) -> None:
        self.heads, self.window_bp = heads, window_bp
        self._paths = [folder / f".{head}.weights" for head in heads]
        self._keys: list[Int64] = []
        self._outputs: list[Float32] = []
        self._sees: list[Int64] = []

    def add_positions(self, keys: Int64, outputs: Float32, sees: Int64) -> None:
        """Take positions, their outputs, and how many distances each can see; their weights follow, layer by layer."""
        self._keys.append(keys)
        self._outputs.append(outputs)
        self._sees.append(sees)

    def add_weights(self, layer: int, weights: Float32) -> None:
        """Take the weights of a layer, shape (n, heads of the layer, window)."""
        n_heads = weights.shape[1]
        for head in range(n_heads):
            with self._paths[layer * n_heads + head].open("ab") as file:
                file.write(np.ascontiguousarray(weights[:, head], dtype="<f4").tobytes())

    @property
    def keys(self) -> Int64:
        """Keys of the positions, shape (n,)."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._keys])

    @property
    def outputs(self) -> Float32:
        """Model output of each position, shape (n,)."""
        return np.concatenate([np.zeros(0, dtype=np.float32), *self._outputs])

    @property
    def sees(self) -> Int64:
        """Distances that each position can see, shape (n,): fewer than the window near a 5' end."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._sees])

    def weights(self, head: int) -> Float32:
        """Read the weights of a head, shape (n, window)."""
        path = self._paths[head]
        values = np.fromfile(path, dtype="<f4") if path.exists() else np.zeros(0, dtype="<f4")
        return values.reshape(-1, self.window_bp)

    def remove(self) -> None:
        """Delete the files."""
        for path in self._paths:
            path.unlink(missing_ok=True)
