"""bedGraph and wiggle files: values of stretches of a genome.

Formats: https://genome.ucsc.edu/goldenPath/help/bedgraph.html and `tracktools.formats.wiggle`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Float64, Int64
from tracktools.errors import InputError
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.wiggle import DECLARATIONS, WiggleSection, parse_declaration, parse_whole

_COLUMN_NAMES = [["start", "end"], ["chromstart", "chromend"]]  # of columns 2 and 3, in a first line that has names
_NO_VALUE = ("NA", ".", "")
_OTHER_TABLES = {  # by the number of columns
    1: ", with tabs or spaces between",
    3: "; for depths by position, bedtools genomecov writes it with -bga",
    6: "; is it BED? its features have no value per base",
}


@dataclass(frozen=True, eq=False)
class Steps:
    """The values of one sequence, constant within each stretch; sorted, and no two overlap.

    Parameters
    ----------
    starts, ends : ndarray of int64, shape (n,)
        Stretches, 0-based and half-open.
    values : ndarray of float64, shape (n,)
        Finite.
    """

    starts: Int64
    ends: Int64
    values: Float64

    def dense(self, start: int, end: int) -> Float64:
        """Return a value per base of [start, end), NaN where the file has none; shape (end - start,).

        Examples
        --------
        >>> steps = Steps(np.array([1, 4]), np.array([3, 5]), np.array([0.5, 2.0]))
        >>> steps.dense(0, 6)
        array([nan, 0.5, 0.5, nan, 2. , nan])
        """
        first, last = np.searchsorted(self.ends, start, side="right"), np.searchsorted(self.starts, end)
        low, high = np.maximum(self.starts[first:last], start), np.minimum(self.ends[first:last], end)
        edges = np.column_stack([low, high]).reshape(-1) - start
        values = np.column_stack([self.values[first:last], np.full(last - first, np.nan)]).reshape(-1)
        lengths = np.diff(edges, append=end - start)
        return np.concatenate([np.full(edges[0] if len(edges) else end - start, np.nan), np.repeat(values, lengths)])


_MOST_BP = 1 << 40  # longer is no sequence, and sums of such numbers are no 64 bits


class _Columns:
    """The stretches of one sequence, line by line."""

    def __init__(self) -> None:
        self.starts, self.ends, self.values, self.lines = array("q"), array("q"), array("d"), array("q")

    def add(self, start: int, end: int, value: float, line: int) -> None:
        self.starts.append(start)
        self.ends.append(end)
        self.values.append(value)
        self.lines.append(line)


def read_bedgraph(path: Path) -> dict[str, Steps]:
    """Read a bedGraph or wiggle file, plain or gzip, in any order of lines.

    Parameters
    ----------
    path : Path
        The file. Lines below ``fixedStep`` or ``variableStep`` are read as `tracktools.formats.wiggle` says; ``track``,
        ``browser`` and comment lines are passed over, and a first line of column names. Names of sequences may be in
        quotes. About 32 bytes of memory a line.

    Returns
    -------
    dict of str to Steps
        By the name of the sequence, in file order.

    Raises
    ------
    InputError
        If the file is missing, damaged or empty; if a line has not the columns of its format, a stretch is no stretch,
        a value is no finite number, or two stretches overlap. Names the line.
    """
    path = Path(path)
    columns: dict[str, _Columns] = {}
    with open_maybe_gzip(path) as file:
        _read_lines(file, columns, path)
    if not columns:
        raise InputError("contains no values", path=path, hint="bedGraph lines are needed: chrom start end value")
    return {chrom: _sorted_steps(chrom, lists, path) for chrom, lists in columns.items()}


def _read_lines(file: Iterable[bytes], columns: dict[str, _Columns], path: Path) -> None:
    section: WiggleSection | None = None  # without one, lines are bedGraph
    for number, raw in enumerate(file, start=1):
        if b"\0" in raw:
            hint = "bedGraph is needed: chrom start end value; bigWigToBedGraph turns bigWig into it"
            raise InputError("is not text but binary", path=path, line=number, hint=hint)
        words = raw.decode("utf-8-sig", errors="replace").split()
        if not words or words[0].startswith("#") or words[0] == "browser":
            continue
        if words[0] == "track":
            section = None
        elif words[0] in DECLARATIONS:
            section = parse_declaration(words, path, number)
        elif number > 1 or [word.lower() for word in words[1:3]] not in _COLUMN_NAMES:
            chrom = words[0].strip('"')
            if section is not None and len(words) < 4:  # a file may go on with lines of bedGraph
                chrom, (start, end, value) = section.chrom, section.parse(words, path, number)
            else:
                start, end, value = _parse(words, path, number)
            if chrom not in columns:
                columns[chrom] = _Columns()
            columns[chrom].add(start, end, value, number)


def _parse(words: list[str], path: Path, line: int) -> tuple[int, int, float]:
    if len(words) != 4:
        problem = f"has {len(words)} columns: {' '.join(words)[:40]!r}"
        hint = "bedGraph has four: chrom start end value" + _OTHER_TABLES.get(len(words), "")
        raise InputError(problem, path=path, line=line, hint=hint)
    try:
        start, end = parse_whole(words[1]), parse_whole(words[2])
        value = math.nan if words[3] in _NO_VALUE else float(words[3])
    except ValueError:
        raise InputError(f"{' '.join(words[1:])!r} are not start, end and value", path=path, line=line) from None
    if not 0 <= start < end < _MOST_BP:
        raise InputError(f"the stretch goes from {start} to {end}", path=path, line=line, hint="0 <= start < end")
    if not math.isfinite(value):
        raise InputError(f"the value is {words[3]}", path=path, line=line, hint="leave out lines without a value")
    return start, end, value


def _sorted_steps(chrom: str, lists: _Columns, path: Path) -> Steps:
    starts, ends, values, lines = (np.array(c) for c in (lists.starts, lists.ends, lists.values, lists.lines))
    order = np.argsort(starts, kind="stable")
    starts, ends, values, lines = starts[order], ends[order], values[order], lines[order]
    overlap = starts[1:] < ends[:-1]
    if overlap.any():
        at = int(overlap.argmax())
        problem = f"{chrom}:{starts[at + 1]}-{ends[at + 1]} overlaps line {lines[at]}"
        raise InputError(problem, path=path, line=int(lines[at + 1]), hint="a base has one value; one strand a file")
    return Steps(starts, ends, values)
