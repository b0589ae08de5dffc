"""The optimisation: focal loss, Adam with decay, warm-up and cosine, a moving average of the weights; resumable."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.config import NetworkConfig, TrainConfig
from tracktools.model.networks import Network, make_network
from tracktools.train.state import load_state, save_state
from tracktools.train.windows import TrainingWindows

_BETAS = (0.9, 0.98)
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW keeps of each parameter
_FINAL_SHARE = 0.02  # of the learning rate at the end of the cosine
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


def native_precision() -> Literal["bf16", "fp32"]:
    """Return bf16 where the processor multiplies such numbers itself, and fp32, which is faster elsewhere."""
    supports = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return "bf16" if any(support is not None and support() for support in supports) else "fp32"


def focal_loss(log_odds: Tensor, is_tss: Tensor, gamma: float) -> Tensor:
    """Return -(1 - p)^gamma log p elementwise, p the probability given to the truth (Lin et al. 2017, eq. 4)."""
    log_p = F.logsigmoid(torch.where(is_tss > 0.5, log_odds, -log_odds))
    return -((1 - log_p.exp()) ** gamma) * log_p


def mixed_loss(hard: Tensor, log_odds: Tensor, soft: Tensor, weight: float | Tensor) -> Tensor:
    """Return (1 - weight) hard + weight (-y log p - (1 - y) log(1 - p)), y the soft label; hard where y is NaN."""
    known = ~torch.isnan(soft)
    entropy = F.binary_cross_entropy_with_logits(log_odds, torch.nan_to_num(soft), reduction="none")
    return torch.where(known, (1 - weight) * hard + weight * entropy, hard)


def learning_rate(step: int, config: TrainConfig) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine to `_FINAL_SHARE`."""
    warmup = min((step + 1) / max(config.warmup_steps, 1), 1.0)
    cosine = 0.5 * (1 + math.cos(math.pi * min(step / config.steps, 1.0)))
    return config.learning_rate * warmup * (_FINAL_SHARE + (1 - _FINAL_SHARE) * cosine)


class Trainer:
    """The state of one training.

    Besides the output that is kept, the network may have side outputs, one linear map a further label set, which share
    its states: they teach it from more experiments and are dropped in the end.

    Parameters
    ----------
    model_config, config : ModelConfig or DilatedConfig, TrainConfig
    windows : TrainingWindows
        Their first label set is that of the output that is kept.
    outputs : int
        Number of label sets.
    init : Transformer or Dilated, optional
        Weights to start from instead of fresh ones; side outputs are fresh always.
    """

    def __init__(
        self,
        model_config: NetworkConfig,
        config: TrainConfig,
        windows: TrainingWindows | None,
        outputs: int,
        init: Network | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.windows, self.step = config, windows, 0
        self.model = make_network(model_config)
        self.side_weight = nn.Parameter(0.02 * torch.randn(outputs - 1, model_config.d_model))
        self.side_bias = nn.Parameter(torch.full((outputs - 1,), -4.0))  # a TSS is rare: start there, not at one half
        with torch.no_grad():
            self.model.output.bias.copy_(torch.tensor([2.0, -2.0]))
        if init is not None:
            self.model.load_state_dict(init.state_dict())
        self.parameters = [*self.model.parameters(), self.side_weight, self.side_bias]
        self.averages = [parameter.detach().clone() for parameter in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=config.learning_rate, betas=_BETAS, weight_decay=config.weight_decay
        )

    def loss(self) -> Tensor:
        """Return the mean loss of the batch of this step."""
        assert self.windows is not None
        config, batch = self.config, self.windows.batch(self.step)
        codes, is_tss = torch.from_numpy(batch.codes), torch.from_numpy(batch.is_tss)
        first, last = config.lead_bp, codes.shape[1] - self.model.config.halo_downstream_bp
        states = self.model.states(
            codes, first=first, last=last, dropout=config.dropout, dtype=DTYPES[config.precision]
        )
        side = F.linear(states, self.side_weight, self.side_bias)
        log_odds = torch.cat([self.model.log_odds(states)[..., None], side], dim=-1)  # (B, L, outputs)
        is_tss = is_tss[:, first:last]
        losses = torch.where(is_tss.isnan(), 0.0, focal_loss(log_odds, is_tss, config.focal_gamma))
        if batch.soft is not None:
            soft = torch.from_numpy(batch.soft)[:, first:last]
            weight = torch.where(is_tss[..., 0].isnan(), 1.0, config.soft_weight)  # unmeasured: the soft label alone
            kept = mixed_loss(losses[..., 0], log_odds[..., 0], soft, weight)
            losses = torch.cat([kept[..., None], losses[..., 1:]], dim=-1)
        return losses.mean()

    def train_step(self) -> float:
        """Take one step; return its mean loss."""
        config = self.config
        torch.manual_seed(
            config.seed * 1_000_003 + self.step
        )  # dropout of a step does not depend on how it was reached
        self.model.train()
        loss = self.loss()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, config)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        nn.utils.clip_grad_norm_(self.parameters, config.clip_norm)
        self.optimizer.step()
        decay = min(config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for average, parameter in zip(self.averages, self.parameters, strict=True):
                average.lerp_(parameter, 1 - decay)
        self.step += 1
        return loss.item()

    def averaged_model(self) -> Network:
        """Return a network with the moving average of the weights, in evaluation mode."""
        model = make_network(self.model.config)
        with torch.no_grad():
            for parameter, average in zip(model.parameters(), self.averages, strict=False):
                parameter.copy_(average)
        return model.eval()

    def averaged_sides(self) -> list[Network]:
        """Return a network a side output, which gives that output, with the moving average of the weights."""
        shared = sum(1 for _ in self.model.parameters())
        sides = []
        for weight, bias in zip(*self.averages[shared:], strict=True):
            side = self.averaged_model()
            with torch.no_grad():  # log-odds are the second logit less the first
                side.output.weight.copy_(torch.stack([torch.zeros_like(weight), weight]))
                side.output.bias.copy_(torch.stack([torch.zeros_like(bias), bias]))
            sides.append(side)
        return sides

    def save(self, path: Path, values: Mapping[str, Any]) -> None:
        """Write the whole state, and plain values with it, so that `load` continues as if nothing had happened."""
        tensors = {f"{kind}.{number}": tensor for kind, number, tensor in self._tensors()}
        save_state(path, tensors, {"step": self.step, **values})

    def load(self, path: Path) -> dict[str, Any]:
        """Continue from a state of the same settings; return its values.

        Raises
        ------
        InputError
            If the state is not as it was written.
        """
        tensors, values = load_state(path)
        self.step = values["step"]
        with torch.no_grad():
            for kind, number, tensor in self._tensors():
                tensor.copy_(tensors[f"{kind}.{number}"])
        moments = {
            number: {name: tensors[f"{name}.{number}"] for name in _MOMENTS}
            for number in range(len(self.parameters))
            if f"{_MOMENTS[0]}.{number}" in tensors
        }
        groups = self.optimizer.state_dict()["param_groups"]  # each step sets the learning rate
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        return values

    def _tensors(self) -> Iterator[tuple[str, int, Tensor]]:
        """Yield the tensors of the state: of what kind each is, and which parameter it belongs to."""
        moments = self.optimizer.state_dict()["state"]
        for number, (parameter, average) in enumerate(zip(self.parameters, self.averages, strict=True)):
            yield "parameter", number, parameter
            yield "average", number, average
            for name in _MOMENTS if number in moments else ():
                yield name, number, moments[number][name]
