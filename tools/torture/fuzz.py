"""Damaged files for every reader, in forked workers: a traceback, a hang, a crash or an unseen change is a failure."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from damage import damaged
from readers import READERS, Case, digest

from tracktools.cli import main as tracktools
from tracktools.errors import TracktoolsError
from tracktools.formats import input_file

HANG_S = 20.0  # CPU time of one case: how busy the machine is changes nothing
SLEEP_S = 600.0  # wall time of one case that waits for something
MEMORY_BYTES = 6 << 30
COMMAND_LINE_EVERY = 100
LONGEST_MESSAGE = 6000  # a path has up to 4,096 letters
REFUSED, READ, BAD = "refused in one line", "read", "FAILURE"


class HangError(BaseException):
    """A case took too long; no reader catches this."""


@dataclass
class Tally:
    """What became of the cases of one reader."""

    counts: Counter[str] = field(default_factory=Counter)
    command_lines: int = 0
    failures: list[str] = field(default_factory=list)


def fuzz(name: str, samples: dict[str, Path], scratch: Path, seed: int, seconds: float, most: int) -> Tally:
    """Fuzz one reader for some seconds of this worker, or until there were enough cases."""
    tally, number = Tally(), 0
    report = scratch / "report"
    end = time.monotonic() + seconds
    while time.monotonic() < end and number < most:
        pid = os.fork()
        if pid == 0:
            _work(name, samples, scratch, seed, number, end, most, report)
        _, status = os.waitpid(pid, 0)
        number = _collect(tally, report, name, seed, number, os.waitstatus_to_exitcode(status))
    return tally


def _collect(tally: Tally, report: Path, name: str, seed: int, number: int, status: int) -> int:
    """Add what a worker reported; return the number of the next case."""
    lines = report.read_text(errors="replace").splitlines() if report.exists() else []
    last = number
    for line in lines:
        kind, at, text = line.split("\t", 2)
        last = int(at)
        if kind == "begin":
            continue
        tally.counts[kind] += 1
        tally.command_lines += text.startswith("command line")
        if kind == BAD:
            tally.failures.append(f"{name}, case {seed}:{at}: {text}")
    report.unlink(missing_ok=True)
    if status != 0:
        tally.counts[BAD] += 1
        begun = lines[-1].split("\t", 2)[2] if lines else ""
        tally.failures.append(f"{name}, case {seed}:{last}: the process ended with {status}: {begun}")
    return last + 1


def _work(
    name: str, samples: dict[str, Path], scratch: Path, seed: int, number: int, end: float, most: int, report: Path
) -> None:
    """Run cases until the time is over, in a process of its own; never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for limit in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(limit, _hang)
    faulthandler.enable()
    input_file._WRITER_WAIT_S = 0.0
    input_file._LEAST_LIMIT = 8 << 20  # bombs are bounded, too
    sys.stdout.flush()
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    right: dict[str, str] = {}
    with report.open("a", buffering=1) as lines:
        for at in range(number, most):
            if time.monotonic() >= end:
                break
            kind, text = one_case(
                name, samples, scratch, seed, at, right, lambda what, at=at: lines.write(f"begin\t{at}\t{what}\n")
            )
            lines.write(f"{kind}\t{at}\t{text}\n")
    os._exit(0)


def one_case(name, samples, scratch, seed, at, right, begin):  # type: ignore[no-untyped-def]
    """Return what became of a case, and what to say of it."""
    rng = random.Random(f"{name} {seed} {at}")
    reader = READERS[name]
    kind = rng.choice(reader.samples)
    folder = scratch / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    case = Case(folder / kind, samples, folder / "out")
    others = [path for path in samples.values() if path.is_file()]
    what = damaged(samples[kind], others, case.path, rng).replace("\n", " ")
    begin(f"{kind}: {what}"[:300])
    if at % COMMAND_LINE_EVERY == COMMAND_LINE_EVERY - 1:
        return _through_the_command_line(reader.words, case, f"{kind}: {what}"[:300])
    _limit(HANG_S, SLEEP_S)
    try:
        found = reader.read(case)
        _limit(0, 0)
        if (
            kind in reader.checked
            and not what.startswith("is ")
            and " in gzip" not in f" {what}"
            and " in bgzip" not in f" {what}"
            and "in a record" not in what  # with a right checksum, as somebody writes who means it
        ):
            if kind not in right:  # read from the same place, since what is read can hold its path
                case.path.unlink()
                case.path.write_bytes(samples[kind].read_bytes())
                right[kind] = digest(reader.read(case))
            if digest(found) != right[kind]:
                return BAD, f"{kind}: {what}: a change under a checksum was not seen"
    except TracktoolsError as error:
        return _judge_message(str(error), f"{kind}: {what}"[:300])
    except HangError:
        return BAD, f"{kind}: {what}: hangs"[:400]
    except MemoryError:
        return REFUSED, f"{kind}: no memory"
    except OSError as error:
        if error.filename is not None:  # the command line makes one line of it
            return REFUSED, ""
        return BAD, _trace(f"{kind}: {what}"[:300])
    except BaseException:
        return BAD, _trace(f"{kind}: {what}"[:300])
    finally:
        _limit(0, 0)
    return READ, ""


def _judge_message(message: str, what: str) -> tuple[str, str]:
    if "\n" in message or len(message) > LONGEST_MESSAGE:
        return BAD, f"{what}: a message of {len(message)} letters: {message[:200]!r}"
    if "None" in message.replace("/None", ""):
        return BAD, f"{what}: a message with None: {message[:300]!r}"
    return REFUSED, ""


def _through_the_command_line(words: tuple[str, ...], case: Case, what: str) -> tuple[str, str]:
    """Run the command in a process of its own: exit 0, or exit 1 or 2 with one line of error."""
    names = {"path": case.path, "output": case.output, **case.samples}
    arguments = [word if "{" not in word else _filled(word, names) for word in words]
    said = case.path.parent / "stderr"
    pid = os.fork()
    if pid == 0:
        with said.open("wb") as file:
            os.dup2(file.fileno(), 2)
            for limit in (signal.SIGPROF, signal.SIGALRM):
                signal.signal(limit, signal.SIG_DFL)
            _limit(3 * HANG_S, SLEEP_S)
            try:
                tracktools(arguments)
                os._exit(0)
            except SystemExit as end:
                sys.stderr.flush()
                os._exit(int(end.code or 0))
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(70)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = said.read_text(errors="replace")
    errors = [line for line in text.splitlines() if line.startswith("Error: ")]
    if status in (0, 1, 2) and "Traceback" not in text and (status == 0 or len(errors) == 1 or "hub" in arguments):
        return (READ if status == 0 else REFUSED), f"command line: {status}"
    return BAD, f"command line {' '.join(arguments)[:200]}: {what}: ends with {status}: {text[-400:]!r}"


def _filled(word: str, names: dict[str, Path]) -> str:
    for name, path in names.items():
        word = word.replace("{" + name + "}", str(path))
    return word


def _limit(cpu_s: float, wall_s: float) -> None:
    """Send a signal after so much CPU time of this process, or wall time; 0: none."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, wall_s)


def _hang(_signal: int, _frame: object) -> None:
    raise HangError


def _trace(what: str) -> str:
    """Return the end of a traceback on one line."""
    lines = traceback.format_exc().strip().splitlines()
    places = [line.strip() for line in lines if line.lstrip().startswith("File ") and "torture" not in line]
    with contextlib.suppress(ValueError):
        return f"{what}: {lines[-1][:200]} at {' < '.join(places[-3:][::-1])}".replace("\t", " ")
    return what
