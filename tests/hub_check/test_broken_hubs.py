"""Every way to break a hub that was thought of: each is found at its file and line, in the folder and from the web."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub_check.broken_data import DATA
from hub_check.broken_texts import HUB_AND_GENOME, TEXT
from hub_check.broken_tracks import FAMILIES, VALUES
from tracktools.hub.check import Finding, Level, check_hub

BROKEN = HUB_AND_GENOME | TEXT | FAMILIES | VALUES | DATA


def test_they_are_many() -> None:
    assert sum(level is Level.ERROR for _, _, _, level in BROKEN.values()) >= 120


@pytest.mark.parametrize("name", BROKEN)
def test_broken_hub_is_named(copy: tuple[Path, str], name: str) -> None:
    folder, address = copy
    change, code, track, level = BROKEN[name]
    change(folder)
    findings = check_hub(folder)
    found = [finding for finding in findings if (finding.code, finding.track, finding.level) == (code, track, level)]
    assert found, [str(finding) for finding in findings]
    assert all(finding.fix and finding.problem and "\n" not in str(finding) for finding in found)
    assert change.file in {finding.file for finding in found}
    lines = re.split(
        "\r\n|\n|\r", (folder / change.file).read_bytes().decode("latin-1" if "latin" in name else "utf-8")
    )
    places = {
        lines[finding.line - 1].strip(" ") if finding.line else "" for finding in found if finding.file == change.file
    }
    assert any(place.startswith(change.at) and bool(place) == bool(change.at) for place in places), places
    on_web = [finding for finding in check_hub(address) if finding.code not in ("server", "no-ranges", "no-cors")]
    assert [_where(finding) for finding in on_web] == [_where(finding) for finding in findings]


def _where(finding: Finding) -> tuple[str, str, str, int, str]:
    return finding.level, finding.code, finding.file, finding.line, finding.track
