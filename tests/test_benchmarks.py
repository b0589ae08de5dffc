"""The benchmarks of kills and of memory keep their promises, on smaller inputs than when run by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize("network", ["dilated", "transformer"])
def test_ten_killed_runs_end_with_the_bytes_of_an_unbroken_one(network: str) -> None:
    command = [sys.executable, BENCHMARKS / "kill.py", "--rounds", "10", "--seed", "7", "--network", network]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 bit-identical" in done.stdout
    assert " 0 kills" not in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("engine", ["auto", "torch"])
def test_memory_does_not_grow_with_the_genome_and_stays_within_what_is_announced(engine: str) -> None:
    command = [sys.executable, BENCHMARKS / "memory.py", "--engine", engine, "--bases", "300000", "1500000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
