"""How the package is built: by scikit-build-core, which compiles the native engine; without CMake as pure Python.

Where there is CMake but no C++ compiler, scikit-build-core itself falls back (``if.failed`` in pyproject.toml).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from typing import Any

from scikit_build_core import build as _backend
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]


def build_wheel(*arguments: Any, **named: Any) -> str:
    """Build a wheel (PEP 517)."""
    _do_without_cmake()
    return _backend.build_wheel(*arguments, **named)


def build_editable(*arguments: Any, **named: Any) -> str:
    """Build the wheel of an editable installation (PEP 660)."""
    _do_without_cmake()
    return _backend.build_editable(*arguments, **named)


def _do_without_cmake() -> None:
    if shutil.which("cmake") is None and importlib.util.find_spec("cmake") is None:
        os.environ["SKBUILD_WHEEL_CMAKE"] = "false"
        sys.stderr.write("No native engine: there is no CMake here. tracktools will use torch, which is slower.\n")
