"""Which bases a user wants scored: the intervals of a BED file, as disjoint stretches of each strand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tracktools.aliases import other_version, resolve_chrom
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed import read_numbered_bed
from tracktools.genome import Genome, as_genome
from tracktools.interval import STRANDS, Range, Strand, merge

Selection = tuple[tuple[str, int, int, str], ...]


def read_selection(
    path: Path | str, genome: Genome | Path | str, renames: Mapping[str, str] | None = None
) -> Selection:
    """Read the regions to score.

    Parameters
    ----------
    path : Path or str
        BED, 0-based and half-open. ``+`` or ``-`` in its strand column chooses that strand, ``.`` or no such column
        both. Intervals may overlap, touch and come in any order.
    genome : Genome, Path or str
        Other names of its contigs are understood (`resolve_chrom`).
    renames : mapping of str to str, optional
        Name in the BED file to name in the genome.

    Returns
    -------
    tuple of (str, int, int, str)
        Contig, start, end and strand, ascending by strand, contig (in file order) and start; disjoint on each strand.

    Raises
    ------
    InputError
        If the file is no BED, or has no base; as `GenomeMismatchError` with the line, if an interval does not lie on
        the genome.
    """
    path, genome = Path(path), as_genome(genome)
    table, schema, lines = read_numbered_bed(path)
    sizes = genome.chrom_sizes
    order = {name: number for number, name in enumerate(sizes)}
    marked = table["strand"] if "strand" in schema.columns else ["."] * len(table)
    wanted: dict[tuple[Strand, int], list[Range]] = {(strand, n): [] for strand in STRANDS for n in range(len(sizes))}
    for line, name, start, end, strand in zip(
        lines, table["chrom"], table["chromStart"], table["chromEnd"], marked, strict=True
    ):
        chrom = resolve_chrom(name, sizes, renames)
        if chrom is None:
            raise _unknown(name, genome, path, line)
        if end > sizes[chrom]:
            problem = f"{name} [{start}, {end}) ends past the end of its sequence ({sizes[chrom]} bp)"
            raise GenomeMismatchError(problem, path=path, line=line, hint="was it made on another assembly?")
        for own in STRANDS if strand == "." else (strand,):
            if start < end:
                wanted[own, order[chrom]].append((int(start), int(end)))
    names = list(sizes)
    union = tuple(
        (names[number], start, end, strand)
        for (strand, number), ranges in wanted.items()
        for start, end in merge(ranges)
    )
    if not union:
        raise InputError("contains no interval", path=path, hint="name what is to be scored, or leave --regions out")
    return union


def _unknown(name: str, genome: Genome, path: Path, line: int) -> GenomeMismatchError:
    other = other_version(name, genome.chrom_sizes)
    if other is not None:
        hint = f"the genome has {other}, another version: lift the intervals first"
    else:
        hint = f"it has {', '.join(list(genome.chrom_sizes)[:3])}{', …' if len(genome.contigs) > 3 else ''}"
    return GenomeMismatchError(f"the genome has no sequence {name!r}", path=path, line=line, hint=hint)
