"""How many runs that were killed at random moments end with the bytes of an unbroken one.

    python benchmarks/kill.py [--rounds 100] [--seed 1] [--network dilated|transformer]

Every round starts real processes of ``tracktools`` and ends them with SIGKILL, once or twice, at a random moment or
just when the result is written and moved to its place; then the same command is given once more. (They are forked from
this process when the imports are done, before which nothing is written.) All files but ``provenance.json``, which has
times, are compared. Rounds take turns between a whole prediction, a shard of one, the merging of shards, a prediction
of regions and one by the models of folds, on a small genome (linear and circular contigs, a very short one, unknown
letters) and a network of random weights; the convolutional one has the size of the shipped one. Prints one line for
each kind of round, and exits with 1 if any round differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import torch

from tracktools.cli import main as tracktools
from tracktools.config import DilatedConfig, ModelConfig
from tracktools.model.checkpoint import Metadata, save_checkpoint
from tracktools.model.dilated import Dilated
from tracktools.model.transformer import Transformer

CONTIGS = {"chromosome": 60_000, "linear": 20_000, "plasmid": 5_000, "small": 700, "tiny": 15}
CIRCULAR = ("chromosome", "plasmid")
TRANSFORMER = ModelConfig(n_layers=2, n_heads=2, attention_window_bp=130)
BLOCK_BP = 5_000
MOST_KILLS = 2
MOST_TRIES = 50  # at a round, until a kill comes before the end

Sign = Callable[[], bool]


@dataclass(frozen=True)
class Job:
    """A command, what its folder contains after an unbroken run, how long one takes, and how long its result moves."""

    words: tuple[str, ...]
    expected: dict[str, bytes]
    seconds: float
    ending_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--network", choices=["dilated", "transformer"], default="dilated")
    options = parser.parse_args()
    import_module("tracktools.pipeline.predict_hub")  # once for all processes
    with tempfile.TemporaryDirectory() as home:
        jobs = unbroken_jobs(Path(home), options.network)
        right, rounds, kills = play(Path(home), jobs, options)
    for kind in rounds:
        print(f"{kind}: {right[kind]} of {rounds[kind]} bit-identical, {kills[kind]} kills")
    print(f"{right.total()} of {rounds.total()} bit-identical")
    sys.exit(right.total() != rounds.total())


def play(home: Path, jobs: dict[str, Job], options: argparse.Namespace) -> tuple[Counter[str], ...]:
    rng = np.random.default_rng(options.seed)
    right, rounds, kills = Counter[str](), Counter[str](), Counter[str]()
    turns = [(name, ending) for ending in (False, True) for name in jobs]
    for number in range(options.rounds):
        name, ending = turns[number % len(turns)]
        kind = f"{name}, {'killed when its result moves' if ending else 'killed at any moment'}"
        output = home / f"round{number}"
        kills[kind] += killed_run(jobs[name], output, ending, rng)
        rounds[kind] += 1
        same = complete(jobs[name], output)
        right[kind] += same
        print(f"round {number + 1}: {kind}: {'bit-identical' if same else 'DIFFERS'}", file=sys.stderr, flush=True)
        shutil.rmtree(output, ignore_errors=True)
    return right, rounds, kills


def unbroken_jobs(home: Path, network: str) -> dict[str, Job]:
    """Make the inputs, and each kind of output once without a kill."""
    genome, model, regions = home / "genome.fa", home / "model.safetensors", home / "regions.bed"
    write_genome(genome)
    write_model(model, network)
    write_regions(regions)
    make_folds(home / "folds", genome, network)
    shared = ["-t", "1", "--block-bp", str(BLOCK_BP), *(word for name in CIRCULAR for word in ("--circular", name))]
    predict = ["predict", str(genome), "-m", str(model), *shared]
    shards = [home / f"shard{n}" for n in (1, 2)]
    unbroken(shards[0], (*predict, "--shard", "1/2"))
    shard = unbroken(shards[1], (*predict, "--shard", "2/2"))
    whole = unbroken(home / "whole", tuple(predict))
    merge = unbroken(home / "merged", ("merge", *map(str, shards)))
    if merge.expected != whole.expected:
        sys.exit("merged shards differ from one run")
    return {
        "predict": whole,
        "predict --shard": shard,
        "merge": merge,
        "predict --regions": unbroken(home / "regions", (*predict, "--regions", str(regions))),
        "predict --out-of-fold": unbroken(
            home / "apart", ("predict", str(genome), "--out-of-fold", str(home / "folds"), *shared)
        ),
    }


def write_genome(path: Path) -> None:
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as file:
        for name, size in CONTIGS.items():
            sequence = rng.choice(letters, size)
            sequence[size // 3 : size // 3 + 40] = ord("N")
            file.write(f">{name}\n".encode() + sequence.tobytes() + b"\n")


def write_model(path: Path, network: str) -> None:
    torch.manual_seed(0)
    model = Dilated(DilatedConfig(n_members=2)) if network == "dilated" else Transformer(TRANSFORMER)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += (0.1 if network == "dilated" else 0.2) * torch.randn(parameter.shape)
    save_checkpoint(path, model, Metadata("random", call_threshold=0.97))


def write_regions(path: Path) -> None:
    rows = ["chromosome\t1000\t31000\tboth\t0\t.", "chromosome\t40000\t59000\tone\t0\t-", "plasmid\t0\t5000\tend\t0\t+"]
    path.write_text("\n".join(rows) + "\n")


def make_folds(folder: Path, genome: Path, network: str) -> None:
    """Train two models for a moment, each without half of the genome."""
    labels = folder.with_name("tss.bed")
    rows = [f"chromosome\t{at}\t{at + 1}\tt{at}\t0\t{'+-'[at // 500 % 2]}" for at in range(500, 59_500, 500)]
    labels.write_text("\n".join(rows) + "\n")
    words = ["train", str(genome), str(labels), "--folds", "2", "--steps", "2", "--validate-every", "2", "--init"]
    job = (*words, str(folder.with_name("model.safetensors")), "--threads", "1", "--circular", "chromosome")
    if Process(job, folder).wait():
        sys.exit("the models of the folds could not be trained")


def unbroken(output: Path, words: tuple[str, ...]) -> Job:
    started = time.monotonic()
    process = Process(words, output)
    wait_until(process, lambda: has_result(output))
    moves = time.monotonic()
    if process.wait():
        sys.exit(f"{' '.join(words)} failed")
    end = time.monotonic()
    return Job(words, files_of(output), end - started, end - moves)


class Process:
    """A command line in a process of its own.

    Its errors go to the file `said`, or where this process writes its own; `before` is called in it first.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        output: Path,
        said: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.status: int | None = None
        self.said = said
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(["-q", *words, "-o", str(output)], before)

    def _run(self, arguments: list[str], before: Callable[[], None] | None) -> None:
        status = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if self.said is not None:
                os.dup2(os.open(self.said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), sys.stderr.fileno())
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if before is not None:
                before()
            tracktools(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def ended(self) -> bool:
        """Return whether it is over."""
        return self.wait(os.WNOHANG) is not None

    def wait(self, options: int = 0) -> int | None:
        """Return the exit status, or the number of the signal that ended it with a minus; None while it runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, options)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status

    def kill(self) -> bool:
        """End it at once; return whether it had not ended by itself."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL


def killed_run(job: Job, output: Path, ending: bool, rng: np.random.Generator) -> int:
    """Kill a run once or twice, then let it end; return how often it was killed, at least once."""
    for attempt in range(MOST_TRIES):
        if killed := try_to_kill(job, output, ending, rng, 0.9**attempt):  # earlier, if a run is faster than the first
            if not done(output) and Process(job.words, output).wait():
                print(f"{' '.join(job.words)} did not continue")
            return killed
        shutil.rmtree(output)  # it ended before
    sys.exit(f"{' '.join(job.words)} ended before every one of {MOST_TRIES} kills")


def try_to_kill(job: Job, output: Path, ending: bool, rng: np.random.Generator, share: float) -> int:
    killed = 0
    for _ in range(rng.integers(1, MOST_KILLS + 1)):
        process = Process(job.words, output)
        if ending:
            wait_until(process, lambda: has_result(output))
            time.sleep(rng.random() * share * job.ending_s)
        else:
            wait_until(process, clock(rng.random() * share * job.seconds))
        killed += process.kill()
        if done(output):
            break
    return killed


def has_result(output: Path) -> bool:
    """Return whether files of the result are being written, or are in their place."""
    result = partial_of(output) / "result"
    return output.exists() or (result.exists() and any(result.iterdir()))


def clock(seconds: float) -> Sign:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def wait_until(process: Process, sign: Sign) -> None:
    while not process.ended() and not sign():
        time.sleep(0.0002)


def done(output: Path) -> bool:
    """Return whether a run ended: what a user sees, who does not start it again."""
    return output.exists() and not partial_of(output).exists()


def complete(job: Job, output: Path) -> bool:
    left = [path.name for path in output.parent.glob(f"{output.name}*") if path != output]
    return output.is_dir() and files_of(output) == job.expected and not left


def partial_of(output: Path) -> Path:
    return output.with_name(output.name + ".partial")


def files_of(folder: Path) -> dict[str, bytes]:
    return dict(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "provenance.json":
            yield path.relative_to(folder).as_posix(), path.read_bytes()


if __name__ == "__main__":
    main()
