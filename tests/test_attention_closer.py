"""`attention --ablate` and `--attribute`: a head that makes the output is told from one that only looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from networks import SMALL, random_network, word_attender
from tracktools.attention import attend_genome
from tracktools.config import AttentionConfig, ModelConfig, PredictConfig
from tracktools.errors import ConfigError
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.model.heads import input_times_gradient, mean_contributions, without_head
from tracktools.splits import Region, Split

PLANTED = ModelConfig(n_layers=1, n_heads=3, attention_window_bp=100)
WORD, DISTANCE_BP = "TATAAT", 30
OFFSET = PLANTED.label_shift_bp - DISTANCE_BP  # of the fourth letter of the word
GENOME_BP = 9001


def codes_of(text: str) -> np.ndarray:
    return np.array(["ACGT".index(letter) for letter in text], dtype=np.uint8)


def planted(tmp_path: Path) -> tuple[Genome, Checkpoint, Path]:
    """A circle without the word but where it is planted, on both strands; its validation part is [2000, 7000)."""
    letters = np.random.default_rng(4).choice(np.frombuffer(b"ACG", dtype=np.uint8), GENOME_BP)
    rows = []
    for n, at in enumerate(range(107, GENOME_BP - 200, 211)):
        word = WORD if n % 3 else "ATTATA"  # its reverse complement
        letters[at : at + 6] = np.frombuffer(word.encode(), dtype=np.uint8)
        strand = "+" if n % 3 else "-"
        tss = at + 3 - OFFSET if strand == "+" else at + 2 + OFFSET
        rows.append(f"chr\t{tss}\t{tss + 1}\tt{n}\t0\t{strand}\n")
    bed = tmp_path / "tss.bed"
    bed.write_text("".join(rows))
    contig = Contig("chr", letters, circular=True)
    parts = [(0, 2000, "train"), (2000, 7000, "valid"), (7000, GENOME_BP, "test")]
    split = Split(tuple(Region(contig.sequence_sha256, start, end, part) for start, end, part in parts))
    model = word_attender(codes_of(WORD), DISTANCE_BP, PLANTED)
    return Genome("g", (contig,)), Checkpoint(model, Metadata("p", split=split.to_records()), sha256="0" * 64), bed


def closer(tmp_path: Path, genome: Genome, model: Checkpoint, at: dict[str, Path], **settings: object) -> Path:
    config = AttentionConfig(sample_share=0, **settings)  # type: ignore[arg-type]
    run = PredictConfig(threads=1, engine="torch", device="cpu", block_bp=3000)
    return attend_genome(genome, tmp_path / "out", model=model, at=at, config=config, predict=run, figures=False).folder


def test_a_head_that_was_taken_out_adds_its_mean_everywhere() -> None:
    model = random_network(SMALL, seed=2).double()
    codes = torch.from_numpy(np.random.default_rng(1).integers(0, 5, (4, 37))).long()
    means = mean_contributions(model, codes)
    assert means.shape == (2, 3, 8)
    ablated = without_head(model, 1, 2, means[1, 2])
    for one in codes:  # whatever the sequence
        own = mean_contributions(ablated, one[None])
        assert torch.allclose(own[1, 2], means[1, 2], atol=1e-12)
        assert torch.allclose(own[0], mean_contributions(model, one[None])[0], atol=1e-12)
        assert torch.allclose(own[1, :2], mean_contributions(model, one[None])[1, :2], atol=1e-12)
    assert not torch.allclose(ablated(codes), model(codes), atol=1e-3)


def test_without_a_bias_a_head_cannot_be_taken_out() -> None:
    model = random_network(SMALL)
    with torch.no_grad():
        bias = model.attention_layers()[0].conv_v.bias
        assert bias is not None
        bias.zero_()
    with pytest.raises(ConfigError, match="head 2 of layer 1"):
        without_head(model, 0, 1, torch.zeros(8))


def test_input_times_gradient_is_the_derivative() -> None:
    model = random_network(SMALL, seed=6).double()
    codes = torch.from_numpy(np.random.default_rng(3).integers(0, 4, (1, 30))).long()
    found = input_times_gradient(model, codes, 24)[0]
    letters = model.letter_table().detach()
    step = 1e-6
    for at in (3, 11, 24, 25):
        x = letters[codes].clone()
        x[0, at] += step * (letters[codes[0, at]] - letters[-1])
        with torch.no_grad():
            moved, was = (model.states_from(own, dtype=torch.float64) for own in (x, letters[codes]))
            slope = (model.log_odds(moved) - model.log_odds(was))[0, 24] / step
        assert float(found[at]) == pytest.approx(float(slope), abs=1e-4)
    assert (found[27:] == 0).all()  # beyond the reach of the convolutions


def test_the_head_that_makes_the_output_is_told_from_one_that_only_looks(tmp_path: Path) -> None:
    genome, model, bed = planted(tmp_path)
    folder = closer(tmp_path, genome, model, {"planted": bed}, ablate=True, attribute=True)
    ablation = pd.read_csv(folder / "ablation.tsv", sep="\t").set_index("head")
    assert list(ablation.index) == ["L1H1", "L1H2", "L1H3"]
    assert (ablation["n"] == 2 * 5000).all()
    tss = pd.read_csv(bed, sep="\t", header=None)[1]
    assert (ablation["positives"] == ((tss >= 2000) & (tss < 7000)).sum()).all()
    assert ablation.loc["L1H2", "ap"] == 1
    assert ablation.loc["L1H2", "deltaAp"] < -0.9
    assert ablation.loc["L1H2", "meanDeltaOutputAtTss"] < -0.9
    for name in ("L1H1", "L1H3"):
        assert abs(ablation.loc[name, "deltaAp"]) < 1e-9
        assert ablation.loc[name, "meanAbsDeltaOutput"] < 1e-6
    attribution = pd.read_csv(folder / "attribution.tsv", sep="\t").set_index("head")
    assert (attribution.loc[["L1H1", "L1H2"], "pearson"] > 0.3).all()  # both look there: agreement alone tells neither
    assert not abs(attribution.loc["L1H3", "pearson"]) > 0.05
    profile = pd.read_csv(folder / "attribution_profile.tsv", sep="\t")
    assert len(profile) == PLANTED.attention_window_bp
    strongest = profile.nlargest(6, "meanAbs")["tssOffset"]
    assert sorted(strongest) == list(range(OFFSET - 3, OFFSET + 3))


def test_what_cannot_be_ablated_is_one_line(tmp_path: Path) -> None:
    genome, model, bed = planted(tmp_path)
    with pytest.raises(ConfigError, match="need measured TSS"):
        attend_genome(genome, tmp_path / "a", model=model, config=AttentionConfig(ablate=True))
    stranger = Checkpoint(model.model, Metadata("stranger"), sha256="1" * 64)
    with pytest.raises(ConfigError, match="validation part of stranger"):
        closer(tmp_path, genome, stranger, {"planted": bed}, ablate=True)
    outside = tmp_path / "outside.bed"
    outside.write_text("chr\t50\t51\tx\t0\t+\n")
    with pytest.raises(ConfigError, match="outside has no TSS in the validation part"):
        closer(tmp_path, genome, model, {"outside": outside}, ablate=True)
    assert not (tmp_path / "out").exists()
