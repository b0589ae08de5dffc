"""A genome FASTA in, browser tracks out."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracktools.bundle import load_bundle
    from tracktools.evaluate import evaluate_tracks
    from tracktools.genome import load_genome
    from tracktools.hub.build import build_hub
    from tracktools.model.registry import load_model
    from tracktools.predict import merge_shares, predict_genome, predict_sequence, predict_share
    from tracktools.regions import read_genes
    from tracktools.train import train_model
    from tracktools.tss.curate import curate_tss

__version__ = version("tracktools")

_LAZY: dict[str, str] = {
    "build_hub": "tracktools.hub.build",
    "curate_tss": "tracktools.tss.curate",
    "evaluate_tracks": "tracktools.evaluate",
    "load_bundle": "tracktools.bundle",
    "load_genome": "tracktools.genome",
    "load_model": "tracktools.model.registry",
    "merge_shares": "tracktools.predict",
    "predict_genome": "tracktools.predict",
    "predict_sequence": "tracktools.predict",
    "predict_share": "tracktools.predict",
    "read_genes": "tracktools.regions",
    "train_model": "tracktools.train",
}

__all__ = [
    "__version__",
    "build_hub",
    "curate_tss",
    "evaluate_tracks",
    "load_bundle",
    "load_genome",
    "load_model",
    "merge_shares",
    "predict_genome",
    "predict_sequence",
    "predict_share",
    "read_genes",
    "train_model",
]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used, so that importing the package costs nothing."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
