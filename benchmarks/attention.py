"""What `tracktools attention --all` costs, compared with `tracktools predict`, on the same engine.

    python benchmarks/attention.py [--bases 150000] [--threads 1] [--engine native]

Both run as commands, in processes of their own, on a stretch of the *E. coli* genome taken for a linear contig. On a
machine that others use too, trust the CPU-seconds. What does not grow with the genome (the start, tables, figures) is
told apart by a run over a third of the bases; the ratio is that of what the other two thirds add.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tracktools.bundle import CHROM, load_bundle
from tracktools.engine.devices import processor_name

START = 2_738_785  # the test region of the published split


class Cost(NamedTuple):
    """CPU-seconds and peak memory of a command."""

    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", type=int, default=150_000)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    letters = contig.letters.tobytes().decode()
    settings = ["--engine", options.engine, "--threads", options.threads]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        genomes = {bases: home / f"{bases}.fa" for bases in (options.bases // 3, options.bases)}
        for bases, genome in genomes.items():
            genome.write_text(f">part\n{letters[START : START + bases]}\n")
        costs = {
            command: [run([*command.split(), str(genome), "-o", str(home / "out"), "--force", *settings])
                      for genome in genomes.values()]
            for command in ("predict", "attention", "attention --all")
        }  # fmt: skip
    print(f"{processor_name()}, {options.engine} engine, {options.threads} thread(s), both strands of:")
    print(
        "| command | " + " | ".join(f"{bases:,} bp [CPU-s]" for bases in genomes) + " | growth of predict's | peak MB |"
    )
    print("|---|---|---|---|---|")
    least, most = costs["predict"]
    for command, (small, large) in costs.items():
        ratio = (large.cpu_s - small.cpu_s) / (most.cpu_s - least.cpu_s)
        print(f"| {command} | {small.cpu_s:.1f} | {large.cpu_s:.1f} | {ratio:.2f} | {large.peak_mb:.0f} |")


def run(arguments: list[str]) -> Cost:
    """Run a command to its end."""
    process = subprocess.Popen([sys.executable, "-m", "tracktools", "--quiet", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
