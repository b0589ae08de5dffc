"""Splits: which part of a genome trains, which validates and which tests; both strands together.

A split belongs to sequences, not to names: contigs are recognised by the SHA-256 of their letters, so that a renamed
copy of the training genome is still known as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.concise import concise
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bed import check_bed_on_genome, item_lines, read_bed
from tracktools.genome import Contig, Genome
from tracktools.interval import Range, merge
from tracktools.names import join_names

PARTS = ("train", "valid", "test")
NO_PART = "none"
_MG1655_BP = 4_641_652
_BLOCK_GAPS = 32  # length of a block of a drawn split, in gaps: one border costs training a thirtieth of a block
_LEAST_BLOCKS = 30  # a small genome is cut finer, so that each part has some
_LEAST_GAPS = 4  # but never finer than this
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Region:
    """A stretch of one sequence and the part it plays; 0-based, half-open."""

    sequence_sha256: str
    start: int
    end: int
    part: str


@concise
@dataclass(frozen=True)
class Split:
    """The parts of a genome.

    Parameters
    ----------
    regions : tuple of Region
        Stretches that do not overlap; bases outside all of them have no part.
    """

    regions: tuple[Region, ...]

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]]) -> Split:
        """Read the form in which checkpoints store a split."""
        return cls(tuple(Region(**record) for record in records))

    def to_records(self) -> list[dict[str, Any]]:
        """Return the form in which checkpoints store a split."""
        return [asdict(region) for region in self.regions]

    def part_of(self, contig: Contig, positions: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """Return the part of each 0-based position of a contig: train, valid, test or none."""
        positions = np.asarray(positions)
        parts = np.full(positions.shape, NO_PART, dtype="<U5")
        for region in self.regions_of(contig):
            parts[(positions >= region.start) & (positions < region.end)] = region.part
        return parts

    def regions_of(self, contig: Contig, part: str | None = None) -> list[Region]:
        """Return the regions on a contig, of one part or of all, in order."""
        return sorted(
            (
                region
                for region in self.regions
                if region.sequence_sha256 == contig.sequence_sha256 and part in (None, region.part)
            ),
            key=lambda region: region.start,
        )


def paper_split(contig: Contig) -> Split:
    """Return the split of the paper for NC_000913.3 (MG1655): 70 % train, 10 % validation, 20 % test.

    Training runs from the end of the validation region across the origin to the start of the test region. The three
    borders are the published code's ``numpy.random.randint`` with its default seed 2222.

    Raises
    ------
    GenomeMismatchError
        If the contig has another length than NC_000913.3.
    """
    if len(contig) != _MG1655_BP:
        problem = f"{contig.name} has {len(contig):,} bp, and NC_000913.3, which the split is of, {_MG1655_BP:,}"
        raise GenomeMismatchError(problem, hint="name the FASTA of NC_000913.3")
    test, valid, train = 2738785, 3667115, 4131280
    name = contig.sequence_sha256
    return Split(
        (
            Region(name, 0, test, "train"),
            Region(name, test, valid, "test"),
            Region(name, valid, train, "valid"),
            Region(name, train, len(contig), "train"),
        )
    )


def read_split(path: Path, genome: Genome, renames: Mapping[str, str] | None = None) -> Split:
    """Read a split from a BED file whose name column says train, valid or test; a strand column says nothing.

    Raises
    ------
    InputError
        If a name is another word, an item is empty or overlaps another (names the line), or train or valid is missing;
        as `GenomeMismatchError`, if an item is not on the genome.
    """
    table, _ = read_bed(path)
    names = join_names(map(str, table["chrom"].unique()), genome.chrom_sizes, renames=renames, path=path)
    table["chrom"] = table["chrom"].map(names)
    check_bed_on_genome(table, genome.chrom_sizes, path=path)
    lines, regions = item_lines(path), []
    for line, row in zip(lines, table.to_dict("records"), strict=True):
        part = str(row.get("name", ""))
        if part not in PARTS:
            raise InputError(f"the part is {part!r}", path=path, line=line, hint="name it train, valid or test")
        region = Region(genome[row["chrom"]].sequence_sha256, row["chromStart"], row["chromEnd"], part)
        if region.start == region.end:
            raise InputError("contains no base", path=path, line=line, hint="start and end are 0-based, half-open")
        regions.append((region, line))
    regions.sort(key=lambda item: (item[0].sequence_sha256, item[0].start))
    for (one, first), (two, second) in pairwise(regions):
        if one.sequence_sha256 == two.sequence_sha256 and two.start < one.end:
            raise InputError(f"overlaps line {min(first, second)}", path=path, line=max(first, second))
    missing = [part for part in ("train", "valid") if part not in {region.part for region, _ in regions}]
    if missing:
        raise InputError(f"has no part {missing[0]!r}", path=path, hint="train learns and valid chooses")
    return Split(tuple(region for region, _ in regions))


def draw_split(genome: Genome, fractions: Sequence[float], *, seed: int, gap_bp: int) -> Split:
    """Draw at random which blocks of a genome train, validate and test; both strands of a block together.

    Contigs are cut into blocks of equal length, some `_BLOCK_GAPS` times `gap_bp`, or shorter ones in a small genome;
    of these in random order the first are test, the next validation, the rest trains.

    Parameters
    ----------
    genome : Genome
    fractions : sequence of float
        Shares of train, valid and test; their sum is 1.
    seed : int
        Another gives another split.
    gap_bp : int
        Bases that are lost to training at each border.

    Raises
    ------
    ConfigError
        If the fractions are no such shares, or the genome is too short for them.
    """
    if (
        len(fractions) != len(PARTS)
        or not abs(sum(fractions) - 1) <= _ROUNDING
        or min(fractions) < 0
        or 0 in fractions[:2]
    ):
        shown = ",".join(f"{share:g}" for share in fractions)
        raise ConfigError(
            f"the fractions are {shown}: three shares of train, valid and test that sum to 1, such as 0.7,0.1,0.2"
        )
    block_bp = max(min(_BLOCK_GAPS * gap_bp, len(genome) // _LEAST_BLOCKS), _LEAST_GAPS * gap_bp)
    contigs = {contig.sequence_sha256: contig for contig in genome}  # of equal sequences, one: they are one part
    blocks = [block for contig in contigs.values() for block in _blocks(contig, block_bp)]
    order = np.random.default_rng(seed).permutation(len(blocks))
    borders = np.cumsum([fractions[2], fractions[1]]) * len(genome)  # test first, then valid
    parts, done = [""] * len(blocks), 0
    for number in order:
        length = blocks[number][2] - blocks[number][1]
        parts[number] = ("test", "valid", "train")[int(np.searchsorted(borders, done + length / 2, side="right"))]
        done += length
    missing = [part for part, share in zip(PARTS, fractions, strict=True) if share > 0 and part not in parts]
    if missing:
        short = f"the genome of {len(genome):,} bp is too short to draw a part {missing[0]!r}"
        raise ConfigError(f"{short}: name the parts with a BED file")
    return Split(tuple(_regions(blocks, parts)))


def _blocks(contig: Contig, block_bp: int) -> list[tuple[str, int, int]]:
    borders = np.linspace(0, len(contig), max(round(len(contig) / block_bp), 1) + 1).astype(int).tolist()
    return [(contig.sequence_sha256, start, end) for start, end in pairwise(borders) if end > start]


def _regions(blocks: Sequence[tuple[str, int, int]], parts: Sequence[str]) -> list[Region]:
    """Return blocks as regions, in their order; neighbours of one part are one."""
    ranges: dict[tuple[str, str], list[Range]] = {}
    for (sequence, start, end), part in zip(blocks, parts, strict=True):
        ranges.setdefault((sequence, part), []).append((start, end))
    order = {sequence: number for number, (sequence, _, _) in enumerate(blocks)}
    regions = [Region(name, *range_, part) for (name, part), own in ranges.items() for range_ in merge(own)]
    return sorted(regions, key=lambda region: (order[region.sequence_sha256], region.start))
