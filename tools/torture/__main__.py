"""Torture: what disks, networks and strangers do to files and runs, for some minutes; prints what happened as a table.

    python tools/torture [--seconds 600] [--seed 1] [--only fuzz] [--reader NAME] [--cases N] [--table FILE]
    python tools/torture --sum FILE...

Each reader of files of users gets damaged files (`damage.py`), one in a hundred through the command line; long commands
are killed, starved of disk and memory, and given outputs that others take away (`runs.py`). A traceback, a hang, a lost file
of the user or a change that a checksum should have told is a failure: it is printed with its seed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"  # a process with threads cannot be forked safely

from fuzz import BAD, READ, REFUSED, Tally, fuzz
from readers import READERS
from samples import samples_of

SHARE_OF_FUZZ = 0.6  # of the time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="wall time of all of it")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="by default another one each time; printed")
    parser.add_argument("--only", choices=["fuzz", "runs"])
    parser.add_argument("--reader", choices=list(READERS), help="one reader alone")
    parser.add_argument("--cases", type=int, default=10**9, help="at most, of each reader")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", type=Path, help="keep the counts of hindered runs here, after each trial")
    parser.add_argument("--sum", type=Path, nargs="+", metavar="FILE", help="print the sum of such files, and end")
    options = parser.parse_args()
    if options.sum:
        from table import print_tables

        from runs import WAYS

        print_tables(options.sum, WAYS)
        return
    print(f"seed {options.seed}", flush=True)
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="torture") as home:
        if options.only != "runs":
            failures += _fuzz(Path(home), options)
        if options.only != "fuzz" and options.reader is None:
            from runs import torture_runs

            left = options.seconds * (1 if options.only else 1 - SHARE_OF_FUZZ)
            failures += torture_runs(Path(home), options.seed, left, options.table)
    for failure in failures:
        print(f"FAILURE: {failure}")
    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


def _fuzz(home: Path, options: argparse.Namespace) -> list[str]:
    samples = samples_of(home / "samples")
    names = [options.reader] if options.reader else list(READERS)
    seconds = options.seconds * (1 if options.only or options.reader else SHARE_OF_FUZZ)
    each = seconds * min(options.workers, len(names)) / len(names)
    jobs = []
    for name in names:
        scratch = home / f"work{len(jobs)}"
        scratch.mkdir()
        jobs.append((name, samples, scratch, options.seed, each, options.cases))
    print(
        f"| reader | cases | by command line | {REFUSED} | {READ} | failures |\n|---|---|---|---|---|---|", flush=True
    )
    total, failures = Tally(), []
    with multiprocessing.get_context("fork").Pool(options.workers, maxtasksperchild=1) as pool:
        for name, tally in zip(names, pool.imap(_quietly, jobs), strict=True):
            _print_row(name, tally)  # at once: what has been counted is not lost with what comes
            total.counts.update(tally.counts)
            total.command_lines += tally.command_lines
            failures += tally.failures
    _print_row("all", total)
    return failures


def _quietly(job: tuple[Any, ...]) -> Tally:
    tally = fuzz(*job)
    shutil.rmtree(job[2], ignore_errors=True)
    for failure in tally.failures:
        print(failure, file=sys.stderr, flush=True)
    return tally


def _print_row(name: str, tally: Tally) -> None:
    counts = tally.counts
    numbers = counts.total(), tally.command_lines, counts[REFUSED], counts[READ], counts[BAD]
    print(f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |", flush=True)


if __name__ == "__main__":
    main()
