"""The steps of a training on many species."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.config import ConditionedConfig, TrainConfig
from tracktools.model.conditioned import Conditioned
from tracktools.train.loop import DTYPES, Trainer
from tracktools.train.mixture import Mixture, Part
from tracktools.train.unpadded import unpadded_states

_SCALE = 1000  # the loss is a sum over bases, in thousands: of a size that clipping is made for


class SpeciesTrainer(Trainer):
    """The state of a training on many species; see `Trainer`, whose optimisation and files it has.

    Parameters
    ----------
    model_config, config : ConditionedConfig, TrainConfig
    mixture : Mixture
    outputs : int
        The kept one, and the side outputs of the main genome.
    init : Conditioned, optional
    """

    model: Conditioned

    def __init__(
        self,
        model_config: ConditionedConfig,
        config: TrainConfig,
        mixture: Mixture,
        outputs: int,
        init: Conditioned | None = None,
    ) -> None:
        super().__init__(model_config, config, None, outputs, init)
        self.mixture = mixture
        if init is None:
            with torch.no_grad():
                self.model.output.bias.copy_(torch.tensor([3.5, -3.5]))  # a TSS is rare

    def loss(self) -> Tensor:
        """Return the loss of the batch of this step."""
        return torch.stack([self._loss_of(part) for part in self.mixture.batch(self.step)]).sum()

    def _loss_of(self, part: Part) -> Tensor:
        codes, features = torch.from_numpy(part.codes), torch.from_numpy(part.features)
        states, shift = unpadded_states(
            self.model, codes, features, dropout=self.config.dropout, dtype=DTYPES[self.config.precision]
        )
        states = states.float()
        side = F.linear(states, self.side_weight, self.side_bias)
        kept = self.model.log_odds(states) + shift[:, None]
        log_odds = torch.cat([kept[..., None], side], dim=-1) + torch.from_numpy(part.offset)[:, None, None]
        losses = F.binary_cross_entropy_with_logits(log_odds, torch.from_numpy(part.is_tss), reduction="none")
        return (losses * torch.from_numpy(part.weight)).sum() / _SCALE
