"""Trainings of a network so small that they take a second, on a small circular genome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tracktools.config import ModelConfig, TrainConfig
from tracktools.formats.bed import BED6, write_bed
from tracktools.genome import Contig, Genome
from tracktools.interval import Strand
from tracktools.model.checkpoint import load_checkpoint
from tracktools.splits import Region, Split
from tracktools.train import train_model
from tracktools.train.windows import LabelArrays

MODEL = ModelConfig(n_layers=1, n_heads=1, d_model=4, d_head=4, attention_window_bp=40, label_shift_bp=7)
HALO = MODEL.halo_upstream_bp + MODEL.halo_downstream_bp + MODEL.label_shift_bp
RECIPE = TrainConfig(window_bp=64, positions_per_step=640, masked_share=0, lead_bp=16, positive_share=0.5)


def circular_genome(length: int = 6007, seed: int = 5) -> Genome:
    letters = np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", dtype=np.uint8), length)
    return Genome("g", (Contig("chr", letters, circular=True),))


def split_of(genome: Genome) -> Split:
    name, end = genome.contigs[0].sequence_sha256, len(genome)
    borders = [(0, 2500, "train"), (2500, 3400, "test"), (3400, 4100, "valid"), (4100, end, "train")]
    return Split(tuple(Region(name, start, stop, part) for start, stop, part in borders))


def labels_of(genome: Genome, every: int) -> LabelArrays:
    strands: tuple[Strand, ...] = ("+", "-")
    length = len(genome)
    return {(0, strand): np.arange(length) % (every + (strand == "-")) == 0 for strand in strands}


QUICK = TrainConfig(
    steps=24,
    window_bp=64,
    lead_bp=16,
    positions_per_step=640,
    validate_every=8,
    precision="fp32",
    threads=1,
    warmup_steps=4,
)


def write_tss(path: Path, genome: Genome, every: int) -> Path:
    """A BED of TSS, every so many bases on both strands."""
    positions = np.arange(7, len(genome), every)
    rows = {
        "chrom": "chr",
        "chromStart": positions,
        "chromEnd": positions + 1,
        "name": [f"t{position}" for position in positions],
        "score": 0,
        "strand": np.where(positions % 2 == 0, "+", "-"),
    }
    write_bed(path, pd.DataFrame(rows), BED6)
    return path


def train_quickly(
    output: Path, tss: Path, genome: Genome, config: TrainConfig = QUICK, **more: bool
) -> dict[str, torch.Tensor]:
    trained = train_model(
        genome,
        {"main": tss, "side": tss},
        output,
        split=split_of(genome),
        name="quick",
        config=config,
        model_config=MODEL,
        **more,  # type: ignore[arg-type]
    )
    return load_checkpoint(trained.checkpoint).model.state_dict()


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
