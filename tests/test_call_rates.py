"""What is expected of calls by how many of a genome are as high: learnt, read, and counted in a sample."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from runs import GENOME, NEAR_MODELS, checkpoint_of, letters, settings_of
from tracktools.calls import call_positions
from tracktools.engine import Engine, make_engine, sample
from tracktools.engine.sample import SampledCalls, call_sample, outputs_along, sampled_calls
from tracktools.formats.bed import read_bed
from tracktools.genome import COMPLEMENT_OF_CODE, Contig, Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.scoring import Scoring
from tracktools.predict import Shard, merge_shards, predict_genome, predict_sequence, predict_shard, read_selection
from tracktools.predict.call_rates import FLOOR, LEAST_KB, RATES, CallRates, HeldOut, learn_call_rates
from tracktools.predict.run_model import RunModel
from tracktools.tracks import read_provenance

LOG_ODDS = (-1.0, -0.8, -2.0)
OUTPUTS = tuple(np.linspace(0.6, 0.1, len(RATES)).round(3))


def record_of(**changed: object) -> dict[str, object]:
    curve = {"log_odds": list(LOG_ODDS), "spread": 1.0, "outputs": list(OUTPUTS)}
    worse = {**curve, "log_odds": [-2.0, *LOG_ODDS[1:]]}
    return {"rates": list(RATES), "with_genes": curve, "without_genes": worse, "gc": [0.4, 0.6], "target": 0.5,
            **changed}  # fmt: skip


def share(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def curve(rate: float, gc: float) -> float:
    start, by_rate, by_gc = LOG_ODDS
    return start + by_rate * np.log(rate) + by_gc * (gc - 0.5)


def held_out(species: str, gc: float, shift: float = 0.0, n: int = 40_000) -> HeldOut:
    """Calls that are right as often as the curve says, or by a shift of its log-odds more often; any outputs."""
    rng, kb = np.random.default_rng(len(species)), n / RATES[-1]
    rates = np.arange(1, n + 1) / kb
    right = rng.random(n) < 1 / (1 + np.exp(-curve(np.maximum(rates, 0.05), gc) - shift))
    order = rng.permutation(n)
    return HeldOut(species, np.linspace(0.9, 0.03, n)[order], right[order], kb, gc)


def test_the_curve_by_which_calls_are_right_is_found() -> None:
    rows = [held_out("a", 0.4), held_out("bb", 0.5), held_out("ccc", 0.65), held_out("ccc", 0.65)]
    learnt = learn_call_rates(rows, rows, target=0.5)
    assert json.loads(json.dumps(learnt)) == learnt
    start, by_rate, by_gc = learnt["with_genes"]["log_odds"]
    assert (start, by_rate) == pytest.approx(LOG_ODDS[:2], abs=0.05)
    assert -1.5 < by_gc < -0.4  # -2, drawn to 0 as three species say little of it
    assert learnt["gc"] == [0.4, 0.65]
    assert learnt["with_genes"]["outputs"] == pytest.approx(np.interp(RATES, [0, RATES[-1]], [0.9, 0.03]), abs=0.01)


def test_the_interval_is_the_spread_of_species_that_were_not_known() -> None:
    alike = [held_out("a", 0.5), held_out("bb", 0.5), held_out("ccc", 0.5)]
    unlike = [held_out("a", 0.5, -1.0), held_out("bb", 0.5), held_out("ccc", 0.5, 1.0)]
    narrow, wide = (learn_call_rates(rows, rows, target=0.5)["with_genes"]["spread"] for rows in (alike, unlike))
    assert narrow < 0.3
    assert 2.5 < wide < 5  # a species 1.5 away from the others, twice, and one at 0; times 2.8


def test_a_genome_is_expected_to_be_right_by_its_own_calls_per_kb() -> None:
    outputs = np.linspace(0.8, FLOOR, 2_000)  # in 1,000 kb: two calls a kb
    expected = CallRates.from_record(record_of()).on(outputs, 1_000, 0.5, genes=True)
    for rate in (0.2, 0.8):
        output = outputs[round(rate * 1_000) - 1]
        middle, low, high = (float(value[0]) for value in expected.of(np.array([output])))
        assert middle == pytest.approx(share(curve(rate, 0.5)), abs=0.01)
        assert low == pytest.approx(share(curve(rate, 0.5) - 1), abs=0.01)
        assert high == pytest.approx(share(curve(rate, 0.5) + 1), abs=0.01)
    assert expected.floor == pytest.approx(outputs[round(RATES[-1] * 1_000) - 1], abs=1e-3)
    assert expected.target == 0.5


def test_the_same_share_of_calls_is_expected_whatever_the_outputs() -> None:
    """What shifts all outputs of a genome, such as its composition, changes nothing."""
    rates = CallRates.from_record(record_of())
    outputs = np.linspace(0.8, 0.1, 1_500)
    calls = []
    for one in (outputs, outputs / 4):
        expected = rates.on(one, 1_000, 0.5, genes=True)
        assert expected.called_at == pytest.approx(expected.cut(one), rel=0.005)
        calls.append(int((one >= expected.called_at).sum()))
    assert calls[0] == pytest.approx(calls[1], rel=0.02)
    assert calls[0] > 100


def test_genes_and_gc_content_choose_the_curve_within_what_was_seen() -> None:
    rates, outputs = CallRates.from_record(record_of()), np.linspace(0.8, 0.1, 1_500)
    at = {gc: rates.on(outputs, 1_000, gc, genes=True).precision for gc in (0.2, 0.4, 0.5, 0.6, 0.75)}
    assert at[0.2] == at[0.4]
    assert at[0.75] == at[0.6]
    assert at[0.4] > at[0.5] > at[0.6]
    assert rates.on(outputs, 1_000, 0.5, genes=False).precision < at[0.5]


@pytest.mark.parametrize("kb", [LEAST_KB - 1, 0])
def test_a_small_genome_is_judged_by_the_outputs_of_others(kb: int) -> None:
    expected = CallRates.from_record(record_of()).on(np.array([0.9]), kb, 0.5, genes=True)
    assert expected.output == pytest.approx(sorted(OUTPUTS))
    assert expected.precision == pytest.approx([share(curve(rate, 0.5)) for rate in reversed(RATES)], abs=1e-3)


def test_a_genome_without_calls_is_judged_by_the_outputs_of_others() -> None:
    expected = CallRates.from_record(record_of()).on(np.empty(0), 1_000, 0.5, genes=True)
    assert expected.output == pytest.approx(sorted(OUTPUTS))


def test_few_calls_end_at_the_lowest_output_and_equal_ones_share_the_highest_rate() -> None:
    rates = CallRates.from_record(record_of())
    few = rates.on(np.linspace(0.8, 0.3, 300), 1_000, 0.5, genes=True)
    assert few.floor == FLOOR
    assert few.precision[0] == pytest.approx(share(curve(0.3, 0.5)), abs=1e-3)
    equal = rates.on(np.full(2_000, 0.5), 1_000, 0.5, genes=True)
    assert equal.output == (0.5,)
    assert equal.precision == pytest.approx([share(curve(RATES[-1], 0.5))], abs=1e-3)


def turned(genome: Genome) -> Genome:
    """The file of the other strand, contigs in another order."""
    other = np.frombuffer(b"ACGTN", np.uint8)
    contigs = (Contig(one.name, other[COMPLEMENT_OF_CODE[one.codes[::-1]]], one.circular) for one in genome)
    return Genome(genome.name, tuple(contigs)[::-1])


def calls_in_sample(genome: Genome, model: Checkpoint, engine: Engine) -> SampledCalls:
    outputs = list(outputs_along(engine, model.config, genome, None, call_sample(genome)))
    return sampled_calls(outputs, 0.3, genes=False)


def test_the_sample_counts_what_predict_calls_alike_from_either_strand(monkeypatch: pytest.MonkeyPatch) -> None:
    model = NEAR_MODELS["dilated"]
    engine = make_engine("auto", model.parameters, threads=1)
    whole = Genome("g", (Contig("c", letters(3_000, 5, b"ACGTN")),))
    outputs, kb = calls_in_sample(whole, model, engine)
    signals = predict_sequence(
        whole.contigs[0].letters.tobytes().decode(), model=model, config=settings_of(engine="auto")
    )
    called = []
    for strand in ("+", "-"):
        values = np.nan_to_num(getattr(signals, {"+": "plus", "-": "minus"}[strand]), nan=-1)
        at = np.flatnonzero(values >= 0.3)
        called.append(values[at[call_positions(at, values[at], strand, length=len(values))]])
    np.testing.assert_allclose(outputs, np.sort(np.concatenate(called))[::-1], atol=1e-6)
    assert kb == pytest.approx(np.mean(whole.contigs[0].letters != ord("N")) * 3, abs=0.05)  # N has no output
    monkeypatch.setattr(sample, "CALL_PIECE_BP", 40)
    genome = Genome("g", tuple(Contig(f"c{n}", letters(length, n)) for n, length in enumerate((900, 2_100))))
    one, other = (calls_in_sample(each, model, engine) for each in (genome, turned(genome)))
    np.testing.assert_array_equal(one.outputs, other.outputs)
    assert one.kb == other.kb == 1.2
    assert len(one.outputs) > 5


def abroad(**changed: object) -> Checkpoint:
    """A model that knows no TSS of the genome, and what held-out species taught."""
    model = checkpoint_of()
    return replace(model, metadata=replace(model.metadata, expected_precision=record_of(**changed), split=[]))


def test_shards_are_cut_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracktools.predict.call_rates.LEAST_KB", 1)
    model = abroad(target=0.1)
    for number in (1, 2):
        predict_shard(GENOME, tmp_path / f"s{number}", Shard(number, 2), model=model, config=settings_of())
    merged = merge_shards([tmp_path / "s1", tmp_path / "s2"], tmp_path / "merged")
    whole = predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of())
    assert merged.called_tss.read_bytes() == whole.called_tss.read_bytes()
    table, _ = read_bed(whole.called_tss)
    assert len(table) == 4
    assert table["expectedPrecision"].astype(float).between(0, 1).all()
    assert table["calibrated"].astype(float).isna().all()


def test_regions_get_the_calls_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracktools.predict.call_rates.LEAST_KB", 1)
    model = abroad(target=0.1)
    (tmp_path / "some.bed").write_text("circle\t440\t1201\n")
    chosen = read_selection(tmp_path / "some.bed", GENOME)
    some = predict_genome(GENOME, tmp_path / "some", model=model, config=settings_of(), regions=chosen)
    whole = predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of())
    table, own = read_bed(whole.called_tss)[0], read_bed(some.called_tss)[0]
    inside = table[(table["chrom"] == "circle") & table["chromStart"].astype(int).between(440, 1200)]
    assert 1 < len(inside) < len(table)
    pd.testing.assert_frame_equal(own, inside.reset_index(drop=True))
    assert "chosen bases alone" not in some.called_tss.read_text()


def test_changes_are_called_where_predict_calls(tmp_path: Path) -> None:
    made = predict_genome(GENOME, tmp_path / "made", model=abroad(), config=settings_of())
    called_at = read_provenance(made.folder)["parameters"]["called_at"]
    assert Scoring.of(GENOME, abroad(), config=settings_of()).threshold == called_at > min(OUTPUTS)


def test_the_threshold_of_changes_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(RunModel, "of", lambda *_, **__: asked.append(1) or SimpleNamespace(lowest_output=0.25))
    scoring = Scoring.of(GENOME, abroad(), config=settings_of())
    assert (scoring.threshold, scoring.threshold, asked) == (0.25, 0.25, [1])


def test_where_no_output_reaches_the_threshold_it_is_said(tmp_path: Path) -> None:
    none_so_high = {"log_odds": list(LOG_ODDS), "spread": 1.0, "outputs": [0.999] * len(RATES)}
    model = abroad(with_genes=none_so_high, without_genes=none_so_high, target=0.1)
    (tmp_path / "some.bed").write_text("circle\t440\t1201\n")
    for regions, where in ((None, "on this genome"), (read_selection(tmp_path / "some.bed", GENOME), "in the chosen")):
        made = predict_genome(GENOME, tmp_path / where, model=model, config=settings_of(), regions=regions)
        assert made.n_calls == 0
        said = " ".join(read_provenance(made.folder)["warnings"])
        assert f"nothing is called: no output {where}" in said
        assert f"nothing is called: no output {where}" in made.called_tss.read_text()


def test_a_genome_too_short_to_describe_is_judged_by_the_outputs_of_others() -> None:
    model, short = abroad(), Genome("s", (Contig("s", letters(50, 1)),))
    judged = RunModel.of(model, short, make_engine("torch", model.parameters, threads=1))
    assert judged.expected is not None
    assert judged.expected.output == pytest.approx(sorted(OUTPUTS))


def test_a_manifest_of_before_has_neither_gain_nor_a_known_threshold() -> None:
    curve = {name: [0.5] for name in ("output", "precision", "low", "high")}
    record = {"sha256": "0", "name": "m", "call_threshold": 0.5, "calibration": None, "split": [],
              "expected": {**curve, "target": 0.5}}  # fmt: skip
    read = RunModel.from_record(record)
    assert (read.gain, read.finds_promoters, read.doubts) == (None, True, ())
    assert read.lowest_output == 0.5
    assert RunModel.from_record(json.loads(json.dumps(asdict(read)))) == read
