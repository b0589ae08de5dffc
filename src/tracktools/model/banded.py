"""Causal attention within a band, with its own gradient: only the keys that a block of queries can see are multiplied.

A dense product over all keys, masked afterwards, does twice the work of a causal band, and its gradient also flows into
the position table, which is constant. Here queries come in blocks, each with the keys from its own band alone, and the
gradient is written out: with S = Q [K | T]^T, P = softmax(S), O = P V::

    dV = P^T dO,    dS = P * (dO V^T - rowsum(dO * O)),    dQ = dS [K | T],    dK = dS^T Q
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_BLOCK = 64  # queries; smaller ones waste less of the band, larger ones multiply faster


def split_heads(states: Tensor, n_heads: int, parts: int) -> list[Tensor]:
    """Split (B, L, parts * H * K) into `parts` tensors of shape (B, H, L, K)."""
    B, L, _ = states.shape
    return list(states.view(B, L, parts, n_heads, -1).permute(2, 0, 3, 1, 4).unbind(0))


def banded_attention(
    queries: Tensor, keys: Tensor, values: Tensor, table: Tensor, *, first: int, window: int
) -> Tensor:
    """Attend from each query to itself and the `window - 1` keys before it.

    Parameters
    ----------
    queries : Tensor, shape (B, H, Q, K + D)
        Content and position part, scaled; query n is at key `first + n`.
    keys, values : Tensor, shape (B, H, J, K)
        Content part of the keys, and the values; J is at least `first + Q`.
    table : Tensor, shape (J, D)
        Position part of the keys: constant, no gradient flows into it.
    first : int
        Position of the first query.
    window : int
        Keys that a query sees, itself included.

    Returns
    -------
    Tensor, shape (B, H, Q, K)
    """
    attended: Tensor = _BandedAttention.apply(queries, keys, values, table, first, window)  # type: ignore[no-untyped-call]  # torch does not type it
    return attended


def _blocks(n_queries: int, first: int, window: int) -> list[tuple[int, int, int, int]]:
    """Return (first query, end, first key, end) of each block."""
    blocks = []
    for start in range(0, n_queries, _BLOCK):
        end = min(start + _BLOCK, n_queries)
        blocks.append((start, end, max(first + start - window + 1, 0), first + end))
    return blocks


def _hide(scores: Tensor, diagonal: int, window: int) -> None:
    """Take what a query cannot see out of the scores of a block, in place; its first query is at key `diagonal`."""
    rows, columns = scores.shape[-2:]
    never = torch.full((rows, columns), -math.inf, dtype=scores.dtype, device=scores.device)
    scores[..., diagonal:] += torch.triu(never[:, diagonal:], 1)
    if rows > 1 and diagonal + rows > window:
        scores += torch.tril(never, diagonal - window)


class _BandedAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, table: Tensor, first: int, window: int
    ) -> Tensor:
        """Return what is attended to, and keep the attention weights; the inner axes are (B * H, Q, K)."""
        (B, H, J, K), Q = keys.shape, queries.shape[2]
        ctx.first, ctx.window = first, window
        together = torch.cat([keys, table.expand(B, H, J, -1)], dim=-1).flatten(0, 1)  # (B * H, J, K + D)
        queries, values = queries.flatten(0, 1), values.flatten(0, 1)
        attended = values.new_empty(B * H, Q, K)
        weights = []
        for start, end, left, right in _blocks(Q, first, window):
            scores = torch.bmm(queries[:, start:end], together[:, left:right].transpose(1, 2))
            _hide(scores, first + start - left, window)
            weights.append(torch.softmax(scores, dim=-1))
            attended[:, start:end] = torch.bmm(weights[-1], values[:, left:right])
        ctx.save_for_backward(queries, together, values, attended, *weights)
        return attended.view(B, H, Q, K)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of queries, keys and values."""
        queries, together, values, attended, *weights = ctx.saved_tensors
        (B, H), (_, Q, K) = gradients[0].shape[:2], attended.shape
        gradient = gradients[0].flatten(0, 1)
        d_queries, d_keys, d_values = torch.empty_like(queries), torch.zeros_like(values), torch.zeros_like(values)
        drift = (gradient * attended).sum(dim=-1, keepdim=True)  # (B * H, Q, 1)
        blocks = _blocks(Q, ctx.first, ctx.window)
        for (start, end, left, right), weight in zip(blocks, weights, strict=True):
            above = gradient[:, start:end]
            d_values[:, left:right] += torch.bmm(weight.transpose(1, 2), above)
            d_scores = torch.bmm(above, values[:, left:right].transpose(1, 2)).sub_(drift[:, start:end]).mul_(weight)
            d_queries[:, start:end] = torch.bmm(d_scores, together[:, left:right])
            d_keys[:, left:right] += torch.bmm(d_scores.transpose(1, 2), queries[:, start:end, :K])
        return *(each.view(B, H, *each.shape[1:]) for each in (d_queries, d_keys, d_values)), None, None, None
