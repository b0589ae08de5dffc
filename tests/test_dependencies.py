"""What the package imports is what it says it needs: `pip install .` brings all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name, maxsplit=1)[0]).lower()


def imported() -> dict[str, Path]:
    """Top-level names that the source imports, each with a file that does."""
    found: dict[str, Path] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            else:
                continue
            found.update({name.split(".")[0]: path for name in names})
    return found


def test_every_import_is_a_declared_dependency() -> None:
    extras = [name for group in PROJECT["optional-dependencies"].values() for name in group]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    declared = {normal(name) for name in [*PROJECT["dependencies"], *extras, *build]}
    providers = packages_distributions()
    third_party = {name: path for name, path in imported().items() if name not in sys.stdlib_module_names}
    assert {"torch", "click", "pysam"} <= set(third_party), "the search finds imports"
    for name, path in third_party.items():
        if name != "tracktools":
            assert {normal(one) for one in providers.get(name, [name])} & declared, f"{path} imports {name}"
