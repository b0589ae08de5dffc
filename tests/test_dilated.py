"""The convolutional network: its equations, its reach, and its engine over windows of every length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch

from dilated_networks import SMALL, exact_probabilities, random_codes, random_dilated
from tracktools.config import RECIPES, DilatedConfig
from tracktools.engine import Window
from tracktools.engine.dilated_engine import TILE, DilatedEngine
from tracktools.engine.trial import dilated_probabilities
from tracktools.errors import CheckpointError
from tracktools.formats.bed import BED6, write_bed
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Metadata, load_checkpoint, save_checkpoint
from tracktools.model.dilated import Dilated, DilatedLayer
from tracktools.model.golden import make_golden, verify_golden
from tracktools.model.parameters import parameters_of
from tracktools.train import train_model
from trainings import QUICK, circular_genome, split_of

HALO = 2 + 1 + 4 + 2


def literal_probabilities(model: Dilated, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The equations of `tracktools.model.dilated`, tap by tap, in float64."""
    letters = np.vstack([np.eye(4), np.full(4, 0.25)])[codes]  # (L, 4)
    x = _gelu(_literal_convolution(letters, model.stem, 1))
    for layer, dilation in zip(model.layers, model.config.dilations_bp, strict=True):
        assert isinstance(layer, DilatedLayer)
        inside = _gelu(_literal_convolution(x, layer.conv, dilation))
        x = x + _literal_convolution(inside, layer.mix, 1)
    logits = x @ model.output.weight.detach().double().numpy().T + model.output.bias.detach().double().numpy()
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))


def _gelu(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return x * 0.5 * (1 + torch.erf(torch.from_numpy(x) / 2**0.5).numpy())


def _literal_convolution(x: npt.NDArray[np.float64], conv: torch.nn.Conv1d, dilation: int) -> npt.NDArray[np.float64]:
    weight = conv.weight.detach().double().numpy()
    assert conv.bias is not None
    y = np.tile(conv.bias.detach().double().numpy(), (len(x), 1))
    width = weight.shape[2]
    for t in range(len(x)):
        for tap in range(width):
            if 0 <= (source := t + (tap - width // 2) * dilation) < len(x):
                y[t] += weight[:, :, tap] @ x[source]
    return y


@pytest.mark.parametrize("length", [1, 2, 3, 9, 70])
def test_forward_and_engine_are_the_equations(length: int) -> None:
    model, codes = random_dilated(), random_codes(length)
    expected = literal_probabilities(model, codes)
    found = DilatedEngine(model).probabilities(codes, 0, length)
    assert np.abs(found - expected).max() < 1e-6
    assert np.abs(exact_probabilities(model, codes) - expected).max() < 1e-12
    assert np.abs(dilated_probabilities(parameters_of(model), codes) - expected).max() < 1e-12


def test_the_reach_is_what_the_configuration_says() -> None:
    assert SMALL.halo_upstream_bp == SMALL.halo_downstream_bp == HALO
    model, codes = random_dilated(), random_codes(61)
    before = DilatedEngine(model).probabilities(codes, 0, 61)
    for moved in (12, 40):
        changed = codes.copy()
        changed[moved] = (changed[moved] + 1) % 4
        differs = np.flatnonzero(DilatedEngine(model).probabilities(changed, 0, 61) != before)
        assert (differs.min(), differs.max()) == (moved - HALO, moved + HALO)


def test_a_long_window_is_the_same_in_parts_and_from_any_tile() -> None:
    model, codes = random_dilated(), random_codes(10_000)
    engine = DilatedEngine(model)
    whole = engine.probabilities(codes, 0, len(codes))
    expected = model(torch.from_numpy(codes)[None].long()).sigmoid()[0].detach().numpy()
    assert np.abs(whole - expected).max() < 1e-6
    start = 17 * TILE
    shifted = engine.probabilities(codes[start:8001], 300, 6000)
    assert np.array_equal(shifted, whole[start + 300 : start + 6000])


@pytest.mark.parametrize("threads", [1, 3])
def test_windows_see_nothing_of_each_other(threads: int) -> None:
    model = random_dilated()
    windows = [Window(random_codes(n, seed=n), n // 3, n) for n in (1, 5, 130, 4096, 400, 9001, 2)]
    alone = [DilatedEngine(model).probabilities(*window) for window in windows]
    together = DilatedEngine(model, threads=threads).probabilities_many(windows)
    assert [len(values) for values in together] == [w.last - w.first for w in windows]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def test_nothing_asked_gives_nothing() -> None:
    assert DilatedEngine(random_dilated()).probabilities(random_codes(9), 4, 4).shape == (0,)


def test_a_checkpoint_keeps_architecture_weights_and_golden_answers(tmp_path: Path) -> None:
    model = random_dilated()
    path = tmp_path / "dilated.safetensors"
    save_checkpoint(path, model, Metadata("small", golden=make_golden(model, "ACGTNACGTTTGACA")))
    loaded = load_checkpoint(path)
    assert loaded.model.config == SMALL
    assert verify_golden(loaded) < 1e-6
    data = path.read_bytes()
    path.write_bytes(data.replace(b"dilations_bp", b"dilutions_bp"))
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint(path)


def test_its_recipe_leaves_room_for_its_reach() -> None:
    assert RECIPES["dilated"].lead_bp >= DilatedConfig().halo_upstream_bp


def test_it_learns_a_planted_word_on_both_strands(tmp_path: Path) -> None:
    genome = circular_genome(6007)
    word, letters = np.frombuffer(b"TATAATGC", dtype=np.uint8), genome.contigs[0].letters.copy()
    rows = []
    for n, at in enumerate(range(40, 5900, 41)):
        planted = word if n % 2 else np.frombuffer(b"GCATTATA", dtype=np.uint8)  # on "+", or its reverse complement
        letters[at : at + len(word)] = planted
        tss = at + 12 if n % 2 else at - 5
        rows.append(("chr", tss, tss + 1, f"t{n}", 0, "+" if n % 2 else "-"))
    genome = Genome("g", (Contig("chr", letters, circular=True),))
    tss_bed = tmp_path / "tss.bed"
    write_bed(tss_bed, pd.DataFrame(rows, columns=list(BED6.columns)), BED6)
    config = DilatedConfig(n_channels=12, stem_width_bp=9, dilations_bp=(1, 2, 4))
    recipe = replace(QUICK, steps=200, learning_rate=1e-2, lead_bp=20, focal_gamma=0.0, dropout=0.0, masked_share=0.0)
    trained = train_model(
        genome, {"t": tss_bed}, tmp_path / "m", split=split_of(genome), name="m", config=recipe, model_config=config
    )
    assert load_checkpoint(trained.checkpoint).model.config == config
    assert trained.validation["average_precision"] > 0.9
