"""bigWig files: an exact writer, whose files are read back by pyBigWig, and a reader of any user's file.

Why a writer of its own: libBigWig (pyBigWig 0.3.29) writes the last record of every zoom block with sum 0, a header
maximum of 2.2e-308 on tracks without a positive value, and stores NaN; pybigtools 0.3.0 counts zooms wrongly over gaps.
Here zoom records and header are exact, NaN means that a base is absent, and every file is read back through pyBigWig
before it gets its name.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyBigWig

from tracktools.arrays import Bool, Float32, Floating
from tracktools.errors import GenomeMismatchError, InputError, OutputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.bbi import BIGWIG_MAGIC, BbiWriter
from tracktools.formats.bbi_read import read_chroms, read_header
from tracktools.formats.bbi_zoom import Records, ZoomPyramid, dense_records, run_records
from tracktools.formats.bigwig_sections import encode_sections
from tracktools.formats.bigwig_values import BlockValues
from tracktools.formats.input_file import open_seekable

WINDOW_BP = 1 << 16  # bases that are encoded, and read back, at once
_SPARSE = 8  # windows with a value at fewer than every eighth base are summed value by value, which is faster there
_FINEST_ZOOM = 32  # browsers read up to 32 bases a pixel from the values themselves


class BigWigWriter:
    """Write a bigWig contig by contig, in pieces of any size.

    The bytes of the file depend on the values alone, not on the pieces in which they come. Memory does not grow with
    the values: a window of 65,536 bases is held, and for each block of the file 32 bytes of its index, which is about
    0.04 bytes per base where every base has a value. Zoom blocks wait in temporary files, of which 10 MiB at most are
    in memory.

    Parameters
    ----------
    path : Path
        File to write. It appears when the context is left without an exception, after it was read back through
        pyBigWig and found equal; else nothing is left.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp]. Sequences without values are fine.

    Raises
    ------
    InputError
        If `chrom_sizes` is empty or contains a length that the format cannot store.
    OutputError
        If the file cannot be written, or does not read back as it was written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "a.bw")
    >>> with BigWigWriter(path, {"chr": 10}) as writer:
    ...     writer.add("chr", 3, np.array([0.5, np.nan, -2], dtype=np.float32))
    >>> with BigWigReader(path) as reader:
    ...     print(reader.values("chr", 2, 7), reader.summary.minimum)
    [ nan  0.5  nan -2.   nan] -2.0
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, chrom_sizes: Mapping[str, int]) -> None:
        self.path = Path(path)
        self._sizes = dict(chrom_sizes)
        self._numbers = {name: number for number, name in enumerate(self._sizes)}
        self._chrom: str | None = None
        self._next = 0  # first base of this sequence that may still come
        self._window_start = 0
        self._window = np.full(WINDOW_BP, np.nan, dtype=np.float32)
        self._n_sections = 0
        self._checksums: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._partial = stack.enter_context(atomic_file(self.path))
            self._file = stack.enter_context(self._partial.open("wb"))
            self._writer = BbiWriter(self._file, BIGWIG_MAGIC, self._sizes)
            self._zooms = ZoomPyramid(_FINEST_ZOOM, max(self._sizes.values()), self._partial.parent)
            stack.callback(self._zooms.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish_chrom()
            self._writer.finish_data()
            self._zooms.write(self._writer)
            self._writer.finish(self._n_sections, self._zooms.summary)
            self._file.flush()
            self._read_back()

    def add(self, chrom: str, start: int, values: Floating) -> None:
        """Write the values of consecutive bases.

        Parameters
        ----------
        chrom : str
            Sequence; sequences come in the order of `chrom_sizes`.
        start : int
            Position of the first value, 0-based; not before the end of what was written last on this sequence.
        values : ndarray, shape (n,)
            A value per base, stored as float32; NaN where there is none.

        Raises
        ------
        ValueError
            If the values are not one-dimensional, or come before what is already written.
        InputError
            If a value is infinite; as `GenomeMismatchError`, if the sequence is unknown or the values reach past its
            ends.
        """
        with np.errstate(over="ignore"):
            values = np.asarray(values).astype(np.float32, copy=False)
        self._check(chrom, start, values)
        if chrom != self._chrom:
            self._finish_chrom()
            self._chrom = chrom
        self._next = start + len(values)
        while len(values):
            if start >= self._window_start + WINDOW_BP:
                self._flush()
                self._window_start = start // WINDOW_BP * WINDOW_BP
            offset = start - self._window_start
            part = values[: WINDOW_BP - offset]
            self._window[offset : offset + len(part)] = part
            values, start = values[len(part) :], start + len(part)

    def _check(self, chrom: str, start: int, values: Float32) -> None:
        if values.ndim != 1:
            raise ValueError(f"values have the shape {values.shape}, not (n,)")
        if chrom not in self._numbers:
            held = ", ".join(list(self._numbers)[:3])
            raise GenomeMismatchError(
                f"the genome has no sequence {chrom!r} to write values of", path=self.path, hint=f"it has {held}"
            )
        size = self._sizes[chrom]
        if not 0 <= start <= start + len(values) <= size:
            raise GenomeMismatchError(
                f"values of {chrom} [{start}, {start + len(values)}) lie outside its {size} bp", path=self.path
            )
        infinite = np.isinf(values)
        if infinite.any():
            raise InputError(
                f"the value of {chrom} at {start + int(infinite.argmax())} (0-based) is infinite",
                path=self.path,
                hint="float32 holds up to 3.4e38; write NaN where there is no value",
            )
        if self._chrom is not None and self._numbers[chrom] < self._numbers[self._chrom]:
            raise ValueError(f"{chrom} comes before {self._chrom} in the genome and must be written before it")
        if chrom == self._chrom and start < self._next:
            raise ValueError(f"{chrom} is written up to {self._next}; values at {start} come too late")

    def _flush(self, *, last: bool = False) -> None:
        assert self._chrom is not None
        number, size = self._numbers[self._chrom], self._sizes[self._chrom]
        window = self._window[: size - self._window_start]
        known = ~np.isnan(window)
        records = dense_records(self._window_start, window[:0], _FINEST_ZOOM)
        if known.any():
            window[~known] = np.nan  # one of the many NaNs, so that checksums agree
            for start, end, section in encode_sections(number, self._window_start, window):
                self._writer.blocks.add(number, start, end, section)
                self._n_sections += 1
            records = _zoom_records(self._window_start, window, known)
            self._checksums[self._chrom, self._window_start] = zlib.crc32(window.tobytes())
            self._window[:] = np.nan
        self._zooms.add(number, size, records, last=last)

    def _finish_chrom(self) -> None:
        if self._chrom is not None:
            self._flush(last=True)
        self._next = self._window_start = 0

    def _read_back(self) -> None:
        """Compare the file, read through pyBigWig, with what was written."""
        try:
            with closing(pyBigWig.open(str(self._partial))) as reader:
                same = reader.chroms() == self._sizes and self._reads_back(reader)
        except RuntimeError:  # pyBigWig cannot open it, or not read to the end
            self._partial.stat()  # it was moved away: an error of the system, which names it
            same = False
        if not same:
            raise OutputError("does not read back as it was written", path=self.path, hint="is the disk sound?")

    def _reads_back(self, reader: Any) -> bool:
        same = True
        for name, size in self._sizes.items():
            for start in range(0, size, WINDOW_BP):
                values = reader.values(name, start, min(start + WINDOW_BP, size), numpy=True)
                checksum = self._checksums.get((name, start))
                known = ~np.isnan(values)
                values[~known] = np.nan
                same &= not known.any() if checksum is None else zlib.crc32(values.tobytes()) == checksum
        return same


def _zoom_records(start: int, values: Float32, known: Bool) -> Records:
    if _SPARSE * int(known.sum()) > len(values):
        return dense_records(start, values, _FINEST_ZOOM)
    positions = start + np.flatnonzero(known)
    return run_records(positions, positions + 1, values[known].astype(np.float64), _FINEST_ZOOM)


def write_bigwig(path: Path, chrom_sizes: Mapping[str, int], arrays: Mapping[str, Floating]) -> None:
    """Write a bigWig from an array a sequence.

    Parameters
    ----------
    path : Path
        File to write; see `BigWigWriter`.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].
    arrays : mapping of str to ndarray, shape (length,)
        Values from the first base on, NaN where there is none; an array may be shorter than its sequence, and a
        sequence may be left out.

    Raises
    ------
    InputError
        If a sequence is unknown, an array is longer than its sequence, or a value is infinite.
    """
    order = {name: number for number, name in enumerate(chrom_sizes)}
    with BigWigWriter(path, chrom_sizes) as writer:
        for name in sorted(arrays, key=lambda name: order.get(name, -1)):
            writer.add(name, 0, arrays[name])


class BigWigReader:
    """Read values of a bigWig, of any program.

    Parameters
    ----------
    path : Path
        The file; it stays open until `close`, or to the end of the context.

    Raises
    ------
    InputError
        If the file is missing, no bigWig, cut short or damaged: its index here, a block of values where it is read.

    Attributes
    ----------
    chrom_sizes : dict of str to int
        Length of each sequence [bp], in the order of the file.
    summary : Summary or None
        What the header says of all values, exactly (pyBigWig truncates it to integers); None in files of version 1.
        libBigWig's headers are wrong in the maximum where no value is positive.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        header = read_header(self.path, BIGWIG_MAGIC)
        self.summary = header.summary
        self._file = open_seekable(self.path)
        try:
            chroms = read_chroms(self._file, header)
            self._blocks = BlockValues(self._file, header)
        except (RuntimeError, ValueError, OverflowError, struct.error, OSError):
            self._file.close()
            raise InputError("is damaged", path=self.path, hint="copy or make it again") from None
        self.chrom_sizes = {name: size for name, (_, size) in chroms.items()}
        self._numbers = {name: number for name, (number, _) in chroms.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def values(self, chrom: str, start: int, end: int) -> Float32:
        """Return the values of bases.

        Parameters
        ----------
        chrom : str
            Sequence.
        start, end : int
            Half-open range, 0-based; must lie on the sequence.

        Returns
        -------
        ndarray of float32, shape (end - start,)
            NaN where the file has no value.

        Raises
        ------
        GenomeMismatchError
            If the file has no such sequence, or the range reaches past its ends.
        """
        if chrom not in self.chrom_sizes:
            held = ", ".join(list(self.chrom_sizes)[:3])
            raise GenomeMismatchError(f"has no sequence {chrom!r}", path=self.path, hint=f"it has {held}")
        size = self.chrom_sizes[chrom]
        if not 0 <= start <= end <= size:
            raise GenomeMismatchError(f"{chrom} [{start}, {end}) lies outside its {size} bp", path=self.path)
        if start == end:
            return np.zeros(0, dtype=np.float32)
        try:
            return self._blocks.read(self._numbers[chrom], start, end)
        except (ValueError, OverflowError, struct.error, zlib.error, OSError) as error:
            problem = f"is damaged at {chrom} [{start}, {end}): {error}"
            raise InputError(problem, path=self.path, hint="copy or make it again") from None
