"""The second network: residual dilated convolutions over one strand of DNA, without attention.

By default it reads 77 bases to each side of a base, and has no heads to look into, but learns faster than the
transformer and runs faster. After Yu & Koltun 2016 (dilated convolutions, arXiv 1511.07122) and He et al. 2016
(residual layers, arXiv 1512.03385); for layers n = 1 ... with dilation d_n, x the hidden states::

    x_0     = gelu(stem(letters))                        one-hot; a letter that is not A, C, G or T is 1/4 of each
    x_n     = x_(n-1) + mix_n(gelu(conv_n(x_(n-1))))     conv_n: taps d_n apart; mix_n: a base by itself
    output  = difference of two linear maps of the last x: the log-odds of a TSS

Beyond the true ends of a sequence every layer has zeros.

Members are such networks side by side, trained apart, that share nothing (grouped convolutions); their channels follow
member after member, and the output is the mean of their log-odds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from tracktools.config import DilatedConfig

N_LETTERS = 4


class DilatedLayer(nn.Module):
    """Parameters of one residual layer; `mix` starts at zero, so that a fresh layer changes nothing."""

    def __init__(self, config: DilatedConfig, dilation_bp: int) -> None:
        super().__init__()
        D, M = config.d_model, config.n_members
        reach = dilation_bp * (config.conv_width_bp // 2)
        self.conv = nn.Conv1d(D, D, config.conv_width_bp, dilation=dilation_bp, padding=reach, groups=M)
        self.mix = nn.Conv1d(D, D, 1, groups=M)
        nn.init.zeros_(self.mix.weight)
        assert self.mix.bias is not None
        nn.init.zeros_(self.mix.bias)

    def update(self, x: Tensor, dropout: float) -> Tensor:
        """Return what the layer adds to states of shape (B, D, L)."""
        update: Tensor = self.mix(F.dropout(F.gelu(self.conv(x)), dropout, self.training))
        return update


class Dilated(nn.Module):
    """The convolutional network: letters of one strand in, log-odds of a TSS at every base out.

    Parameters
    ----------
    config : DilatedConfig
        Architecture.
    """

    def __init__(self, config: DilatedConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv1d(N_LETTERS, config.d_model, config.stem_width_bp, padding=config.stem_width_bp // 2)
        self.layers = nn.ModuleList(DilatedLayer(config, dilation) for dilation in config.dilations_bp)
        self.output = nn.Linear(config.d_model, 2)

    def states(
        self,
        codes: Tensor,
        *,
        first: int = 0,
        last: int | None = None,
        dropout: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Compute the last hidden states at positions first ... last - 1 of whole sequences.

        Parameters
        ----------
        codes : Tensor of int64, shape (B, L)
            Letters, 5' to 3': A 0, C 1, G 2, T 3, any other 4. Beyond both ends there is nothing (zeros).
        first, last : int
            Half-open range of positions that are returned.
        dropout : float
            Share of hidden values dropped inside each layer, while training.
        dtype : torch.dtype
            Of the products, by autocast where it is not that of the parameters.

        Returns
        -------
        Tensor, shape (B, last - first, D)
        """
        is_base = torch.ones(1, 1, codes.shape[1], dtype=self.output.weight.dtype)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            x = self.run(codes, is_base, dropout)
        return x[:, :, first:last].transpose(1, 2).to(self.output.weight.dtype)

    def run(self, codes: Tensor, is_base: Tensor, dropout: float = 0.0) -> Tensor:
        """Return the last hidden states, shape (B, D, L), where codes may hold stretches that are no DNA.

        Parameters
        ----------
        codes : Tensor of int64, shape (B, L)
        is_base : Tensor, shape (B or 1, 1, L)
            1 at bases, 0 where there is nothing: hidden states stay zero there.
        """
        letters = self.letter_table().to(is_base.device)[codes].transpose(1, 2) * is_base  # (B, 4, L)
        x = F.gelu(self.stem(letters)) * is_base
        for layer in self.layers:
            assert isinstance(layer, DilatedLayer)
            x = x + layer.update(x, dropout) * is_base
        return x

    def letter_table(self) -> Tensor:
        """Return the inputs of codes 0..4, shape (5, 4): one-hot, and the mean of the four."""
        one_hot = torch.eye(N_LETTERS, dtype=self.output.weight.dtype)
        return torch.cat([one_hot, one_hot.mean(dim=0, keepdim=True)])

    def log_odds(self, states: Tensor) -> Tensor:
        """Return the log-odds of a TSS of last hidden states: (B, L, D) to (B, L)."""
        logits = self.output(states)  # (B, L, 2)
        return torch.sub(logits[..., 1], logits[..., 0])

    def forward(self, codes: Tensor) -> Tensor:
        """Return the log-odds at every base, shape (B, L)."""
        return self.log_odds(self.states(codes))


@torch.no_grad()
def average_networks(networks: Sequence[Dilated]) -> Dilated:
    """Return one network whose log-odds are the mean of those of several with one configuration.

    Parameters
    ----------
    networks : sequence of Dilated
        They may have members themselves; every member then counts alike.

    Raises
    ------
    ValueError
        If their configurations differ, or there is none.
    """
    configs = {network.config for network in networks}
    if len(configs) != 1:
        raise ValueError(f"{len(configs)} configurations among the networks to average: one is needed")
    (config,) = configs
    states = [network.state_dict() for network in networks]
    joined = {name: torch.cat([state[name] for state in states]) for name in states[0]}
    joined["output.weight"] = torch.cat([state["output.weight"] for state in states], dim=1) / len(states)
    joined["output.bias"] = torch.stack([state["output.bias"] for state in states]).mean(dim=0)
    average = Dilated(replace(config, n_members=config.n_members * len(networks)))
    average.load_state_dict(joined)
    return average.eval()


@torch.no_grad()
def split_members(network: Dilated) -> list[Dilated]:
    """Return the members of a network, each a network of its own; `average_networks` joins them again."""
    config, count = network.config, network.config.n_members
    parts = [replace(config, n_members=1) for _ in range(count)]
    members = []
    for number, part in enumerate(parts):
        member = Dilated(part)
        state = {
            name: tensor
            if name == "output.bias"
            else tensor.chunk(count, dim=1 if name == "output.weight" else 0)[number]
            for name, tensor in network.state_dict().items()
        }
        state["output.weight"] = state["output.weight"] * count
        member.load_state_dict(state)
        members.append(member.eval())
    return members
