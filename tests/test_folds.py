"""Folds: together they hold out every base once, none learns from its own, and the stitched track is theirs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from runs import files_of, killed_predict, write_fasta
from tracktools.cli import tracktools
from tracktools.config import PredictConfig, TrainConfig
from tracktools.errors import CheckpointError, ConfigError, InputError, UnfinishedRunDiffers
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import load_checkpoint, save_checkpoint
from tracktools.model.networks import make_network
from tracktools.predict import (
    Shard,
    compute,
    merge_shards,
    predict_genome,
    predict_out_of_fold,
    predict_shard,
    read_folds,
)
from tracktools.splits import Split
from tracktools.train import TrainedFolds, TrainedModel, train_folds, train_model
from tracktools.train.folds import plan_folds
from tracktools.train.windows import training_stretches
from trainings import HALO, MODEL, QUICK, circular_genome, write_tss

FOLDS = 3
RECIPE = replace(QUICK, steps=4, validate_every=4)
SETTINGS = PredictConfig(block_bp=700, engine="torch", threads=1)


@pytest.fixture(scope="module")
def genome() -> Genome:
    return circular_genome()


@pytest.fixture(scope="module")
def folds(genome: Genome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    tss = write_tss(folder / "tss.bed", genome, 90)
    made = train_folds(genome, {"t": tss}, folder / "m", folds=FOLDS, name="q", config=RECIPE, model_config=MODEL)
    assert made.table["fold"].tolist() == [1, 2, 3]
    return made.folder


def test_a_killed_training_of_folds_goes_on_with_the_next(
    genome: Genome, folds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracktools.train import folds as module

    trained: list[str] = []

    def dies(*arguments: Any, **named: Any) -> TrainedModel:
        trained.append(named["name"])
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train_model(*arguments, **named)

    monkeypatch.setattr(module, "train_model", dies)
    tss = write_tss(tmp_path / "tss.bed", genome, 90)

    def go(config: TrainConfig = RECIPE) -> TrainedFolds:
        return train_folds(genome, {"t": tss}, tmp_path / "m", folds=FOLDS, name="q", config=config, model_config=MODEL)

    with pytest.raises(KeyboardInterrupt):
        go()
    with pytest.raises(UnfinishedRunDiffers, match=r"other inputs: steps was .* and is now 5"):
        go(replace(RECIPE, steps=5))
    made = go()
    assert trained == ["q-fold1", "q-fold2", "q-fold2", "q-fold3"]
    assert (made.folder / "folds.tsv").read_bytes() == (folds / "folds.tsv").read_bytes()
    assert (made.folder / "fold1.safetensors").read_bytes() == (folds / "fold1.safetensors").read_bytes()


@pytest.mark.parametrize("lengths", [(6007,), (2900, 400, 3100, 1207)])
@pytest.mark.parametrize("n", [2, 5])
def test_the_folds_hold_out_every_base_once_and_learn_from_none_of_it(lengths: tuple[int, ...], n: int) -> None:
    rng = np.random.default_rng(sum(lengths))
    letters = [rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), length) for length in lengths]
    genome = Genome("g", tuple(Contig(f"c{i}", each, circular=i == 0) for i, each in enumerate(letters)))
    times = [np.zeros(length, dtype=int) for length in lengths]
    for split in plan_folds(genome, n):
        held = [split.part_of(contig, np.arange(len(contig))) == "test" for contig in genome]
        validates = [split.part_of(contig, np.arange(len(contig))) == "valid" for contig in genome]
        assert sum(map(np.sum, held)) in (sum(lengths) // n, sum(lengths) // n + 1)
        assert sum(map(np.sum, validates)) == pytest.approx(0.1 * sum(lengths) * (1 - 1 / n), abs=2)
        for count, here in zip(times, held, strict=True):
            count += here
        for stretch in training_stretches(genome, split, HALO):
            contig = genome.contigs[stretch.contig]
            reach = np.arange(stretch.start - HALO, stretch.end + HALO)
            reach = reach % len(contig) if contig.circular else reach[(reach >= 0) & (reach < len(contig))]
            assert not held[stretch.contig][reach].any()
            assert not validates[stretch.contig][reach].any()
    assert all((count == 1).all() for count in times)


def test_a_fold_too_many_or_too_few_is_refused(genome: Genome) -> None:
    with pytest.raises(ConfigError, match="1 folds of 6,007 bp: at least 2"):
        plan_folds(genome, 1)


def test_the_folder_holds_models_logs_and_what_each_held_out(folds: Path) -> None:
    names = {f"fold{n}{kind}" for n in (1, 2, 3) for kind in (".safetensors", ".log.jsonl", ".curves.svg")}
    assert {path.name for path in folds.iterdir()} == names | {"folds.tsv", "provenance.json"}
    assert load_checkpoint(folds / "fold2.safetensors").metadata.name == "q-fold2"


def test_every_base_has_the_value_of_the_model_that_never_saw_it(genome: Genome, folds: Path, tmp_path: Path) -> None:
    made = predict_out_of_fold(genome, folds, tmp_path / "out", config=SETTINGS)
    for n in range(1, FOLDS + 1):
        model = load_checkpoint(folds / f"fold{n}.safetensors")
        whole = predict_genome(genome, tmp_path / f"p{n}", model=model, config=SETTINGS)
        (region,) = Split.from_records(model.metadata.split).regions_of(genome.contigs[0], "test")
        for stitched, single in ((made.plus, whole.plus), (made.minus, whole.minus)):
            with BigWigReader(stitched) as one, BigWigReader(single) as other:
                found, expected = (reader.values("chr", region.start, region.end) for reader in (one, other))
            assert np.abs(found - expected).max() < 1e-6
            assert not np.isnan(found).any()
    calls, _ = read_bed(made.called_tss)
    assert set(calls["split"]) <= {"held_out"}
    scored, _ = read_bed(tmp_path / "out" / "g.folds.bed")
    assert scored["name"].tolist() == ["q-fold1", "q-fold2", "q-fold3"]
    assert not (tmp_path / "out.partial").exists()


def test_calls_are_by_the_threshold_of_the_model_of_each_base(genome: Genome, folds: Path, tmp_path: Path) -> None:
    made = predict_out_of_fold(genome, folds, tmp_path / "out", config=SETTINGS)
    calls, _ = read_bed(made.called_tss)
    for n in range(1, FOLDS + 1):
        metadata = load_checkpoint(folds / f"fold{n}.safetensors").metadata
        (region,) = Split.from_records(metadata.split).regions_of(genome.contigs[0], "test")
        here = calls[(calls["chromStart"] >= region.start) & (calls["chromStart"] < region.end)]
        assert metadata.call_threshold is not None
        assert (here["modelOutput"] >= np.float32(metadata.call_threshold) - 1e-6).all()
    assert made.n_calls == len(calls)


def test_a_killed_run_goes_on(genome: Genome, folds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = predict_out_of_fold(genome, folds, tmp_path / "whole", config=SETTINGS)
    killed_predict(tmp_path / "out", 3, genome, read_folds(folds, genome), SETTINGS)
    with pytest.raises(UnfinishedRunDiffers, match="block_bp was"):
        predict_out_of_fold(genome, folds, tmp_path / "out", config=replace(SETTINGS, block_bp=800))
    done: list[int] = []
    windows_of = compute.windows_of
    monkeypatch.setattr(compute, "windows_of", lambda block, *rest: done.append(1) or windows_of(block, *rest))
    predict_out_of_fold(genome, folds, tmp_path / "out", config=SETTINGS)
    blocks = sum(2 * -(-length // SETTINGS.block_bp) for length in (2002, 2002, 2003))
    assert len(done) == blocks - 3, "none is done twice"
    assert files_of(tmp_path / "out") == files_of(whole.folder)


def test_shards_regions_and_a_hub_go_with_folds(genome: Genome, folds: Path, tmp_path: Path) -> None:
    models = read_folds(folds, genome)
    whole = predict_out_of_fold(genome, folds, tmp_path / "whole", config=SETTINGS)
    shards = [
        predict_shard(genome, tmp_path / f"s{n}", Shard(n, 3), model=models, config=SETTINGS).folder for n in (1, 2, 3)
    ]
    assert files_of(merge_shards(shards, tmp_path / "merged").folder) == files_of(whole.folder)
    regions = (("chr", 1_950, 2_100, "+"), ("chr", 3_900, 4_100, "-"))  # each across the border of two models
    some = predict_genome(genome, tmp_path / "some", model=models, config=SETTINGS, regions=regions)
    for part, signal, kept in ((some.plus, whole.plus, (1_950, 2_100)), (some.minus, whole.minus, (3_900, 4_100))):
        with BigWigReader(part) as one, BigWigReader(signal) as other:
            values, expected = (reader.values("chr", 0, 6_007) for reader in (one, other))
        assert np.array_equal(values[slice(*kept)], expected[slice(*kept)])
        assert not np.isnan(values[slice(*kept)]).any()
        assert np.isnan(np.delete(values, np.arange(*kept))).all()
    fasta = write_fasta(tmp_path / "g.fa", genome)
    words = ["predict", str(fasta), "--circular", "all", "--out-of-fold", str(folds), "-o", str(tmp_path / "cli")]
    words += ["--hub", str(tmp_path / "hub"), "--engine", "torch", "--block-bp", str(SETTINGS.block_bp)]
    assert CliRunner().invoke(tracktools, words, catch_exceptions=False).exit_code == 0
    assert files_of(tmp_path / "cli") == files_of(whole.folder)
    assert "g_out_of_fold_plus" in (tmp_path / "hub" / "hub.txt").read_text()
    refused = CliRunner().invoke(tracktools, [*words, "-m", "ecoli-tss"])
    assert isinstance(refused.exception, ConfigError)


def test_folds_of_different_networks_are_refused(genome: Genome, folds: Path, tmp_path: Path) -> None:
    shutil.copytree(folds, tmp_path / "m")
    second = load_checkpoint(tmp_path / "m" / "fold2.safetensors")
    wider = make_network(replace(second.model.config, n_layers=second.model.config.n_layers + 1))
    save_checkpoint(tmp_path / "m" / "fold2.safetensors", wider, second.metadata)
    with pytest.raises(CheckpointError, match=r"fold2\.safetensors: is of another network than fold1"):
        read_folds(tmp_path / "m", genome)


def test_a_missing_fold_or_another_genome_is_named(genome: Genome, folds: Path, tmp_path: Path) -> None:
    shutil.copytree(folds, tmp_path / "m")
    (tmp_path / "m" / "fold2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"2 models held out are not chr, each base once"):
        predict_out_of_fold(genome, tmp_path / "m", tmp_path / "out", config=SETTINGS)
    with pytest.raises(CheckpointError, match="is this the genome"):
        predict_out_of_fold(circular_genome(seed=6), folds, tmp_path / "out", config=SETTINGS)
    with pytest.raises(InputError, match=r"no fold1\.safetensors"):
        predict_out_of_fold(genome, tmp_path, tmp_path / "out", config=SETTINGS)
    assert not (tmp_path / "out.partial").exists()
