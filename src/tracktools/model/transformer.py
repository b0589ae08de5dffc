"""The network: a banded, relative-position transformer over one strand of DNA.

Clauwaert, Menschaert & Waegeman 2021, *Explainability in transformer models for functional genomics* (Brief.
Bioinform. 22(5), bbab060), on the attention of Dai et al. 2019 (Transformer-XL, arXiv 1901.02860), in the
segmentation-invariant form: every base sees itself and the `attention_window_bp - 1` bases upstream, convolutions run
over the real neighbours, and zeros are only beyond the true ends of a sequence.

For one layer, head h, query i, key j (0 <= i - j < window), with x the hidden states::

    q, k, v   = conv_q(W_q,h x), conv_k(W_k,h x), conv_v(W_v,h x)             one convolution for all heads
    score_ij  = [(q_i + r_w,h) . k_j + (q_i + r_r,h) . (R_h pos(i - j))] / sqrt(d_head)
    pos(d)    = [sin(d w_0) ... sin(d w_n) | cos(d w_0) ... cos(d w_n)],      w_m = 10000^(-2m / d_model)
    x         = LayerNorm(x + W_o concat_h sum_j softmax_j(score_ij) v_j)

There is no feed-forward sublayer. What is computed is the same function, arranged for speed (`fold_layer`): nothing is
approximated.

Axes: B sequences, L bases, D = d_model, H heads, K = d_head, C = conv_width_bp.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.config import ModelConfig
from tracktools.model.banded import banded_attention, split_heads

N_LETTERS = 4
LAYER_NORM_EPS = 1e-5


class AttentionLayer(nn.Module):
    """Parameters of one layer, as in the paper; `fold_layer` turns them into what is computed."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        D, width = config.d_model, config.n_heads * config.d_head
        self.qkv = nn.Linear(D, 3 * width, bias=False)
        self.conv_q, self.conv_k, self.conv_v = (
            nn.Conv1d(config.d_head, config.d_head, config.conv_width_bp) for _ in range(3)
        )
        self.relative = nn.Linear(D, width, bias=False)
        self.out = nn.Linear(width, D, bias=False)
        self.norm = nn.LayerNorm(D, eps=LAYER_NORM_EPS)


class FoldedLayer(NamedTuple):
    """A layer as one convolution to queries, keys and values, and one projection back.

    `weight`, shape (C * D, H * (3 * K + D)): columns are q | u | k | v, each H heads of K, but u of D; rows are C taps
    of D channels. `bias`, shape (H * (K + D),): of q and u; k needs none and v's is in `out_bias`.
    `out_weight`, shape (H * K, D); `out_bias`, `norm_weight`, `norm_bias`, shape (D,).
    """

    weight: Tensor
    bias: Tensor
    out_weight: Tensor
    out_bias: Tensor
    norm_weight: Tensor
    norm_bias: Tensor


def _bias(conv: nn.Conv1d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


def fold_layer(layer: AttentionLayer, content_bias: Tensor, position_bias: Tensor, config: ModelConfig) -> FoldedLayer:
    """Fold a layer's linear maps into one convolution; differentiable, exact.

    A convolution of a bias-free linear map is one convolution. A bias on k adds the same to all scores of a query,
    which softmax ignores; a bias on v passes through, because attention weights sum to 1. The scale goes into q. The
    position term (q + r_r) . (R pos(d)) is u . pos(d) with u = R^T (q + r_r), and so linear in x as well.
    """
    H, K, D = config.n_heads, config.d_head, config.d_model
    linear = layer.qkv.weight.view(3, H, K, D)
    convs = (layer.conv_q, layer.conv_k, layer.conv_v)
    conv_bias_q, conv_bias_v = _bias(layer.conv_q), _bias(layer.conv_v)
    wq, wk, wv = (torch.einsum("ock,hcm->hkmo", conv.weight, linear[n]) for n, conv in enumerate(convs))  # (H, C, D, K)
    relative = layer.relative.weight.view(H, K, D)
    scale = 1 / math.sqrt(K)
    wq = wq * scale
    wu = torch.einsum("hkmo,hod->hkmd", wq, relative)  # (H, C, D, D)
    taps = [w.permute(1, 2, 0, 3).reshape(config.conv_width_bp * D, -1) for w in (wq, wu, wk, wv)]
    bias_q = (conv_bias_q + content_bias) * scale  # (H, K)
    bias_u = torch.einsum("ho,hod->hd", (conv_bias_q + position_bias) * scale, relative)
    bias_v = conv_bias_v.expand(H, K).reshape(-1)
    return FoldedLayer(
        weight=torch.cat(taps, dim=1),
        bias=torch.cat([bias_q.reshape(-1), bias_u.reshape(-1)]),
        out_weight=layer.out.weight.t(),
        out_bias=layer.out.weight @ bias_v,
        norm_weight=layer.norm.weight,
        norm_bias=layer.norm.bias,
    )


def position_table(length: int, d_model: int) -> Tensor:
    """Return [cos(j w) | sin(j w)] for j = 0 ... length - 1 in float64, shape (length, d_model)."""
    frequencies = 10000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)  # (D / 2,)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies  # (length, D / 2)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def rotate(u: Tensor, table: Tensor) -> Tensor:
    """Rotate u_i by its own position, so that the position term is a plain dot product.

    With u = [a | b] for sines and cosines, u . pos(i - j) = rotate(u, i) . [cos(j w) | sin(j w)]: the addition
    theorems.

    Parameters
    ----------
    u : Tensor, shape (..., L, D)
    table : Tensor, shape (L, D)
        Rows of `position_table` at the positions of u.
    """
    a, b = u.chunk(2, dim=-1)
    cos, sin = table.chunk(2, dim=-1)
    return torch.cat([a * sin + b * cos, b * sin - a * cos], dim=-1)


class Transformer(nn.Module):
    """The network of the paper: letters of one strand in, log-odds of a TSS at every base out.

    Parameters
    ----------
    config : ModelConfig
        Architecture.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        H, K, D = config.n_heads, config.d_head, config.d_model
        self.embedding = nn.Parameter(torch.empty(N_LETTERS, D))
        self.content_bias = nn.Parameter(torch.empty(H, K))  # r_w
        self.position_bias = nn.Parameter(torch.empty(H, K))  # r_r
        self.layers = nn.ModuleList(AttentionLayer(config) for _ in range(config.n_layers))
        self.output = nn.Linear(D, 2)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw fresh weights: normal with standard deviation 0.02, biases 0, LayerNorm 1 (as the published code)."""
        for name, parameter in self.named_parameters():
            if "norm.weight" in name:
                nn.init.normal_(parameter, 1.0, 0.02)
            elif name.endswith(".bias") and "conv" not in name:
                nn.init.zeros_(parameter)
            elif "conv" not in name:  # convolutions keep torch's default, as in the published code
                nn.init.normal_(parameter, 0.0, 0.02)

    def letter_table(self) -> Tensor:
        """Return the input states of codes 0..4, shape (5, D); code 4, any other letter, is the mean of the four."""
        table = self.embedding * math.sqrt(self.config.d_model)
        return torch.cat([table, table.mean(dim=0, keepdim=True)])

    def fold(self) -> list[FoldedLayer]:
        """Return every layer folded (`fold_layer`)."""
        return [
            fold_layer(layer, self.content_bias, self.position_bias, self.config) for layer in self.attention_layers()
        ]

    def attention_layers(self) -> list[AttentionLayer]:
        """Return the layers, in their order."""
        return [layer for layer in self.layers if isinstance(layer, AttentionLayer)]

    def states(
        self,
        codes: Tensor,
        *,
        first: int = 0,
        last: int | None = None,
        dropout: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Compute last hidden states of whole sequences; meant for training and short sequences.

        Parameters
        ----------
        codes : Tensor of int64, shape (B, L)
            Letters, 5' to 3': A 0, C 1, G 2, T 3, any other 4. Beyond both ends there is nothing (zeros).
        first, last : int
            Half-open range of network positions that are asked for, all by default; what only others depend on is not
            computed.
        dropout : float
            Share of hidden states dropped after the embedding, each attention and the last layer, while training.
        dtype : torch.dtype
            Of the matrix products; sums and LayerNorm have the precision of the parameters.

        Returns
        -------
        Tensor, shape (B, last - first, D)
        """
        x = F.dropout(F.embedding(codes, self.letter_table()), dropout, self.training)  # (B, L, D)
        return self.states_from(x, first=first, last=last, dropout=dropout, dtype=dtype)

    def states_from(
        self,
        x: Tensor,
        *,
        first: int = 0,
        last: int | None = None,
        dropout: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Compute last hidden states from the input states of letters, shape (B, L, D); see `states`."""
        L = x.shape[1]
        last = L if last is None else last
        reach, layers = self.config.conv_width_bp // 2, self.attention_layers()
        ends = [min(L, last + reach * (len(layers) - n)) for n in range(len(layers) + 1)]  # of each layer's output
        table = position_table(L, self.config.d_model).to(self.embedding.dtype)  # (L, D)
        x = x[:, : ends[0]]
        for n, (layer, folded) in enumerate(zip(layers, self.fold(), strict=True)):
            asked = (first if n + 1 == len(layers) else 0, ends[n + 1])
            x = self.run_layer(x, layer, folded, table, asked, dropout, dtype)
        return F.dropout(x, dropout, self.training)

    def log_odds(self, states: Tensor) -> Tensor:
        """Return the log-odds of a TSS of last hidden states: (B, L, D) to (B, L)."""
        logits = self.output(states)  # (B, L, 2)
        return torch.sub(logits[..., 1], logits[..., 0])

    def forward(self, codes: Tensor) -> Tensor:
        """Return the log-odds at every network position t, shape (B, L); that of t is for base t - `label_shift_bp`."""
        return self.log_odds(self.states(codes))

    def run_layer(
        self,
        x: Tensor,
        layer: AttentionLayer,
        folded: FoldedLayer,
        table: Tensor,
        asked: tuple[int, int],
        dropout: float,
        dtype: torch.dtype,
    ) -> Tensor:
        """Return the output of a layer at the positions `asked` for; x contains its input up to their right reach."""
        (B, _, D), (first, last) = x.shape, asked
        attended = self.attended(x, layer, folded, table, asked, dtype)
        merged = attended.transpose(1, 2).reshape(B, last - first, -1)
        update = (merged @ folded.out_weight.to(dtype)).to(x.dtype) + folded.out_bias
        update = F.dropout(update, dropout, self.training)
        return F.layer_norm(x[:, first:last] + update, (D,), folded.norm_weight, folded.norm_bias, LAYER_NORM_EPS)

    def attended(
        self,
        x: Tensor,
        layer: AttentionLayer,
        folded: FoldedLayer,
        table: Tensor,
        asked: tuple[int, int],
        dtype: torch.dtype,
    ) -> Tensor:
        """Return what each head of a layer gathers, without the bias of v: shape (B, H, Q, K)."""
        (B, L, D), (first, last) = x.shape, asked
        H, K, C = self.config.n_heads, self.config.d_head, self.config.conv_width_bp
        padded = F.pad(x.to(dtype), (0, 0, C // 2, last + C // 2 - L))  # (B, last + C - 1, D)
        neighbours = padded.unfold(1, C, 1).transpose(2, 3).reshape(B, last, C * D)
        wq, _, wkv = torch.split(folded.weight.to(dtype), [H * K, H * D, 2 * H * K], dim=1)
        if first == 0:
            q, k, v = split_heads(neighbours @ torch.cat([wq, wkv], dim=1), H, 3)  # (B, H, last, K) each
        else:
            (q,) = split_heads(neighbours[:, first:] @ wq, H, 1)
            k, v = split_heads(neighbours @ wkv, H, 2)
        bias_q, bias_u = (bias.view(H, 1, -1) for bias in torch.split(folded.bias, [H * K, H * D]))
        u = q @ layer.relative.weight.view(H, K, D).to(dtype) + bias_u  # (B, H, Q, D)
        queries = torch.cat([q + bias_q.to(dtype), rotate(u, table[first:last]).to(dtype)], dim=-1)
        window = self.config.attention_window_bp
        return banded_attention(queries, k, v, table[:last].to(dtype), first=first, window=window)  # (B, H, Q, K)
