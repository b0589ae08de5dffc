"""The shape of the source: imports make no circle, an idea has one name, a function fits a screen."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
LONGEST_FUNCTION = 60  # lines without its docstring
LONGEST_FILE = 400


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its dotted name."""
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for path in sorted((SOURCE / "tracktools").rglob("*.py"))
    }


@cache
def public() -> dict[str, str]:
    """The module that each public name of `tracktools` comes from."""
    stub = ast.parse((SOURCE / "tracktools" / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: f"tracktools.{node.module}" for node in imports for alias in node.names}


def imported(tree: ast.Module) -> Iterator[str]:
    """Modules that a module imports: at its head, inside functions, or for the type checker alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                face = public().get(alias.name, "") if node.module == "tracktools" else node.module
                yield inner if inner in modules() else face


def test_imports_make_no_circle() -> None:
    graph = {
        name: {other for other in imported(tree) if other in modules() and other not in (name, "tracktools")}
        for name, tree in modules().items()
    }
    assert graph["tracktools.engine.choice"] >= {"tracktools.model.networks"}, "those for the type checker count"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_class_name_means_one_thing() -> None:
    names = Counter(
        node.name
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        if not module.startswith("tracktools.hub.check")  # hubs of others have tracks, genomes and stanzas of their own
    )
    assert names["Interval"] == 1
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("width", ["float32", "float64", "int32", "int64", "uint8", "bool_"])
def test_arrays_have_one_name(width: str) -> None:
    spelled = [
        module
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node).endswith(f"NDArray[np.{width}]")
    ]
    assert set(spelled) == {"tracktools.arrays"}


def test_functions_fit_a_screen_and_files_stay_short() -> None:
    long = []
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                first = node.body[0]
                has_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                text = (first.end_lineno or 0) - first.lineno + 1 if has_text else 0
                if node.end_lineno - node.lineno + 1 - text > LONGEST_FUNCTION:
                    long.append(f"{module}.{node.name}")
    assert long == []
    sizes = {path: len(path.read_text().splitlines()) for path in (SOURCE / "tracktools").rglob("*.py")}
    assert [path for path, size in sizes.items() if size > LONGEST_FILE] == []


def test_no_path_is_resolved_that_may_be_a_circle_of_links() -> None:
    """`Path.resolve` raises RuntimeError there, before Python 3.13; `formats.input_file.real_path` does not."""
    called = {
        f"{module}:{node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "resolve"
    }
    assert called == set()
