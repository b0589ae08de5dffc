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
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from commands import DEMO, Words, commands, load_modules, record_modules, shrink_demo, write_inputs
from table import Table, print_table

from kill import Process, partial_of

HANG_S = 300.0  # of wall time, on a machine that others use, too
POLL_S = 0.002
HEAVY = ("tracktools.pipeline.predict_hub", "tracktools.hub.build", "tracktools.hub.clients.view", "tracktools.motifs",
         "tracktools.attention", "tracktools.train", "tracktools.profile", "tracktools.reads", "tracktools.tss.curate",
         "tracktools.contribute", "tracktools.mutate", "tracktools.tss.importing", "tracktools.tss.classify", "tracktools.annotation", "tracktools.pipeline.demo")  # fmt: skip
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
ENDS = (0, 1, 130, 143, -signal.SIGKILL)  # no other way to end is right
MINE = b"a file of the user's\n"
MISSED = "ended before the signal"


@dataclass(frozen=True)
class Job:
    """A command, what an unbroken run of it makes, and how long that takes.

    Parameters
    ----------
    name, words
        The command line, without its output.
    expected : dict
        The files of an unbroken run.
    cpu_s : float
        CPU-seconds of one.
    before : callable
        What is called first in its process.
    """

    name: str
    words: Words
    expected: dict[str, bytes]
    cpu_s: float
    before: Callable[[], None]

    @property
    def output(self) -> str:
        """Name of the output."""
        return "out.html" if self.name in ("report", "hub view") else "out"


def torture_runs(home: Path, seed: int, seconds: float, kept: Path | None = None) -> list[str]:
    """Hinder runs for some seconds; keep and print a table, and return what failed.

    Parameters
    ----------
    home : Path
        Folder to work in.
    seed : int
        Of the trials.
    seconds : float
        How long.
    kept : Path, optional
        File of the table, written anew after each trial.
    """
    for module in HEAVY:
        import_module(module)  # once for all processes
    end = time.monotonic() + seconds
    rng, table = random.Random(seed), Table(kept, seed)
    jobs = _jobs(home, table)
    number = 0
    while time.monotonic() < end and jobs:
        job, (way, hinder) = jobs[number % len(jobs)], rng.choice(_WAYS)
        folder = home / f"run{number}"
        folder.mkdir()
        found = _trial(job, folder, hinder, rng)
        if found == [MISSED]:
            way, found = MISSED, []
        wrong = _said(f"{job.name}, {way}, trial {seed}:{number}: {'; '.join(found)}") if found else None
        table.add(job.name, way, wrong)
        shutil.rmtree(folder, ignore_errors=True)
        number += 1
    print_table(table.counts, table.failures, WAYS)
    return [text for _, text in table.failures]


def _said(failure: str) -> str:
    print(failure, file=sys.stderr, flush=True)
    return failure


def _jobs(home: Path, table: Table) -> list[Job]:
    files = write_inputs(home)
    jobs = []
    for name, words in commands(files).items():
        before = (lambda: shrink_demo(files)) if name == DEMO else (lambda: None)
        job = _unbroken(Job(name, words, {}, 0.0, before), home / f"unbroken {name}")
        if isinstance(job, str):
            table.failures.append((name, _said(f"{name}: an unbroken run fails: {job}")))
            table.keep()
        else:
            jobs.append(job)
    return jobs


def _unbroken(job: Job, home: Path) -> Job | str:
    """Run a command twice, which makes the same; return it with what it makes. Its modules are loaded for all others."""
    made, cpu_s = [], 0.0
    for number in range(2):
        folder = home / str(number)
        folder.mkdir(parents=True)

        def before(folder: Path = folder) -> None:
            job.before()
            record_modules(folder / "modules")

        started = _children_s()
        process = Process(_filled(job.words, folder), folder / job.output, said=folder / "said", before=before)
        if _wait(process) != 0:
            return (folder / "said").read_text(errors="replace")[-600:]
        cpu_s = _children_s() - started
        load_modules(folder / "modules")
        made.append(_files(folder / job.output))
        if b"which tracktools did not make" in (folder / "said").read_bytes():
            return (folder / "said").read_text(errors="replace")[-600:]
    if made[0] != made[1]:
        names = [name for name in made[0] if made[0][name] != made[1].get(name)]
        return f"two unbroken runs differ in {', '.join(names[:5])}"
    return replace(job, expected=made[0], cpu_s=cpu_s)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _files(output: Path) -> dict[str, bytes]:
    """Return the files of an output by name, but for those that say when they were made."""
    if output.is_file():
        return {output.name: output.read_bytes()}
    names = {path: path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    return {name: _content(path) for path, name in names.items() if path.name != "provenance.json"}


def _content(path: Path) -> bytes:
    """Return what a file says; of a workbook without its dates."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(name) for name in book.namelist() if not name.startswith("docProps"))


def _filled(words: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    return tuple(word.replace("{hub}", str(folder / "hub")) for word in words)


def _wait(process: Process) -> int | None:
    end = time.monotonic() + HANG_S
    while not process.ended() and time.monotonic() < end:
        time.sleep(POLL_S)
    if not process.ended():
        process.kill()
        return None
    return process.wait()


def _work(process: Process, seconds: float) -> None:
    """Wait until a process has used some seconds of CPU time, so that the moment is the same on a busy machine."""
    clock = (~process.pid << 3) | 2  # CPU time of a process, see clock_getcpuclockid(3)
    end = time.monotonic() + HANG_S
    while not process.ended() and time.clock_gettime(clock) < seconds and time.monotonic() < end:
        time.sleep(POLL_S)


Hinder = Callable[[Job, Path, random.Random], list[Process]]


def _trial(job: Job, folder: Path, hinder: Hinder, rng: random.Random) -> list[str]:
    """Hinder a run, look at what it left, and give the command again; return what is wrong."""
    output = folder / job.output
    mine = [folder / "mine.txt", folder / "out.old" / "mine.txt"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MINE)
    wrong = []
    statuses = []
    for process in hinder(job, folder, rng):
        status = _wait(process)
        statuses.append(status)
        said = process.said  # not there where the process was killed at once
        wrong += _judge(status, said.read_text(errors="replace") if said and said.exists() else "")
    wrong += [f"lost {path}" for path in mine if not path.is_file() or path.read_bytes() != MINE]
    if hinder is _input_changed:
        return wrong or _one_state(job, folder, statuses[0])
    if not wrong and statuses == [0] and hinder in _KILLS.values() and _files(output) == job.expected:
        return [MISSED]
    return wrong or _again(job, folder, output)


def _judge(status: int | None, said: str) -> list[str]:
    wrong = []
    if status is None:
        wrong.append("hangs")
    elif status not in ENDS:
        wrong.append(f"ends with {status}: {said[-300:]!r}")
    if "Traceback" in said:
        wrong.append(f"a traceback: {said[-500:]!r}")
    if status == 1 and sum(line.startswith("Error: ") for line in said.splitlines()) != 1:
        wrong.append(f"exit 1 without one line of error: {said[-300:]!r}")
    if status == 130 and said.splitlines().count("Interrupted.") != 1:
        wrong.append(f"an interrupt that is not one line: {said[-300:]!r}")
    return wrong


def _again(job: Job, folder: Path, output: Path) -> list[str]:
    if not output.exists() or partial_of(output).exists():
        status, said = _run(job, folder)
        if status != 0 and said.rstrip().endswith("(--force replaces it)"):  # it was published before the end
            status, said = _run(job, folder, "--force")
        if status != 0:
            return [f"the command given again ends with {status}: {said[-300:]!r}"]
    if partial_of(output).exists():
        return [f"{partial_of(output).name} is left after a run to the end"]
    found = _files(output)
    if found != job.expected:
        names = sorted(name for name in found.keys() | job.expected.keys() if found.get(name) != job.expected.get(name))
        return [f"the output differs: {', '.join(names[:5])}"]
    return []


def _run(job: Job, folder: Path, *more: str) -> tuple[int | None, str]:
    words = (*_filled(job.words, folder), *more)
    process = Process(words, folder / job.output, said=folder / "again", before=job.before)
    return _wait(process), (folder / "again").read_text(errors="replace")


def _start(job: Job, folder: Path, before: Callable[[], None] | None = None, name: str = "said") -> Process:
    def first() -> None:
        job.before()
        if before is not None:
            before()

    return Process(_filled(job.words, folder), folder / job.output, said=folder / name, before=first)


def _signalled(number: int) -> Hinder:
    def hinder(job: Job, folder: Path, rng: random.Random) -> list[Process]:
        process = _start(job, folder)
        _work(process, rng.random() * job.cpu_s)
        if not process.ended():
            os.kill(process.pid, number)
        return [process]

    return hinder


def _file_limit(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    most = rng.choice([100, 4000, 20_000, 100_000])

    def before() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return [_start(job, folder, before)]


def _full_disk(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Run on a file system of a few kilobytes; where none can be mounted, with a limit of the size of files."""
    disk = folder / "disk"
    disk.mkdir()
    size = rng.choice([16, 64, 256, 1024])
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        return _file_limit(job, folder, rng)
    process = Process(_filled(job.words, disk), disk / job.output, said=folder / "said", before=job.before)
    _wait(process)
    subprocess.run(["umount", "-l", str(disk)], capture_output=True, check=True)
    return [process]


def _little_memory(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    more = rng.choice([1, 8, 32, 128, 512]) << 20

    def before() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    return [_start(job, folder, before)]


def _two_runs(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    first = _start(job, folder)
    _work(first, rng.random() * job.cpu_s)
    return [first, _start(job, folder, name="said2")]


def _output_taken(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Move away what a run is writing, as somebody does who tidies up."""
    process = _start(job, folder)
    _work(process, rng.random() * job.cpu_s)
    for number, path in enumerate([partial_of(folder / job.output), folder / job.output]):
        if path.exists():
            path.rename(folder / f"taken{number}")
    return [process]


def _output_replaced(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Put a folder of the user's where a run is writing."""
    process = _start(job, folder)
    _work(process, rng.random() * job.cpu_s)
    output = folder / job.output
    if not output.exists():
        output.mkdir()
        (output / "mine.txt").write_bytes(MINE)
    _wait(process)
    if (output / "mine.txt").exists():
        if (output / "mine.txt").read_bytes() == MINE:
            shutil.rmtree(output)
    elif "mine.txt" not in {path.name for path in folder.rglob("mine.txt") if path.parent.name != "out.old"}:
        (folder / "mine.txt").unlink()  # it was deleted: told as a file that is lost
    return [process]


def _input_changed(job: Job, folder: Path, rng: random.Random) -> list[Process]:
    """Cut an input of a run, or put another file in its place, while the run may be reading it."""
    inputs = [Path(word.split("=")[-1]) for word in job.words if word.startswith("/") or "=/" in word]
    inputs = [path for path in inputs if path.is_file()]
    if not inputs:
        return [_start(job, folder)]
    chosen = rng.choice(inputs)
    copy = folder / "given" / chosen.name
    copy.parent.mkdir()
    shutil.copyfile(chosen, copy)
    (folder / "words").write_text("\n".join(word.replace(str(chosen), str(copy)) for word in job.words))
    process = _start(_given(job, folder), folder)
    _work(process, rng.random() * job.cpu_s)
    data = chosen.read_bytes()
    if rng.random() < 0.5:
        os.truncate(copy, rng.randrange(len(data)))
    else:
        (folder / "other").write_bytes(data[: data.rfind(b"\n", 0, len(data) * 2 // 3) + 1])
        (folder / "other").replace(copy)
    return [process]


def _given(job: Job, folder: Path) -> Job:
    """Return the job with the inputs of a trial."""
    words = folder / "words"
    return replace(job, words=tuple(words.read_text().split("\n"))) if words.exists() else job


def _one_state(job: Job, folder: Path, status: int | None) -> list[str]:
    """Tell whether a result is that of the input before, or of the input after it was changed."""
    output = folder / job.output
    found = _files(output) if output.exists() else None
    if status != 0 or found == job.expected:
        return []
    output.rename(folder / "found")
    if (folder / "hub").exists():
        (folder / "hub").rename(folder / "found hub")
    status, said = _run(_given(job, folder), folder)
    if status != 0:
        return [f"made a result from an input that changed, and that is refused now: {said[-300:]!r}"]
    if _files(output) != found:
        return ["made a result that is neither that of the input before nor that of the input after"]
    return []


_KILLS = {name: _signalled(number) for name, number in SIGNALS.items()}
_WAYS: list[tuple[str, Hinder]] = [
    *_KILLS.items(), *_KILLS.items(), *_KILLS.items(), ("full disk", _full_disk), ("limit of file size", _file_limit),
    ("little memory", _little_memory), ("two runs", _two_runs), ("output taken away", _output_taken),
    ("output replaced", _output_replaced), ("input changed", _input_changed),
]  # fmt: skip
WAYS = [*dict.fromkeys(way for way, _ in _WAYS), MISSED]
