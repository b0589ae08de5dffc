"""What one head does for the network: its mean contribution, and the network without it."""

from __future__ import annotations

import torch
from torch import Tensor

from tracktools.errors import ConfigError
from tracktools.model.transformer import Transformer, position_table

_LEAST_BIAS = 1e-6


@torch.no_grad()
def mean_contributions(model: Transformer, codes: Tensor) -> Tensor:
    """Return what each head adds to the hidden states, in the mean over positions.

    Parameters
    ----------
    model : Transformer
    codes : Tensor of int64, shape (B, L)
        Sequences; positions of the first attention window, which see less than a whole one, are not counted.

    Returns
    -------
    Tensor, shape (layers, H, D)
    """
    config, L = model.config, codes.shape[1]
    H, K, D = config.n_heads, config.d_head, config.d_model
    first = min(config.attention_window_bp, L // 2)
    table = position_table(L, D).to(model.embedding.dtype)
    x = model.letter_table()[codes]
    means = []
    for layer, folded in zip(model.attention_layers(), model.fold(), strict=True):
        gathered = model.attended(x, layer, folded, table, (0, L), x.dtype)[:, :, first:].mean(dim=(0, 2))  # (H, K)
        assert layer.conv_v.bias is not None
        out = layer.out.weight.view(D, H, K)
        means.append(torch.einsum("dhk,hk->hd", out, gathered + layer.conv_v.bias))
        x = model.run_layer(x, layer, folded, table, (0, L), 0.0, x.dtype)
    return torch.stack(means)


@torch.no_grad()
def without_head(model: Transformer, layer: int, head: int, contribution: Tensor) -> Transformer:
    """Return a copy of the network in which a head adds the same at every position.

    Values of the head lose all but the bias b of their convolution, and its part of the output projection becomes
    contribution b^T / |b|^2: a network like any other, which every engine runs.

    Parameters
    ----------
    model : Transformer
    layer, head : int
        Counted from 0.
    contribution : Tensor, shape (D,)
        What the head adds from now on, such as its mean (`mean_contributions`).

    Raises
    ------
    ConfigError
        If that convolution has no bias.
    """
    config = model.config
    copy = Transformer(config).to(model.embedding.dtype)
    copy.load_state_dict(model.state_dict())
    own = copy.attention_layers()[layer]
    H, K, D = config.n_heads, config.d_head, config.d_model
    bias = own.conv_v.bias
    assert bias is not None
    length = float(bias.double().norm())
    if length < _LEAST_BIAS:
        raise ConfigError(f"head {head + 1} of layer {layer + 1} cannot be taken out: its values have no bias")
    own.qkv.weight.view(3, H, K, D)[2, head] = 0
    own.out.weight.view(D, H, K)[:, head] = torch.outer(contribution, bias) / length**2
    return copy.eval()


def input_times_gradient(model: Transformer, codes: Tensor, position: int) -> Tensor:
    """Attribute the log-odds at one network position to the letters before and after it.

    Input x gradient (Shrikumar et al. 2016, arXiv 1605.01713), against the mean letter: a letter's attribution is the
    dot product of the gradient with (its embedding - the mean of the four).

    Parameters
    ----------
    model : Transformer
    codes : Tensor of int64, shape (B, L)
    position : int
        Network position, the same in every sequence.

    Returns
    -------
    Tensor, shape (B, L)
    """
    letters = model.letter_table().detach()
    x = letters[codes].requires_grad_()
    states = model.states_from(x, first=position, last=position + 1)
    (gradient,) = torch.autograd.grad(model.log_odds(states).sum(), x)
    return ((letters[codes] - letters[-1]) * gradient).sum(dim=-1)
