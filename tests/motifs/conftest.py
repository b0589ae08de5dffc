"""The planted folder, made and searched once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from attention_folders import FolderMaker, planted_folder
from tracktools.config import MotifConfig
from tracktools.genome import Genome
from tracktools.motifs import MotifResult, find_motifs


@dataclass(frozen=True)
class Found:
    """A planted folder and what was found in it."""

    maker: FolderMaker
    attention: Path
    genome_path: Path
    genome: Genome
    result: MotifResult


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("planted")
    maker, attention, genome = planted_folder(folder, ablation=True)
    fasta = folder / "genome.fa"
    result = find_motifs(attention, folder / "motifs", genome=fasta, config=MotifConfig(shown_heads=1))
    return Found(maker, attention, fasta, genome, result)
