"""Averages of models: the mean of their log-odds, from one file, chosen anew; what cannot be averaged is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tracktools.cli import main
from tracktools.config import DilatedConfig
from tracktools.engine.dilated_engine import DilatedEngine
from tracktools.model.checkpoint import Metadata, load_checkpoint, save_checkpoint
from tracktools.model.dilated import Dilated, average_networks
from tracktools.model.golden import verify_golden
from tracktools.model.networks import make_network
from trainings import MODEL, circular_genome, split_of, write_tss

SMALL = DilatedConfig(n_channels=6, stem_width_bp=5, dilations_bp=(1, 4, 2))


def random_dilated(seed: int, config: DilatedConfig = SMALL) -> Dilated:
    torch.manual_seed(seed)
    model = Dilated(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    return model


def test_the_log_odds_are_the_mean_of_those_of_the_members() -> None:
    models = [random_dilated(seed) for seed in (1, 2, 3)]
    codes = np.random.default_rng(0).integers(0, 5, 331, dtype=np.uint8)
    average = average_networks(models)
    assert average.config == replace(SMALL, n_members=3)
    with torch.no_grad():
        expected = torch.stack([model(torch.from_numpy(codes)[None].long()) for model in models]).mean(dim=0)[0]
    found = DilatedEngine(average).probabilities(codes, 0, len(codes))
    np.testing.assert_allclose(found, expected.sigmoid().numpy(), atol=1e-6)
    again = average_networks([average, average_networks(models[::-1])])
    assert again.config.n_members == 6
    np.testing.assert_allclose(DilatedEngine(again).probabilities(codes, 0, len(codes)), found, atol=1e-6)


def test_networks_of_two_shapes_are_no_average() -> None:
    with pytest.raises(ValueError, match="2 configurations"):
        average_networks([random_dilated(1), random_dilated(1, replace(SMALL, n_channels=5))])


def save_members(folder: Path) -> tuple[list[Path], Path, Path]:
    """Two models of one genome and split, with the genome and its TSS."""
    genome = circular_genome()
    fasta = folder / "g.fa"
    (contig,) = genome.contigs
    fasta.write_bytes(f">{contig.name}\n".encode() + contig.letters.tobytes() + b"\n")
    metadata = Metadata(
        "member", genome={"sha256": genome.sha256}, split=split_of(genome).to_records(), training_data=[{"name": "t"}]
    )
    paths = [folder / "one.safetensors", folder / "two.safetensors"]
    for seed, path in enumerate(paths):
        save_checkpoint(path, random_dilated(seed), metadata)
    return paths, fasta, write_tss(folder / "tss.bed", genome, 97)


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["-q", "models", "average", *map(str, words), "--circular", "all"])
    return int(ended.value.code or 0)


def test_the_command_writes_a_checkpoint_with_golden_answers(tmp_path: Path) -> None:
    (one, two), fasta, tss = save_members(tmp_path)
    assert run(fasta, tss, "-m", one, "-m", two, "-o", tmp_path / "average", "--name", "both") == 0
    made = load_checkpoint(tmp_path / "average" / "model.safetensors")
    assert verify_golden(made) < 1e-6
    assert made.model.config == replace(SMALL, n_members=2)
    assert made.metadata.name == "both"
    assert made.metadata.call_threshold is not None
    assert [member["sha256"] for member in made.metadata.recipe["average_of"]] == [
        load_checkpoint(path).sha256 for path in (one, two)
    ]
    assert made.metadata.training_data == [{"name": "t"}]
    assert sorted(path.name for path in (tmp_path / "average").iterdir()) == ["model.safetensors", "provenance.json"]


def test_what_cannot_be_averaged_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one, two), fasta, tss = save_members(tmp_path)
    metadata = load_checkpoint(one).metadata
    other = {
        "another split": (random_dilated(3), replace(metadata, split=metadata.split[:-1])),
        "other channels": (random_dilated(3, replace(SMALL, n_channels=5)), metadata),
        "only dilated": (make_network(MODEL), metadata),
    }
    for message, (model, its_metadata) in other.items():
        save_checkpoint(two, model, its_metadata)
        assert run(fasta, tss, "-m", one, "-m", two, "-o", tmp_path / "average") == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "average").exists()
    other_fasta = tmp_path / "other.fa"
    other_fasta.write_bytes(fasta.read_bytes().replace(b"ACG", b"AGG", 1))
    save_checkpoint(two, random_dilated(3), metadata)
    assert run(other_fasta, tss, "-m", one, "-m", two, "-o", tmp_path / "average") == 1
    assert "another genome" in capsys.readouterr().err
    (tmp_path / "average.partial").mkdir()
    (tmp_path / "average.partial" / "state.pt").write_text("an hour of training")
    assert run(fasta, tss, "-m", one, "-m", two, "-o", tmp_path / "average") == 1
    assert "average.partial: is no unfinished run of this version" in capsys.readouterr().err
    assert (tmp_path / "average.partial" / "state.pt").read_text() == "an hour of training"
    assert run(fasta, tss, "-m", one, "-o", tmp_path / "average") == 1
    assert "two or more models with -m (1 given)" in capsys.readouterr().err
