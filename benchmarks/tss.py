"""Time the TSS sets: the four published ones from their tables to the curated set, and ten million made-up positions.

Usage::

    python benchmarks/tss.py --data DIR          # DIR contains genome/ and tss_sources/
    python benchmarks/tss.py --positions 10000000

Prints a row per step: wall seconds, peak memory, what came out. ``bedtools cluster`` is timed on the same positions if
it is installed; it joins what is chained together and chooses no position, so it does less.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

GENOME_BP = 4_641_652
TRACKTOOLS = (sys.executable, "-m", "tracktools", "tss")


def timed(label: str, command: Sequence[str | Path], *, stdout: Path | None = None) -> float:
    started = time.perf_counter()
    with (stdout or Path(os.devnull)).open("w") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"{label} failed: {errors}")
    print(f"{label:<44}{wall:8.2f} s{usage.ru_maxrss / 2**20:8.2f} GiB", flush=True)
    return wall


def count(path: Path) -> int:
    with path.open() as file:
        return sum(not line.startswith("#") for line in file)


def real_sets(data: Path, folder: Path) -> None:
    sources = data / "tss_sources"
    genome = ["--genome", data / "genome" / "NC_000913.3.fa.gz"]
    patterns = {
        "cappable": "cappable*/*.gtf.gz",
        "sendseq": "send*/*.tsv",
        "smrt": "smrt*/*longestRead",
        "regulondb": "regulondb*/*.tsv",
    }
    total = 0.0
    for name, pattern in patterns.items():
        files = sorted(sources.glob(pattern))
        total += timed(f"import {name}", [*TRACKTOOLS, "import", *files, "-o", folder / name, "--name", name, *genome])
    lifted = folder / "lifted"
    chain = ["--chain", "NC_000913.2_to_3", "-o", lifted]
    total += timed("lift cappable", [*TRACKTOOLS, "lift", folder / "cappable" / "cappable.bed", *chain])
    beds = {name: folder / name / f"{name}.bed" for name in patterns} | {"cappable": lifted / "cappable.bed"}
    options = [word for name, path in beds.items() for word in ("--source", f"{name}={path}")]
    total += timed("curate the four", [*TRACKTOOLS, "curate", *options, "-o", folder / "curated"])
    print(f"{'all, six commands':<44}{total:8.2f} s; {count(folder / 'curated' / 'curated.bed'):,} curated positions")


def synthetic_sets(n_positions: int, n_sets: int, folder: Path) -> None:
    rng = np.random.default_rng(0)
    beds = [folder / f"set{number}.bed" for number in range(n_sets)]
    for path in beds:
        starts = np.sort(rng.integers(0, GENOME_BP, n_positions // n_sets))
        strands = rng.choice(["+", "-"], len(starts))
        scores = rng.integers(0, 1001, len(starts))
        with path.open("w") as file:
            file.writelines(
                f"chr1\t{start}\t{start + 1}\t.\t{score}\t{strand}\n"
                for start, strand, score in zip(starts.tolist(), strands, scores.tolist(), strict=True)
            )
    options = [word for path in beds for word in ("--source", f"{path.stem}={path}")]
    label = f"curate {n_positions:,} rows in {n_sets} sets"
    timed(label, [*TRACKTOOLS, "curate", *options, "-o", folder / "synthetic"])
    print(f"  {count(folder / 'synthetic' / 'curated.bed'):,} curated positions")
    if shutil.which("bedtools"):
        merged = folder / "merged.bed"
        timed("sort, for bedtools", ["sort", "-k1,1", "-k2,2n", "-m", *beds], stdout=merged)
        timed("bedtools cluster -s -d 4", ["bedtools", "cluster", "-s", "-d", "4", "-i", merged], stdout=folder / "out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the published tables")
    parser.add_argument("--positions", type=int, default=10_000_000, help="rows of the made-up sets; 0 for none")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.data:
            real_sets(arguments.data, Path(folder))
        if arguments.positions:
            synthetic_sets(arguments.positions, 6, Path(folder))


if __name__ == "__main__":
    main()
