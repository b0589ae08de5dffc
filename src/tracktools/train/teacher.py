"""A teacher: a model whose output at every base another network learns to give, also on DNA that was not measured."""

from __future__ import annotations

import torch

from tracktools.arrays import Float32, Int64
from tracktools.config import DilatedConfig
from tracktools.errors import ConfigError
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.networks import Network


class Teacher:
    """What a convolutional model says of windows.

    Parameters
    ----------
    checkpoint : Checkpoint
        Set to the genome, where it takes a descriptor.

    Raises
    ------
    ConfigError
        If it is no convolutional model: others need too much context to be asked in every step.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        if not isinstance(checkpoint.config, DilatedConfig):
            raise ConfigError(
                f"{checkpoint.metadata.name} cannot teach: a teacher is a convolutional model, such as bacteria-tss"
            )
        self.checkpoint = checkpoint
        self.reach_bp = checkpoint.config.halo_upstream_bp  # context that it needs on both sides of a base
        self._network: Network = checkpoint.model.eval()

    @torch.no_grad()
    def probabilities(self, codes: Int64) -> Float32:
        """Return the output of each base but the outer `reach_bp` on both sides: (B, L) to (B, L - 2 * reach_bp)."""
        log_odds = self._network.log_odds(self._network.states(torch.from_numpy(codes)))
        output: Float32 = torch.sigmoid(log_odds[:, self.reach_bp : -self.reach_bp]).numpy()
        return output
