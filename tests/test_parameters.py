"""Networks as arrays: the same names, shapes and numbers as the torch modules have."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dilated_networks import SMALL as SMALL_DILATED
from dilated_networks import random_codes, random_dilated
from networks import SMALL
from tracktools.config import ConditionedConfig, NetworkConfig
from tracktools.engine.native.library import usable_kernels
from tracktools.model.conditioned import Conditioned
from tracktools.model.networks import make_network, network_of
from tracktools.model.parameters import check_shapes, condition_parameters, letters_axis, parameters_of, shapes_of

CONDITIONED = ConditionedConfig(
    n_channels=6, stem_width_bp=5, dilations_bp=(1, 3), n_members=2, n_features=3, n_hidden=4
)


@pytest.mark.parametrize("config", [SMALL, SMALL_DILATED, replace(SMALL_DILATED, n_members=3), CONDITIONED])
def test_shapes_are_those_of_the_torch_modules(config: NetworkConfig) -> None:
    network = make_network(config)
    assert shapes_of(config) == {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    name, axis = letters_axis(config)
    assert shapes_of(config)[name][axis] == 4
    parameters = parameters_of(network)
    check_shapes(config, parameters.arrays)
    for name, tensor in network_of(parameters).state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name])


def test_arrays_of_another_network_are_named() -> None:
    arrays = dict(parameters_of(random_dilated()).arrays)
    stem = np.zeros((7, 4, 5), dtype=np.float32)
    with pytest.raises(ValueError, match=r"stem\.bias is \(6,\), for this architecture \(7,\)"):
        check_shapes(replace(SMALL_DILATED, n_channels=7), {**arrays, "stem.weight": stem})
    with pytest.raises(ValueError, match=r"embedding is \(4, 8\), for this architecture not a part of it"):
        check_shapes(SMALL_DILATED, {**arrays, "embedding": np.zeros((4, 8), dtype=np.float32)})
    del arrays["output.bias"]
    with pytest.raises(ValueError, match=r"output\.bias is missing"):
        check_shapes(SMALL_DILATED, arrays)


def test_a_network_is_set_to_a_genome_as_torch_does_it() -> None:
    network = Conditioned(CONDITIONED)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    for features in ([0.3, -1.2, 2.0], [0.0, 0.0, 0.0]):
        plain = network_of(condition_parameters(parameters_of(network), features))
        expected = network.condition(features)
        assert plain.config == expected.config
        codes = torch.from_numpy(random_codes(90)).long()[None]
        torch.testing.assert_close(plain(codes), expected(codes), rtol=1e-5, atol=1e-5)


def test_a_copy_of_weights_is_a_copy_and_their_digest_tells_them_apart() -> None:
    model = random_dilated()
    before, digest = parameters_of(model), parameters_of(model).sha256
    with torch.no_grad():
        model.stem.weight[0, 0, 0] += 1
    assert before.sha256 == digest != parameters_of(model).sha256
    assert before.arrays["stem.weight"][0, 0, 0] != model.stem.weight[0, 0, 0]


SCRIPT = """
import sys
from tracktools.cli import main
try:
    main(["predict", "genome.fa", "-o", "out", "-m", "ecoli-tss-dilated", "--device", "cpu", "-t", "1"])
except SystemExit as end:
    assert end.code in (None, 0), end.code
assert "torch" not in sys.modules, "torch was imported"
"""


@pytest.mark.skipif(not usable_kernels("dilated"), reason="no native engine here: `tracktools info` says why")
def test_predicting_imports_no_torch_where_a_native_kernel_serves(tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">chr\n" + "ACGTTGACATATAATGCGTNA" * 40 + "\n")
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "genome.plus.bw").stat().st_size > 0
