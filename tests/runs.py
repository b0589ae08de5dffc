"""A small genome, a small network, and the bytes of what was predicted, for the tests of runs and their parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dilated_networks import random_dilated
from networks import random_network
from tracktools.config import ModelConfig, PredictConfig
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.predict import Models, predict_genome
from tracktools.predict.store import BlockStore
from tracktools.splits import Region, Split

SMALL = ModelConfig(
    n_layers=2, n_heads=3, d_model=8, d_head=5, conv_width_bp=3, attention_window_bp=40, label_shift_bp=9
)
NEAR = ModelConfig(n_layers=2, n_heads=3, d_model=8, d_head=5, conv_width_bp=3, attention_window_bp=7, label_shift_bp=4)
NEAR_MODELS = {  # whose outputs depend on few bases
    "transformer": Checkpoint(random_network(NEAR, seed=3), Metadata("random"), sha256="0" * 64),
    "dilated": Checkpoint(random_dilated(), Metadata("random"), sha256="1" * 64),
}
CALIBRATION = {"output": [0.0, 0.5, 1.0], "probability": [0.0, 0.1, 0.9]}


def letters(length: int, seed: int, alphabet: bytes = b"ACGT") -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).choice(np.frombuffer(alphabet, dtype=np.uint8), length)


GENOME = Genome(
    "three",
    (
        Contig("linear", letters(1_777, 1, b"ACGTNacgtR")),
        Contig("circle", letters(1_201, 2), circular=True),
        Contig("short", letters(9, 3)),
        Contig("tinycircle", letters(31, 4), circular=True),
    ),
)


def settings_of(block_bp: int = 500, engine: str = "torch") -> PredictConfig:
    return PredictConfig(block_bp=block_bp, threads=1, engine=engine, device="cpu")


def checkpoint_of(config: ModelConfig = SMALL, seed: int = 3) -> Checkpoint:
    """A model that knows a part of the circle, and calls often."""
    circle = GENOME["circle"].sequence_sha256
    split = Split((Region(circle, 0, 400, "train"), Region(circle, 400, 1_000, "test")))
    metadata = Metadata("random", call_threshold=0.55, calibration=CALIBRATION, split=split.to_records())
    return Checkpoint(random_network(config, seed=seed), metadata, sha256="0" * 63 + str(seed))


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of every file but the provenance, which has times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "provenance.json"
    }


def write_fasta(path: Path, genome: Genome) -> Path:
    path.write_bytes(b"".join(f">{c.name}\n".encode() + c.letters.tobytes() + b"\n" for c in genome))
    return path


def killed_predict(output: Path, after: int, genome: Genome, model: Checkpoint | Models, config: PredictConfig) -> None:
    """Leave what a prediction leaves that was killed when it had kept so many blocks."""

    class KilledError(Exception):
        pass

    saved = []
    original = BlockStore.save

    def save_or_stop(self: BlockStore, *arguments: Any) -> None:
        if len(saved) == after:
            raise KilledError
        saved.append(arguments)
        original(self, *arguments)

    BlockStore.save = save_or_stop  # type: ignore[method-assign]
    try:
        predict_genome(genome, output, model=model, config=config)
    except KilledError:
        pass
    finally:
        BlockStore.save = original  # type: ignore[method-assign]
