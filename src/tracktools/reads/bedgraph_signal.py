"""The signal of bedGraph files, one strand a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.config import ReadsConfig
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bedgraph import Steps, read_bedgraph
from tracktools.reads.alignment_signal import WINDOW_BP, Window
from tracktools.regions import check_on_genome

logger = logging.getLogger(__name__)


class BedGraphSignal:
    """The values of bedGraph files, positive on both strands.

    A base that no file gives a value has none; where one replicate gives a value, the others count as 0 there.

    Parameters
    ----------
    plus, minus : sequence of Path
        Files of each strand; several are replicates, the same number on both strands. A minus file with only negative
        values (a mirrored display copy) is turned to positive ones.
    chrom_sizes : mapping of str to int
        Sequences of the genome.
    config : ReadsConfig, optional
        Combination of replicates.
    renames : mapping of str to str, optional
        Name of a sequence in the files to its name in the genome.

    Raises
    ------
    InputError
        If a file is no bedGraph, or holds values of both signs, or negative ones on the plus strand.
    GenomeMismatchError
        If a file speaks of a sequence that the genome has not, or of bases past its end.
    ConfigError
        If the strands have different numbers of files, or counts per million are asked for.

    Attributes
    ----------
    strands : tuple of str
        ``("+", "-")``.
    sizes : dict of str to int
        Length of each sequence [bp].
    """

    strands: tuple[str, ...] = ("+", "-")

    def __init__(
        self,
        plus: Sequence[Path],
        minus: Sequence[Path],
        *,
        chrom_sizes: Mapping[str, int],
        config: ReadsConfig | None = None,
        renames: Mapping[str, str] | None = None,
    ) -> None:
        self._config = config or ReadsConfig()
        if not len(plus) == len(minus) > 0:
            raise ConfigError(f"{len(plus)} plus and {len(minus)} minus files: each replicate has one of each")
        twice = {Path(path).resolve() for path in plus} & {Path(path).resolve() for path in minus}
        if twice:
            raise ConfigError(f"{min(twice)} is named for both strands (name the file of each strand)")
        if self._config.normalise != "none":
            raise ConfigError("counts per million need reads, and bedGraph values are none (leave out --normalise cpm)")
        self.paths, self.sizes = tuple(Path(path) for path in (*plus, *minus)), dict(chrom_sizes)
        self._files = tuple(
            [_read(path, strand, chrom_sizes, renames) for path in paths]
            for strand, paths in zip(self.strands, (plus, minus), strict=True)
        )

    @property
    def method(self) -> str:
        """One sentence on how the values were made."""
        n_files = len(self.paths) // 2
        return "Values as given" + (f", {self._config.combine} of {n_files} replicates." if n_files > 1 else ".")

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings."""
        return {"combine": self._config.combine}

    def windows(self) -> Iterator[Window]:
        """Yield the values of each strand, window by window, in the order of `sizes`."""
        for chrom, size in self.sizes.items():
            for start in range(0, size, WINDOW_BP):
                end = min(start + WINDOW_BP, size)
                yield chrom, start, [self._combined(files, chrom, start, end) for files in self._files]

    def _combined(
        self, files: Sequence[Mapping[str, Steps]], chrom: str, start: int, end: int
    ) -> npt.NDArray[np.float64]:
        values = np.full((len(files), end - start), np.nan)
        for row, steps in zip(values, files, strict=True):
            if chrom in steps:
                row[:] = steps[chrom].dense(start, end)
        total = np.nansum(values, axis=0) / (len(files) if self._config.combine == "mean" else 1)
        return np.where(np.isnan(values).all(axis=0), np.nan, total)


def _read(
    path: Path, strand: str, chrom_sizes: Mapping[str, int], renames: Mapping[str, str] | None
) -> dict[str, Steps]:
    steps = read_bedgraph(path)
    spans = [(chrom, int(s.starts[0]), int(s.ends[-1])) for chrom, s in steps.items()]
    table = pd.DataFrame(spans, columns=["chrom", "start", "end"])
    names = check_on_genome(table, chrom_sizes, renames=renames, path=path)["chrom"]
    if names.duplicated().any():
        twice = names[names.duplicated()].iloc[0]
        raise InputError(f"holds {twice} under two names", path=path, mend="join them")
    lowest = min(float(s.values.min()) for s in steps.values())
    highest = max(float(s.values.max()) for s in steps.values())
    if lowest < 0 and strand == "+":
        raise InputError(f"holds negative values, {lowest:g}", path=path, mend="is it the minus strand?")
    if lowest < 0 < highest:
        raise InputError(f"holds values of both signs, {lowest:g} to {highest:g}", path=path, mend="one strand a file")
    if lowest < 0:
        logger.info("%s: values are negative, as in display copies; their sign is turned", path)
    return {str(name): Steps(s.starts, s.ends, np.abs(s.values)) for name, s in zip(names, steps.values(), strict=True)}
