"""What ends or hinders a run: signals, full disks, little memory, a second run, files that change under it.

Every long command, on inputs that take it a second or less. Whatever happens: no traceback, no file of the user's lost, and
the same command given again makes what an unbroken run makes, to the bit.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from samples import samples_of

from kill import CONTIGS, Process, clock, files_of, partial_of, wait_until, write_genome, write_model

HANG_S = 120.0  # beyond what an unbroken run takes
HEAVY = ("tracktools.pipeline.predict_hub", "tracktools.hub.build", "tracktools.hub.clients.view", "tracktools.motifs",
         "tracktools.attention", "tracktools.train", "tracktools.profile", "tracktools.reads", "tracktools.tss.curate",
         "tracktools.tss.importing", "tracktools.tss.classify", "tracktools.annotation", "tracktools.pipeline.demo")  # fmt: skip
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
ENDS = (0, 1, 130, 143, -signal.SIGKILL)  # no other way to end is right
MINE = b"a file of the user's\n"


@dataclass(frozen=True)
class Job:
    """A command, what an unbroken run of it makes, and how long that takes."""

    name: str
    words: tuple[str, ...]
    expected: dict[str, bytes]
    seconds: float


def torture_runs(home: Path, seed: int, seconds: float) -> list[str]:
    """Hinder runs for some seconds; print a table, and return what failed."""
    for module in HEAVY:
        import_module(module)  # once for all processes
    end = time.monotonic() + seconds
    rng, failures = random.Random(seed), []
    jobs = _jobs(home, failures)
    counts: Counter[tuple[str, str]] = Counter()
    bad: Counter[str] = Counter()
    number = 0
    while time.monotonic() < end:
        job, (way, hinder) = jobs[number % len(jobs)], rng.choice(_WAYS)
        folder = home / f"run{number}"
        folder.mkdir()
        found = _trial(job, folder, way, hinder, rng)
        counts[job.name, way] += 1
        bad[job.name] += bool(found)
        failures += [f"{job.name}, {way}, trial {seed}:{number}: {text}" for text in found]
        shutil.rmtree(folder, ignore_errors=True)
        number += 1
    _print(jobs, counts, bad)
    return failures


def _print(jobs: list[Job], counts: Counter[tuple[str, str]], bad: Counter[str]) -> None:
    ways = list(dict.fromkeys(way for way, _ in _WAYS))
    print(f"| command | {' | '.join(ways)} | failures |\n|---|{'---|' * len(ways)}---|")
    for job in jobs:
        numbers = [counts[job.name, way] for way in ways]
        print(f"| {job.name} | {' | '.join(map(str, numbers))} | {bad[job.name]} |")
    totals = [sum(counts[job.name, way] for job in jobs) for way in ways]
    print(f"| all | {' | '.join(map(str, totals))} | {bad.total()} |", flush=True)


def _jobs(home: Path, failures: list[str]) -> list[Job]:
    samples = samples_of(home / "inputs")
    write_genome(home / "genome.fa")
    write_model(home / "model.safetensors")
    one = {name: str(path) for name, path in samples.items()}
    model = ("-m", one["model.safetensors"], "-t", "1")
    train = (
        "train",
        str(home / "genome.fa"),
        str(home / "tss.bed"),
        "--fractions",
        "0.7,0.15,0.15",
        "--steps",
        "30",
        "--validate-every",
        "10",
    )
    _write_tss(home / "tss.bed")
    commands: dict[str, tuple[str, ...]] = {
        "predict": (
            "predict",
            str(home / "genome.fa"),
            "-m",
            str(home / "model.safetensors"),
            "-t",
            "1",
            "--block-bp",
            "5000",
        ),
        "predict --hub": ("predict", one["genome.gbk"], *model, "--hub", "{hub}"),
        "predict --shard": ("predict", one["genome.fa"], *model, "--shard", "1/2"),
        "merge": ("merge", one["shard1"], one["shard2"]),
        "tss curate": ("tss", "curate", "--source", f"a={one['tss.bed']}", "--source", f"b={one['called.bed']}"),
        "tss classify": ("tss", "classify", one["tss.bed"], "--annotation", one["genes.gff3"]),
        "reads": ("reads", one["reads.bam"], "--library", "forward", "--name", "x"),
        "annotation": ("annotation", one["genes.gff3"], "--genome", one["genome.fa"]),
        "profile": (
            "profile",
            "--signal",
            f"s={one['signal.plus.bw']},{one['signal.minus.bw']}",
            "--sites",
            f"a={one['tss.bed']}",
            "--flank",
            "20",
        ),
        "hub build": ("hub", "build", one["imported"], "--genome", one["genome.fa"], "--annotation", one["genes.gff3"]),
        "attention": ("attention", one["genome.fa"], *model, "--sample", "0.05"),
        "train": train,
        "demo": ("demo",),
    }
    jobs = []
    for name, words in commands.items():
        job = _unbroken(name, words, home / f"unbroken {name}")
        if isinstance(job, str):
            failures.append(f"{name}: an unbroken run fails: {job}")
        else:
            jobs.append(job)
    return jobs


def _write_tss(path: Path) -> None:
    rows = (
        f"{name}\t{at}\t{at + 1}\tx\t0\t{'+-'[at % 2]}\n"
        for name, size in CONTIGS.items()
        for at in range(60, size - 60, 301)
    )
    path.write_text("".join(rows))


def _unbroken(name: str, words: tuple[str, ...], folder: Path) -> Job | str:
    if name == "demo":  # of minutes: what is seen is that its first seconds leave nothing behind
        return Job(name, words, {}, 4.0)
    folder.mkdir()
    started = time.monotonic()
    process = Process(_filled(words, folder), folder / "out", said=folder / "said")
    status = _wait(process)
    if status != 0:
        return (folder / "said").read_text(errors="replace")[-300:]
    return Job(name, words, files_of(folder / "out"), time.monotonic() - started)


def _filled(words: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    return tuple(word.replace("{hub}", str(folder / "hub")) for word in words)


def _wait(process: Process) -> int | None:
    wait_until(process, clock(HANG_S))
    if not process.ended():
        process.kill()
        return None
    return process.wait()


Hinder = Callable[[Job, Path, random.Random], list[Process]]


def _trial(job: Job, folder: Path, way: str, hinder: Hinder, rng: random.Random) -> list[str]:
    """Hinder a run, look at what it left, and give the command again; return what is wrong."""
    output = folder / "out"
    mine = [folder / "mine.txt", folder / "out.old" / "mine.txt"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MINE)
    wrong = []
    for process in hinder(job, folder, rng):
        status = _wait(process)
        said = process.said.read_text(errors="replace") if process.said else ""
        if status is None:
            wrong.append("hangs")
        elif status not in ENDS:
            wrong.append(f"ends with {status}: {said[-300:]!r}")
        if "Traceback" in said:
            wrong.append(f"a traceback: {said[-500:]!r}")
        if status == 1 and sum(line.startswith("Error: ") for line in said.splitlines()) != 1:
            wrong.append(f"exit 1 without one line of error: {said[-300:]!r}")
    wrong += [f"lost {path}" for path in mine if not path.is_file() or path.read_bytes() != MINE]
    if job.name != "demo" and not wrong:
        wrong += _again(job, folder, output, changed="input" in way)
    return wrong


def _again(job: Job, folder: Path, output: Path, *, changed: bool) -> list[str]:
    if not output.exists() or partial_of(output).exists():
        process = Process(_filled(job.words, folder), output, said=folder / "again")
        status = _wait(process)
        if status != 0:
            return [
                f"the command given again ends with {status}: {(folder / 'again').read_text(errors='replace')[-300:]!r}"
            ]
    found = files_of(output)
    if found != job.expected and not changed:
        names = sorted(name for name in found.keys() | job.expected.keys() if found.get(name) != job.expected.get(name))
        return [f"the output differs: {', '.join(names[:5])}"]
    return []


def _start(job: Job, folder: Path, before: Callable[[], None] | None = None, name: str = "said") -> Process:
    return Process(_filled(job.words, folder), folder / "out", said=folder / name, before=before)


def _signalled(number: int) -> Hinder:
    def hinder(job: Job, folder: Path, rng: random.Random) -> list[Process]:
        process = _start(job, folder)
        wait_until(process, clock(rng.random() * job.seconds * 1.1))
        if not process.ended():
            os.kill(process.pid, number)
        return [process]

    return hinder


def _file_limit(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    most = rng.choice([100, 4000, 20_000, 100_000])

    def before() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return [_ended(_start(job, folder, before), job)]


def _full_disk(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Run on a file system of a few kilobytes; where none can be mounted, with a limit of the size of files."""
    disk = folder / "disk"
    disk.mkdir()
    size = rng.choice([16, 64, 256, 1024])
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        return _file_limit(job, folder, rng)
    process = Process(_filled(job.words, disk), disk / "out", said=folder / "said")
    if job.name == "demo":
        wait_until(process, clock(job.seconds))
        process.kill()
    _wait(process)
    subprocess.run(["umount", "-l", str(disk)], capture_output=True, check=True)
    return [process]


def _little_memory(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    more = rng.choice([1, 8, 32, 128, 512]) << 20

    def before() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    return [_ended(_start(job, folder, before), job)]


def _ended(process: Process, job: Job) -> Process:
    if job.name == "demo":
        wait_until(process, clock(job.seconds))
        if not process.ended():
            os.kill(process.pid, signal.SIGTERM)
    return process


def _two_runs(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    first = _start(job, folder)
    time.sleep(rng.random() * job.seconds)
    return [_ended(first, job), _ended(_start(job, folder, name="said2"), job)]


def _output_taken(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Move away what a run is writing, as somebody does who tidies up."""
    process = _start(job, folder)
    wait_until(process, clock(rng.random() * job.seconds))
    for number, path in enumerate([partial_of(folder / "out"), folder / "out"]):
        if path.exists():
            path.rename(folder / f"taken{number}")
    return [_ended(process, job)]


_WAYS: list[tuple[str, Hinder]] = [
    *((name, _signalled(number)) for name, number in SIGNALS.items()),
    *((name, _signalled(number)) for name, number in SIGNALS.items()),
    ("full disk", _full_disk), ("limit of file size", _file_limit), ("little memory", _little_memory),
    ("two runs", _two_runs), ("output taken away", _output_taken),
]  # fmt: skip
