"""The benchmarks of kills, memory and left-out lineages keep their promises, on inputs smaller than by hand."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from species_files import write_sheet

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


@pytest.mark.slow
def test_a_lineage_is_judged_by_models_that_never_saw_it_and_the_same_command_continues(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARKS / "leave_one_phylum_out.py", write_sheet(tmp_path, around_bp=100), "-o",
               tmp_path / "runs", "--leave-out", "Richota,Alphas", "--steps", "2", "--seeds", "1", "2"]  # fmt: skip
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        with (tmp_path / "runs/scores.tsv").open() as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        judged = {(row["species"], row["judged_on"], row["seed"], row["judge"]) for row in rows}
        judges = {(seed, told) for seed in ("1", "2", "mean") for told in ("gc", "all")}
        judges |= {("", "ecoli-tss-dilated"), ("", "matrices")}
        of = {("Rich species", "genome"), ("Aus bus 1", "windows")}
        assert judged == {(*one, *judge) for one in of for judge in judges}
        assert len(rows) == len(judged)
