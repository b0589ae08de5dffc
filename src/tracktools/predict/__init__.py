"""Score every base of both strands of a genome, and write it as a bigWig pair with the called TSS."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracktools.predict.finish import Prediction
    from tracktools.predict.genome_run import predict_genome, predict_out_of_fold, predict_shard
    from tracktools.predict.merge import merge_shards
    from tracktools.predict.models import Models, check_folds, load_folds, read_folds
    from tracktools.predict.selection import Selection, read_selection
    from tracktools.predict.sequence_run import predict_sequence
    from tracktools.predict.shards import Shard, ShardResult

_LAZY = {
    "Models": "models",
    "Prediction": "finish",
    "Selection": "selection",
    "Shard": "shards",
    "ShardResult": "shards",
    "check_folds": "models",
    "load_folds": "models",
    "merge_shards": "merge",
    "predict_genome": "genome_run",
    "predict_out_of_fold": "genome_run",
    "predict_sequence": "sequence_run",
    "predict_shard": "genome_run",
    "read_folds": "models",
    "read_selection": "selection",
}

__all__ = [
    "Models",
    "Prediction",
    "Selection",
    "Shard",
    "ShardResult",
    "check_folds",
    "load_folds",
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
