"""The four published sets, imported once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from tracktools.cli import tracktools
from tracktools.genome import Genome, load_genome
from tracktools.tss.assemblies import load_chain
from tracktools.tss.importing import ImportRequest, import_tss
from tracktools.tss.lift import lift_tss

settings.register_profile("no deadline", deadline=None)  # another job on the machine is no error of the code
settings.load_profile("no deadline")

PATTERNS = {
    "cappable": "cappable*/*.gtf.gz",
    "sendseq": "send*/*.tsv",
    "smrt": "smrt*/*longestRead",
    "regulondb": "regulondb*/PromoterSet.tsv",
}


@pytest.fixture(scope="session")
def ecoli(data_dir: Path) -> Genome:
    return load_genome(data_dir / "genome" / "NC_000913.3.fa.gz")


@pytest.fixture(scope="session")
def real_sets(data_dir: Path, ecoli: Genome) -> dict[str, pd.DataFrame]:
    sets = {}
    for name, pattern in PATTERNS.items():
        files = sorted((data_dir / "tss_sources").glob(pattern))
        sets[name] = import_tss(files, ImportRequest(name), ecoli).table
    sets["cappable"] = lift_tss(sets["cappable"], load_chain("NC_000913.2_to_3")).table
    return sets


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """Run a command line in this process; errors of the user are raised, not printed."""

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(tracktools, [str(word) for word in words], catch_exceptions=False)

    return invoke
