"""Fixtures that start real browsers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import FLAGS, PATIENCE_S, Browser, node_file

from hubs import write_ecoli_predictions
from tracktools import build_hub
from tracktools.hub.serve import serving


@pytest.fixture(scope="session")
def igv_js() -> Path:
    return node_file("igv/dist/igv.min.js")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("Chromium is missing: run tests/browser/setup.sh")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("chromium")),
            executable_path=executable,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 900},
            timeout=PATIENCE_S * 1000,
        )
        context.set_default_timeout(PATIENCE_S * 1000)
        yield Browser(context)
        context.close()


@pytest.fixture(scope="session")
def ecoli_hub(data_dir: Path, igv_js: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecoli")
    predictions = write_ecoli_predictions(folder / "predictions", data_dir)
    build_hub(
        [predictions],
        folder / "hub",
        genome=data_dir / "genome/NC_000913.3.fa.gz",
        genes=data_dir / "annotation/U00096.3.genbank.gff3.gz",
        igv_js=igv_js,
    )
    return folder / "hub"


@pytest.fixture(scope="session")
def address(ecoli_hub: Path) -> Iterator[str]:
    with serving(ecoli_hub) as address:
        yield address
