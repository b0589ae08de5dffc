"""The convolutional network for any genome: set to the composition of a genome, it becomes a plain one.

Features of the genome (a few numbers, see `tracktools.descriptor`) enter as scales and shifts of the channels of the
stem and of every dilated convolution, before GELU, and as a shift of the log-odds::

    h                = tanh(W features + b)                 a few hidden values
    conv_n(x)       -> (1 + U_n h) * conv_n(x) + V_n h      a channel at a time
    log-odds        -> log-odds + u . h

Since a scale and a shift of a convolution's output are a scale and a shift of its weights and bias, `condition` gives a
network of `tracktools.model.dilated` of the same size, which is what engines run. After Perez et al. 2018 (FiLM, arXiv
1709.07871).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor, nn

from tracktools.config import ConditionedConfig, DilatedConfig
from tracktools.model.dilated import Dilated, DilatedLayer, average_networks, split_members


class Conditioned(Dilated):
    """A dilated network with what sets it to a genome.

    Parameters
    ----------
    config : ConditionedConfig
        Architecture.
    """

    config: ConditionedConfig

    def __init__(self, config: ConditionedConfig) -> None:
        super().__init__(config)
        M, C, H = config.n_members, config.n_channels, config.n_hidden
        self.read = nn.Linear(config.n_features, M * H)
        self.modulation = nn.Parameter(torch.zeros(len(config.dilations_bp) + 1, 2, M * C, H))
        self.output_shift = nn.Parameter(torch.zeros(M, H))

    def settings(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return scales, shifts and the shift of the log-odds.

        Parameters
        ----------
        features : Tensor, shape (B, n_features)

        Returns
        -------
        scales, shifts : Tensor, shape (B, layers + 1, D)
            Of the stem, then of the convolution of each layer.
        shift : Tensor, shape (B,)
        """
        config = self.config
        M, C, H = config.n_members, config.n_channels, config.n_hidden
        hidden = torch.tanh(self.read(features)).view(-1, M, H)
        table = self.modulation.view(-1, 2, M, C, H)
        both = torch.einsum("skmch,bmh->bskmc", table, hidden).flatten(3)  # (B, layers + 1, 2, D)
        return 1 + both[:, :, 0], both[:, :, 1], torch.einsum("mh,bmh->b", self.output_shift, hidden)

    @torch.no_grad()
    def condition(self, features: Sequence[float] | Tensor) -> Dilated:
        """Return the plain network for a genome of these features, in evaluation mode."""
        dtype = self.output.weight.dtype
        row = torch.as_tensor(features, dtype=dtype).reshape(1, -1)
        scales, shifts, shift = (value[0] for value in self.settings(row))
        plain = Dilated(plain_config(self.config)).to(dtype)
        plain.load_state_dict({name: value for name, value in self.state_dict().items() if name in plain.state_dict()})
        for number, conv in enumerate([plain.stem, *(_conv(layer) for layer in plain.layers)]):
            assert conv.bias is not None
            conv.weight.mul_(scales[number][:, None, None])
            conv.bias.mul_(scales[number]).add_(shifts[number])
        plain.output.bias[1] += shift
        return plain.eval()

    def forward(self, codes: Tensor, features: Tensor | None = None) -> Tensor:
        """Return the log-odds at every base, shape (B, L), of sequences of genomes with features (B, n_features)."""
        if features is None:
            raise ValueError("a conditioned network needs the features of a genome: see `condition`")
        scales, shifts, shift = self.settings(features)
        x = nn.functional.gelu(self.stem(self.letter_table()[codes].transpose(1, 2)) * scales[:, 0, :, None]
                               + shifts[:, 0, :, None])  # fmt: skip
        for number, layer in enumerate(self.layers, start=1):
            assert isinstance(layer, DilatedLayer)
            inner = layer.conv(x) * scales[:, number, :, None] + shifts[:, number, :, None]
            x = x + layer.mix(nn.functional.gelu(inner))
        return self.log_odds(x.transpose(1, 2)) + shift[:, None]


def _conv(layer: nn.Module) -> nn.Conv1d:
    assert isinstance(layer, DilatedLayer)
    return layer.conv


def plain_config(config: ConditionedConfig) -> DilatedConfig:
    """Return the configuration of the network that `Conditioned.condition` gives."""
    return DilatedConfig(**{item.name: getattr(config, item.name) for item in fields(DilatedConfig)})


@torch.no_grad()
def average_conditioned(networks: Sequence[Conditioned]) -> Conditioned:
    """Return one network whose log-odds are the mean of those of several, see `average_networks`."""
    configs = {network.config for network in networks}
    if len(configs) != 1:
        raise ValueError(f"{len(configs)} configurations among the networks to average: one is needed")
    (config,) = configs
    plain = average_networks([_unconditioned(network) for network in networks])
    average = Conditioned(replace(config, n_members=config.n_members * len(networks)))
    average.load_state_dict({
        **plain.state_dict(),
        "read.weight": torch.cat([network.read.weight for network in networks]),
        "read.bias": torch.cat([network.read.bias for network in networks]),
        "modulation": torch.cat([network.modulation for network in networks], dim=2),
        "output_shift": torch.cat([network.output_shift for network in networks]) / len(networks),
    })  # fmt: skip
    return average.eval()


def _unconditioned(network: Conditioned) -> Dilated:
    plain = Dilated(plain_config(network.config))
    plain.load_state_dict({name: value for name, value in network.state_dict().items() if name in plain.state_dict()})
    return plain


@torch.no_grad()
def conditioned_from(plain: Dilated, config: ConditionedConfig) -> Conditioned:
    """Return a conditioned network that gives, for any genome, what a plain one gives: a place to start training from.

    Parameters
    ----------
    plain : Dilated
        Of the channels, widths and dilations of `config`.
    config : ConditionedConfig

    Raises
    ------
    ValueError
        If it has others.
    """
    if plain_config(config) != plain.config:
        raise ValueError("the plain network has other channels, widths, dilations or members")
    network = Conditioned(config)
    network.load_state_dict(plain.state_dict(), strict=False)
    return network.eval()


@torch.no_grad()
def split_conditioned(network: Conditioned) -> list[Conditioned]:
    """Return the members of a network, each a network of its own; `average_conditioned` joins them again."""
    count = network.config.n_members
    own = [
        network.read.weight.chunk(count), network.read.bias.chunk(count), network.modulation.chunk(count, dim=2),
        (network.output_shift * count).chunk(count),
    ]  # fmt: skip
    names = ("read.weight", "read.bias", "modulation", "output_shift")
    members = []
    for number, plain in enumerate(split_members(_unconditioned(network))):
        member = Conditioned(replace(network.config, n_members=1))
        state = {name: tensors[number] for name, tensors in zip(names, own, strict=True)}
        member.load_state_dict({**plain.state_dict(), **state})
        members.append(member.eval())
    return members
