"""A small network learns planted promoters, carries them to another species, and finds nothing in shuffled labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tracktools.config import ModelConfig, TrainConfig
from tracktools.errors import ConfigError
from tracktools.formats.bed import BED6, write_bed
from tracktools.genome import Contig, Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, load_checkpoint
from tracktools.model.golden import verify_golden
from tracktools.splits import draw_split
from tracktools.train import TrainedModel, train_model
from tracktools.train.split_options import receptive_field_bp

WORD = "TTGACATATAAT"
TSS_AFTER_BP = 6  # from the end of the word to the start of transcription
NETWORK = ModelConfig(
    n_layers=1, n_heads=2, d_model=8, d_head=8, conv_width_bp=7, attention_window_bp=32, label_shift_bp=7
)
RECIPE = TrainConfig(
    steps=300, window_bp=64, lead_bp=16, positions_per_step=1280, validate_every=300, precision="fp32", warmup_steps=5,
    learning_rate=1e-2, dropout=0, masked_share=0, ema_decay=0.9, clip_norm=1.0,
)  # fmt: skip

Tss = list[tuple[int, str]]


def plant(letters: np.ndarray, every: int) -> tuple[Genome, Tss]:
    """Put the word into both strands of a linear sequence, with a TSS behind each."""
    text, rng, tss = bytearray(letters.tobytes().upper()), np.random.default_rng(1), []
    antisense = WORD.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    for start in range(60, len(text) - 60 - every, every):
        at = start + int(rng.integers(20))
        if rng.random() < 0.5:
            text[at : at + len(WORD)] = WORD.encode()
            tss.append((at + len(WORD) + TSS_AFTER_BP, "+"))
        else:
            text[at : at + len(WORD)] = antisense.encode()
            tss.append((at - 1 - TSS_AFTER_BP, "-"))
    return Genome("g", (Contig("chr", np.frombuffer(bytes(text), dtype=np.uint8)),)), tss


def write_tss(path: Path, tss: Tss) -> Path:
    positions = np.array([position for position, _ in tss])
    rows = {"chrom": "chr", "chromStart": positions, "chromEnd": positions + 1, "name": "t", "score": 0}
    write_bed(path, pd.DataFrame(rows | {"strand": [strand for _, strand in tss]}), BED6)
    return path


def train(folder: Path, genome: Genome, tss: Tss, steps: int, init: Checkpoint | None = None) -> TrainedModel:
    folder.mkdir(exist_ok=True)
    split = draw_split(genome, (0.6, 0.2, 0.2), seed=1, gap_bp=receptive_field_bp(NETWORK))
    recipe = replace(RECIPE, steps=steps, validate_every=steps)
    bed = write_tss(folder / "tss.bed", tss)
    network = NETWORK if init is None else None
    return train_model(
        genome, {"tss": bed}, folder / "model", split=split, name="m", config=recipe, model_config=network, init=init
    )


@pytest.fixture(scope="module")
def random_letters() -> np.ndarray:
    return np.random.default_rng(0).choice(np.frombuffer(b"ACGT", dtype=np.uint8), 20_000)


@pytest.fixture(scope="module")
def taught(random_letters: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    genome, tss = plant(random_letters, 150)
    return train(tmp_path_factory.mktemp("taught"), genome, tss, RECIPE.steps)


def test_a_side_output_is_kept_as_a_model_of_its_own_set(random_letters: np.ndarray, tmp_path: Path) -> None:
    genome, tss = plant(random_letters, 150)
    later = [(position + (3 if strand == "+" else -3), strand) for position, strand in tss]
    labels = {"main": write_tss(tmp_path / "main.bed", tss), "late.3": write_tss(tmp_path / "late.bed", later)}
    split = draw_split(genome, (0.6, 0.2, 0.2), seed=1, gap_bp=receptive_field_bp(NETWORK))
    made = train_model(
        genome, labels, tmp_path / "m", split=split, name="m", config=RECIPE, model_config=NETWORK, keep_sides=True
    )
    side = load_checkpoint(tmp_path / "m" / "late.3.safetensors")
    assert verify_golden(side) < 1e-5
    assert side.metadata.name == "m-late.3"
    assert "for TSS of late.3" in side.metadata.description
    assert made.validation["average_precision"] > 0.9
    assert side.metadata.metrics["validation"]["average_precision"] > 0.9, "on its own set, 3 nt downstream"
    for name in ("model", "a/b"):
        with pytest.raises(ConfigError, match=name):
            train_model(
                genome, {"main": labels["main"], name: labels["main"]}, tmp_path / "x", split=split, name="m",
                config=RECIPE, model_config=NETWORK, keep_sides=True,
            )  # fmt: skip


def test_a_planted_promoter_is_learnt_to_the_base_on_both_strands(taught: TrainedModel) -> None:
    assert taught.validation["average_precision"] > 0.9


def test_shuffled_labels_give_chance(random_letters: np.ndarray, tmp_path: Path) -> None:
    genome, tss = plant(random_letters, 150)
    rng = np.random.default_rng(2)
    shuffled = [(int(rng.integers(100, len(genome) - 100)), "+-"[rng.integers(2)]) for _ in tss]
    found = train(tmp_path, genome, sorted(set(shuffled)), RECIPE.steps).validation
    assert found["average_precision"] < 5 * found["prevalence"]
    assert 0.35 < found["roc_auc"] < 0.65


def test_a_checkpoint_is_the_start_on_another_species(taught: TrainedModel, data_dir: Path, tmp_path: Path) -> None:
    chlamydia = load_genome(data_dir / "genome" / "NC_000922.1.fa.gz").contigs[0]
    genome, tss = plant(chlamydia.letters[100_000:115_000], 200)
    start = load_checkpoint(taught.checkpoint)
    tuned, fresh = (train(tmp_path / name, genome, tss, 30, init) for name, init in (("tuned", start), ("fresh", None)))
    assert tuned.validation["average_precision"] > 0.3
    assert fresh.validation["average_precision"] < 0.05
    made = load_checkpoint(tuned.checkpoint)
    assert made.model.config == start.model.config
    assert made.metadata.recipe["init"] == {"name": "m", "sha256": start.sha256}
    assert not torch.equal(made.model.embedding, start.model.embedding)


def test_another_architecture_than_that_of_the_start_is_refused(taught: TrainedModel, tmp_path: Path) -> None:
    genome, tss = plant(np.frombuffer(b"ACGTTGCA" * 1000, dtype=np.uint8), 200)
    start, split = load_checkpoint(taught.checkpoint), draw_split(genome, (0.6, 0.2, 0.2), seed=1, gap_bp=60)
    bed = write_tss(tmp_path / "tss.bed", tss)
    with pytest.raises(ConfigError, match="another architecture"):
        train_model(
            genome, {"t": bed}, tmp_path / "m", split=split, name="m", config=RECIPE, init=start,
            model_config=replace(NETWORK, n_layers=2),
        )  # fmt: skip
