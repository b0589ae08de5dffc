"""What the workflow costs beyond predicting: many small genomes, some broken, against plain predicts of the same.

    python benchmarks/workflow.py GENOME.fa.gz -o FOLDER [--genomes 50] [--total-bp 500000] [--cores 1]

Cuts genomes of mixed size out of GENOME, breaks some, runs the workflow (twice: the second call shall do nothing), then
``tracktools -q predict`` on each good one, one process after the other, compares the files byte by byte, and prints the
times side by side. Linux only: elsewhere the CPU time of jobs cannot be collected.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tracktools.genome import load_genome

ROOT = Path(__file__).parents[1]
SHORTEST_BP, LONGEST_BP = 1_000, 40_000
_SUBREAPER = 36  # of Linux: the processes of a job that outlive it are waited for here, so that their time is counted
BREAKINGS = ("prose", "empty", "cut", "missing")


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="Folder to make.")
    parser.add_argument("--genomes", type=int, default=50, help="How many, the broken ones included.")
    parser.add_argument("--total-bp", type=int, default=500_000, help="Bases of the good ones together, about.")
    parser.add_argument("--cores", type=int, default=1)
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    arguments.output.mkdir(parents=True)
    folder = arguments.output.resolve()
    good = cut_genomes(arguments.genome, folder, arguments.genomes, arguments.total_bp)
    wall, cpu = timed(workflow_command(folder, arguments.cores), folder)
    again, _ = timed(workflow_command(folder, arguments.cores), folder)
    plain_wall, plain_cpu = plain_predicts(folder, good)
    report(folder, (wall, cpu, again), (plain_wall, plain_cpu))


def cut_genomes(source: Path, folder: Path, count: int, total_bp: int) -> list[Path]:
    """Write genomes of mixed size, one in ten broken, and the sheet; return the paths of the good ones."""
    random = np.random.default_rng(0)
    letters = load_genome(source).contigs[0].letters
    n_broken = max(len(BREAKINGS), count // 10)
    sizes = np.exp(random.uniform(np.log(SHORTEST_BP), np.log(LONGEST_BP), count - n_broken))
    sizes = np.clip(sizes * total_bp / sizes.sum(), SHORTEST_BP, LONGEST_BP).astype(int)
    good = []
    for number, size in enumerate(sizes):
        start = int(random.integers(len(letters) - size))
        path = folder / "genomes" / f"g{number:03d}.fa"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b">contig\n" + letters[start : start + size].tobytes() + b"\n")
        good.append(path)
    broken = [break_genome(good[number], BREAKINGS[number % len(BREAKINGS)]) for number in range(n_broken)]
    paths = [path for pair in zip(good, broken, strict=False) for path in pair] + good[n_broken:]
    (folder / "config").mkdir()
    rows = [f"{path.name.split('.')[0]}\t{path}" for path in paths]
    (folder / "config" / "samples.tsv").write_text("\n".join(["name\tfasta", *rows]) + "\n")
    (folder / "config" / "config.yaml").write_text(json.dumps({"batch_mb": 2}))
    return good


def break_genome(path: Path, how: str) -> Path:
    """Write a broken copy of a genome, and return its path."""
    broken = path.with_name(f"{path.stem}_{how}.fa")
    if how == "prose":
        broken.write_text("Dear Sir or Madam\n")
    elif how == "empty":
        broken.touch()
    elif how == "cut":
        broken.write_bytes(gzip.compress(path.read_bytes())[:-40])
    return broken


def workflow_command(folder: Path, cores: int) -> list[str]:
    """Return the command that runs the workflow in a folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow" / "Snakefile")]
    command += ["--directory", str(folder), "--workflow-profile", str(ROOT / "workflow" / "profiles" / "local")]
    return [*command, "--cores", str(cores)]


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its wall time and the CPU time of it and its children [s]."""
    started, before = time.perf_counter(), os.times()
    with (folder / "output.log").open("a") as log:
        subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False)
    wait_for_the_rest()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, cpu


def wait_for_the_rest() -> None:
    """Wait until no process is left that the command has started."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def plain_predicts(folder: Path, good: list[Path]) -> tuple[float, float]:
    """Predict each good genome by the command, one after the other; return wall and CPU time [s]."""
    wall = cpu = 0.0
    output = folder / "plain"
    for path in good:
        shutil.rmtree(output, ignore_errors=True)
        command = [sys.executable, "-m", "tracktools", "-q", "predict", str(path), "-o", str(output), "-t", "1"]
        seconds = timed(command, folder)
        wall, cpu = wall + seconds[0], cpu + seconds[1]
        if not output.is_dir():
            raise SystemExit(f"predicting {path} failed: see {folder / 'output.log'}")
        compare(output, folder / "results" / "predictions" / path.stem)
    return wall, cpu


def compare(one: Path, other: Path) -> None:
    """Fail if two predict folders differ in more than who made them."""
    for path in one.iterdir():
        if path.name != "provenance.json" and path.read_bytes() != (other / path.name).read_bytes():
            raise SystemExit(f"{path} and {other / path.name} differ")


def report(folder: Path, workflow: tuple[float, float, float], plain: tuple[float, float]) -> None:
    """Print the times side by side."""
    lines = (folder / "results" / "summary.tsv").read_text().splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
    done = [row for row in rows if row["status"] == "done"]
    inside = sum(float(row["cpu_s"]) for row in done)
    wall, cpu, again = workflow
    bases = sum(int(row["bp"]) for row in done)
    print(f"{len(rows)} genomes, {len(rows) - len(done)} failed; the others have {bases:,} bp")
    print("what\twall_s\tcpu_s")
    print(f"workflow: predictions, hubs, summary\t{wall:.1f}\t{cpu:.1f}")
    print(f"workflow, the predicting alone (provenance)\t\t{inside:.1f}")
    print(f"workflow again: nothing to do\t{again:.1f}\t")
    print(f"plain predicts, one process each\t{plain[0]:.1f}\t{plain[1]:.1f}")
    print(f"overhead of the workflow over plain predicts\t{wall / plain[0] - 1:+.1%}\t{cpu / plain[1] - 1:+.1%}")
    print(f"overhead of the workflow over its own predicting\t\t{cpu / inside - 1:+.1%}")


if __name__ == "__main__":
    main()
