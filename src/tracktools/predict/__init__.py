"""Score every base of both strands of a genome, and write it as a bigWig pair with the called TSS."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracktools.predict.genome_run import predict_genome, predict_out_of_fold, predict_shard
    from tracktools.predict.merge import merge_shards
    from tracktools.predict.models import Models, check_folds, load_folds, read_folds
    from tracktools.predict.prediction import Prediction, load_prediction
    from tracktools.predict.scorer import Model, Scorer, StrandSignals, load_model, predict_sequence
    from tracktools.predict.selection import Selection, read_selection
    from tracktools.predict.shards import Shard, ShardResult

_LAZY = {
    "Model": "scorer",
    "Models": "models",
    "Prediction": "prediction",
    "Scorer": "scorer",
    "Selection": "selection",
    "Shard": "shards",
    "ShardResult": "shards",
    "StrandSignals": "scorer",
    "check_folds": "models",
    "load_folds": "models",
    "load_model": "scorer",
    "load_prediction": "prediction",
    "merge_shards": "merge",
    "predict_genome": "genome_run",
    "predict_out_of_fold": "genome_run",
    "predict_sequence": "scorer",
    "predict_shard": "genome_run",
    "read_folds": "models",
    "read_selection": "selection",
}

__all__ = [
    "Model",
    "Models",
    "Prediction",
    "Scorer",
    "Selection",
    "Shard",
    "ShardResult",
    "StrandSignals",
    "check_folds",
    "load_folds",
    "load_model",
    "load_prediction",
    "merge_shards",
    "predict_genome",
    "predict_out_of_fold",
    "predict_sequence",
    "predict_shard",
    "read_folds",
    "read_selection",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: joining shards needs no torch."""
    if name in _LAZY:
        return getattr(import_module(f"tracktools.predict.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
