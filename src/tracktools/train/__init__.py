"""Train the network on a genome and its measured TSS, and choose on the validation region alone."""

from tracktools.train.run import TrainedModel, train_model

__all__ = ["TrainedModel", "train_model"]
