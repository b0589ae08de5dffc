"""What `tracktools attention --all` costs beside `tracktools predict`, on the same engine.

    python benchmarks/attention.py [--bases 200000] [--threads 1] [--engine native]

Both run as commands, in processes of their own, on a stretch of the *E. coli* genome taken for a linear contig. On a
machine that others use too, trust the CPU-seconds. `start` is a run over 100 bases, which is taken from both before the
ratio: on a whole genome it counts for nothing.
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
    parser.add_argument("--bases", type=int, default=200_000)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    letters = contig.letters.tobytes().decode()
    settings = ["--engine", options.engine, "--threads", options.threads]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        genomes = {"start": home / "start.fa", "whole": home / "whole.fa"}
        for name, bases in (("start", 100), ("whole", options.bases)):
            genomes[name].write_text(f">part\n{letters[START : START + bases]}\n")
        costs = {}
        for command in (["predict"], ["attention"], ["attention", "--all"]):
            for name, genome in genomes.items():
                arguments = [*command, str(genome), "-o", str(home / "out"), "--force", *settings]
                costs[" ".join(command), name] = run(arguments)
    print(
        f"{processor_name()}, {options.engine} engine, {options.threads} thread(s), {options.bases:,} bp, both strands"
    )
    print("| command | CPU-s | start [CPU-s] | of predict | peak MB |\n|---|---|---|---|---|")
    net = {command: costs[command, "whole"].cpu_s - costs[command, "start"].cpu_s for command, _ in costs}
    for command, seconds in net.items():
        whole, start = costs[command, "whole"], costs[command, "start"]
        ratio = seconds / net["predict"]
        print(f"| {command} | {whole.cpu_s:.1f} | {start.cpu_s:.1f} | {ratio:.2f} | {whole.peak_mb:.0f} |")


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
