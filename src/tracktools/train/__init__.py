"""Train the network on a genome and its measured TSS, and choose on the validation region alone."""

from tracktools.train.adapt import adapt_model
from tracktools.train.average import average_models
from tracktools.train.folds import TrainedFolds, train_folds
from tracktools.train.run import TrainedModel, train_model
from tracktools.train.sheet import SpeciesSheet, read_sheet
from tracktools.train.soft import SoftLabels
from tracktools.train.specialists import Specialist, read_specialist
from tracktools.train.species_average import average_species_models
from tracktools.train.species_run import train_species
from tracktools.train.split_options import choose_split

__all__ = [
    "SoftLabels",
    "Specialist",
    "SpeciesSheet",
    "TrainedFolds",
    "TrainedModel",
    "adapt_model",
    "average_models",
    "average_species_models",
    "choose_split",
    "read_sheet",
    "read_specialist",
    "train_folds",
    "train_model",
    "train_species",
]
