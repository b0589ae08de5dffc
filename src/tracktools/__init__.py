"""A genome FASTA in, browser tracks out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracktools.attention import attend_genome
    from tracktools.bundle import load_bundle
    from tracktools.evaluate import evaluate_tracks
    from tracktools.genome import load_genome
    from tracktools.hub.build import build_hub
    from tracktools.model.registry import load_model
    from tracktools.motifs import find_motifs
    from tracktools.predict import merge_shards, predict_genome, predict_sequence, predict_shard
    from tracktools.regions import read_genes
    from tracktools.train import train_model
    from tracktools.tss.curate import curate_tss

__version__: str

_LAZY: dict[str, str] = {
    "attend_genome": "tracktools.attention",
    "build_hub": "tracktools.hub.build",
    "curate_tss": "tracktools.tss.curate",
    "evaluate_tracks": "tracktools.evaluate",
    "find_motifs": "tracktools.motifs",
    "load_bundle": "tracktools.bundle",
    "load_genome": "tracktools.genome",
    "load_model": "tracktools.model.registry",
    "merge_shards": "tracktools.predict",
    "predict_genome": "tracktools.predict",
    "predict_sequence": "tracktools.predict",
    "predict_shard": "tracktools.predict",
    "read_genes": "tracktools.regions",
    "train_model": "tracktools.train",
}

__all__ = [
    "__version__",
    "attend_genome",
    "build_hub",
    "curate_tss",
    "evaluate_tracks",
    "find_motifs",
    "load_bundle",
    "load_genome",
    "load_model",
    "merge_shards",
    "predict_genome",
    "predict_sequence",
    "predict_shard",
    "read_genes",
    "train_model",
]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used, so that importing the package costs nothing."""
    if name == "__version__":
        return import_module("importlib.metadata").version("tracktools")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
