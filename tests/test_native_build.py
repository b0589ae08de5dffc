"""The package installs with and without a C++ compiler, and only what was compiled makes a wheel one of a platform."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import dilated_networks
from emulated_library import compile_emulating
from networks import SMALL, letter_seeker, literal_probabilities, random_network
from tracktools import load_model
from tracktools.config import DilatedConfig, ModelConfig
from tracktools.engine.interface import TOLERANCE, Changes
from tracktools.engine.native import library
from tracktools.engine.native.dilated import NativeDilatedEngine
from tracktools.engine.native.engine import NativeEngine
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import parameters_of
from tracktools.model.transformer import Transformer

ROOT = Path(__file__).parents[1]
LIBRARY = "tracktools/engine/native/_native.so"
SIMDE = Path("/usr/include/simde")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="the native engine is for x86-64"),
]


@pytest.fixture
def source_tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("src", "tools", "trackhub_templates"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return tree


def build_wheel(tree: Path, **environment: str) -> tuple[str, set[str]]:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check", "--outdir", "out"],
        cwd=tree,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    (wheel,) = (tree / "out").glob("*.whl")
    with ZipFile(wheel) as archive:
        return wheel.name, set(archive.namelist())


def test_without_a_compiler_the_wheel_is_pure_python(source_tree: Path) -> None:
    name, files = build_wheel(source_tree, CXX="no-such-compiler")
    assert name.endswith("-py3-none-any.whl")
    assert LIBRARY not in files
    assert "tracktools/engine/torch_engine.py" in files


def test_without_cmake_the_wheel_is_pure_python_and_says_why(source_tree: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, 'tools'); import build_backend, importlib.util as util; "
        "known = util.find_spec; util.find_spec = lambda name, *more: None if name == 'cmake' else known(name, *more); "
        "print(build_backend.build_wheel('out'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=source_tree,
        env={**os.environ, "PATH": str(source_tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "No native engine: there is no CMake here" in done.stderr
    assert done.stdout.strip().endswith("-py3-none-any.whl")


def test_an_installation_without_a_compiler_succeeds_and_torch_serves(source_tree: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    no_compiler = {**os.environ, "CXX": "no-such-compiler", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [*install, "--target", str(site), str(source_tree)], env=no_compiler, check=True, capture_output=True
    )
    (tmp_path / "genome.fa").write_text(">chr\n" + "ACGTTGACATATAATGCGT" * 40 + "\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", "-m", "tracktools", *words],  # without the hooks of an editable installation
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), sysconfig.get_path("purelib")])},
            capture_output=True,
            text=True,
            check=False,
        )

    said = run("info")
    assert said.returncode == 0, said.stderr
    assert "native\tavx2\texact\tno: it was not compiled when tracktools was installed" in said.stdout
    assert "--engine auto takes torch" in said.stdout
    predicted = run("predict", "genome.fa", "-o", "out", "-t", "1")
    assert predicted.returncode == 0, predicted.stderr
    assert "engine   torch" in predicted.stderr
    refused = run("predict", "genome.fa", "-o", "again", "--engine", "native")
    assert refused.returncode == 1
    assert (
        "it was not compiled when tracktools was installed (no C++ compiler, or no CMake) (choose auto or torch)"
        in refused.stderr
    )


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_with_a_compiler_the_wheel_is_for_this_platform_and_any_python(source_tree: Path) -> None:
    name, files = build_wheel(source_tree)
    assert LIBRARY in files
    assert "tracktools/trackhub_templates/hub.txt" in files
    assert "-py3-none-" in name
    assert not name.endswith("any.whl")


@pytest.fixture(scope="module")
def emulating_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with AMX's tile instructions as plain loops, and AVX-512's too where the processor lacks them."""
    lacking = not {"avx512", "avx512_bf16"} <= {kernel.name for kernel in library.usable_kernels()}
    if lacking and not SIMDE.is_dir():
        pytest.skip("this processor lacks AVX-512, and SIMDe (libsimde-dev) is not there to emulate it")
    return compile_emulating(tmp_path_factory.mktemp("emulating") / "emulating.so", vectors=lacking)


@pytest.fixture
def with_emulation(emulating_library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(library, "LIBRARY_PATH", emulating_library)
    library.load.cache_clear()
    yield
    monkeypatch.undo()
    library.load.cache_clear()


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
@pytest.mark.parametrize("kernel", [kernel for kernel in library.KERNELS if kernel.transformer], ids=lambda k: k.name)
@pytest.mark.parametrize(
    "model",
    [
        random_network(SMALL),
        random_network(ModelConfig(n_layers=2, attention_window_bp=100)),
        random_network(ModelConfig(n_layers=1)),
        letter_seeker(3, ModelConfig(n_layers=1, n_heads=2, conv_width_bp=3, attention_window_bp=96)),
    ],
    ids=["small", "window100", "window512", "large_scores"],
)
def test_every_kernel_equals_the_equations_whatever_the_processor(
    with_emulation: None, kernel: library.Kernel, model: Transformer
) -> None:
    codes = np.random.default_rng(8).integers(0, 5, 651, dtype=np.uint8)
    expected = literal_probabilities(model, codes)
    engine = NativeEngine(model, kernel=kernel, threads=2)
    np.testing.assert_allclose(
        engine.probabilities(codes, 0, len(codes)), expected, atol=TOLERANCE[kernel.precision], rtol=0
    )


X86_KERNELS = [kernel for kernel in library.KERNELS if kernel.name != "neon"]


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
@pytest.mark.parametrize("kernel", X86_KERNELS, ids=lambda k: k.name)
@pytest.mark.parametrize(
    "config",
    [
        dilated_networks.SMALL,
        DilatedConfig(n_channels=97, stem_width_bp=7, conv_width_bp=5, dilations_bp=(3, 1), n_members=2),
    ],
    ids=["small", "wide"],
)
def test_every_kernel_of_the_convolutional_network_equals_the_equations(
    with_emulation: None, kernel: library.Kernel, config: DilatedConfig
) -> None:
    model = dilated_networks.random_dilated(config, gain=0.7)
    engine = NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=2)
    for length in (1, 15, 16, 17, 65, 651):
        codes = dilated_networks.random_codes(length)
        np.testing.assert_allclose(
            engine.probabilities(codes, 0, length),
            dilated_networks.exact_probabilities(model, codes),
            atol=TOLERANCE[kernel.precision],
            rtol=0,
        )


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
@pytest.mark.parametrize("kernel", X86_KERNELS, ids=lambda k: k.name)
def test_every_kernel_runs_the_shipped_network(with_emulation: None, kernel: library.Kernel) -> None:
    model = load_model("ecoli-tss-dilated").model
    assert isinstance(model, Dilated)
    codes = dilated_networks.random_codes(900) % 4
    found = NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=1).probabilities(codes, 0, 900)
    error = np.abs(found - dilated_networks.exact_probabilities(model, codes)).max()
    assert error < (1e-5 if kernel.precision == "exact" else 1e-2)


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
@pytest.mark.parametrize("kernel", X86_KERNELS, ids=lambda k: k.name)
def test_every_kernel_changes_a_base_bit_for_bit(with_emulation: None, kernel: library.Kernel) -> None:
    config = DilatedConfig(n_channels=70, stem_width_bp=7, dilations_bp=(3, 20, 1), n_members=2)
    engine = NativeDilatedEngine(
        parameters_of(dilated_networks.random_dilated(config, gain=0.7)), kernel=kernel, threads=1
    )
    codes = dilated_networks.random_codes(150) % 4
    offsets = np.array([0, 70, 149])
    firsts, lasts = np.array([0, 60, 130]), np.array([9, 75, 150])
    (found,) = engine.changed([Changes(codes, offsets, firsts, lasts)])
    expected = []
    for offset, first, last in zip(offsets, firsts, lasts, strict=True):
        for letter in range(4):
            changed = codes.copy()
            changed[offset] = letter
            expected.append(engine.probabilities(changed, int(first), int(last)))
    assert found.tobytes() == np.concatenate(expected).tobytes()
