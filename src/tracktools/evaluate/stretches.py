"""Which bases are scored: a part of the split, all, or the intervals of a BED file; always both strands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Int64
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import check_bed_on_genome, read_bed
from tracktools.genome import Genome
from tracktools.interval import Range, merge
from tracktools.names import join_names
from tracktools.splits import Split


@dataclass(frozen=True)
class Stretch:
    """Consecutive bases of one sequence.

    Parameters
    ----------
    chrom : str
        Sequence.
    start, end : int
        0-based, half-open. On a circle the end may lie past the last base: there the stretch goes on at the first.
    size : int
        Length of the sequence [bp].
    """

    chrom: str
    start: int
    end: int
    size: int

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.chrom} [{self.start}, {self.end})"

    def offsets(self, positions: Int64) -> Int64:
        """Return the distance of each position of the sequence from the start, along the circle if need be."""
        return (positions - self.start) % self.size

    def positions(self, offsets: Int64) -> Int64:
        """Return the position on the sequence of each offset from the start."""
        return (offsets + self.start) % self.size

    def block_numbers(self, block_bp: int) -> Int64:
        """Return the block of each base, from 0, shape (len(self),); the last block may be short."""
        return np.arange(len(self), dtype=np.int64) // block_bp


def whole_stretches(chrom_sizes: Mapping[str, int]) -> list[Stretch]:
    """Return every sequence as a whole; those of no length left out."""
    return [Stretch(chrom, 0, size, size) for chrom, size in chrom_sizes.items() if size]


def part_stretches(genome: Genome, split: Split, part: str) -> list[Stretch]:
    """Return the stretches of a genome that play one part.

    Raises
    ------
    ConfigError
        If the split knows no sequence of the genome, or none of this part.
    """
    regions = [(contig.name, region) for contig in genome for region in split.regions_of(contig)]
    if not regions:
        raise ConfigError(
            f"no split is known for the genome {genome.name}: say --region all, or name the bases with --regions BED"
        )
    found = [(chrom, region.start, region.end) for chrom, region in regions if region.part == part]
    if not found:
        parts = ", ".join(sorted({region.part for _, region in regions}))
        raise ConfigError(f"the split of {genome.name} has no part {part!r}: it has {parts}")
    return _joined(found, genome.chrom_sizes, [contig.name for contig in genome if contig.circular])


def bed_stretches(
    path: Path, chrom_sizes: Mapping[str, int], circular: Collection[str], renames: Mapping[str, str] | None = None
) -> list[Stretch]:
    """Return the intervals of a BED file, joined where they touch; a strand column says nothing.

    Raises
    ------
    InputError
        If the file is not BED, holds no base, or, as `GenomeMismatchError`, one outside the genome.
    """
    table, _ = read_bed(path)
    names = join_names(map(str, table["chrom"].unique()), chrom_sizes, renames=renames, path=path)
    table["chrom"] = table["chrom"].map(names)
    check_bed_on_genome(table, chrom_sizes, path=path)
    table = table[table["chromEnd"] > table["chromStart"]]
    if not len(table):
        raise InputError("holds no interval", path=path, hint="a line a stretch to score: chrom, start, end")
    rows = zip(table["chrom"].tolist(), table["chromStart"].tolist(), table["chromEnd"].tolist(), strict=True)
    return _joined(rows, chrom_sizes, circular)


def _joined(
    intervals: Iterable[tuple[str, int, int]], chrom_sizes: Mapping[str, int], circular: Collection[str]
) -> list[Stretch]:
    """Join intervals that overlap or touch, also across the origin of a circle; in the order of the genome."""
    held: dict[str, list[Range]] = {chrom: [] for chrom in chrom_sizes}
    for chrom, start, end in intervals:
        held[chrom].append((start, end))
    return [
        Stretch(chrom, *row, chrom_sizes[chrom])
        for chrom, rows in held.items()
        for row in merge(rows, circle_bp=chrom_sizes[chrom] if chrom in circular else None)
    ]
