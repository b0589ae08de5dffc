"""The network in plain torch operations, on any device, in float32.

The same function as `Transformer.forward`, for whole chromosomes: time and memory grow with the length, not with its
square. Layer by layer over a window, chunk by chunk along it:

1. One convolution gives q, u, k, v of a chunk (`fold_layer`); v is already projected back to D channels, so that the
   heads need only be added up. In channels-last form oneDNN runs it about twice as fast as `conv1d`.
2. Queries are taken in tiles of `TILE`. A tile at i0 sees keys i0 - window ... i0 + TILE - 1; only the first and last
   TILE of these columns need a mask::

           keys   i0-window          i0-window+TILE                i0        i0+TILE
           query i0     . x x x x x x x | x x x x x x x x x x x x x | x . . . . .
                        . . x x x x x x | x x x x x x x x x x x x x | x x . . . .
                 ...    . . . x x x x x | x x x x x x x x x x x x x | x x x . . .

3. Position is a plain dot product with a constant table (`rotate`); positions are counted from the tile's first key, so
   angles stay small and a window gives the same bits wherever it is.

Axes: T bases of a chunk, N tiles, Q = TILE queries, J = window + TILE keys, H heads, K = d_head, D = d_model.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.engine.packing import Pack
from tracktools.model.transformer import LAYER_NORM_EPS, FoldedLayer, Transformer, position_table, rotate

TILE = 32  # queries that share one run of keys; more wastes masked scores, fewer makes small matrices
TILES_AT_ONCE = {"cpu": 16, "cuda": 512}  # scores of one head: 1.1 MB on a CPU, in its L2 cache
CHUNK_BP = {"cpu": 1024, "cuda": 65536}


class _Layer(NamedTuple):
    """A folded layer as the engine wants it: `conv_weight` (2 H (K + D), D, 1, C) gives q | u | k | projected v."""

    conv_weight: Tensor
    conv_bias: Tensor
    folded: FoldedLayer


class TorchNetwork:
    """The weights and tables of a network on a device.

    Parameters
    ----------
    model : Transformer
        Its weights are copied, and later changes to it are not seen.
    device : torch.device
    """

    def __init__(self, model: Transformer, device: torch.device) -> None:
        self.config, self.device = model.config, device
        kind = "cpu" if device.type == "cpu" else "cuda"
        self.tiles_at_once, self.chunk_bp = TILES_AT_ONCE[kind], CHUNK_BP[kind]
        with torch.no_grad():
            self._take_weights(model)
            self._make_tables()

    def _take_weights(self, model: Transformer) -> None:
        self.layers = [self._layer(folded) for folded in model.fold()]
        self.letters = self._own(model.letter_table())  # (5, D)
        self.output_weight = self._own(model.output.weight[1] - model.output.weight[0])  # (D,)
        self.output_bias = self._own(model.output.bias[1] - model.output.bias[0])

    def _layer(self, folded: FoldedLayer) -> _Layer:
        H, K, D, C = self._axes()
        weight = folded.weight.double()  # (C D, H (2 K + 2 D))... q | u | k | v
        q, u, k, v = torch.split(weight, [H * K, H * D, H * K, H * K], dim=1)
        projected = torch.einsum("ihk,hkd->ihd", v.view(-1, H, K), folded.out_weight.double().view(H, K, D))
        columns = torch.cat([q, u, k, projected.flatten(1)], dim=1)
        kernel = columns.view(C, D, -1).permute(2, 1, 0)[:, :, None]  # (channels out, D, 1, C)
        bias = F.pad(folded.bias, (0, H * (K + D)))
        return _Layer(
            self._own(kernel).contiguous(memory_format=torch.channels_last),
            self._own(bias),
            FoldedLayer(*(self._own(tensor) for tensor in folded)),
        )

    def _make_tables(self) -> None:
        window = self.config.attention_window_bp
        table = self._own(position_table(window + TILE, self.config.d_model))  # (J, D)
        self.key_table = table.t().contiguous()  # (D, J)
        self.query_table = table[window:]  # (Q, D)
        distance = torch.arange(TILE)[:, None] - torch.arange(-window, TILE)[None]  # (Q, J)
        outside = (distance < 0) | (distance >= window)
        self.mask = self._own(torch.zeros(outside.shape).masked_fill_(outside, -math.inf))

    def _own(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(torch.float32, copy=True).to(self.device)  # some devices have no float64

    def _axes(self) -> tuple[int, int, int, int]:
        config = self.config
        return config.n_heads, config.d_head, config.d_model, config.conv_width_bp

    def run(self, pack: Pack, kept: list[Tensor] | None = None) -> Tensor:
        """Return the probabilities at every position of a pack, shape (at least pack.length,).

        The states that enter each layer go into `kept`, if given, with a margin of half a convolution at both ends.
        """
        D, margin = self.config.d_model, self.config.conv_width_bp // 2
        length = -(-pack.length // self.chunk_bp) * self.chunk_bp
        x = torch.zeros(length + 2 * margin, D, device=self.device)
        is_base = torch.zeros(length, 1, dtype=torch.bool, device=self.device)
        for window, start in zip(pack.windows, pack.starts, strict=True):
            end = start + len(window.codes)
            x[margin + start : margin + end] = self.letters[torch.from_numpy(window.codes).to(self.device).long()]
            is_base[start:end] = True
        offsets = self.offsets_of(pack, length)
        for layer in self.layers:
            if kept is not None:
                kept.append(x)
            x = self._run_layer(x, layer, offsets)
            x[margin : margin + length] *= is_base
        states = x[margin : margin + length]
        return torch.sigmoid(torch.mv(states, self.output_weight) + self.output_bias)

    def _run_layer(self, x: Tensor, layer: _Layer, tile_offsets: list[int]) -> Tensor:
        """Return the next hidden states, shape of x; x has a margin of half a convolution at both ends."""
        H, K, D, C = self._axes()
        window, T, margin = self.config.attention_window_bp, self.chunk_bp, C // 2
        y = torch.zeros_like(x)
        keys = x.new_zeros(window + T, H, K)  # the chunk's, after those of the bases before it
        values = x.new_zeros(window + T, H, D)
        for t0 in range(0, len(x) - 2 * margin, T):
            states = x[t0 : t0 + T + 2 * margin].t()[None, :, None]  # (1, D, 1, T + C - 1), channels last in memory
            columns = F.conv2d(states, layer.conv_weight, layer.conv_bias)[0, :, 0].t()  # (T, H (2 K + 2 D))
            q, u, k, v = torch.split(columns, [H * K, H * D, H * K, H * D], dim=1)
            keys[window:], values[window:] = k.view(T, H, K), v.view(T, H, D)
            u = rotate(u.reshape(-1, TILE, H, D).transpose(1, 2), self.query_table).transpose(1, 2)  # (T / Q, Q, H, D)
            update = x[margin + t0 : margin + t0 + T] + layer.folded.out_bias
            self._attend(
                q.reshape(-1, TILE, H, K), u, keys, values, tile_offsets[t0 // TILE :], update.view(-1, TILE, D)
            )
            y[margin + t0 : margin + t0 + T] = F.layer_norm(
                update, (D,), layer.folded.norm_weight, layer.folded.norm_bias, LAYER_NORM_EPS
            )
            keys[:window], values[:window] = keys[T:].clone(), values[T:].clone()
        return y

    def _attend(
        self, q: Tensor, u: Tensor, keys: Tensor, values: Tensor, tile_offsets: list[int], update: Tensor
    ) -> None:
        """Add what the heads attend to in a chunk to `update`.

        Parameters
        ----------
        q, u : Tensor, shapes (chunk tiles, Q, H, K) and (chunk tiles, Q, H, D)
        keys, values : Tensor, shapes (window + T, H, K) and (window + T, H, D)
        tile_offsets : list of int
            First base of each tile within its own window [bp]: what comes before it is not to be seen.
        update : Tensor, shape (chunk tiles, Q, D)
        """
        window, at_once = self.config.attention_window_bp, self.tiles_at_once
        J = window + TILE
        scores = q.new_empty(at_once, TILE, J)
        for n in range(0, len(q), at_once):
            group = slice(n, n + at_once)
            begun = [(m, offset) for m, offset in enumerate(tile_offsets[group]) if offset < window]
            near = slice(n * TILE, (n + at_once - 1) * TILE + J)
            k = keys[near].unfold(0, J, TILE)  # (N, H, K, J)
            v = values[near].unfold(0, J, TILE).transpose(2, 3)  # (N, H, J, D)
            for h in range(q.shape[2]):
                self.weigh(q[group, :, h], u[group, :, h], k[:, h], begun, scores)
                update[group].baddbmm_(scores, v[:, h])

    def weigh(self, q: Tensor, u: Tensor, k: Tensor, begun: list[tuple[int, int]], weights: Tensor) -> None:
        """Compute the attention of one head in a group of tiles.

        Parameters
        ----------
        q, u : Tensor, shapes (N, Q, K) and (N, Q, D)
        k : Tensor, shape (N, K, J)
        begun : list of (int, int)
            Tiles that are so near to the start of their window that they see it, and how far they are from it [bp].
        weights : Tensor, shape (N, Q, J)
            Where to put the weights: key j is window + query - j upstream of a query.
        """
        window = self.config.attention_window_bp
        torch.bmm(q, k, out=weights)
        weights.baddbmm_(u, self.key_table.expand(len(weights), -1, -1))
        weights[:, :, :TILE] += self.mask[:, :TILE]
        weights[:, :, window:] += self.mask[:, window:]
        for m, offset in begun:
            weights[m, :, : window - offset] = -math.inf
        torch.softmax(weights, dim=-1, out=weights)

    @staticmethod
    def offsets_of(pack: Pack, length: int) -> list[int]:
        """Return how far each of the tiles of `length` positions is from the start of its window [bp]."""
        offset = np.zeros(length // TILE, dtype=np.int64)
        for window, start in zip(pack.windows, pack.starts, strict=True):
            n_tiles = -(-len(window.codes) // TILE)
            offset[start // TILE : start // TILE + n_tiles] = np.arange(n_tiles) * TILE
        return [int(each) for each in offset]
