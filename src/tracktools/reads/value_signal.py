"""The signal of bigWig, bedGraph and wiggle files, one strand per file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float64
from tracktools.config import ReadsConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bedgraph import Steps, read_bedgraph
from tracktools.formats.bigwig import BigWigReader
from tracktools.formats.input_file import real_path
from tracktools.input_sign import InputSign, pair_notes, pair_record
from tracktools.interval import STRANDS
from tracktools.reads.alignment_signal import WINDOW_BP, Window
from tracktools.reads.content import is_bigwig, refuse_alignments, refuse_repeated
from tracktools.reads.naming import names_in_genome

_ELSEWHERE = "on sequences that the genome lacks"


class ValueSignal:
    """The values of bigWig, bedGraph or wiggle files, positive on both strands.

    A base that no file gives a value has none; where one replicate gives a value, the others count as 0 there.

    Parameters
    ----------
    plus, minus : sequence of Path
        Files of each strand, each of any of the three formats; several are replicates, the same number on both
        strands. A minus file may be stored negative, as display copies are; it is turned to positive values.
    chrom_sizes : mapping of str to int, optional
        Sequences of the genome. Without them, all files are bigWigs with one header, which is believed.
    config : ReadsConfig, optional
        Combination of replicates.
    renames : mapping of str to str, optional
        Name of a sequence in the files to its name in the genome.
    only_genome : bool
        Leave out, and count, values on sequences that the genome lacks, instead of refusing such a file.

    Raises
    ------
    InputError
        If a file is of no such format; while reading, if one contains values of both signs, negative ones on the plus
        strand, or infinite ones.
    GenomeMismatchError
        If a file contains a sequence that the genome lacks or has in another length, or bases past its end.
    ConfigError
        If the strands have different numbers of files, if counts per million are asked for, or if nothing tells the
        lengths of the sequences.

    Attributes
    ----------
    strands : tuple of str
        ``("+", "-")``.
    sizes : dict of str to int
        Length of each sequence [bp].
    """

    strands: tuple[str, ...] = STRANDS

    def __init__(
        self,
        plus: Sequence[Path],
        minus: Sequence[Path],
        *,
        chrom_sizes: Mapping[str, int] | None = None,
        config: ReadsConfig | None = None,
        renames: Mapping[str, str] | None = None,
        only_genome: bool = False,
    ) -> None:
        self._config = config or ReadsConfig()
        _check_settings(plus, minus, self._config)
        self.paths = tuple(Path(path) for path in (*plus, *minus))
        for path in self.paths:
            refuse_alignments(path)
        self.sizes = dict(chrom_sizes) if chrom_sizes is not None else _sizes_of_bigwigs(self.paths, renames or {})
        self._files = tuple(
            [_StrandFile(Path(path), strand, self.sizes, renames, only_genome) for path in paths]
            for strand, paths in zip(self.strands, (plus, minus), strict=True)
        )

    @property
    def method(self) -> str:
        """One sentence on how the values were made."""
        n_files = len(self.paths) // 2
        return "Values as given" + (f", {self._config.combine} of {n_files} replicates." if n_files > 1 else ".")

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings and, once the windows were made, the signs of the files and the number of values."""
        signs = [pair_record(plus.sign, minus.sign) for plus, minus in zip(*self._files, strict=True)]
        values = {str(f.path): {"taken": f.n_taken, "left_out": dict(f.left_out)} for f in self._all_files}
        return {"combine": self._config.combine, "signs": signs, "values": values}

    @property
    def counts(self) -> str:
        """One line on how many values were read, taken and left out, once the windows were made."""
        left_out = sum((file.left_out for file in self._all_files), Counter[str]())
        return count_line(sum(file.n_taken for file in self._all_files), left_out, "values")

    @property
    def notes(self) -> list[str]:
        """What to warn of, once the windows were made: a minus file stored negative, a strand that gave nothing."""
        pairs = zip(*self._files, strict=True)
        return [note for plus, minus in pairs for note in pair_notes(plus.sign, minus.sign)]

    @property
    def _all_files(self) -> list[_StrandFile]:
        return [file for files in self._files for file in files]

    def windows(self) -> Iterator[Window]:
        """Yield the values of each strand, window by window, in the order of `sizes`."""
        with ExitStack() as stack:
            for file in self._all_files:
                stack.enter_context(file)
            for chrom, size in self.sizes.items():
                for start in range(0, size, WINDOW_BP):
                    end = min(start + WINDOW_BP, size)
                    yield chrom, start, [self._combined(files, chrom, start, end) for files in self._files]
            for file in self._all_files:
                file.count_elsewhere()

    def _combined(self, files: Sequence[_StrandFile], chrom: str, start: int, end: int) -> Float64:
        values = np.stack([file.values(chrom, start, end) for file in files])
        total = np.nansum(values, axis=0) / (len(files) if self._config.combine == "mean" else 1)
        return np.where(np.isnan(values).all(axis=0), np.nan, total)


def _check_settings(plus: Sequence[Path], minus: Sequence[Path], config: ReadsConfig) -> None:
    if not len(plus) == len(minus) > 0:
        raise ConfigError(f"{len(plus)} plus and {len(minus)} minus files: each replicate has one of each")
    twice = {real_path(path) for path in plus} & {real_path(path) for path in minus}
    if twice:
        raise ConfigError(f"{min(twice)} is named for both strands (name the file of each strand)")
    refuse_repeated(plus)
    refuse_repeated(minus)
    if config.normalise != "none":
        raise ConfigError("counts per million need reads, and these are values (leave out --normalise cpm)")


def _sizes_of_bigwigs(paths: Sequence[Path], renames: Mapping[str, str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for path in paths:
        if not is_bigwig(path):
            raise ConfigError(f"{path} does not tell how long the sequences are (name the genome with --genome)")
        with BigWigReader(path) as reader:
            for name, size in reader.chrom_sizes.items():
                chrom = renames.get(name, name)
                if sizes.setdefault(chrom, size) != size:
                    problem = f"has {chrom} with {size:,} bp, another file with {sizes[chrom]:,}"
                    raise GenomeMismatchError(problem, path=path, hint="take all files from one genome")
    return sizes


class _StrandFile:
    """One file of one strand, read by the names of the genome; open within its context."""

    def __init__(
        self,
        path: Path,
        strand: str,
        sizes: Mapping[str, int],
        renames: Mapping[str, str] | None,
        only_genome: bool,
    ) -> None:
        self.path, self._strand = path, strand
        self._steps: dict[str, Steps] | None = None
        if is_bigwig(path):
            with BigWigReader(path) as reader:
                self._lengths = reader.chrom_sizes
        else:
            self._steps = read_bedgraph(path)
            self._lengths = {name: int(steps.ends[-1]) for name, steps in self._steps.items()}
        names = names_in_genome(self._lengths, sizes, renames=renames, only_genome=only_genome, path=path)
        self._own = {chrom: name for name, chrom in names.items()}
        for name, chrom in names.items():
            self._check_length(name, chrom, sizes[chrom])
        self._start_again()

    def _check_length(self, name: str, chrom: str, size: int) -> None:
        own = self._lengths[name]
        if own > size and self._steps is not None:
            problem = f"a row ends at {own:,} on {chrom}, which has {size:,} bp"
            hint = "was it made on another assembly? if it is a last bin that is too long, cut it there"
            raise GenomeMismatchError(problem, path=self.path, hint=hint)
        if own != size and self._steps is None:
            problem = f"has {name} with {own:,} bp; {chrom} of the genome has {size:,}"
            raise GenomeMismatchError(problem, path=self.path, hint="was it made on another assembly?")

    def _start_again(self) -> None:
        self.sign = InputSign(self.path, self._strand)
        self.n_taken, self.left_out = 0, Counter[str]()

    def __enter__(self) -> None:
        self._start_again()
        self._reader = BigWigReader(self.path) if self._steps is None else None

    def __exit__(self, *error: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def values(self, chrom: str, start: int, end: int) -> npt.NDArray[Any]:
        """Return a value per base, positive, NaN where there is none; shape (end - start,)."""
        if chrom not in self._own:
            return np.full(end - start, np.nan)
        values = self.sign.positive(self._stored(self._own[chrom], start, end), chrom, start)
        self.n_taken += int(np.count_nonzero(~np.isnan(values)))
        return values

    def _stored(self, name: str, start: int, end: int) -> npt.NDArray[Any]:
        if self._reader is not None:
            return self._reader.values(name, start, end).astype(np.float64)
        assert self._steps is not None
        return self._steps[name].dense(start, end)

    def count_elsewhere(self) -> None:
        """Count the values on sequences that the genome lacks."""
        for name in self._lengths.keys() - set(self._own.values()):
            self.left_out[_ELSEWHERE] += self._n_values(name)

    def _n_values(self, name: str) -> int:
        if self._steps is not None:
            return int((self._steps[name].ends - self._steps[name].starts).sum())
        size = self._lengths[name]
        windows = ((start, min(start + WINDOW_BP, size)) for start in range(0, size, WINDOW_BP))
        return sum(int(np.count_nonzero(~np.isnan(self._stored(name, start, end)))) for start, end in windows)
