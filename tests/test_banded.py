"""Banded attention gives the values and the gradients of plain attention with a mask."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from networks import SMALL, random_network
from tracktools.model.banded import banded_attention


def masked_attention(queries: Tensor, keys: Tensor, values: Tensor, table: Tensor, first: int, window: int) -> Tensor:
    (_, _, Q, _), J = queries.shape, keys.shape[2]
    distance = first + torch.arange(Q)[:, None] - torch.arange(J)[None]
    scores = queries @ torch.cat([keys, table.expand(*keys.shape[:3], -1)], dim=-1).transpose(2, 3)
    return scores.masked_fill((distance < 0) | (distance >= window), -math.inf).softmax(dim=-1) @ values


@pytest.mark.parametrize(
    ("length", "first", "window"),
    [(150, 0, 500), (150, 0, 20), (201, 37, 63), (201, 130, 64), (131, 66, 100), (5, 4, 1)],
)
def test_values_and_gradients_are_those_of_masked_attention(length: int, first: int, window: int) -> None:
    torch.manual_seed(length)
    B, H, K, D = 2, 3, 5, 4
    shapes = [(B, H, length - first, K + D), (B, H, length, K), (B, H, length, K)]
    ours, plain = ([torch.randn(shape, dtype=torch.float64) for shape in shapes] for _ in range(2))
    for one, other in zip(ours, plain, strict=True):
        other.copy_(one)
        one.requires_grad_(), other.requires_grad_()
    table = torch.randn(length, D, dtype=torch.float64)
    found = banded_attention(*ours, table, first=first, window=window)
    expected = masked_attention(*plain, table, first, window)
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)
    weights = torch.randn_like(found)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    for one, other in zip(ours, plain, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.allclose(one.grad, other.grad, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("first", "last"), [(0, 97), (13, 97), (0, 90), (40, 41), (96, 97)])
def test_a_part_of_the_states_is_that_part_of_all(first: int, last: int) -> None:
    model = random_network(SMALL, seed=3).double()
    codes = torch.randint(0, 5, (4, 97), generator=torch.Generator().manual_seed(1))
    everything = model.states(codes, dtype=torch.float64)
    part = model.states(codes, first=first, last=last, dtype=torch.float64)
    assert part.shape == (4, last - first, SMALL.d_model)
    assert torch.allclose(part, everything[:, first:last], rtol=0, atol=1e-12)
