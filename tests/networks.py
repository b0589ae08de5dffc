"""Networks whose answers are known, and the network written down literally, for the tests of every engine."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt
import torch

from tracktools.config import ModelConfig
from tracktools.model.transformer import LAYER_NORM_EPS, AttentionLayer, Transformer

SMALL = ModelConfig(n_layers=2, n_heads=3, d_model=8, d_head=5, conv_width_bp=3, attention_window_bp=11)


def random_network(config: ModelConfig, seed: int = 0, gain: float = 1.0) -> Transformer:
    """A network with no weight and no bias at zero; every linear map keeps the size of what it is given."""
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm.weight" in name:
                parameter.copy_(1 + 0.1 * noise)
            elif "bias" in name:
                parameter.copy_(0.3 * noise)
            else:
                fan_in = parameter.shape[1:].numel()
                parameter.copy_(gain / math.sqrt(fan_in) * noise)
    return model


def literal_probabilities(model: Transformer, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The equations of `tracktools.model.transformer`, one by one, in float64: nothing folded, rotated or masked.

    Shapes: codes (L,), result (L,).
    """
    return literal_attention(model, codes)[0]


def literal_attention(
    model: Transformer, codes: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """As `literal_probabilities`, with the attention weights: shape (L, layers * H, window), by distance upstream.

    Heads are in the order L1H1, L1H2 ...; distances before the first base are NaN. An answer is kept by what it
    depends on (configuration, weights, codes), so that many engines can be compared with it at the price of one.
    """
    weights = {name: parameter.detach().double().numpy() for name, parameter in model.named_parameters()}
    asked = hashlib.sha256(repr(model.config).encode() + codes.tobytes())
    for name, weight in weights.items():
        asked.update(name.encode() + weight.tobytes())
    key = asked.hexdigest()
    if key not in _ANSWERS:
        _ANSWERS[key] = _literal(model, weights, codes)
    return _ANSWERS[key]


_ANSWERS: dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}


def _literal(
    model: Transformer, weights: dict[str, npt.NDArray[np.float64]], codes: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    letters = weights["embedding"] * math.sqrt(model.config.d_model)
    letters = np.vstack([letters, letters.mean(axis=0)])
    x = letters[codes]  # (L, D)
    weights_of_layers = []
    for n in range(model.config.n_layers):
        own = {name.split(".", 2)[2]: w for name, w in weights.items() if name.startswith(f"layers.{n}.")}
        x, seen = _literal_layer(x, own, weights["content_bias"], weights["position_bias"], model.config)
        weights_of_layers.append(seen)
    logits = x @ weights["output.weight"].T + weights["output.bias"]
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    answer = exp[:, 1] / exp.sum(axis=1), np.concatenate(weights_of_layers, axis=1)
    for values in answer:
        values.flags.writeable = False  # many tests read it
    return answer


def _literal_layer(
    x: npt.NDArray[np.float64],
    w: dict[str, npt.NDArray[np.float64]],
    content_bias: npt.NDArray[np.float64],
    position_bias: npt.NDArray[np.float64],
    config: ModelConfig,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    L, H, K, D = len(x), config.n_heads, config.d_head, config.d_model
    q, k, v = (x @ w["qkv.weight"].T).reshape(L, 3, H, K).transpose(1, 2, 0, 3)  # (H, L, K) each
    q, k, v = (
        np.stack([_literal_convolution(head, w[f"conv_{name}.weight"], w[f"conv_{name}.bias"]) for head in heads])
        for name, heads in (("q", q), ("k", k), ("v", v))
    )
    relative = w["relative.weight"].reshape(H, K, D)
    heads = np.empty((L, H, K))
    attention = np.full((L, H, config.attention_window_bp), np.nan)
    for h in range(H):
        of_distance = np.stack([relative[h] @ pos for pos in _pos(np.arange(config.attention_window_bp), D)])
        for i in range(L):
            seen = np.arange(max(0, i - config.attention_window_bp + 1), i + 1)
            content = k[h][seen] @ (q[h, i] + content_bias[h])
            position = of_distance[i - seen] @ (q[h, i] + position_bias[h])
            scores = (content + position) / math.sqrt(K)
            exp = np.exp(scores - scores.max())
            heads[i, h] = (exp / exp.sum()) @ v[h][seen]
            attention[i, h, i - seen] = exp / exp.sum()
    y = x + heads.reshape(L, H * K) @ w["out.weight"].T
    centred = y - y.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt(centred.var(axis=1, keepdims=True) + LAYER_NORM_EPS)
    return scaled * w["norm.weight"] + w["norm.bias"], attention


def _pos(distance: npt.NDArray[np.int64], d_model: int) -> npt.NDArray[np.float64]:
    frequencies = 10000.0 ** (-2 * np.arange(d_model // 2) / d_model)
    angles = distance[:, None] * frequencies
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _literal_convolution(
    x: npt.NDArray[np.float64], weight: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    n_out, _, width = weight.shape
    y = np.tile(bias, (len(x), 1))
    for t in range(len(x)):
        for tap in range(width):
            if 0 <= (source := t + tap - width // 2) < len(x):
                y[t] += weight[:, :, tap] @ x[source]
    assert y.shape == (len(x), n_out)
    return y


def word_finder(word: npt.NDArray[np.uint8], distance_bp: int, config: ModelConfig) -> Transformer:
    """A network of one layer and one head that says "TSS" `distance_bp` downstream of the centre of a word, only there.

    The convolution of v counts the letters that match (as many as it is wide) and takes away a half less than all, so
    that it is positive at the word alone; the position term makes every base look exactly `distance_bp` upstream.
    """
    assert (config.n_layers, config.n_heads, config.conv_width_bp) == (1, 1, len(word))
    model = Transformer(config).eval()
    layer = model.layers[0]
    assert isinstance(layer, AttentionLayer)
    D, K = config.d_model, config.d_head
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.embedding[:, :4] = torch.eye(4) / math.sqrt(D)
        layer.norm.weight.fill_(1)
        value = layer.qkv.weight.view(3, K, D)[2]
        value[:4, :4] = torch.eye(4)
        for tap, code in enumerate(word):
            layer.conv_v.weight[0, int(code), tap] = 1
        layer.conv_v.bias[0] = 0.5 - len(word)
        layer.out.weight[5, 0] = 100
        pos = torch.from_numpy(_pos(np.array([distance_bp]), D)[0])
        layer.relative.weight[0] = pos  # R pos(d) = pos(distance) . pos(d), largest at d = distance
        model.position_bias[0, 0] = 300 * math.sqrt(K)
        model.output.weight[1, 5] = 10
    return model


def letter_seeker(letter: int, config: ModelConfig, score: float = 200) -> Transformer:
    """A network of one layer whose every base attends to one letter alone, which has this score and all others 0.

    Where the letter is out of sight, all visible bases get the same attention.
    """
    model = random_network(config, seed=5)
    layer = model.layers[0]
    assert isinstance(layer, AttentionLayer)
    D, K = config.d_model, config.d_head
    with torch.no_grad():
        model.embedding.zero_()
        model.embedding[:, :4] = torch.eye(4) / math.sqrt(D)
        for parameter in (model.position_bias, layer.conv_q.weight, layer.conv_q.bias, layer.conv_k.weight):
            parameter.zero_()
        model.content_bias.zero_()
        model.content_bias[:, 0] = score * math.sqrt(K)
        key = layer.qkv.weight.view(3, config.n_heads, K, D)[1]
        key.zero_()
        key[:, 0, letter] = 1
        layer.conv_k.weight[0, 0, config.conv_width_bp // 2] = 1
    return model


def word_attender(word: npt.NDArray[np.uint8], distance_bp: int, config: ModelConfig) -> Transformer:
    """A network whose attention is known: head L1H1 looks at a word, best `distance_bp` upstream; for planted motifs.

    The convolution of the keys counts the letters that match the word (6 letters, at taps 0 to 5 of 7): the attended
    base is the fourth letter of the word, the word is [base - 3, base + 3) on its strand. Each match adds 5 to a score,
    and the position term adds up to 8, highest at `distance_bp` upstream. So a base that has the word there gives it
    0.97 of its attention or more, even in a random sequence; a word elsewhere in sight takes the attention where none
    is at the distance; and where there is none at all, the mean over many bases is highest at the distance.

    Head L1H2 looks exactly `distance_bp` upstream, whatever is there, and makes the network say "TSS" (0.99) where
    that is the fourth letter of the word, and 0.01 elsewhere. All other heads look at all bases alike. The base that
    answers is `label_shift_bp` upstream of the network position: as a TSS offset, the attended base is at
    ``label_shift_bp - distance_bp``.

    Use: ``word_attender(codes_of("TATAAT"), 30, ModelConfig(n_layers=1, n_heads=2, attention_window_bp=100))``; more
    layers and heads may be there. Put it into ``Checkpoint(model, Metadata("planted"), sha256="0" * 64)``, or save it
    with `tracktools.model.checkpoint.save_checkpoint`.
    """
    assert config.n_heads >= 2
    assert (config.conv_width_bp, len(word)) == (7, 6)
    model = Transformer(config).eval()
    layer = model.layers[0]
    assert isinstance(layer, AttentionLayer)
    H, K, D = config.n_heads, config.d_head, config.d_model
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "norm.weight" in name else 0.0)
        model.embedding[:, :4] = torch.eye(4) / math.sqrt(D)
        _, key, value = layer.qkv.weight.view(3, H, K, D)
        key[0, :4, :4] = value[1, :4, :4] = torch.eye(4)
        for tap, code in enumerate(word):
            layer.conv_k.weight[0, int(code), tap] = layer.conv_v.weight[0, int(code), tap] = 1
        layer.conv_v.bias[0] = 0.5 - len(word)
        layer.out.weight[5, K] = 100
        model.content_bias[0, 0] = 5 * math.sqrt(K)
        pos = torch.from_numpy(_pos(np.array([distance_bp]), D)[0])
        relative = layer.relative.weight.view(H, K, D)
        relative[0, 0] = relative[1, 0] = pos
        model.position_bias[:2, 0] = torch.tensor([16 / D, 300]) * math.sqrt(K)
        model.output.weight[1, 5] = 1
    return model
