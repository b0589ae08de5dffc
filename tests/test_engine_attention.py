"""Every engine gives the attention of the network of the paper, row by row and reduced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from networks import SMALL, literal_attention, random_network
from tracktools.config import ModelConfig
from tracktools.engine import torch_engine
from tracktools.engine.attention import BINS, RANK_BITS, Observation, Reduction, bin_of
from tracktools.engine.interface import Engine, Window
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import KERNELS, usable_kernels
from tracktools.engine.torch_engine import TorchEngine
from tracktools.model.transformer import Transformer

KERNEL_NAMES = [kernel.name for kernel in usable_kernels() if kernel.precision == "exact"]
ENGINES = ["torch", *KERNEL_NAMES]
CONFIGS = [
    SMALL,
    ModelConfig(n_layers=2, n_heads=2, d_model=8, d_head=6, conv_width_bp=5, attention_window_bp=70),
    ModelConfig(n_layers=1, n_heads=3, d_model=12, d_head=4, conv_width_bp=1, attention_window_bp=1),
    ModelConfig(n_layers=1, n_heads=2, d_model=32, d_head=32, conv_width_bp=7, attention_window_bp=129),
]


def engine_of(name: str, model: Transformer, threads: int = 1) -> Engine:
    if name == "torch":
        return TorchEngine(model, threads=threads)
    (kernel,) = (kernel for kernel in KERNELS if kernel.name == name)
    return NativeEngine(model, kernel=kernel, threads=threads)


def windows_of(seed: int = 0) -> list[Window]:
    codes = np.random.default_rng(seed).integers(0, 5, 700, dtype=np.uint8)
    return [Window(codes, 3, 650), Window(codes[100:300], 150, 199), Window(codes[:64], 0, 64)]


def literal(model: Transformer, windows: list[Window]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Outputs and weights, NaN where nothing is to be seen, of the asked rows of all windows."""
    parts = [[each[w.first : w.last] for each in literal_attention(model, w.codes)] for w in windows]
    return np.concatenate([p for p, _ in parts]), np.concatenate([a for _, a in parts])


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("config", CONFIGS)
def test_weights_and_sums_are_those_of_the_equations(name: str, config: ModelConfig) -> None:
    model, windows, H = random_network(config), windows_of(), config.n_heads
    outputs, attention = literal(model, windows)
    trace = engine_of(name, model).trace(windows)
    np.testing.assert_allclose(np.concatenate(trace.probabilities), outputs, atol=1e-5, rtol=0)
    rows = np.array([0, 5, 40, 300, 646, 647, 660, 696, 759])
    asked = outputs.astype(np.float32)
    asked[::7] = np.nan
    counted = ~np.isnan(asked)
    tracked = np.random.default_rng(1).integers(0, config.attention_window_bp, (config.n_layers, H, 2))
    centres = np.random.default_rng(2).random((config.n_layers, H, config.attention_window_bp), dtype=np.float32) / 10
    reduction = Reduction(asked, centres, np.arange(len(asked)).astype(np.uint16), tracked)
    for layer in range(config.n_layers):
        own = attention[:, layer * H : (layer + 1) * H]
        expected = np.nan_to_num(own)
        seen = trace.observe(layer, rows, reduction)
        np.testing.assert_allclose(seen.weights, expected[rows], atol=2e-6, rtol=1e-5)
        assert trace.observe(layer, rows).weights.tobytes() == seen.weights.tobytes()
        sums = seen.sums
        assert sums is not None
        few = {"rtol": 1e-5, "atol": 1e-6}
        np.testing.assert_allclose(sums.total, expected[counted].sum(axis=0), **few)
        centred = np.nan_to_num(own - centres[layer])[counted]
        np.testing.assert_allclose(sums.squares, (centred**2).sum(axis=0), **few)
        np.testing.assert_allclose(sums.largest, expected[counted].max(axis=0), **few)
        np.testing.assert_allclose(sums.with_output, np.einsum("nhw,n->hw", centred, asked[counted]), **few)
        assert ((sums.histogram >> RANK_BITS).sum(axis=-1) == (~np.isnan(own[counted])).sum(axis=0)).all()
        followed = np.take_along_axis(expected, tracked[None, layer], axis=2)
        np.testing.assert_allclose(sums.tracked[counted], followed[counted], atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ENGINES)
def test_streaming_sums_equal_those_over_stored_attention(name: str) -> None:
    model, windows = random_network(CONFIGS[3]), windows_of(2)
    trace = engine_of(name, model).trace(windows)
    outputs = np.concatenate(trace.probabilities)
    ranks = np.random.default_rng(0).integers(0, 1 << 16, len(outputs)).astype(np.uint16)
    centres = np.zeros((1, 2, 129), dtype=np.float32)
    reduction = Reduction(outputs, centres, ranks, np.zeros((1, 2, 0), dtype=np.int64))
    seen = trace.observe(0, np.arange(len(outputs)), reduction)
    weights, sums = seen.weights.astype(np.float64), seen.sums
    assert sums is not None
    np.testing.assert_allclose(sums.total, weights.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(sums.with_output, np.einsum("nhw,n->hw", weights, outputs), rtol=1e-6)
    np.testing.assert_allclose(sums.squares, (weights**2).sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(sums.largest, weights.max(axis=0), rtol=1e-6)
    expected = np.zeros_like(sums.histogram)
    sees = np.concatenate([np.arange(w.first, w.last) for w in windows])
    n, head, distance = np.nonzero(np.broadcast_to(np.arange(129) <= sees[:, None, None], weights.shape))
    cells = head, distance, bin_of(seen.weights)[n, head, distance]
    np.add.at(expected, cells, ranks.astype(np.int64)[n] | 1 << RANK_BITS)
    off = np.abs((expected >> RANK_BITS) - (sums.histogram >> RANK_BITS)).sum()
    assert off <= 1e-4 * expected.size / BINS * len(outputs)  # a weight on the border of two bins may round to either
    assert expected.sum() == sums.histogram.sum()


@pytest.mark.parametrize("name", ENGINES)
def test_threads_change_nothing_but_rounding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "LEAST_PART_BP", 150)
    model, windows = random_network(SMALL), windows_of(3)

    def observe(threads: int) -> Observation:
        trace = engine_of(name, model, threads).trace(windows)
        outputs = np.concatenate(trace.probabilities)
        ranks, centres = np.zeros(len(outputs), dtype=np.uint16), np.full((2, 3, 11), 0.1, dtype=np.float32)
        reduction = Reduction(outputs, centres, ranks, np.zeros((2, 3, 1), dtype=np.int64))
        return trace.observe(1, np.arange(0, len(outputs), 11), reduction)

    one, three = observe(1), observe(3)
    assert one.weights.tobytes() == three.weights.tobytes()
    assert one.sums is not None
    assert three.sums is not None
    for own, other in zip(one.sums, three.sums, strict=True):
        if name == "torch":
            np.testing.assert_allclose(own, other, rtol=1e-6, atol=2e-6)
        else:
            assert own.tobytes() == other.tobytes()


@pytest.mark.skipif(not KERNEL_NAMES, reason="no native engine here")
def test_a_kernel_that_cannot_observe_has_another_do_it() -> None:
    model, windows, rows = random_network(SMALL), windows_of(4), np.arange(0, 700, 31)
    chosen = next(kernel for kernel in usable_kernels() if kernel.observes)
    own, other = (
        NativeEngine(model, kernel=kernel, threads=1).trace(windows).observe(1, rows)
        for kernel in (chosen, chosen._replace(observes=False))
    )
    assert own.weights.tobytes() == other.weights.tobytes()


def test_bins_are_eighths_of_an_octave() -> None:
    weights = np.float32([0, 1e-30, 2.0**-64, 2.0**-63, 0.5, 1 - 1e-7, 1])
    assert bin_of(weights).tolist() == [0, 0, 1, 9, BINS - 9, BINS - 2, BINS - 1]
