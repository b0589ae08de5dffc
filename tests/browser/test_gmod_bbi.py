"""bigWig and bigBed in JBrowse's reader, npm @gmod/bbi, of today and of JBrowse 2.18."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browsing import HERE, PATIENCE_S, node_file

from tracktools.formats.bed import BED6
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.bigwig import write_bigwig

pytestmark = pytest.mark.browser

SIZES = {f"contig_{number}": 1000 + number for number in range(600)} | {"chr": 100_000}


def read(version: str, path: Path, sequence: str, name: str = "") -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: run tests/browser/setup.sh")
    folder = node_file(f"{version}/package.json").parents[2]
    command = [node, str(HERE / "read_bbi.mjs"), str(folder), version, str(path), sequence, str(SIZES[sequence]), name]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S).stdout)


@pytest.mark.parametrize("version", ["bbi5", "bbi8"])
def test_bigwig(tmp_path: Path, version: str) -> None:
    values = -1 - np.arange(100_000, dtype=np.float32) % 7
    values[500:90_000] = np.nan
    write_bigwig(tmp_path / "a.bw", SIZES, {"chr": values, "contig_7": np.ones(3, dtype=np.float32)})
    dense = read(version, tmp_path / "a.bw", "chr")
    known = np.flatnonzero(~np.isnan(values)).tolist()
    assert dense["items"] == [[base, base + 1, float(values[base])] for base in known]
    assert dense["max"] == 1
    windows = range(0, 100_000, 512)
    assert dense["zoomed"] == [
        [start, min(start + 512, 100_000), -1] for start in windows if not np.isnan(values[start : start + 512]).all()
    ]
    assert sum(end - start for start, end, _ in read(version, tmp_path / "a.bw", "contig_7")["items"]) == 3
    assert read(version, tmp_path / "a.bw", "contig_599")["items"] == []


@pytest.mark.parametrize("version", ["bbi5", "bbi8"])
def test_bigbed(tmp_path: Path, version: str) -> None:
    starts = np.arange(0, 99_000, 11)
    table = pd.DataFrame({"chrom": "chr", "chromStart": starts, "chromEnd": starts + 20, "score": 5, "strand": "-"})
    table["name"] = [f"TSS_{start}" for start in starts]
    write_bigbed(tmp_path / "a.bb", SIZES, table, BED6)
    seen = read(version, tmp_path / "a.bb", "chr", "TSS_55000")
    assert seen["items"] == [[start, start + 20, f"TSS_{start}\t5\t-"] for start in starts.tolist()]
    assert seen["found"] == [[55_000, 55_020, "TSS_55000\t5\t-"]]
    assert read(version, tmp_path / "a.bb", "contig_3", "no such name") == {
        "max": 2,
        "items": [],
        "zoomed": [],
        "found": [],
    }
