"""The conditioned network over windows, without padding: three times as fast as whole sequences, for training alone.

A window is scored only where the network sees all of its reach, so each layer computes no more than the layers behind
it read, and convolutions are products of matrices of (bases, channels). The values are those of `Conditioned.forward`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.model.conditioned import Conditioned
from tracktools.model.dilated import DilatedLayer

N_LETTERS = 4


def unpadded_states(
    model: Conditioned, codes: Tensor, features: Tensor, *, dropout: float = 0.0, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Return the last hidden states where windows have their full context, and the shift of the log-odds.

    Parameters
    ----------
    model : Conditioned
        With one member.
    codes : Tensor of int64, shape (B, L)
        Letters; L is more than twice the reach of the network.
    features : Tensor, shape (B, n_features)
        Of the genome of each window.
    dropout : float
        Share of hidden values dropped inside each layer. One field of random numbers serves all layers, each from
        another place.
    dtype : torch.dtype
        Of the states and products.

    Returns
    -------
    states : Tensor, shape (B, L - 2 reach, D)
    shift : Tensor, shape (B,)
    """
    scales, shifts, shift = model.settings(features)
    scales, shifts = scales.to(dtype)[:, :, None], shifts.to(dtype)[:, :, None]  # (B, layers + 1, 1, D)
    width = model.config.stem_width_bp
    letters = model.letter_table().to(dtype)[codes].unfold(1, width, 1).flatten(2)  # (B, L - width + 1, 4 width)
    stem = letters @ model.stem.weight.to(dtype).flatten(1).t() + _bias(model.stem, dtype)
    x = F.gelu(torch.addcmul(shifts[:, 0], stem, scales[:, 0]))
    kept = _kept(x, len(model.layers), dropout, dtype)
    for number, layer in enumerate(model.layers, start=1):
        assert isinstance(layer, DilatedLayer)
        (dilation,) = layer.conv.dilation
        length = x.shape[1] - 2 * dilation * (layer.conv.kernel_size[0] // 2)
        taps = layer.conv.weight.to(dtype).unbind(2)
        inner = sum(
            (x[:, at * dilation : at * dilation + length] @ tap.t() for at, tap in enumerate(taps)),
            start=_bias(layer.conv, dtype),
        )
        inner = F.gelu(torch.addcmul(shifts[:, number], inner, scales[:, number]))
        if kept is not None:
            first = number * 4099  # no two layers drop alike
            inner = inner * kept[first : first + inner.numel()].view_as(inner)
        middle = (x.shape[1] - length) // 2
        x = x[:, middle : middle + length] + inner @ layer.mix.weight.to(dtype)[:, :, 0].t() + _bias(layer.mix, dtype)
    return x, shift


def _bias(conv: nn.Conv1d, dtype: torch.dtype) -> Tensor:
    assert conv.bias is not None
    return conv.bias.to(dtype)


def _kept(x: Tensor, layers: int, dropout: float, dtype: torch.dtype) -> Tensor | None:
    if not dropout:
        return None
    return (torch.rand(x.numel() + (layers + 1) * 4099) >= dropout).to(dtype) / (1 - dropout)
