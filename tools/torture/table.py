"""The table of runs that were hindered: kept in a file after each trial, so that no end of the program loses it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """How often each command was hindered in each way, and what failed.

    Parameters
    ----------
    path : Path, optional
        Where it is kept; None: nowhere.
    seed : int
        Of the trials.
    counts : Counter
        Trials by command and way.
    failures : list of (str, str)
        Command, and what was wrong.
    """

    path: Path | None
    seed: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, command: str, way: str, wrong: str | None) -> None:
        """Count a trial, and what was wrong with it, and keep the table."""
        self.counts[command, way] += 1
        self.failures += [] if wrong is None else [(command, wrong)]
        self.keep()

    def keep(self) -> None:
        """Write the file anew."""
        if self.path is None:
            return
        counts = [[command, way, number] for (command, way), number in self.counts.items()]
        record = {"seed": self.seed, **_about(), "counts": counts, "failures": self.failures}
        partial = self.path.with_name(self.path.name + ".new")
        partial.write_text(json.dumps(record, indent=0) + "\n")
        partial.replace(self.path)


def print_tables(paths: list[Path], ways: list[str]) -> None:
    """Print the sum of kept tables, and what failed in each."""
    counts: Counter[tuple[str, str]] = Counter()
    failures: list[tuple[str, str]] = []
    for path in paths:
        record = json.loads(path.read_text())
        here = {(command, way): number for command, way, number in record["counts"]}
        counts.update(here)
        failures += map(tuple, record["failures"])
        print(f"{path.name}: seed {record['seed']}, {sum(here.values())} trials, sources {record['sources']}")
    print_table(counts, failures, ways)


def print_table(counts: Counter[tuple[str, str]], failures: list[tuple[str, str]], ways: list[str]) -> None:
    """Print a row for each command, and one for all."""
    print(f"| command | {' | '.join(ways)} | failures |\n|---|{'---|' * len(ways)}---|")
    bad = Counter(command for command, _ in failures)
    for command in dict.fromkeys(command for command, _ in counts):
        numbers = [counts[command, way] for way in ways]
        print(f"| {command} | {' | '.join(map(str, numbers))} | {bad[command]} |")
    totals = [sum(number for (_, one), number in counts.items() if one == way) for way in ways]
    print(f"| all | {' | '.join(map(str, totals))} | {bad.total()} |", flush=True)


def _about() -> dict[str, object]:
    """Return what the trials were made with."""
    return {"sources": _sources(), "machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}


_known: list[str] = []


def _sources() -> str:
    """Return the commit of the sources, asked for once."""
    if not _known:
        words = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
        _known.append(subprocess.run(words, capture_output=True, text=True).stdout.strip() or "unknown")
    return _known[0]
