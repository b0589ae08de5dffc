"""An engine that keeps its answers by sequence, so that the next strain of a species costs only what differs.

An answer of the convolutional network depends on the bases that it reaches, and in the native engine its bits depend on
nothing else. Sequences are cut where their letters say so (content-defined chunking, as in rsync and backup programs: a
border is where a hash of the 16 letters around it is small), so that a genome with other letters before it, turned
round, or in another order has the same pieces. A piece is known by the digest of its letters and of the context to both
sides; pieces that are not known are computed, neighbours together.

It has a folder for each network, library, instruction set and precision, with ``*.npz`` files that are only
ever added.
"""

from __future__ import annotations

import hashlib
import logging
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Bool, Codes, Float32, Int64
from tracktools.config import NetworkConfig
from tracktools.engine.interface import Engine, Precision, Window
from tracktools.engine.native.library import library_digest
from tracktools.errors import ConfigError, OutputError
from tracktools.formats.atomic import atomic_file

log = logging.getLogger(__name__)

LETTERS_OF_A_BORDER = 16
MEAN_PIECE_BP = 32  # a change costs a piece and the context around it; shorter pieces cost more to look up
LONGEST_PIECE_BP = 256
TOGETHER_BP = 70  # unknown pieces so near to each other are computed as one: less work than the context of two
_WRITTEN_BP = 1 << 21  # answers that are kept in memory before they are written
_DIGEST_BYTES = 16


class Pieces(NamedTuple):
    """Pieces of a window: their first positions and ends, and their digests, shape (n,) each."""

    starts: Int64
    ends: Int64
    keys: npt.NDArray[np.bytes_]


class Store:
    """Answers on the disk, and those of this run.

    Parameters
    ----------
    folder : Path
        Of one network, library, instruction set and precision; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: npt.NDArray[np.bytes_] = np.empty(0, dtype=f"S{_DIGEST_BYTES}")
        self._starts = self._ends = np.empty(0, dtype=np.int64)
        self._values: Float32 = np.empty(0, dtype=np.float32)
        self._new: list[tuple[npt.NDArray[np.bytes_], Int64, Float32]] = []
        self._refused = False  # to write here
        for path in sorted(folder.glob("*.npz")):
            try:
                with np.load(path) as arrays:  # a zip archive: its checksums are compared
                    self._add(*_checked(arrays["keys"], arrays["lengths"], arrays["values"]))
            except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
                log.warning("warning: %s is damaged and left out: its values are computed again (remove it)", path)

    @property
    def nbytes(self) -> int:
        """Memory of what is loaded [bytes]."""
        return self._keys.nbytes + self._starts.nbytes + self._ends.nbytes + self._values.nbytes

    def _add(self, keys: npt.NDArray[np.bytes_], lengths: Int64, values: Float32) -> None:
        ends = len(self._values) + np.cumsum(lengths)
        keys, starts, ends = (
            np.concatenate(pair) for pair in ((self._keys, keys), (self._starts, ends - lengths), (self._ends, ends))
        )
        self._keys, order = np.unique(keys, return_index=True)
        self._starts, self._ends = starts[order], ends[order]
        self._values = np.concatenate([self._values, values])

    def find(self, pieces: Pieces, answers: Float32) -> Bool:
        """Fill in what is known of the answers to pieces that follow each other; return which pieces that is."""
        if not len(self._keys):
            return np.zeros(len(pieces.keys), dtype=bool)
        at = np.searchsorted(self._keys, pieces.keys).clip(max=len(self._keys) - 1)
        known = self._keys[at] == pieces.keys
        lengths = pieces.ends - pieces.starts
        ahead = np.repeat((self._starts[at] - (pieces.starts - pieces.starts[:1]))[known], lengths[known])
        places = np.flatnonzero(np.repeat(known, lengths))  # pieces follow each other without a gap
        answers[places] = self._values[places + ahead]
        return np.asarray(known)

    def keep(self, pieces: Pieces, chosen: Bool, answers: Float32) -> None:
        """Keep the answers to chosen ones of pieces that follow each other."""
        if not chosen.any():
            return
        lengths = pieces.ends - pieces.starts
        self._new.append((pieces.keys[chosen], lengths[chosen], answers[np.repeat(chosen, lengths)]))
        if sum(len(values) for _, _, values in self._new) >= _WRITTEN_BP:
            self.write()

    def write(self) -> None:
        """Write what was kept since the last time, as one file that appears complete or not at all."""
        if not self._new:
            return
        keys, lengths, values = (np.concatenate(column) for column in zip(*self._new, strict=True))
        self._new = []
        self._add(keys, lengths, values)
        if self._refused:
            return
        digest = hashlib.sha256(keys.tobytes()).hexdigest()[:16]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(self.folder / f"{digest}.npz") as partial, partial.open("wb") as file:
                np.savez(file, keys=keys, lengths=lengths, values=values)
        except (OSError, OutputError) as error:  # a full disk, a folder of somebody else's: the answers hold
            reason = error.problem if isinstance(error, OutputError) else f"cannot be written: {error.strerror}"
            log.warning("warning: %s %s: what this run computes is not kept there", self.folder, reason)
            self._refused = True


def _checked(
    keys: npt.NDArray[np.bytes_], lengths: Int64, values: Float32
) -> tuple[npt.NDArray[np.bytes_], Int64, Float32]:
    """Return what a file holds, if it is what `Store.write` writes.

    Raises
    ------
    ValueError
        If it is not.
    """
    kinds = keys.dtype == f"S{_DIGEST_BYTES}", lengths.dtype == np.int64, values.dtype == np.float32
    if not all(kinds) or not keys.ndim == lengths.ndim == values.ndim == 1:
        raise ValueError("other arrays")
    if len(keys) != len(lengths) or (lengths < 1).any() or int(lengths.sum()) != len(values):
        raise ValueError("lengths do not fit")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("values are no probabilities")
    return keys, lengths, values


class KeepingEngine:
    """An engine that looks answers up before it computes them.

    Parameters
    ----------
    engine : Engine
        A native engine of the convolutional network.
    config : NetworkConfig
        Its architecture.
    folder : Path
        Where answers are kept, of all networks.
    network_sha256 : str
        Digest of architecture and weights (`Parameters.sha256`).

    Raises
    ------
    ConfigError
        If the bits of this engine's answers depend on where a window begins.
    OutputError
        If the folder cannot be made.
    """

    def __init__(self, engine: Engine, config: NetworkConfig, folder: Path, network_sha256: str) -> None:
        if engine.alignment_bp != 1:
            problem = f"answers of {engine.name} {engine.instruction_set} cannot be kept for this model"
            raise ConfigError(f"{problem}: only the native engine of convolutional networks can (leave out --cache)")
        self.computes = engine
        try:
            folder.mkdir(parents=True, exist_ok=True)  # before the long work
        except OSError as error:
            raise OutputError(f"cannot be made: {error.strerror}", path=folder, hint="name another --cache") from None
        self._up, self._down = config.halo_upstream_bp, config.halo_downstream_bp
        digest = hashlib.sha256(f"{network_sha256} {library_digest()}".encode()).hexdigest()
        self.store = Store(folder / f"{engine.instruction_set}.{engine.precision}.{digest[:24]}")
        self.name, self.instruction_set, self.alignment_bp = engine.name, engine.instruction_set, engine.alignment_bp
        self.precision: Precision = engine.precision
        self.asked_bp = self.computed_bp = 0

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        answers = [np.empty(window.last - window.first, dtype=np.float32) for window in windows]
        cut = [self._pieces(window) for window in windows]
        known = [self.store.find(pieces, answer) for pieces, answer in zip(cut, answers, strict=True)]
        places = [
            (number, start, end)
            for number, (pieces, found) in enumerate(zip(cut, known, strict=True))
            for start, end in _stretches(pieces, ~found)
        ]
        asked = [self._part(windows[number], start, end) for number, start, end in places]
        for (number, start, end), values in zip(places, self.computes.probabilities_many(asked), strict=True):
            first = windows[number].first
            answers[number][start - first : end - first] = values
        for pieces, found, answer in zip(cut, known, answers, strict=True):
            self.store.keep(pieces, ~found, answer)
        self.asked_bp += sum(map(len, answers))
        self.computed_bp += sum(end - start for _, start, end in places)
        return answers

    def close(self) -> None:
        """Write what is not written yet."""
        self.store.write()
        if self.asked_bp:
            log.info("cache    %.1f%% of the positions were computed", 100 * self.computed_bp / self.asked_bp)
            self.asked_bp = self.computed_bp = 0

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run adds to the process at most [bytes], more answers than there are now left out."""
        return self.computes.memory_bytes(windows_bp) + 2 * self.store.nbytes + 12 * _WRITTEN_BP

    def _part(self, window: Window, start: int, end: int) -> Window:
        before = max(start - self._up, 0)
        return Window(window.codes[before : end + self._down], start - before, end - before)

    def _pieces(self, window: Window) -> Pieces:
        window.check()
        codes = np.ascontiguousarray(window.codes, dtype=np.uint8)
        borders = piece_borders(codes, window.first, window.last)
        letters, keys = codes.tobytes(), []
        for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
            before = max(start - self._up, 0)
            context = letters[before : end + self._down]
            if start - before < self._up or len(letters) - end < self._down:  # an end is in sight: say where
                context += b"|%d" % (start - before)
            keys.append(hashlib.blake2b(context, digest_size=_DIGEST_BYTES).digest())
        return Pieces(borders[:-1], borders[1:], np.array(keys, dtype=f"S{_DIGEST_BYTES}"))


def _stretches(pieces: Pieces, wanted: Bool) -> Iterator[tuple[int, int]]:
    """Yield the stretches that hold the wanted pieces, near ones as one."""
    starts, ends = pieces.starts[wanted], pieces.ends[wanted]
    if len(starts):
        apart = np.flatnonzero(starts[1:] - ends[:-1] > TOGETHER_BP)
        firsts, lasts = np.concatenate([[0], apart + 1]), np.concatenate([apart, [len(starts) - 1]])
        yield from zip(starts[firsts].tolist(), ends[lasts].tolist(), strict=True)


def piece_borders(codes: Codes, first: int, last: int) -> Int64:
    """Return where pieces of first ... last - 1 begin, and the end of the last one; shape (pieces + 1,).

    Where a border is depends on the 16 letters around it, and in a long stretch without one on the border before.
    """
    half = LETTERS_OF_A_BORDER // 2
    hashes, step, factor = codes.astype(np.uint64), 1, 0x9E3779B97F4A7C15
    while step < LETTERS_OF_A_BORDER and len(hashes) > step:  # of 1, 2, 4, 8, 16 letters
        hashes = hashes[:-step] * np.uint64(pow(factor, step, 1 << 64)) + hashes[step:]
        step *= 2
    if step < LETTERS_OF_A_BORDER:
        hashes = hashes[:0]
    mixed = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    borders = np.flatnonzero(mixed >> np.uint64(40) < (1 << 24) // MEAN_PIECE_BP) + half
    borders = np.concatenate([[first], borders[(borders > first) & (borders < last)], [last]])
    long = np.flatnonzero(np.diff(borders) > LONGEST_PIECE_BP)
    more = [np.arange(borders[n] + LONGEST_PIECE_BP, borders[n + 1], LONGEST_PIECE_BP) for n in long]
    return np.unique(np.concatenate([borders, *more])).astype(np.int64)
