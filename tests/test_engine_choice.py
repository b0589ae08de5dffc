"""The fastest engine that serves is chosen; one that does not is refused, or passed over, with the reason."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dilated_networks import SMALL as SMALL_DILATED
from dilated_networks import random_dilated
from networks import SMALL, random_network
from tracktools.cli.info import info
from tracktools.config import ModelConfig
from tracktools.engine import Engine, choice, describe_engines, make_engine, trial
from tracktools.engine.native import library
from tracktools.engine.native.library import usable_kernels
from tracktools.engine.trial import error_in_a_trial
from tracktools.errors import ConfigError
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import Parameters, parameters_of
from tracktools.model.transformer import Transformer

WIDE = ModelConfig(n_layers=1, n_heads=2, d_model=48, d_head=16, conv_width_bp=3, attention_window_bp=20)

needs_native = pytest.mark.skipif(not usable_kernels(), reason="no native engine here: `tracktools info` says why")


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after an installation where there was no compiler."""
    monkeypatch.setattr(library, "LIBRARY_PATH", Path("not_compiled.so"))
    library.load.cache_clear()
    yield
    monkeypatch.undo()
    library.load.cache_clear()


@needs_native
@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_auto_takes_the_fastest_of_the_precision_asked_for(precision: str) -> None:
    engine = make_engine("auto", random_network(SMALL), precision=precision, device="cpu")
    best = next(kernel for kernel in usable_kernels() if precision == "fast" or kernel.precision == "exact")
    assert (engine.name, engine.instruction_set, engine.precision) == ("native", best.name, best.precision)


def test_torch_serves_where_nothing_was_compiled(without_library: None, caplog: pytest.LogCaptureFixture) -> None:
    model = random_network(SMALL)
    assert make_engine("auto", model, device="cpu").name == "torch"
    with pytest.raises(ConfigError, match="not compiled"):
        make_engine("native", model, device="cpu")
    with caplog.at_level(logging.WARNING):
        assert make_engine("auto", model, precision="fast", device="cpu").precision == "exact"
    assert "no engine here is faster" in caplog.text
    native = [row for row in describe_engines() if row.engine == "native"]
    assert native
    assert not any(row.usable for row in native)
    assert all("not compiled" in row.reason for row in native)


def test_a_network_too_wide_for_the_library_runs_on_torch() -> None:
    model = random_network(WIDE)
    assert make_engine("auto", model, device="cpu").name == "torch"
    with pytest.raises(ConfigError, match="cannot run"):
        make_engine("native", model, device="cpu")


@needs_native
def test_an_engine_that_strays_is_not_used(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    # a network at gain 3 is chaotic: float32 and bfloat16 cannot agree on it
    model = random_network(ModelConfig(), gain=3)
    with caplog.at_level(logging.WARNING):
        engine = make_engine("auto", model, precision="fast", device="cpu")
    assert engine.precision == "exact"
    assert "is not used" in caplog.text or not any(kernel.precision == "fast" for kernel in usable_kernels())


@pytest.mark.parametrize(("name", "device"), [("fastest", "cpu"), ("torch", "cuda:99"), ("torch", "abacus")])
def test_what_is_not_there_is_refused_in_one_line(name: str, device: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_engine(name, random_network(SMALL), device=device)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not usable_kernels("dilated"), reason="no native engine here")
@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_the_convolutional_network_runs_natively(precision: str) -> None:
    model = random_dilated(gain=0.7)
    best = next(kernel for kernel in usable_kernels("dilated") if precision == "fast" or kernel.precision == "exact")
    for given in (model, parameters_of(model)):
        engine = make_engine("auto", given, precision=precision, device="auto")
        assert (engine.name, engine.instruction_set, engine.precision) == ("native", best.name, best.precision)
    assert make_engine("torch", parameters_of(model)).name == "torch"


def test_a_convolution_of_even_width_is_refused_by_the_native_engine() -> None:
    with pytest.raises(ConfigError, match="odd widths"):
        make_engine("native", Parameters(replace(SMALL_DILATED, stem_width_bp=4), {}))


@pytest.mark.parametrize("model", [random_network(SMALL), random_dilated()], ids=["transformer", "dilated"])
def test_torch_may_be_forbidden_to_step_in(
    without_library: None, monkeypatch: pytest.MonkeyPatch, model: Transformer | Dilated
) -> None:
    monkeypatch.setenv("TRACKTOOLS_REQUIRE_NATIVE", "1")
    with pytest.raises(ConfigError, match=r"torch would replace the native engine.*not compiled"):
        make_engine("auto", model)
    assert make_engine("torch", model).name == "torch"  # who asks for it gets it


@pytest.fixture
def other_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "layer.hpp").write_text("// as a later version has it")
    monkeypatch.setattr(library, "SOURCES", tmp_path)
    library.load.cache_clear()
    yield
    monkeypatch.undo()
    library.load.cache_clear()


@pytest.mark.skipif(not usable_kernels("dilated"), reason="no native engine here")
def test_a_library_of_other_sources_is_not_called(other_sources: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert make_engine("auto", random_dilated()).name == "torch"
    assert "compiled from other sources" in caplog.text
    with pytest.raises(ConfigError, match="compiled from other sources"):
        make_engine("native", random_dilated())


def test_an_engine_keeps_the_weights_that_it_was_made_with() -> None:
    model, codes = random_network(SMALL), np.arange(50, dtype=np.uint8) % 5
    engines = [make_engine(name, model, device="cpu") for name in ("auto", "torch")]
    before = [engine.probabilities(codes, 0, 50) for engine in engines]
    for parameter in model.parameters():
        parameter.data.zero_()
    for engine, answer in zip(engines, before, strict=True):
        np.testing.assert_array_equal(engine.probabilities(codes, 0, 50), answer)


def test_info_names_every_engine() -> None:
    result = CliRunner().invoke(info)
    assert result.exit_code == 0, result.output
    for row in describe_engines():
        assert f"{row.engine}\t{row.instruction_set}\t{row.precision}" in result.output
    chosen = make_engine("auto", random_dilated(gain=0.7), device="auto")
    assert f"--engine auto takes {chosen.name} {chosen.instruction_set}" in result.output
    assert choice.ENGINES[0] == "auto"


def test_a_gpu_is_taken_before_the_processor() -> None:
    rows = [
        choice.EngineStatus(name, kind, "exact", True, "") for name, kind in (("native", "avx2"), ("torch", "cuda"))
    ]
    assert choice.automatic_engine(rows, "exact").instruction_set == "cuda"
    assert choice.automatic_engine(rows[:1], "fast").instruction_set == "avx2"


@pytest.mark.skipif(not usable_kernels("dilated"), reason="no native engine here")
def test_a_trial_is_held_once_for_a_library_processor_network_and_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACKTOOLS_CACHE", str(tmp_path / "cache"))
    held: list[str] = []

    def counted(engine: Engine, parameters: Parameters) -> float:
        held.append(engine.instruction_set)
        return error_in_a_trial(engine, parameters)

    monkeypatch.setattr(trial, "error_in_a_trial", counted)
    for seed in (1, 1, 2):
        assert make_engine("auto", random_dilated(gain=0.7, seed=seed)).name == "native"
    assert len(held) == 2
    monkeypatch.setattr(trial, "processor_name", lambda: "another")
    make_engine("auto", random_dilated(gain=0.7))
    assert len(held) == 3
    for kept in (tmp_path / "cache" / "trials").iterdir():
        kept.write_text("torn")
    make_engine("auto", random_dilated(gain=0.7))
    assert len(held) == 4
    monkeypatch.setenv("TRACKTOOLS_CACHE", "/dev/null/nowhere")
    assert make_engine("auto", random_dilated(gain=0.7)).name == "native"
