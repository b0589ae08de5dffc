"""Where a genome without known TSS is cut, and how many calls are expected to be right."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runs import GENOME, checkpoint_of, settings_of
from tracktools.formats.bed import read_bed
from tracktools.model.checkpoint import Checkpoint
from tracktools.predict import Shard, merge_shards, predict_genome, predict_shard
from tracktools.predict.calling import expectation
from tracktools.predict.expected import Expected
from tracktools.tracks import read_provenance

MAP = {"output": [0.1, 0.5, 0.9], "precision": [0.1, 0.5, 0.9], "low": [0.0, 0.4, 0.8], "high": [0.3, 0.6, 1.0],
       "target": 0.6}  # fmt: skip


def abroad(target: float, *, known: bool = False) -> Checkpoint:
    """A model with expectations, whose outputs lie about one half; by default it has no TSS of the genome."""
    model = checkpoint_of()
    rise = {"output": [0.3, 1.0], "precision": [0.3, 1.0], "low": [0.2, 0.9], "high": [0.4, 1.0], "target": target}
    metadata = replace(model.metadata, expected_precision=rise, split=model.metadata.split if known else [])
    return replace(model, metadata=metadata)


def test_the_cut_is_the_lowest_that_reaches_the_target_together() -> None:
    expected = Expected.from_record(MAP)
    heights = np.array([0.9, 0.7, 0.5, 0.5, 0.3, 0.2])  # together .9, .8, .7 -> .65 (both of 0.5), .58, .517
    assert expected.cut(heights) == 0.5
    assert expected.cut(heights[::-1]) == 0.5
    assert expected.cut(np.array([0.9, 0.3, 0.3])) == 0.9  # one of two equal heights would do; both would not
    assert expected.cut(np.array([0.5, 0.3])) == np.inf
    assert expected.cut(np.array([])) == np.inf


def test_precision_is_read_between_the_outputs_of_the_map() -> None:
    middle, low, high = Expected.from_record(MAP).of(np.array([0.3, 0.99]))
    assert middle == pytest.approx([0.3, 0.9])
    assert low == pytest.approx([0.2, 0.8])
    assert high == pytest.approx([0.45, 1.0])


def test_what_is_expected_of_some_calls_is_not_said_of_all(tmp_path: Path) -> None:
    made = predict_genome(GENOME, tmp_path / "few", model=abroad(0.9), config=settings_of())
    table, _ = read_bed(made.called_tss)
    columns = [name for name in table if name.startswith("expectedPrecision")]
    table.loc[table.index[1:], columns] = np.nan
    assert "% of the 1 highest expected to be right" in expectation(table)


def test_calls_abroad_are_cut_by_the_target_and_say_what_to_expect(tmp_path: Path) -> None:
    few = predict_genome(GENOME, tmp_path / "few", model=abroad(0.905), config=settings_of())
    many = predict_genome(GENOME, tmp_path / "many", model=abroad(0.9), config=settings_of())
    table, _ = read_bed(few.called_tss)
    assert 0 < few.n_calls < many.n_calls
    assert table["expectedPrecision"].astype(float).mean() == pytest.approx(0.905, abs=0.003)
    np.testing.assert_allclose(
        table["expectedPrecision"].astype(float), table["modelOutput"].astype(float).clip(0.3, 1.0), atol=1e-5
    )
    assert (table["expectedPrecisionLow"].astype(float) < table["expectedPrecision"].astype(float)).all()
    assert table["calibrated"].astype(float).isna().all()
    assert re.match(r"; (90|91)% of them expected to be right within 5 bp \(\d+% to \d+%: ", expectation(table))
    cut = read_provenance(few.folder)["parameters"]["called_at"]
    assert cut == pytest.approx(table["modelOutput"].astype(float).min(), abs=1e-5)
    head = few.called_tss.read_text().split("chr")[0]
    said = table[["expectedPrecision", "expectedPrecisionLow", "expectedPrecisionHigh"]].astype(float).mean()
    precision, low, high = (f"{value:.0%}" for value in said)
    assert f"called at {cut:.4g}; {precision} of them expected to be right within 5 bp ({low} to {high}:" in head


def test_a_genome_that_the_model_knows_keeps_its_threshold_and_calibration(tmp_path: Path) -> None:
    made = predict_genome(GENOME, tmp_path / "known", model=abroad(0.9, known=True), config=settings_of())
    plain = predict_genome(GENOME, tmp_path / "plain", model=checkpoint_of(), config=settings_of())
    assert made.called_tss.read_bytes() == plain.called_tss.read_bytes()
    assert read_bed(made.called_tss)[0]["expectedPrecision"].astype(float).isna().all()


def test_where_nothing_reaches_the_target_nothing_is_called_and_it_is_said(tmp_path: Path) -> None:
    made = predict_genome(GENOME, tmp_path / "none", model=abroad(0.999), config=settings_of())
    assert made.n_calls == 0
    assert "nothing is called" in " ".join(read_provenance(made.folder)["warnings"])
    assert "nothing is called" in made.called_tss.read_text()
    assert "--top 100" in made.called_tss.read_text()


def test_shards_are_cut_as_the_whole(tmp_path: Path) -> None:
    model = abroad(0.905)
    for number in (1, 2):
        predict_shard(GENOME, tmp_path / f"s{number}", Shard(number, 2), model=model, config=settings_of())
    merged = merge_shards([tmp_path / "s1", tmp_path / "s2"], tmp_path / "merged")
    whole = predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of())
    assert merged.called_tss.read_bytes() == whole.called_tss.read_bytes()
