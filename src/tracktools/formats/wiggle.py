"""Sections of wiggle files: values at every position, or at named ones.

Format: https://genome.ucsc.edu/goldenPath/help/wiggle.html. Positions are 1-based there, and become 0-based here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.numerals import is_whole

DECLARATIONS = ("fixedStep", "variableStep")
_NEEDED = {"fixedStep": ("chrom", "start"), "variableStep": ("chrom",)}
_WHOLE = {"fixedStep": {"start": 0, "step": 1, "span": 1}, "variableStep": {"span": 1}}


_MOST_BP = 1 << 40  # longer is no sequence


@dataclass
class WiggleSection:
    """What a declaration line says of the lines that follow.

    Parameters
    ----------
    kind : {"fixedStep", "variableStep"}
        Lines hold a value, or position and value.
    chrom : str
        The sequence.
    start : int
        fixedStep: where the next value begins [0-based].
    step : int
        fixedStep: bases from one value's start to that of the next.
    span : int
        Bases that a value is of.
    """

    kind: str
    chrom: str
    start: int
    step: int
    span: int

    def parse(self, words: list[str], path: Path, line: int) -> tuple[int, int, float]:
        """Return start, end and value of a line, 0-based and half-open."""
        wanted = {"fixedStep": ("value",), "variableStep": ("position", "value")}[self.kind]
        try:
            if len(words) != len(wanted):
                raise ValueError
            value = float(words[-1])
            start = parse_whole(words[0]) - 1 if self.kind == "variableStep" else self.start
        except ValueError:
            problem = f"{' '.join(words)[:40]!r} is not {' and '.join(wanted)}, as below {self.kind}"
            raise InputError(problem, path=path, line=line) from None
        if not 0 <= start < _MOST_BP or self.step >= _MOST_BP or self.span >= _MOST_BP:
            raise InputError(f"the position is {words[0]}", path=path, line=line, hint="wiggle counts from 1")
        if not math.isfinite(value):
            raise InputError(f"the value is {words[-1]}", path=path, line=line, hint="leave out positions without one")
        self.start = start + self.step
        return start, start + self.span, value


def parse_whole(word: str) -> int:
    """Return a coordinate; R writes 100000 as ``1e+05``.

    Raises
    ------
    ValueError
        If the word is no whole number.

    Examples
    --------
    >>> parse_whole("1.2e+06")
    1200000
    """
    try:
        return int(word)
    except ValueError:
        number = float(word)
        if "e" not in word.lower() or not number.is_integer():
            raise
        return int(number)


def parse_declaration(words: list[str], path: Path, line: int) -> WiggleSection:
    """Read a line that begins with ``fixedStep`` or ``variableStep``.

    Raises
    ------
    InputError
        If a setting is missing, unknown, used twice, or no whole number above 0. Names the line.
    """
    kind, whole = words[0], dict(_WHOLE[words[0]])
    chrom, seen = "", set()
    for word in words[1:]:
        key, _, value = word.partition("=")
        if key in seen or (key != "chrom" and key not in whole):
            raise InputError(f"{word!r} is not a setting of {kind}", path=path, line=line, hint=_grammar(kind))
        seen.add(key)
        if key == "chrom":
            chrom = value.strip('"')
        elif not (is_whole(value) and int(value) > 0):
            raise InputError(f"{word!r} is not a whole number above 0", path=path, line=line, hint=_grammar(kind))
        else:
            whole[key] = int(value)
    missing = [key for key in _NEEDED[kind] if key not in seen]
    if missing or not chrom:
        raise InputError(f"{kind} has no {(missing or ['chrom'])[0]}=", path=path, line=line, hint=_grammar(kind))
    return WiggleSection(kind, chrom, whole.get("start", 1) - 1, whole.get("step", 1), whole["span"])


def _grammar(kind: str) -> str:
    return f"write {kind} chrom=NAME" + (" start=1 step=1 span=1" if kind == "fixedStep" else " span=1")
