"""A network laid out as the library wants it: folded, and padded to its fixed width (``source/network.hpp``)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tracktools.arrays import Float32
from tracktools.config import ModelConfig
from tracktools.model.transformer import AttentionLayer, FoldedLayer, Transformer, position_table

CHANNELS = 32  # the library's width of states, queries, keys and values; fewer are padded with zeros
TILE = 64  # bases that it treats together
MAX_CONV_WIDTH_BP = 2 * TILE + 1
LOG2_E = math.log2(math.e)  # the library's exponentials are powers of two


def fits(config: ModelConfig) -> bool:
    """Whether the library can run a network of these dimensions."""
    return config.d_model <= CHANNELS and config.d_head <= CHANNELS and config.conv_width_bp <= MAX_CONV_WIDTH_BP


class NativeWeights(NamedTuple):
    """The arrays of ``tracktools_make``; `layers` has one flat array a layer."""

    layers: list[Float32]
    key_table: Float32
    query_table: Float32
    letters: Float32
    output: Float32


def lay_out(model: Transformer) -> NativeWeights:
    """Lay a network out; sums are made in float64 and rounded once."""
    config = model.config
    exact = Transformer(config).double()
    exact.load_state_dict(model.state_dict())
    with torch.no_grad():
        layers = [
            _flat(_parts(folded, layer, config))
            for folded, layer in zip(exact.fold(), exact.layers, strict=True)
            if isinstance(layer, AttentionLayer)
        ]
        weight = exact.output.weight[1] - exact.output.weight[0]
        bias = exact.output.bias[1] - exact.output.bias[0]
        n_blocks = -(-(config.attention_window_bp - 1) // TILE) + 1
        table = _spread(position_table(n_blocks * TILE, config.d_model), config.d_model)  # (positions, CHANNELS)
        tiles = table.view(n_blocks, TILE, CHANNELS).transpose(1, 2)
        return NativeWeights(
            layers=layers,
            key_table=_flat([tiles]),
            query_table=_flat([tiles[-1]]),
            letters=_flat([_pad(exact.letter_table(), 1)]),
            output=_flat([_pad(weight, 0), bias.view(1)]),
        )


def _parts(folded: FoldedLayer, layer: AttentionLayer, config: ModelConfig) -> list[Tensor]:
    """Return the arrays of ``LayerWeights``, in its order."""
    H, K, D, C = config.n_heads, config.d_head, config.d_model, config.conv_width_bp
    q, _, k, v = torch.split(folded.weight, [H * K, H * D, H * K, H * K], dim=1)  # (C * D, ...)
    out = folded.out_weight.view(H, K, D)
    q, k, v = (part.view(C, D, H, K).permute(2, 0, 1, 3) for part in (q, k, v))  # (H, C, D, K)
    v = v @ out[:, None]  # (H, C, D, D): a head's values, projected back
    projections = torch.stack([_pad(_pad(part, 3), 2) for part in (q * LOG2_E, k, v)], dim=1)  # (H, 3, C, in, out)
    query_bias, position_bias = torch.split(folded.bias * LOG2_E, [H * K, H * D])
    relative = layer.relative.weight.view(H, K, D)
    return [
        projections,
        _pad(query_bias.view(H, K), 1),
        _pad(_spread(relative, D), 1),
        _spread(position_bias.view(H, D), D),
        *(_pad(part, 0) for part in (folded.out_bias, folded.norm_weight, folded.norm_bias)),
    ]


def _pad(tensor: Tensor, dim: int) -> Tensor:
    """Fill a dimension with zeros up to CHANNELS."""
    shape = list(tensor.shape)
    shape[dim] = CHANNELS - shape[dim]
    return torch.cat([tensor, tensor.new_zeros(shape)], dim=dim)


def _spread(tensor: Tensor, d_model: int) -> Tensor:
    """Put the two halves of the last dimension, of d_model, at the starts of the two halves of CHANNELS."""
    result = tensor.new_zeros(*tensor.shape[:-1], CHANNELS)
    half = d_model // 2
    result[..., :half] = tensor[..., :half]
    result[..., CHANNELS // 2 : CHANNELS // 2 + half] = tensor[..., half:]
    return result


def _flat(parts: list[Tensor]) -> Float32:
    return np.concatenate([part.reshape(-1).float().numpy() for part in parts])
