"""The network that is set to a genome: what it folds to, its average, and its fast form in training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tracktools.config import ConditionedConfig, DilatedConfig, architecture_of, read_network
from tracktools.model.conditioned import Conditioned, average_conditioned, conditioned_from, split_conditioned
from tracktools.model.dilated import Dilated, average_networks, split_members
from tracktools.model.networks import make_network
from tracktools.train.unpadded import unpadded_states

SMALL = ConditionedConfig(n_channels=6, stem_width_bp=5, dilations_bp=(1, 3, 2), n_features=3, n_hidden=4)


def random_network(seed: int, config: ConditionedConfig = SMALL) -> Conditioned:
    """Return a network in float64 whose every parameter matters."""
    generator = torch.Generator().manual_seed(seed)
    network = Conditioned(config).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def random_codes(*shape: int) -> torch.Tensor:
    """Return letters, some of them N."""
    return torch.randint(0, 5, shape, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("members", [1, 3])
def test_folding_gives_a_plain_network_with_the_same_output(members: int) -> None:
    network = random_network(1, replace(SMALL, n_members=members))
    codes = random_codes(2, 61)
    for features in ([0.3, -1.2, 2.0], [0.0, 0.0, 0.0]):
        plain = network.condition(features)
        assert type(plain) is Dilated
        assert type(plain.config) is DilatedConfig
        expected = network(codes, torch.tensor([features] * 2, dtype=torch.float64))
        torch.testing.assert_close(plain(codes), expected, rtol=0, atol=1e-11)  # ends of the sequences included


def test_the_genome_matters_and_folding_changes_nothing_in_the_network_itself() -> None:
    network = random_network(1)
    codes = random_codes(1, 40)
    one, other = network.condition([1.0, 0, 0]), network.condition([-1.0, 0, 0])
    assert (one(codes) - other(codes)).abs().max() > 1e-3
    torch.testing.assert_close(network.condition([1.0, 0, 0])(codes), one(codes), rtol=0, atol=0)


def test_without_features_it_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="features of a genome"):
        random_network(1)(random_codes(1, 40))


def test_the_average_gives_the_mean_of_log_odds() -> None:
    networks = [random_network(seed) for seed in (1, 2)]
    average = average_conditioned(networks).double()
    codes, features = random_codes(2, 50), torch.tensor([[0.3, -1.2, 2.0], [1.0, 0.5, -0.7]], dtype=torch.float64)
    expected = torch.stack([network(codes, features) for network in networks]).mean(dim=0)
    torch.testing.assert_close(average(codes, features), expected, rtol=0, atol=1e-6)  # averages are kept in float32
    assert average.config.n_members == 2


def test_training_without_padding_gives_the_same_states_where_the_context_is_whole() -> None:
    network = random_network(1)
    codes, features = random_codes(3, 70), torch.tensor([[0.3, -1.2, 2.0]] * 3, dtype=torch.float64)
    states, shift = unpadded_states(network, codes, features, dtype=torch.float64)
    reach = SMALL.halo_upstream_bp
    log_odds = network.log_odds(states) + shift[:, None]
    torch.testing.assert_close(log_odds, network(codes, features)[:, reach:-reach], rtol=0, atol=1e-11)


def test_dropping_leaves_the_mean() -> None:
    network = random_network(1, replace(SMALL, dilations_bp=(2,)))
    codes, features = random_codes(1, 11).expand(20_000, -1), torch.zeros(20_000, 3, dtype=torch.float64)
    torch.manual_seed(0)
    whole, _ = unpadded_states(network, codes[:1], features[:1], dtype=torch.float64)
    dropped, _ = unpadded_states(network, codes, features, dropout=0.2, dtype=torch.float64)
    assert dropped.std(dim=0).min() > 0.01
    torch.testing.assert_close(dropped.mean(dim=0, keepdim=True), whole, rtol=0, atol=0.05)


def test_the_architecture_has_a_name_of_its_own() -> None:
    assert architecture_of(SMALL) == "conditioned"
    assert architecture_of(DilatedConfig()) == "dilated"
    config = read_network("conditioned", {"n_channels": 6, "n_features": 3, "dilations_bp": [1, 2]})
    assert isinstance(make_network(config), Conditioned)


def test_members_are_split_and_joined_again() -> None:
    plain = random_network(1, replace(SMALL, n_members=2)).condition([0.1, 0.2, 0.3])
    codes = random_codes(2, 40)
    members = [member.double() for member in split_members(plain)]
    mean = torch.stack([member(codes) for member in members]).mean(dim=0)
    torch.testing.assert_close(mean, plain(codes), rtol=0, atol=1e-5)  # members are float32
    torch.testing.assert_close(average_networks(members).double()(codes), plain(codes), rtol=0, atol=1e-5)


def test_conditioned_members_are_split_and_joined_again() -> None:
    network = random_network(1, replace(SMALL, n_members=2))
    codes, features = random_codes(2, 40), torch.tensor([[0.3, -1.2, 2.0], [1.0, 0.5, -0.7]], dtype=torch.float64)
    members = [member.double() for member in split_conditioned(network)]
    mean = torch.stack([member(codes, features) for member in members]).mean(dim=0)
    torch.testing.assert_close(mean, network(codes, features), rtol=0, atol=1e-5)
    again = average_conditioned(members).double()
    torch.testing.assert_close(again(codes, features), network(codes, features), rtol=0, atol=1e-5)


def test_a_plain_network_is_a_start_that_changes_nothing() -> None:
    plain = random_network(1).condition([0.1, 0.2, 0.3])
    start = conditioned_from(plain, SMALL).double()
    codes = random_codes(1, 40)
    for features in ([3.0, 2.0, 1.0], [0.0, 0.0, 0.0]):
        torch.testing.assert_close(start.condition(features)(codes), plain(codes), rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match="other channels"):
        conditioned_from(plain, replace(SMALL, n_channels=5))
