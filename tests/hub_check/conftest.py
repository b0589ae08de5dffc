"""A good hub, copies of it to break, and a server of them all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubs import build_small_hub, write_small_inputs
from tracktools.hub.serve import serving


@pytest.fixture(scope="session")
def good_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    hub = build_small_hub(write_small_inputs(folder / "inputs"), folder / "hub").folder
    for name in ("igv", "jbrowse"):  # what hub.txt does not name
        shutil.rmtree(hub / name)
    for page in (hub / "pages").iterdir():  # short ones, to be quick
        page.write_text("<h1>A page</h1>\n")
    return hub


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which it is served."""
    folder = tmp_path_factory.mktemp("web")
    with serving(folder) as address:
        yield folder, address


@pytest.fixture
def served(web: tuple[Path, str], request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """A new folder of that server, and its address."""
    root, address = web
    number = sum(1 for _ in root.iterdir())
    folder = root / f"hub{number}"
    folder.mkdir()
    yield folder, f"{address}/{folder.name}"
    for path in folder.iterdir():  # the folder stays, so that names are not used twice
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def copy(good_hub: Path, served: tuple[Path, str]) -> tuple[Path, str]:
    """A copy of the good hub, and its address."""
    shutil.copytree(good_hub, served[0], dirs_exist_ok=True)
    return served
