"""What a prediction adds to the memory of a process, and what is announced, and whether it grows with the genome.

    python benchmarks/memory.py [--bases 4641652 20000000] [--engine auto] [--threads 1]

Each genome (one contig of random letters, FASTA with lines of 80) is predicted by ``tracktools predict`` in a process
of its own, with a network of one layer and a small window, so that it is quick: buffers have the same size for any
network of this width. "before" is the memory of the process after all was imported and the genome was read, "added"
what it grew by at most. Neither counts pages of files (code of libraries): how many of them are in memory depends on
the file system. "peak" is all of it. Exits with 1 if more was added than announced, or if "before" is more
than 10 % higher for the largest genome than for the smallest one.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import tracktools.predict.compute as compute
from tracktools.cli import main as tracktools
from tracktools.config import ModelConfig
from tracktools.model.checkpoint import Metadata, save_checkpoint
from tracktools.model.transformer import Transformer

NETWORK = ModelConfig(n_layers=1, n_heads=1, attention_window_bp=16)
MOST_GROWTH = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", type=int, nargs="+", default=[4_641_652, 20_000_000])
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--case", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case, options)))
        return
    print("| bases | before MB | announced MB | added MB | peak MB | CPU-s |\n|---|---|---|---|---|---|")
    before, kept = [], True
    with tempfile.TemporaryDirectory() as home:
        write_model(Path(home, "model.safetensors"))
        for bases in sorted(options.bases):
            write_genome(Path(home, "genome.fa"), bases)
            case = run_case(Path(home), options)
            before.append(case["before"])
            kept &= case["added"] <= case["announced"]
            columns = [f"{case[name] / 1e6:.0f}" for name in ("before", "announced", "added", "peak")]
            print(f"| {bases:,} | {' | '.join(columns)} | {case['cpu_s']:.0f} |", flush=True)
    growth = before[-1] / before[0]
    print(f"before, of the largest: {growth:.2f} times that of the smallest")
    if not kept:
        print("more was added than announced")
    sys.exit(growth > MOST_GROWTH or not kept)


def run_case(home: Path, options: argparse.Namespace) -> dict[str, float]:
    words = ["--case", str(home), "--engine", options.engine, "--threads", str(options.threads)]
    done = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    case: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return case


def measure(home: Path, options: argparse.Namespace) -> dict[str, float]:
    """Predict in this process, and look at its memory when the genome is read, and at the end."""
    before, announced = [0], [0.0]
    announce = compute.announce

    def look(*arguments: object) -> None:
        before[0] = resident_bytes("RssAnon")
        announce(*arguments)  # type: ignore[arg-type]

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := re.search(r"memory +up to about (\d+) MB", record.getMessage()):
                announced[0] = float(found[1]) * 1e6

    compute.announce = look
    logging.getLogger("tracktools").addHandler(Listen())
    words = [
        "predict",
        str(home / "genome.fa"),
        "-m",
        str(home / "model.safetensors"),
        "-o",
        str(home / "out"),
        "--force",
    ]
    try:
        tracktools([*words, "--engine", options.engine, "-t", str(options.threads)])
    except SystemExit as end:
        if end.code:
            raise
    peak = resident_bytes("VmHWM")
    added = peak - resident_bytes("RssFile") - resident_bytes("RssShmem") - before[0]
    return {
        "before": before[0],
        "announced": announced[0],
        "added": added,
        "peak": peak,
        "cpu_s": time.process_time(),
    }


def resident_bytes(kind: str) -> int:
    """Return what is in memory: RssAnon is the memory of the process's own, RssFile and RssShmem are pages of files.

    VmHWM is the most of all three that there was. (ru_maxrss counts that of the process that started this one, too.)
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) * 1024


def write_genome(path: Path, bases: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(b">chromosome\n")
        for at in range(0, bases, 80 << 10):
            letters = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), min(80 << 10, bases - at)).tobytes()
            file.writelines(letters[n : n + 80] + b"\n" for n in range(0, len(letters), 80))


def write_model(path: Path) -> None:
    torch.manual_seed(0)
    model = Transformer(NETWORK)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape)
    save_checkpoint(path, model, Metadata("random", call_threshold=0.976))


if __name__ == "__main__":
    main()
