"""The report in Chromium, without a network: no error, every picture drawn, wide enough and no wider."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import Browser

from hubs import write_small_inputs
from tracktools.report import make_report

pytestmark = pytest.mark.browser


def test_the_page_opens_from_disk_without_an_error(chromium: Browser, tmp_path: Path) -> None:
    write_small_inputs(tmp_path / "in")
    made = make_report([tmp_path / "in"], tmp_path / "report.html")
    page = chromium.context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url))
    page.goto(made.page.as_uri())
    widths = page.evaluate("Array.from(document.images).map(image => image.complete ? image.naturalWidth : 0)")
    assert widths
    assert all(widths)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert said == []
    page.close()
