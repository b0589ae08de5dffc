"""How well a signal agrees with measured TSS; from bigWigs without torch."""

from tracktools.evaluate.read import Judged
from tracktools.evaluate.run import Evaluation, evaluate_tracks
from tracktools.evaluate.where import Wanted

__all__ = ["Evaluation", "Judged", "Wanted", "evaluate_tracks"]
