"""bedGraph files: values of stretches of a genome. Format: https://genome.ucsc.edu/goldenPath/help/bedgraph.html."""

from __future__ import annotations

import math
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracktools.errors import InputError
from tracktools.formats.fasta import open_maybe_gzip


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

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def dense(self, start: int, end: int) -> npt.NDArray[np.float64]:
        """Return a value a base of [start, end), NaN where the file has none; shape (end - start,).

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


def read_bedgraph(path: Path) -> dict[str, Steps]:
    """Read a bedGraph file, plain or gzip, in any order of lines.

    Parameters
    ----------
    path : Path
        The file. ``track``, ``browser`` and comment lines are passed over. About 32 bytes of memory a line.

    Returns
    -------
    dict of str to Steps
        By the name of the sequence, in file order.

    Raises
    ------
    InputError
        If the file is missing, damaged or empty; if a line has not four columns, a stretch is no stretch, a value is
        no finite number, or two stretches overlap. Names the line.
    """
    path = Path(path)
    columns: dict[str, tuple[array[int], array[int], array[float], array[int]]] = {}
    try:
        with open_maybe_gzip(path) as file:
            for number, raw in enumerate(file, start=1):
                if b"\0" in raw:
                    mend = "bedGraph is needed: chrom start end value; bigWigToBedGraph turns bigWig into it"
                    raise InputError("is not text but binary", path=path, line=number, mend=mend)
                words = raw.decode("utf-8-sig", errors="replace").split()
                if words and not words[0].startswith("#") and words[0] not in ("track", "browser"):
                    start, end, value = _parse(words, path, number)
                    if words[0] not in columns:
                        columns[words[0]] = array("q"), array("q"), array("d"), array("q")
                    starts, ends, values, lines = columns[words[0]]
                    starts.append(start)
                    ends.append(end)
                    values.append(value)
                    lines.append(number)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="download or compress it again") from None
    if not columns:
        raise InputError("holds no values", path=path, mend="bedGraph lines are needed: chrom start end value")
    return {chrom: _sorted_steps(chrom, lists, path) for chrom, lists in columns.items()}


def _parse(words: list[str], path: Path, line: int) -> tuple[int, int, float]:
    if len(words) != 4:
        problem = f"has {len(words)} columns: {' '.join(words)[:40]!r}"
        raise InputError(problem, path=path, line=line, mend="bedGraph has four: chrom start end value")
    try:
        start, end, value = int(words[1]), int(words[2]), float(words[3])
    except ValueError:
        raise InputError(f"{' '.join(words[1:])!r} are not start, end and value", path=path, line=line) from None
    if not 0 <= start < end:
        raise InputError(f"the stretch goes from {start} to {end}", path=path, line=line, mend="0 <= start < end")
    if not math.isfinite(value):
        raise InputError(f"the value is {words[3]}", path=path, line=line, mend="leave out lines without a value")
    return start, end, value


def _sorted_steps(chrom: str, lists: tuple[array[int], array[int], array[float], array[int]], path: Path) -> Steps:
    starts, ends, values, lines = (np.array(column) for column in lists)
    order = np.argsort(starts, kind="stable")
    starts, ends, values, lines = starts[order], ends[order], values[order], lines[order]
    overlap = starts[1:] < ends[:-1]
    if overlap.any():
        at = int(overlap.argmax())
        problem = f"{chrom}:{starts[at + 1]}-{ends[at + 1]} overlaps line {lines[at]}"
        raise InputError(problem, path=path, line=int(lines[at + 1]), mend="a base has one value; one strand a file")
    return Steps(starts, ends, values)
