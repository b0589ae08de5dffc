"""The package installs with and without a C++ compiler, and only what was compiled makes a wheel one of a platform."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = "tracktools/engine/native/_native.so"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="the native engine is for x86-64"),
]


@pytest.fixture
def source_tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("src", "trackhub_templates"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return tree


def build_wheel(tree: Path, compiler: str) -> tuple[str, set[str]]:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"],
        cwd=tree,
        env={**os.environ, "CXX": compiler},
        check=True,
        capture_output=True,
    )
    (wheel,) = (tree / "out").glob("*.whl")
    with ZipFile(wheel) as archive:
        return wheel.name, set(archive.namelist())


def test_without_a_compiler_the_wheel_is_pure_python(source_tree: Path) -> None:
    name, files = build_wheel(source_tree, "no-such-compiler")
    assert name.endswith("-py3-none-any.whl")
    assert LIBRARY not in files
    assert "tracktools/engine/torch_engine.py" in files


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_with_a_compiler_the_wheel_is_for_this_platform_and_any_python(source_tree: Path) -> None:
    name, files = build_wheel(source_tree, "c++")
    assert LIBRARY in files
    assert "-py3-none-" in name
    assert not name.endswith("any.whl")
