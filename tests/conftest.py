"""Fixtures that several tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tracktools import progress

# Before torch is imported, here and in commands that tests start: its threads spin while they wait for each other, and
# with a worker on each core that takes more time than the tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A busy machine is no error of the code, and the same examples come each time, so that only a change of the code can
# fail. `pytest --hypothesis-profile explore` looks for new ones.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("tracktools", PATIENT, derandomize=True)
settings.register_profile("explore", PATIENT)
settings.load_profile("tracktools")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real data; tests that need it are skipped, with the reason, where it is absent."""
    folder = Path(os.environ.get("TRACKTOOLS_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is not at {folder} (set TRACKTOOLS_TEST_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_lines_of_progress() -> Iterator[None]:
    """What a command says does not depend on how busy the machine is: none says how far it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "_SECONDS_BETWEEN_LINES", float("inf"))
        yield


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own: nothing is taken from that of the user, or left in it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKTOOLS_CACHE", str(folder))
        yield folder
