"""Findings in a hub: how bad, where, what is wrong, and how to fix it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from tracktools.hub.check.ra import Stanza


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # a browser refuses the hub or the track, or draws it wrong
    WARNING = "warning"  # the hub opens, but something is lost, or is probably not meant
    NOTE = "note"  # advice, often about one browser alone


@dataclass(frozen=True)
class Finding:
    """One finding.

    Parameters
    ----------
    level : Level
        How bad it is.
    code : str
        A short name that stays: tests and scripts look for it.
    problem : str
        What is wrong, with the offending value.
    fix : str
        What to do about it.
    file : str
        Path in the hub; the web address of a file elsewhere.
    line : int
        Line of that file, from 1; 0 where the whole file is meant.
    track : str
        Name of the track; empty where none is meant.
    """

    level: Level
    code: str
    problem: str
    fix: str
    file: str
    line: int = 0
    track: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        track = f"track {self.track}: " if self.track else ""
        return f"{where}: {self.level}: {track}{self.problem} ({self.fix}) [{self.code}]"

    def as_dict(self) -> dict[str, str | int]:
        """Return it as a dictionary, for JSON."""
        return asdict(self)


@dataclass
class Findings:
    """A list of findings under construction; what is found twice is kept once."""

    found: dict[Finding, None] = field(default_factory=dict)

    def error(self, stanza: Stanza, key: str, code: str, problem: str, fix: str) -> None:
        """Add an error at a setting of a stanza; at its first line where it lacks the setting."""
        self.add(Level.ERROR, stanza, key, code, problem, fix)

    def warning(self, stanza: Stanza, key: str, code: str, problem: str, fix: str) -> None:
        """Add a warning at a setting of a stanza."""
        self.add(Level.WARNING, stanza, key, code, problem, fix)

    def note(self, stanza: Stanza, key: str, code: str, problem: str, fix: str) -> None:
        """Add a note at a setting of a stanza."""
        self.add(Level.NOTE, stanza, key, code, problem, fix)

    def add(self, level: Level, stanza: Stanza, key: str, code: str, problem: str, fix: str) -> None:
        """Add a finding at a setting of a stanza."""
        place = stanza.place_of(key)
        self.found[Finding(level, code, problem, fix, place.file, place.line, stanza.track_name)] = None

    def add_file(
        self, level: Level, file: str, code: str, problem: str, fix: str, line: int = 0, track: str = ""
    ) -> None:
        """Add a finding about a whole file, or about a line outside any stanza."""
        self.found[Finding(level, code, problem, fix, file, line, track)] = None

    def in_order(self) -> list[Finding]:
        """Return the findings, file by file in the order they came up, each file by line."""
        files = {file: number for number, file in enumerate(dict.fromkeys(finding.file for finding in self.found))}
        return sorted(self.found, key=lambda finding: (files[finding.file], finding.line))


def summary(findings: Sequence[Finding]) -> str:
    """Return one line: how many errors, warnings and notes.

    Examples
    --------
    >>> summary([])
    'nothing found'
    >>> summary([Finding(Level.ERROR, "a", "b", "c", "hub.txt"), Finding(Level.NOTE, "a", "b", "c", "hub.txt")])
    '1 error, 1 note'
    """
    counts = Counter(finding.level for finding in findings)
    parts = [f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}" for level in Level if counts[level]]
    return ", ".join(parts) or "nothing found"
