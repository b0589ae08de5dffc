"""The public face: what a notebook imports from ``tracktools``."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tracktools
from runs import GENOME, SMALL, checkpoint_of, settings_of
from tracktools.concise import MOST_CHARACTERS
from tracktools.genome import Contig, Genome
from tracktools.interval import Interval

PUBLIC = {name: getattr(tracktools, name) for name in tracktools.__all__}
FUNCTIONS = {name: item for name, item in PUBLIC.items() if inspect.isfunction(item)}
CLASSES = {name: item for name, item in PUBLIC.items() if inspect.isclass(item)}


def classes_in(annotation: object) -> Iterator[type]:
    """The classes that an annotation names, at any depth."""
    if inspect.isclass(annotation) and not typing.get_args(annotation):
        yield annotation
    for part in typing.get_args(annotation):
        yield from classes_in(part)


def own_classes(function: Any) -> set[type]:
    places = vars(sys.modules[function.__module__]) | PUBLIC | {"Figure": object, "Network": object}
    hints = typing.get_type_hints(function, places)
    return {kind for hint in hints.values() for kind in classes_in(hint) if kind.__module__.startswith("tracktools")}


def members() -> dict[str, Any]:
    """Public methods and properties of the public classes."""
    found = {}
    for name, kind in CLASSES.items():
        for key, item in vars(kind).items():
            function = getattr(item, "fget", None) or getattr(item, "func", None) or getattr(item, "__func__", item)
            if not key.startswith("_") and inspect.isfunction(function):
                found[f"{name}.{key}"] = function
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_type_of_a_public_function_is_public(name: str) -> None:
    assert own_classes(FUNCTIONS[name]) <= set(CLASSES.values())


def test_every_type_that_a_result_or_a_setting_holds_is_public() -> None:
    """Of what public functions take and return."""
    named = {kind for function in FUNCTIONS.values() for kind in own_classes(function) if "__init__" in vars(kind)}
    assert len(named) > 40
    for kind in named:
        assert own_classes(kind.__init__) <= set(CLASSES.values()), kind


def test_every_type_of_a_public_method_is_public() -> None:
    for name, function in members().items():
        assert own_classes(function) <= set(CLASSES.values()), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_where_a_path_is_taken_a_str_is_too_and_the_other_way_round(name: str) -> None:
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        text = str(parameter.annotation)
        assert ("Path" in text) <= ("str" in text), parameter


@pytest.mark.parametrize("name", FUNCTIONS)
def test_where_a_genome_a_model_or_a_chain_is_taken_its_file_is_too(name: str) -> None:
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        words = str(parameter.annotation).replace("|", " ").split()
        if {"Genome", "Checkpoint", "Chain"} & set(words):
            assert {"Path", "str"} <= set(words), parameter


def test_importing_the_package_imports_nothing_large() -> None:
    code = "import sys, tracktools; assert not {'torch', 'numpy', 'pandas'} & set(sys.modules); dir(tracktools)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        tracktools.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    "name", sorted({n for n in CLASSES if dataclasses.is_dataclass(CLASSES[n])} - {"Checkpoint", "Model"})
)
def test_a_repr_fits_three_lines(name: str) -> None:
    """Whatever the fields hold: tables, arrays and long collections."""
    kind = CLASSES[name]
    made = object.__new__(kind)
    if "concise" not in kind.__repr__.__qualname__:  # a few numbers
        for field in dataclasses.fields(kind):
            object.__setattr__(made, field.name, 1234)
        assert len(repr(made)) <= MOST_CHARACTERS
        return
    large = [
        list(range(9999)),
        "x" * 9999,
        {i: i for i in range(999)},
        np.zeros((99, 99)),
        pd.DataFrame({"a": [1] * 99}),
    ]
    for number, field in enumerate(dataclasses.fields(kind)):
        object.__setattr__(made, field.name, large[number % len(large)])
    assert len(repr(made)) <= MOST_CHARACTERS
    assert "\n" not in repr(made)


def test_a_model_says_who_it_is_in_a_line() -> None:
    text = repr(tracktools.load_model("ecoli-tss-dilated"))
    assert "ecoli-tss-dilated" in text
    assert len(text) <= MOST_CHARACTERS
    genome = Genome("many", tuple(Contig(f"contig{n}", np.zeros(9, np.uint8)) for n in range(999)))
    assert len(repr(genome)) <= MOST_CHARACTERS


def test_a_scorer_lays_its_engine_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracktools.predict import scorer as room

    laid_out = []
    make = room.engine_for
    monkeypatch.setattr(room, "engine_for", lambda *args: laid_out.append(args) or make(*args))
    scorer = tracktools.load_model().scorer(threads=1)
    first, second = (scorer.predict_sequence("TTGACA" + 17 * "C" + "TATAAT" + end * "G") for end in (40, 50))
    assert len(laid_out) == 1
    plain = tracktools.predict_sequence("TTGACA" + 17 * "C" + "TATAAT" + 50 * "G")
    assert np.array_equal(second.plus, plain.plus)
    assert np.array_equal(second.minus, plain.minus)
    assert len(first.plus) == 69


@pytest.fixture(scope="module")
def prediction(tmp_path_factory: pytest.TempPathFactory) -> tracktools.Prediction:
    out = tmp_path_factory.mktemp("public") / "out"
    return tracktools.predict_genome(GENOME, out, model=checkpoint_of(), config=settings_of())


def test_a_prediction_gives_its_signal_with_nan_where_unscored(prediction: tracktools.Prediction) -> None:
    plus, minus = (prediction.signal("linear", strand) for strand in ("+", "-"))
    assert plus.shape == minus.shape == (1_777,)
    shift = SMALL.label_shift_bp
    assert np.isnan(plus[-shift:]).all()
    assert np.isnan(minus[:shift]).all()
    unknown = ~np.isin(GENOME["linear"].letters, np.frombuffer(b"ACGTacgt", np.uint8))
    assert np.array_equal(np.isnan(plus[:-shift]), unknown[:-shift])
    assert np.array_equal(prediction.signal("linear", "-", 100, 150), minus[100:150], equal_nan=True)
    scored = tracktools.predict_sequence(GENOME["linear"].letters, model=checkpoint_of(), config=settings_of())
    assert np.array_equal(scored.plus, plus, equal_nan=True)
    assert np.array_equal(scored.minus, minus, equal_nan=True)


def test_a_prediction_gives_its_calls(prediction: tracktools.Prediction) -> None:
    calls = prediction.calls()
    assert len(calls) == prediction.n_calls > 20
    for row in calls.itertuples():
        assert prediction.signal(row.chrom, row.strand)[row.chromStart] == pytest.approx(row.modelOutput, abs=1e-6)


def test_a_prediction_is_opened_again(prediction: tracktools.Prediction) -> None:
    assert tracktools.load_prediction(str(prediction.folder)) == prediction


def test_a_prediction_is_drawn(prediction: tracktools.Prediction) -> None:
    figure = prediction.plot("circle:101-400")
    (axes,) = figure.axes
    assert axes.get_xlim() == (100.5, 400.5)
    calls = prediction.calls()
    inside = calls[(calls["chrom"] == "circle") & calls["chromStart"].between(100, 399)]
    drawn = np.concatenate(
        [dots.get_offsets().data for dots in axes.collections if len(dots.get_offsets()) > 1 or True]
    )
    for row in inside.itertuples():
        height = row.modelOutput if row.strand == "+" else -row.modelOutput
        assert (np.abs(drawn - (row.chromStart + 1, height)).max(axis=1) < 1e-6).any()
    assert prediction.plot(Interval("circle", 100, 400)).axes[0].get_xlim() == axes.get_xlim()


@pytest.mark.parametrize(
    "ask",
    [
        lambda made: made.signal("none"),
        lambda made: made.signal("circle", "."),
        lambda made: made.signal("circle", "+", 5, 9_999),
        lambda made: made.plot("circle:1-9999"),
        lambda made: made.plot("circle"),
        lambda made: tracktools.load_prediction(made.folder / "none"),
    ],
)
def test_what_a_prediction_lacks_is_told_in_a_line(prediction: tracktools.Prediction, ask: Any) -> None:
    with pytest.raises(tracktools.TracktoolsError) as error:
        ask(prediction)
    assert "\n" not in str(error.value)


def test_objects_and_files_give_the_same(prediction: tracktools.Prediction, tmp_path: Path) -> None:
    calls = prediction.calls()
    measured = {"m": prediction.called_tss}
    by_file = tracktools.confirm_tss(str(prediction.called_tss), measured, GENOME)
    by_table = tracktools.confirm_tss(calls, {"m": calls}, GENOME)
    pd.testing.assert_frame_equal(by_file.table, by_table.table)
    assert by_file.counts()["confirmed"] == len(calls)
    rows = [tracktools.find_promoters(tss, GENOME).table for tss in (calls, str(prediction.called_tss))]
    pd.testing.assert_frame_equal(*rows)
    hub = tracktools.build_hub([prediction], tmp_path / "hub", genome=GENOME)
    assert [finding for finding in tracktools.check_hub(hub) if finding.level == tracktools.Level.ERROR] == []
