"""Fragments of RNA counted base by base, one window of the genome after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Int64
from tracktools.config import ReadsConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.alignments import RECORDS, read_contig_checksums, read_contig_sizes
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.reads.content import refuse_repeated
from tracktools.reads.fragments import ALONE, PAIRS, STOPS, WITHOUT_MATE, Fragment, Library, read_fragments
from tracktools.reads.naming import names_in_genome

WINDOW_BP = 1 << 16  # bases that are counted at once
Window = tuple[str, int, Sequence[npt.NDArray[Any]]]  # chrom, first base, for each strand values (n,)
_MANY = 1000  # fragments on one strand that make none on the other suspicious


class _Contig(NamedTuple):
    """A sequence of a file whose reads are counted."""

    number: int
    chrom: str
    size: int


class AlignmentSignal:
    """The signal of aligned reads, every base of the aligner's genome with a value: 0 where there is no read.

    Memory does not grow with the file: a few windows of 65,536 bases are held for each file, and the reads that wait
    for their mates, see `tracktools.reads.fragments.read_fragments`.

    Parameters
    ----------
    paths : sequence of Path
        Coordinate-sorted BAM, SAM or CRAM files, replicates of one library, aligned to one FASTA. No index is needed.
    library : {"forward", "reverse", "unstranded"}
        How reads lie to the RNA, see `tracktools.reads.fragments.read_fragments`.
    config : ReadsConfig, optional
        Signal, filter, combination, normalisation.
    chrom_sizes : mapping of str to int, optional
        Sequences of the genome, against which the headers are checked; by default the header is believed.
    genome : Genome, optional
        Its letters are held against the checksums that headers may have. Without it, only lengths are compared.
    renames : mapping of str to str, optional
        Name of a sequence in the files to its name in the genome.
    only_genome : bool
        Leave out, and count, reads on sequences that the genome lacks, instead of refusing such a file.

    Raises
    ------
    InputError
        If a file is no BAM, SAM or CRAM, or is cut short; while reading, if it is not sorted or no read can be used.
    GenomeMismatchError
        If files and genome differ in a sequence, its length or its letters.
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
        genome: Genome | None = None,
        renames: Mapping[str, str] | None = None,
        only_genome: bool = False,
    ) -> None:
        chrom_sizes = genome.chrom_sizes if genome is not None else chrom_sizes
        self.paths = tuple(Path(path) for path in paths)
        refuse_repeated(self.paths)
        self.library, self.config = library, config or ReadsConfig()
        if library == "unstranded" and self.config.signal != "coverage":
            hint = "ask for coverage"
            raise ConfigError(f"an unstranded library does not tell the {self.config.signal} end of an RNA ({hint})")
        self.strands: tuple[str, ...] = (".",) if library == "unstranded" else STRANDS
        self._contigs = [_contigs(path, chrom_sizes, renames, only_genome) for path in self.paths]
        _check_replicates(self.paths, self._contigs)
        if genome is not None:
            for path, contigs in zip(self.paths, self._contigs, strict=True):
                _check_checksums(path, contigs, genome)
        self.sizes = {contig.chrom: contig.size for contig in self._contigs[0]} | dict(chrom_sizes or {})
        self._tallies: dict[str, Counter[str]] = {}
        self._by_strand = np.zeros(len(self.strands), dtype=np.int64)

    @property
    def method(self) -> str:
        """One sentence on how the values were made."""
        what = {"coverage": "Fragments over each base", "5prime": "5' ends of RNA", "3prime": "3' ends of RNA"}
        unit = ", per million fragments" if self.config.normalise == "cpm" else ""
        files = f", {self.config.combine} of {len(self.paths)} files" if len(self.paths) > 1 else ""
        return f"{what[self.config.signal]}{unit}{files}; library {self.library}."

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings and, once the windows were made, the number of records read, taken and left out."""
        return {
            "library": self.library,
            **asdict(self.config),
            "records": {path: _record_of(tally) for path, tally in self._tallies.items()},
        }

    @property
    def counts(self) -> str:
        """One line on what was read, taken and left out of all files, once the windows were made."""
        total = sum(self._tallies.values(), Counter())
        line = count_line(_taken(total), _left_out(total), "records")
        plural = "" if total[PAIRS] == 1 else "s", "" if total[ALONE] == 1 else "s"
        fragments = f"; {total[PAIRS]:,} pair{plural[0]} and {total[ALONE]:,} read{plural[1]} alone"
        pairs = fragments if total[PAIRS] else ""
        lost = f", {total[WITHOUT_MATE]:,} of them of a pair" if total[PAIRS] and total[WITHOUT_MATE] else ""
        return line + pairs + lost

    @property
    def notes(self) -> list[str]:
        """What to warn of, once the windows were made: a strand that gave nothing, ends that reads only stop at."""
        notes = []
        least, most = int(self._by_strand.argmin()), int(self._by_strand.argmax())
        if self._by_strand[least] == 0 and self._by_strand[most] >= _MANY:
            notes.append(
                f"no fragment on the {self.strands[least]} strand, and {self._by_strand[most]:,} on the "
                f"{self.strands[most]} strand: do the files hold the reads of both strands?"
            )
        stops = sum(tally[STOPS] for tally in self._tallies.values())
        if stops:
            end, other = ("5'", "3'") if self.config.signal == "5prime" else ("3'", "5'")
            notes.append(
                f"{stops:,} single reads of this {self.library} library start at the {other} end of the RNA: "
                f"its {end} end is taken where they stop, which is right only for RNA that was read to its end"
            )
        return notes

    def windows(self) -> Iterator[Window]:
        """Yield the values of each strand, window by window, in the order of `sizes`."""
        weights = [1.0 / (len(self.paths) if self.config.combine == "mean" else 1)] * len(self.paths)
        if self.config.normalise == "cpm":
            weights = [w * 1e6 / self._n_fragments(number) for number, w in enumerate(weights)]
        self._by_strand[:] = 0
        replicates = [
            _count_windows(self._fragments(number), contigs, len(self.strands))
            for number, contigs in enumerate(self._contigs)
        ]
        for parts in zip(*replicates, strict=True):
            chrom, start, counts = parts[0]
            values = counts * weights[0]
            for weight, (_, _, more) in zip(weights[1:], parts[1:], strict=True):
                values += weight * more
            yield chrom, start, list(values)
        for path in self.paths:
            self._check_used(path)

    def _fragments(self, number: int) -> Iterator[Fragment]:
        path, contigs = self.paths[number], {contig.number for contig in self._contigs[number]}
        tally = self._tallies[str(path)] = Counter()
        config = self.config
        for fragment in read_fragments(
            path, library=self.library, signal=config.signal, min_mapq=config.min_mapq, tally=tally, contigs=contigs
        ):
            self._by_strand[int(fragment.reverse)] += 1
            yield fragment

    def _n_fragments(self, number: int) -> int:
        count = sum(1 for _ in self._fragments(number))
        if count == 0:
            self._check_used(self.paths[number])
        return count

    def _check_used(self, path: Path) -> None:
        tally = self._tallies[str(path)]
        if not _taken(tally):
            left_out = ", ".join(f"{count:,} {reason}" for reason, count in _left_out(tally).items())
            hint = f"left out: {left_out}" if left_out else "the file has no records"
            raise InputError("contains no read that can be used", path=path, hint=hint)


def _taken(tally: Counter[str]) -> int:
    return 2 * tally[PAIRS] + tally[ALONE]


def _left_out(tally: Counter[str]) -> dict[str, int]:
    return {
        reason: count
        for reason, count in sorted(tally.items())
        if reason not in (RECORDS, PAIRS, ALONE, WITHOUT_MATE, STOPS) and count
    }


def _record_of(tally: Counter[str]) -> dict[str, Any]:
    counts = {"read": tally[RECORDS], "pairs": tally[PAIRS], "reads_alone": tally[ALONE]}
    return counts | {"reads_of_a_pair_alone": tally[WITHOUT_MATE], "left_out": _left_out(tally)}


def _contigs(
    path: Path, chrom_sizes: Mapping[str, int] | None, renames: Mapping[str, str] | None, only_genome: bool
) -> list[_Contig]:
    header = read_contig_sizes(path)
    names = names_in_genome(header, chrom_sizes, renames=renames, only_genome=only_genome, path=path)
    contigs = [_Contig(n, names[name], size) for n, (name, size) in enumerate(header.items()) if name in names]
    for name, (_, chrom, size) in zip(names, contigs, strict=True):
        if chrom_sizes is not None and size != chrom_sizes[chrom]:
            problem = f"was aligned to {name} of {size:,} bp; {chrom} of the genome has {chrom_sizes[chrom]:,}"
            raise GenomeMismatchError(problem, path=path, hint="name the FASTA that the reads were aligned to")
    return contigs


def _check_checksums(path: Path, contigs: Sequence[_Contig], genome: Genome) -> None:
    checksums = read_contig_checksums(path)
    names = list(read_contig_sizes(path)) if checksums else []
    for number, chrom, _ in contigs:
        if checksums and checksums.get(names[number], genome[chrom].sequence_md5) != genome[chrom].sequence_md5:
            problem = (
                f"was aligned to other letters of {names[number]} than {genome.name} has (by the M5 of its header)"
            )
            hint = "name the FASTA that the reads were aligned to, or leave out --genome"
            raise GenomeMismatchError(problem, path=path, hint=hint)


def _check_replicates(paths: Sequence[Path], contigs: Sequence[Sequence[_Contig]]) -> None:
    for path, others in zip(paths, contigs, strict=True):
        if [contig[1:] for contig in others] != [contig[1:] for contig in contigs[0]]:
            hint = "replicates are aligned to one FASTA"
            raise GenomeMismatchError(f"has other sequences in its header than {paths[0]}", path=path, hint=hint)


def _count_windows(
    fragments: Iterable[Fragment], contigs: Sequence[_Contig], n_strands: int
) -> Iterator[tuple[str, int, Int64]]:
    """Yield chrom, first base and counts (n_strands, n) of every window of every contig, in order."""
    groups = groupby(fragments, key=lambda fragment: fragment.contig)
    group = next(groups, None)
    for number, chrom, size in contigs:
        here: Iterable[Fragment] = ()
        if group is not None and group[0] == number:
            here = group[1]
        for start, counts in _count_contig(here, size, n_strands):
            yield chrom, start, counts
        if group is not None and group[0] == number:
            group = next(groups, None)


def _count_contig(fragments: Iterable[Fragment], size: int, n_strands: int) -> Iterator[tuple[int, Int64]]:
    steps: defaultdict[int, Int64] = defaultdict(
        lambda: np.zeros((n_strands, WINDOW_BP + 1), dtype=np.int64)
    )  # +1 where a stretch starts, -1 where it has ended: two additions, however long it is

    def finished(windows: range) -> Iterator[tuple[int, Int64]]:
        for window in windows:
            start = window * WINDOW_BP
            yield start, np.cumsum(steps[window][:, : min(WINDOW_BP, size - start)], axis=1)
            del steps[window]

    done = 0
    for fragment in fragments:
        for start, end in fragment.blocks:
            for part in range(start // WINDOW_BP, (end - 1) // WINDOW_BP + 1):
                row = steps[part][int(fragment.reverse)]
                row[max(start - part * WINDOW_BP, 0)] += 1
                row[min(end - part * WINDOW_BP, WINDOW_BP)] -= 1
        window = min(fragment.floor, size - 1) // WINDOW_BP
        if window > done:
            yield from finished(range(done, window))
            done = window
    yield from finished(range(done, -(-size // WINDOW_BP)))
