"""Attention with torch: scores and softmax again, from the kept states.

The weights of a group of tiles are (N, Q, J) with key j `window + query - j` upstream of its query. Read with
strides of (Q J, J + 1, 1), the same memory is (N, Q, W): for every query its weights by distance, the farthest first.

Axes as in `torch_network`; W = window, the distances 0 ... window - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.arrays import Float32, Int64
from tracktools.engine.attention import BIN_SHIFT, BINS, FIRST_BIN, RANK_BITS, Observation, Reduction, Sums
from tracktools.engine.packing import Pack
from tracktools.engine.torch_network import TILE, TorchNetwork
from tracktools.engine.torch_threads import share
from tracktools.model.transformer import rotate


class _Group(NamedTuple):
    """Attention of one head in a group of tiles: `band` (N, Q, W), the farthest first; `start`: its first position."""

    head: int
    start: int
    band: Tensor


class _Task(NamedTuple):
    """What is wanted of one pack; `rows` and `reduction` are those of its own asked positions."""

    part: _TracedPack
    layer: int
    rows: Int64
    reduction: Reduction | None


class TorchTrace:
    """Packs that were run with torch; see `tracktools.engine.attention.Trace`."""

    def __init__(self, network: TorchNetwork, packs: Sequence[Pack], asked: Sequence[int], *, threads: int) -> None:
        self._device, self._threads = network.device, threads
        self._parts = share(lambda pack: _TracedPack(network, pack), packs, threads=threads, device=network.device)
        self._starts = np.cumsum([0] + [len(part.asked) for part in self._parts])
        whole = np.concatenate([part.answers for part in self._parts]) if self._parts else np.zeros(0, np.float32)
        self.probabilities: list[Float32] = np.split(whole, np.cumsum(asked)[:-1])

    def observe(self, layer: int, rows: Int64, reduction: Reduction | None = None) -> Observation:
        """Compute the attention of a layer (see `Trace`)."""
        tasks = []
        for part, start, end in zip(self._parts, self._starts, self._starts[1:], strict=False):
            first, last = np.searchsorted(rows, (start, end))
            own = None
            if reduction is not None:
                own = replace(reduction, outputs=reduction.outputs[start:end], ranks=reduction.ranks[start:end])
            tasks.append(_Task(part, layer, rows[first:last] - start, own))
        found = share(_observe, tasks, threads=self._threads, device=self._device)
        weights = np.concatenate([each.weights for each in found])
        sums = [each.sums for each in found if each.sums is not None]
        return Observation(weights, _added(sums) if sums else None)


def _added(parts: Sequence[Sums]) -> Sums:
    return Sums(
        total=np.sum([part.total for part in parts], axis=0),
        with_output=np.sum([part.with_output for part in parts], axis=0),
        squares=np.sum([part.squares for part in parts], axis=0),
        largest=np.max([part.largest for part in parts], axis=0),
        histogram=np.sum([part.histogram for part in parts], axis=0),
        tracked=np.concatenate([part.tracked for part in parts]),
    )


class _TracedPack:
    """One pack with its kept states; `asked`: positions that were asked for; `answers`: the probabilities there."""

    @torch.inference_mode()
    def __init__(self, network: TorchNetwork, pack: Pack) -> None:
        self.network, self.pack = network, pack
        self.states: list[Tensor] = []
        whole = network.run(pack, self.states).cpu().numpy()
        ranges = [start + np.arange(w.first, w.last) for w, start in zip(pack.windows, pack.starts, strict=True)]
        self.asked = np.concatenate(ranges).astype(np.int64)
        self.answers: Float32 = whole[self.asked]
        self.offsets = network.offsets_of(pack, len(whole))

    def groups(self, layer: int, wanted: Int64) -> Iterator[_Group]:
        """Yield the attention of the groups of tiles that hold wanted positions, head by head."""
        network = self.network
        T, window = network.chunk_bp, network.config.attention_window_bp
        needed = np.zeros(len(self.offsets), dtype=bool)
        needed[wanted // TILE] = True
        keys = None
        for t0 in range(0, len(self.offsets) * TILE, T):
            if not needed[t0 // TILE : (t0 + T + window) // TILE + 1].any():
                keys = None
                continue
            if keys is None:
                keys = self._keys_before(layer, t0)
            q, u, own = self._project(layer, t0, T)
            keys = torch.cat([keys[-window:], own])
            chunk = slice(t0 // TILE, (t0 + T) // TILE)
            yield from self._weigh(q, u, keys, t0, needed[chunk])

    def _keys_before(self, layer: int, t0: int) -> Tensor:
        """Return the keys of the window before a chunk; zeros before the first position."""
        config, T = self.network.config, self.network.chunk_bp
        window = config.attention_window_bp
        parts = [self._project(layer, t, T)[2] for t in range(max(t0 - -(-window // T) * T, 0), t0, T)]
        empty = self.states[layer].new_zeros(window, config.n_heads, config.d_head)
        return torch.cat([empty, *parts])

    def _project(self, layer: int, t0: int, T: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries (tiles, Q, H, K), rotated u (tiles, Q, H, D) and keys (T, H, K) of a chunk."""
        network, config = self.network, self.network.config
        H, K, D, C = config.n_heads, config.d_head, config.d_model, config.conv_width_bp
        own = network.layers[layer]
        width = H * (2 * K + D)  # q | u | k; the values, which follow, are not needed
        states = self.states[layer][t0 : t0 + T + C - 1].t()[None, :, None]
        columns = F.conv2d(states, own.conv_weight[:width], own.conv_bias[:width])[0, :, 0].t()
        q, u, k = torch.split(columns, [H * K, H * D, H * K], dim=1)
        u = u.reshape(-1, TILE, H, D).transpose(1, 2)
        u = rotate(u, network.query_table).transpose(1, 2)
        return q.reshape(-1, TILE, H, K), u, k.reshape(T, H, K)

    def _weigh(self, q: Tensor, u: Tensor, keys: Tensor, t0: int, needed: np.ndarray) -> Iterator[_Group]:
        network = self.network
        window, at_once = network.config.attention_window_bp, network.tiles_at_once
        J = window + TILE
        weights = q.new_empty(at_once, TILE, J)
        band = weights.as_strided((at_once, TILE, window), (TILE * J, J + 1, 1), 1)
        for n in range(0, len(q), at_once):
            if not needed[n : n + at_once].any():
                continue
            group = slice(n, n + at_once)
            first = t0 // TILE + n
            begun = [(m, far) for m, far in enumerate(self.offsets[first : first + at_once]) if far < window]
            k = keys[n * TILE : (n + at_once - 1) * TILE + J].unfold(0, J, TILE)  # (N, H, K, J)
            for head in range(q.shape[2]):
                network.weigh(q[group, :, head], u[group, :, head], k[:, head], begun, weights)
                yield _Group(head, t0 + n * TILE, band)


@torch.inference_mode()
def _observe(task: _Task) -> Observation:
    part, config = task.part, task.part.network.config
    positions = part.asked[task.rows]
    weights = np.zeros((len(positions), config.n_heads, config.attention_window_bp), dtype=np.float32)
    totals = _Totals(task) if task.reduction is not None else None
    wanted = positions if totals is None else np.union1d(positions, totals.positions)
    for group in part.groups(task.layer, wanted):
        n_tiles, tile, _ = group.band.shape
        first, last = np.searchsorted(positions, (group.start, group.start + n_tiles * tile))
        if first < last:
            near = torch.from_numpy(positions[first:last] - group.start).to(group.band.device)
            weights[first:last, group.head] = group.band[near // tile, near % tile].flip(-1).cpu().numpy()
        if totals is not None:
            totals.add(group)
    return Observation(weights, totals.sums() if totals is not None else None)


class _Totals:
    """Sums over the rows of a pack that count; the farthest distances come first until `sums`."""

    def __init__(self, task: _Task) -> None:
        assert task.reduction is not None
        reduction, part, config = task.reduction, task.part, task.part.network.config
        H, W, device = config.n_heads, config.attention_window_bp, part.network.device
        self._counted = np.flatnonzero(~np.isnan(reduction.outputs))
        self.positions: Int64 = part.asked[self._counted]
        self._outputs = torch.from_numpy(reduction.outputs[self._counted]).to(device)
        packed = reduction.ranks[self._counted].astype(np.int64) | 1 << RANK_BITS
        self._packed = torch.from_numpy(packed).to(device)
        sees = np.array(part.offsets)[self.positions // TILE] + self.positions % TILE  # the farthest distance
        self._sees = torch.from_numpy(sees).to(device)
        self._tracked = torch.from_numpy(W - 1 - reduction.tracked[task.layer]).to(device)
        self._centres = torch.from_numpy(reduction.centres[task.layer][:, ::-1].copy()).to(device)
        self._sums = np.zeros((3, H, W))
        self._largest = np.zeros((H, W))
        self._histogram = torch.zeros(H, W * BINS + 1, dtype=torch.int64, device=device)
        self._cells = torch.arange(W, device=device) * BINS
        self._follow = np.zeros((len(part.asked), H, reduction.tracked.shape[2]), dtype=np.float32)

    def add(self, group: _Group) -> None:
        n_tiles, tile, W = group.band.shape
        rows = slice(*np.searchsorted(self.positions, (group.start, group.start + n_tiles * tile)))
        near = torch.from_numpy(self.positions[rows] - group.start).to(group.band.device)
        band = group.band[near // tile, near % tile]  # (rows, W)
        if not len(band):
            return
        hidden = None
        sees = self._sees[rows]
        if int(sees.min()) < W - 1:  # near a 5' end, where some of it is not there
            hidden = W - 1 - torch.arange(W, device=band.device) > sees[:, None]
        centred = band - self._centres[group.head]
        if hidden is not None:
            centred.masked_fill_(hidden, 0)
        products = (self._outputs[rows] @ centred, (centred * centred).sum(dim=0))
        for sums, part in zip(self._sums[:, group.head], (band.sum(dim=0), *products), strict=True):
            sums += part.cpu().double().numpy()
        largest = band.amax(dim=0).cpu().double().numpy()
        np.maximum(self._largest[group.head], largest, out=self._largest[group.head])
        self._follow[self._counted[rows], group.head] = band[:, self._tracked[group.head]].cpu().numpy()
        cells = ((band.view(torch.int32) >> BIN_SHIFT) - FIRST_BIN).clamp_(0, BINS - 1) + self._cells
        if hidden is not None:
            cells.masked_fill_(hidden, W * BINS)  # the cell at the end is left out
        packed = self._packed[rows, None].expand(-1, W)
        self._histogram[group.head].index_add_(0, cells.flatten(), packed.reshape(-1))

    def sums(self) -> Sums:
        H, W = self._largest.shape
        total, with_output, squares = self._sums[:, :, ::-1]
        histogram = self._histogram[:, :-1].view(H, W, BINS).flip(1).cpu().numpy()
        return Sums(total, with_output, squares, self._largest[:, ::-1], histogram, self._follow)
