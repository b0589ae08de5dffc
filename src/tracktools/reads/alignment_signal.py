"""Fragments of RNA counted base by base, one window of the genome after the other."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.config import ReadsConfig
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.alignments import USED, Fragment, Library, read_contig_sizes, read_fragments
from tracktools.regions import check_on_genome

logger = logging.getLogger(__name__)

WINDOW_BP = 1 << 16  # bases that are counted at once
Window = tuple[str, int, Sequence[npt.NDArray[Any]]]  # chrom, first base, for each strand values (n,)


class AlignmentSignal:
    """The signal of aligned reads, every base of the aligner's genome with a value: 0 where there is no read.

    Memory does not grow with the file: a few windows of 65,536 bases are held for each file.

    Parameters
    ----------
    paths : sequence of Path
        Coordinate-sorted BAM or SAM files, replicates of one library, aligned to one FASTA. No index is needed.
    library : {"forward", "reverse", "unstranded"}
        How reads lie to the RNA, see `tracktools.formats.alignments.read_fragments`.
    config : ReadsConfig, optional
        Signal, filter, combination, normalisation.
    chrom_sizes : mapping of str to int, optional
        Sequences of the genome, against which the headers are checked; by default the header is believed.
    renames : mapping of str to str, optional
        Name of a sequence in the files to its name in the genome.

    Raises
    ------
    InputError
        If a file is no BAM or SAM, or is cut short; while reading, if it is not sorted or no read can be used.
    GenomeMismatchError
        If files and genome differ in a sequence or its length.
    ConfigError
        If the ends of RNA are asked of an unstranded library.

    Attributes
    ----------
    strands : tuple of str
        ``("+", "-")``, or ``(".",)`` for an unstranded library.
    sizes : dict of str to int
        Length of each sequence [bp], those of the files first and in their order.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        library: Library,
        config: ReadsConfig | None = None,
        chrom_sizes: Mapping[str, int] | None = None,
        renames: Mapping[str, str] | None = None,
    ) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self.library, self.config = library, config or ReadsConfig()
        if library == "unstranded" and self.config.signal != "coverage":
            mend = "ask for coverage"
            raise ConfigError(f"an unstranded library does not tell the {self.config.signal} end of an RNA ({mend})")
        self.strands: tuple[str, ...] = (".",) if library == "unstranded" else ("+", "-")
        contigs = _common_contigs(self.paths)
        self._chroms = _names_in_genome(contigs, chrom_sizes, renames, self.paths[0])
        self._contig_sizes = list(contigs.values())
        self.sizes = dict(zip(self._chroms, self._contig_sizes, strict=True)) | dict(chrom_sizes or {})
        self._tallies: dict[str, Counter[str]] = {}

    @property
    def method(self) -> str:
        """One sentence on how the values were made."""
        what = {"coverage": "Fragments over each base", "5prime": "5' ends of RNA", "3prime": "3' ends of RNA"}
        unit = ", per million fragments" if self.config.normalise == "cpm" else ""
        files = f", {self.config.combine} of {len(self.paths)} files" if len(self.paths) > 1 else ""
        return f"{what[self.config.signal]}{unit}{files}; library {self.library}."

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings and, once the windows were made, the number of records used and left out."""
        return {
            "library": self.library,
            **asdict(self.config),
            "records": {p: dict(t) for p, t in self._tallies.items()},
        }

    def windows(self) -> Iterator[Window]:
        """Yield the values of each strand, window by window, in the order of `sizes`."""
        weights = [1.0 / (len(self.paths) if self.config.combine == "mean" else 1)] * len(self.paths)
        if self.config.normalise == "cpm":
            weights = [w * 1e6 / self._n_fragments(path) for w, path in zip(weights, self.paths, strict=True)]
        replicates = [
            _count_windows(self._fragments(path, Counter()), self._contig_sizes, self.config.signal, len(self.strands))
            for path in self.paths
        ]
        for parts in zip(*replicates, strict=True):
            contig, start, counts = parts[0]
            values = counts * weights[0]
            for weight, (_, _, more) in zip(weights[1:], parts[1:], strict=True):
                values += weight * more
            yield self._chroms[contig], start, list(values)
        for path in self.paths:
            self._report(path)

    def _fragments(self, path: Path, tally: Counter[str]) -> Iterator[Fragment]:
        self._tallies[str(path)] = tally
        return read_fragments(path, library=self.library, min_mapq=self.config.min_mapq, tally=tally)

    def _n_fragments(self, path: Path) -> int:
        count = sum(1 for _ in self._fragments(path, Counter()))
        if count == 0:
            self._report(path)
        return count

    def _report(self, path: Path) -> None:
        tally = self._tallies[str(path)]
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in sorted(tally.items()) if reason != USED)
        if not tally[USED]:
            mend = f"left out: {left_out}" if left_out else "the file has no records"
            raise InputError("holds no read that can be used", path=path, mend=mend)
        logger.info("%s: %s fragments; left out: %s", path, f"{tally[USED]:,}", left_out or "none")


def _common_contigs(paths: Sequence[Path]) -> dict[str, int]:
    headers = [read_contig_sizes(path) for path in paths]
    for path, header in zip(paths, headers, strict=True):
        if list(header.items()) != list(headers[0].items()):
            mend = "replicates are aligned to one FASTA"
            raise GenomeMismatchError(f"has other sequences in its header than {paths[0]}", path=path, mend=mend)
    return headers[0]


def _names_in_genome(
    contigs: Mapping[str, int], chrom_sizes: Mapping[str, int] | None, renames: Mapping[str, str] | None, path: Path
) -> list[str]:
    if chrom_sizes is None:
        return [(renames or {}).get(name, name) for name in contigs]
    table = pd.DataFrame({"chrom": list(contigs), "start": 0, "end": list(contigs.values())})
    names = check_on_genome(table, chrom_sizes, renames=renames, path=path)["chrom"].tolist()
    for (contig, size), name in zip(contigs.items(), names, strict=True):
        if size != chrom_sizes[name]:
            problem = f"was aligned to {contig} of {size:,} bp; {name} of the genome has {chrom_sizes[name]:,}"
            raise GenomeMismatchError(problem, path=path, mend="name the FASTA that the reads were aligned to")
    return [str(name) for name in names]


def _count_windows(
    fragments: Iterable[Fragment], sizes: Sequence[int], signal: str, n_strands: int
) -> Iterator[tuple[int, int, npt.NDArray[np.int64]]]:
    """Yield contig, first base and counts (n_strands, n) of every window of every contig, in order."""
    groups = groupby(fragments, key=lambda fragment: fragment.contig)
    group = next(groups, None)
    for contig, size in enumerate(sizes):
        here: Iterable[Fragment] = ()
        if group is not None and group[0] == contig:
            here = group[1]
        for start, counts in _count_contig(here, size, signal, n_strands):
            yield contig, start, counts
        if group is not None and group[0] == contig:
            group = next(groups, None)


def _count_contig(
    fragments: Iterable[Fragment], size: int, signal: str, n_strands: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    steps: defaultdict[int, npt.NDArray[np.int64]] = defaultdict(
        lambda: np.zeros((n_strands, WINDOW_BP + 1), dtype=np.int64)
    )  # +1 where a stretch starts, -1 where it has ended: two additions, however long it is

    def finished(windows: range) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        for window in windows:
            start = window * WINDOW_BP
            yield start, np.cumsum(steps[window][:, : min(WINDOW_BP, size - start)], axis=1)
            del steps[window]

    done = 0
    for fragment in fragments:
        window = fragment.blocks[0][0] // WINDOW_BP
        if window > done:  # sorted: nothing is to come for the windows before it
            yield from finished(range(done, window))
            done = window
        for start, end in _counted(fragment, signal):
            for part in range(start // WINDOW_BP, (end - 1) // WINDOW_BP + 1):
                row = steps[part][int(fragment.reverse)]
                row[max(start - part * WINDOW_BP, 0)] += 1
                row[min(end - part * WINDOW_BP, WINDOW_BP)] -= 1
    yield from finished(range(done, -(-size // WINDOW_BP)))


def _counted(fragment: Fragment, signal: str) -> Sequence[tuple[int, int]]:
    """Return the stretches of a fragment that are counted."""
    if signal == "coverage":
        return fragment.blocks
    first, last = fragment.blocks[0][0], fragment.blocks[-1][1] - 1
    base = last if fragment.reverse == (signal == "5prime") else first
    return ((base, base + 1),)
