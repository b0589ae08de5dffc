"""Which bases are scored: a part of the split, all, or the intervals of a BED file; always both strands.

A stretch is an `Interval`. On a circle its end may lie past the last base: there it goes on at the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from tracktools.arrays import Int64
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import check_bed_on_genome, read_bed
from tracktools.genome import Genome
from tracktools.interval import Interval, Range, merge
from tracktools.names import join_names
from tracktools.splits import Split


def offsets_in(stretch: Interval, positions: Int64, size_bp: int) -> Int64:
    """Return the distance of each position of a sequence from the start of a stretch, along the circle if need be."""
    return (positions - stretch.start) % size_bp


def positions_in(stretch: Interval, offsets: Int64, size_bp: int) -> Int64:
    """Return the position on its sequence of each offset from the start of a stretch."""
    return (offsets + stretch.start) % size_bp


def whole_stretches(chrom_sizes: Mapping[str, int]) -> list[Interval]:
    """Return every sequence as a whole; those of no length left out."""
    return [Interval(chrom, 0, size) for chrom, size in chrom_sizes.items() if size]


def part_stretches(genome: Genome, split: Split, part: str) -> list[Interval]:
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
) -> list[Interval]:
    """Return the intervals of a BED file, joined where they touch; a strand column says nothing.

    Raises
    ------
    InputError
        If the file is not BED, contains no base, or, as `GenomeMismatchError`, one outside the genome.
    """
    table, _ = read_bed(path)
    names = join_names(map(str, table["chrom"].unique()), chrom_sizes, renames=renames, path=path)
    table["chrom"] = table["chrom"].map(names)
    check_bed_on_genome(table, chrom_sizes, path=path)
    table = table[table["chromEnd"] > table["chromStart"]]
    if not len(table):
        raise InputError("contains no interval", path=path, hint="a line per stretch to score: chrom, start, end")
    rows = zip(table["chrom"].tolist(), table["chromStart"].tolist(), table["chromEnd"].tolist(), strict=True)
    return _joined(rows, chrom_sizes, circular)


def _joined(
    intervals: Iterable[tuple[str, int, int]], chrom_sizes: Mapping[str, int], circular: Collection[str]
) -> list[Interval]:
    """Join intervals that overlap or touch, also across the origin of a circle; in the order of the genome."""
    held: dict[str, list[Range]] = {chrom: [] for chrom in chrom_sizes}
    for chrom, start, end in intervals:
        held[chrom].append((start, end))
    return [
        Interval(chrom, *row)
        for chrom, rows in held.items()
        for row in merge(rows, circle_bp=chrom_sizes[chrom] if chrom in circular else None)
    ]
