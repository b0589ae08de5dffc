"""What is wrong with a hub: where, what, and how to mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from tracktools.hub.check.hubtxt import Block


@dataclass(frozen=True)
class Fault:
    """One fault.

    Parameters
    ----------
    code : str
        A short name that stays: tests and scripts look for it.
    problem : str
        What is wrong, with the offending value.
    mend : str
        What to do about it.
    file : str
        Path in the hub.
    line : int
        Line of that file, from 1; 0 where the whole file is meant.
    track : str
        Name of the track; empty where none is meant.
    """

    code: str
    problem: str
    mend: str
    file: str
    line: int = 0
    track: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        track = f"track {self.track}: " if self.track else ""
        return f"{where}: {track}{self.problem} ({self.mend}) [{self.code}]"

    def as_dict(self) -> dict[str, str | int]:
        """Return it as a dictionary, for JSON."""
        return asdict(self)


@dataclass
class Findings:
    """A list of faults under construction."""

    faults: list[Fault] = field(default_factory=list)

    def add(self, block: Block, key: str, code: str, problem: str, mend: str) -> None:
        """Note a fault at a setting of a block."""
        track = block.get("track").split()[0] if block.get("track") else ""
        self.faults.append(Fault(code, problem, mend, block.file, block.line_of(key), track))

    def add_file(self, file: str, code: str, problem: str, mend: str, line: int = 0) -> None:
        """Note a fault of a whole file, or of a line outside any block."""
        self.faults.append(Fault(code, problem, mend, file, line))
