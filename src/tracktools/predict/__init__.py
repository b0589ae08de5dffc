"""Score every base of both strands of a genome, and write it as a bigWig pair with the called TSS."""

from __future__ import annotations

from tracktools.predict.genome_run import predict_genome, predict_out_of_fold, predict_shard
from tracktools.predict.merge import merge_shards
from tracktools.predict.models import Models, check_folds, load_folds, read_folds
from tracktools.predict.prediction import Prediction, load_prediction
from tracktools.predict.scorer import Model, Scorer, StrandSignals, load_model, predict_sequence
from tracktools.predict.selection import Selection, read_selection
from tracktools.predict.shards import Shard, ShardResult

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
