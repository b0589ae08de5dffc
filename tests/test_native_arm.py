"""The kernels for 64-bit ARM processors, compiled for one and run on an emulated one; never on a real one yet."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dilated_networks import SMALL, exact_probabilities, random_codes, random_dilated
from tracktools import load_model
from tracktools.config import DilatedConfig
from tracktools.engine import Window
from tracktools.engine.native.dilated import lay_out_dilated
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import parameters_of

SOURCES = Path(__file__).parents[1] / "src" / "tracktools" / "engine" / "native" / "source"
COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"
PARTS = ("dilated_library.cpp", "processor.cpp", "kernel_neon.cpp", "kernel_generic.cpp")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which(COMPILER) is None or shutil.which(EMULATOR) is None,
        reason=f"there is no {COMPILER} or no {EMULATOR} (Debian: g++-aarch64-linux-gnu, qemu-user)",
    ),
]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("arm") / "driver"
    flags = ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-static", "-pthread", f"-I{SOURCES}"]
    flags += ["-DTRACKTOOLS_NEON", "-DTRACKTOOLS_GENERIC"]
    sources = [Path(__file__).with_name("emulated") / "driver.cpp", *(SOURCES / part for part in PARTS)]
    subprocess.run([COMPILER, *flags, "-Wall", "-Werror", "-o", path, *sources], check=True)
    return path


def answers_of(driver: Path, kernel: str, model: Dilated, windows: Sequence[Window]) -> list[npt.NDArray[np.float32]]:
    config, threads = model.config, 2
    sizes = [config.n_members, config.n_channels, config.stem_width_bp, config.conv_width_bp, len(config.dilations_bp)]
    numbers = [*sizes, threads, len(windows), *config.dilations_bp]
    numbers += [number for window in windows for number in (len(window.codes), window.first, window.last)]
    case = np.array(numbers, dtype="<i4").tobytes()
    case += b"".join(array.astype("<f4").tobytes() for array in lay_out_dilated(parameters_of(model)))
    case += b"".join(window.codes.tobytes() for window in windows)
    done = subprocess.run([EMULATOR, driver, kernel], input=case, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    ends = np.cumsum([window.last - window.first for window in windows])
    return np.split(np.frombuffer(done.stdout, dtype="<f4"), ends[:-1])


@pytest.mark.parametrize("kernel", ["neon", "generic"])
@pytest.mark.parametrize(
    "config",
    [SMALL, DilatedConfig(n_channels=70, stem_width_bp=7, conv_width_bp=5, dilations_bp=(3, 1), n_members=2)],
    ids=["small", "wide"],
)
def test_contigs_of_every_length_are_the_equations(driver: Path, kernel: str, config: DilatedConfig) -> None:
    model = random_dilated(config, gain=0.7)
    windows = [Window(random_codes(n, seed=n), n // 4, n) for n in [*range(1, 48), 130, 257]]
    assert len(windows) < 50
    for window, found in zip(windows, answers_of(driver, kernel, model, windows), strict=True):
        expected = exact_probabilities(model, window.codes)[window.first : window.last]
        np.testing.assert_allclose(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("kernel", ["neon", "generic"])
def test_the_shipped_network_and_a_part_of_a_window(driver: Path, kernel: str) -> None:
    model = load_model("ecoli-tss-dilated").model
    assert isinstance(model, Dilated)
    codes, halo = random_codes(500) % 4, model.config.halo_upstream_bp
    part = Window(codes[200 - halo : 300 + halo], halo, halo + 100)
    whole, inner = answers_of(driver, kernel, model, [Window(codes, 0, 500), part])
    assert np.abs(whole - exact_probabilities(model, codes)).max() < 1e-5
    assert inner.tobytes() == whole[200:300].tobytes()
