"""How well a signal agrees with measured TSS; from bigWigs without torch."""

from tracktools.evaluate.inputs import SignalInput
from tracktools.evaluate.run import Evaluation, evaluate_tracks
from tracktools.evaluate.scope import ScopeOptions

__all__ = ["Evaluation", "ScopeOptions", "SignalInput", "evaluate_tracks"]
