"""What the workflow costs beyond predicting: many small genomes, some broken, against plain predicts of the same.

    python benchmarks/workflow.py GENOME.fa.gz -o FOLDER [--genomes 50] [--total-bp 500000] [--cores 1]
        [--whole FASTA.gz ...] [--kill-after SECONDS]

Cuts genomes of mixed size out of GENOME, breaks some, runs the workflow (twice: the second call shall do nothing), then
``tracktools -q predict`` on each good one, one process after the other, compares the files byte by byte, and prints the
times side by side. ``--whole`` adds circular genomes as they are, ``--kill-after`` ends the first call by SIGKILL, with
all its jobs, and has another complete it. Linux only: elsewhere the CPU time of jobs cannot be collected.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import os
import shutil
import signal
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
    parser.add_argument("--genomes", type=int, default=50, help="How many, the broken ones included; at least 8.")
    parser.add_argument("--total-bp", type=int, default=500_000, help="Bases of the good ones together, about.")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--whole", type=Path, nargs="+", default=[], help="Circular genomes to take as they are.")
    parser.add_argument("--kill-after", type=float, help="Seconds until the first call is killed.")
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    arguments.output.mkdir(parents=True)
    folder = arguments.output.resolve()
    whole = [path.resolve() for path in arguments.whole]
    good = cut_genomes(arguments.genome, folder, arguments.genomes, arguments.total_bp)
    write_settings(folder, whole)
    command = workflow_command(folder, arguments.cores)
    wall = cpu = 0.0
    if arguments.kill_after:
        wall, cpu = timed(command, folder, arguments.kill_after)
        print(f"killed after {wall:.1f} s; there are {unfinished(folder)}", flush=True)
        timed([*command, "--unlock"], folder)
    rest_wall, rest_cpu = timed(command, folder)
    again, _ = timed(command, folder)
    plain_wall, plain_cpu = plain_predicts(folder, [*good, *whole], whole)
    report(folder, (wall + rest_wall, cpu + rest_cpu, again), (plain_wall, plain_cpu))


def cut_genomes(source: Path, folder: Path, count: int, total_bp: int) -> list[Path]:
    """Write genomes of mixed size, one in ten broken, and the sheet of all; return the paths of the good ones."""
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
    rows = [f"{name_of(path)}\t{path}\t" for path in paths]
    (folder / "config" / "samples.tsv").write_text("\n".join(["name\tfasta\tcircular", *rows]) + "\n")
    return good


def name_of(path: Path) -> str:
    """Return the name of a genome in the sheet."""
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


def write_settings(folder: Path, whole: list[Path]) -> None:
    """Add genomes that are taken as they are to the sheet, and have the largest of them computed in shards."""
    with (folder / "config" / "samples.tsv").open("a") as sheet:
        sheet.writelines(f"{name_of(path)}\t{path}\tall\n" for path in whole)
    settings = {"batch_mb": 1, "large_mb": 4, "shard_mb": 2} if whole else {"batch_mb": 2}
    (folder / "config" / "config.yaml").write_text(json.dumps(settings))


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


def timed(command: list[str], folder: Path, kill_after: float | None = None) -> tuple[float, float]:
    """Run a command, or kill all of it after some seconds; return its wall time and the CPU time of all [s]."""
    started, before = time.perf_counter(), os.times()
    with (folder / "output.log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
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


def unfinished(folder: Path) -> str:
    """Say what a killed call has left."""
    results = folder / "results"
    blocks = len(list(results.glob("**/blocks/*.f32")))
    return f"{len(list(results.glob('predictions/*/provenance.json')))} whole predictions, {blocks} blocks of others"


def plain_predicts(folder: Path, good: list[Path], circular: list[Path]) -> tuple[float, float]:
    """Predict each good genome by the command, one after the other; return wall and CPU time [s]."""
    wall = cpu = 0.0
    output = folder / "plain"
    for path in good:
        shutil.rmtree(output, ignore_errors=True)
        command = [sys.executable, "-m", "tracktools", "-q", "predict", str(path), "-o", str(output), "-t", "1"]
        command += ["--circular", "all"] if path in circular else []
        seconds = timed(command, folder)
        wall, cpu = wall + seconds[0], cpu + seconds[1]
        if not output.is_dir():
            raise SystemExit(f"predicting {path} failed: see {folder / 'output.log'}")
        compare(output, folder / "results" / "predictions" / name_of(path))
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
