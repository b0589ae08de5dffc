"""Zoom levels of bigWig and bigBed: exact summaries of windows, made while the data pass by.

A record of reduction r describes the window [k r, (k+1) r), clipped to the sequence: how many bases have a value, and
the minimum, maximum, sum and sum of squares of these. Windows without values have no record. Sums are added in float64
from the finest level up, never from a rounded level, and rounded to float32 once, when they are written.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float32, Float64, Int64
from tracktools.formats.bbi import MAX_ZOOM_LEVELS, BbiWriter, BlockWriter, Summary

RECORD = np.dtype([("start", "i8"), ("count", "i8"), ("min", "f8"), ("max", "f8"), ("sum", "f8"), ("squares", "f8")])
_DISK = np.dtype(
    [
        ("chrom", "<u4"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("count", "<u4"),
        ("min", "<f4"),
        ("max", "<f4"),
        ("sum", "<f4"),
        ("squares", "<f4"),
    ]
)
_STEP = 4  # each level is this many times as coarse as the one before it
_BLOCK_RECORDS = 512
_SPOOL_BYTES = 1 << 20
_LARGEST = float(np.finfo(np.float32).max)

Records = npt.NDArray[np.void]


def dense_records(start: int, values: Float32, reduction: int) -> Records:
    """Return a record for each window of `reduction` bases that contains a value.

    Parameters
    ----------
    start : int
        Position of the first value; a multiple of `reduction`.
    values : ndarray of float32, shape (n,)
        A value per base, NaN where there is none.
    """
    windows = -(-len(values) // reduction)
    grid: Float64 = np.full(windows * reduction, np.nan)
    grid[: len(values)] = values
    grid = grid.reshape(windows, reduction)
    known = ~np.isnan(grid)
    records = np.zeros(windows, dtype=RECORD)
    records["start"] = start + np.arange(windows) * reduction
    records["count"] = known.sum(axis=1)
    records["min"] = np.where(known, grid, np.inf).min(axis=1)
    records["max"] = np.where(known, grid, -np.inf).max(axis=1)
    grid[~known] = 0
    records["sum"] = grid.sum(axis=1)
    records["squares"] = (grid * grid).sum(axis=1)
    return records[records["count"] > 0]


def run_records(starts: Int64, ends: Int64, values: Float64, reduction: int) -> Records:
    """Return a record for each window of `reduction` bases that contains a value, from sorted runs of equal values."""
    first = starts // reduction
    pieces = (ends - 1) // reduction - first + 1
    run = np.repeat(np.arange(len(starts)), pieces)
    window = np.arange(len(run)) - np.repeat(np.cumsum(pieces) - pieces - first, pieces)
    records = np.zeros(len(run), dtype=RECORD)
    records["start"] = window * reduction
    lengths = np.minimum(ends[run], (window + 1) * reduction) - np.maximum(starts[run], window * reduction)
    records["count"] = lengths
    records["min"] = records["max"] = values[run]
    records["sum"], records["squares"] = lengths * values[run], lengths * values[run] ** 2
    return _reduce(records, reduction)


def _reduce(records: Records, reduction: int) -> Records:
    windows = records["start"] // reduction
    firsts = np.flatnonzero(np.diff(windows, prepend=-1))
    reduced = np.zeros(len(firsts), dtype=RECORD)
    if len(firsts):
        reduced["start"] = windows[firsts] * reduction
        for name in ("count", "sum", "squares"):
            reduced[name] = np.add.reduceat(records[name], firsts)
        reduced["min"] = np.minimum.reduceat(records["min"], firsts)
        reduced["max"] = np.maximum.reduceat(records["max"], firsts)
    return reduced


def _join(first: Records, second: Records) -> Records:
    if not len(first) or not len(
        second
    ):  # concatenating structured arrays is slow, and a genome may have 5,000 contigs
        return second if len(second) else first
    return np.concatenate([first, second])


class _Level:
    """One zoom level; what it gets, it writes, reduces, and hands to the next."""

    def __init__(self, reduction: int, folder: Path, coarser: _Level | None) -> None:
        self.reduction, self.coarser, self.n_records = reduction, coarser, 0
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES, dir=str(folder))  # noqa: SIM115 (closed with the pyramid)
        self.blocks = BlockWriter(cast(IO[bytes], spool))
        self._unwritten = self._unreduced = np.zeros(0, dtype=RECORD)

    def add(self, chrom: int, size: int, records: Records, *, last: bool) -> None:
        self.n_records += len(records)
        self._unwritten = _join(self._unwritten, records)
        whole = len(self._unwritten) if last else len(self._unwritten) // _BLOCK_RECORDS * _BLOCK_RECORDS
        for first in range(0, whole, _BLOCK_RECORDS):
            self._write(chrom, size, self._unwritten[first : min(first + _BLOCK_RECORDS, whole)])
        self._unwritten = self._unwritten[whole:]
        if self.coarser is not None:
            waiting = _join(self._unreduced, records)
            parents = waiting["start"] // self.coarser.reduction
            ready = len(waiting) if last or not len(waiting) else int(np.searchsorted(parents, parents[-1]))
            self._unreduced = waiting[ready:]
            if ready or last:
                self.coarser.add(chrom, size, _reduce(waiting[:ready], self.coarser.reduction), last=last)

    def _write(self, chrom: int, size: int, records: Records) -> None:
        disk = np.zeros(len(records), dtype=_DISK)
        disk["chrom"], disk["start"], disk["count"] = chrom, records["start"], records["count"]
        disk["end"] = np.minimum(records["start"] + self.reduction, size)
        for name in ("min", "max", "sum", "squares"):
            disk[name] = np.minimum(
                np.maximum(records[name], -_LARGEST), _LARGEST
            )  # a sum of squares may leave the range of float32
        self.blocks.add(chrom, int(disk["start"][0]), int(disk["end"][-1]), disk.tobytes())


class ZoomPyramid:
    """All zoom levels of a file, in bounded memory: blocks go to temporary files of at most 1 MiB in memory each.

    Parameters
    ----------
    finest : int
        Reduction of the finest level [bp]; each further one is four times as coarse, up to the longest sequence.
    longest : int
        Length of the longest sequence [bp].
    folder : Path
        Where the temporary files are; they have no name there.
    """

    def __init__(self, finest: int, longest: int, folder: Path) -> None:
        reductions = [finest * _STEP**level for level in range(MAX_ZOOM_LEVELS)]
        self._levels: list[_Level] = []
        for reduction in reversed([finest, *(r for r in reductions[1:] if r < longest)]):
            self._levels.insert(0, _Level(reduction, folder, self._levels[0] if self._levels else None))
        self.finest = finest
        self._summaries: list[Summary] = []
        self._count, self._sums = 0, np.zeros(2)
        self._minimum, self._maximum = np.inf, -np.inf

    def add(self, chrom: int, size: int, records: Records, *, last: bool) -> None:
        """Take the next records of the finest reduction; `last` says that no more of this sequence will come."""
        if len(records):
            self._count += int(records["count"].sum())
            self._sums += (records["sum"].sum(), records["squares"].sum())
            self._minimum = min(self._minimum, float(records["min"].min()))
            self._maximum = max(self._maximum, float(records["max"].max()))
        self._levels[0].add(chrom, size, records, last=last)

    @property
    def summary(self) -> Summary:
        """Of everything that was added; all zero where nothing was."""
        if not self._count:
            return Summary(0, 0.0, 0.0, 0.0, 0.0)
        return Summary(self._count, self._minimum, self._maximum, float(self._sums[0]), float(self._sums[1]))

    def write(self, writer: BbiWriter) -> None:
        """Write the levels that are worth it: those with at most half as many bytes as the data, uncompressed."""
        for level in self._levels:
            if 0 < 2 * level.blocks.uncompressed_bytes <= writer.blocks.uncompressed_bytes:
                writer.add_zoom(level.reduction, level.n_records, level.blocks)

    def close(self) -> None:
        """Delete the temporary files."""
        for level in self._levels:
            level.blocks.file.close()
