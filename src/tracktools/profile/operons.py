"""Operons, as BED or as RegulonDB's table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tracktools.errors import InputError
from tracktools.formats.bed import read_bed
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.interval import STRANDS, FeatureStrand, Interval
from tracktools.names import join_names

_REGULONDB = ("firstGeneLeftPosition", "lastGeneRightPosition", "strand")
_STRANDS = {"forward": "+", "reverse": "-", "+": "+", "-": "-"}
_HEADER_SEARCH = 200  # lines; RegulonDB's downloads begin with a long comment


@dataclass(frozen=True)
class Operon:
    """An operon: its name, and its place from the first to the last base of its genes."""

    name: str
    place: Interval


def stranded(chrom: str, start: int, end: int, strand: str) -> Interval:
    """Return a feature's place; a strand that is not known is ``.``."""
    return Interval(chrom, start, end, cast(FeatureStrand, strand) if strand in STRANDS else ".")


def read_operons(
    path: Path,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> list[Operon]:
    """Read operons from the first to the last base of their genes: BED, or RegulonDB's ``OperonSet.tsv``.

    Raises
    ------
    InputError
        If the file is neither; as `GenomeMismatchError`, if the genome lacks a sequence.
    """
    with open_maybe_gzip(path) as file:
        lines = [line.decode("utf-8", "replace") for line in file]
    header = next((n for n, line in enumerate(lines[:_HEADER_SEARCH]) if all(name in line for name in _REGULONDB)), -1)
    if header >= 0:
        return _regulondb_operons(path, lines, header, chrom_sizes)
    table, schema = read_bed(path)
    if schema.defined_fields < 6:
        raise InputError("has no strands", path=path, hint="BED with six columns, or RegulonDB's OperonSet.tsv")
    names = join_names(table["chrom"].astype(str), chrom_sizes, renames=renames, only_genome=only_genome, path=path)
    columns = (table[name] for name in ("chrom", "chromStart", "chromEnd", "strand", "name"))
    rows = zip(*columns, strict=True)
    return [
        Operon(str(name), stranded(names[chrom], int(start), int(end), str(strand)))
        for chrom, start, end, strand, name in rows
        if chrom in names
    ]


def _regulondb_operons(path: Path, lines: Sequence[str], header: int, sizes: Mapping[str, int]) -> list[Operon]:
    """Read 1-based bounds; the file names no sequence, so that there may be only one."""
    if len(sizes) != 1:
        hint = "give the operons as BED, which names the sequence"
        raise InputError(f"names no sequence, and the genome has {len(sizes)}", path=path, hint=hint)
    (chrom,) = sizes
    operons = []
    for number, row in enumerate(csv.DictReader(lines[header:], delimiter="\t"), start=header + 2):
        try:
            first, last = int(row[_REGULONDB[0]]), int(row[_REGULONDB[1]])
            strand = _STRANDS[row["strand"]]
        except (TypeError, ValueError, KeyError):
            problem = f"is no operon: {[row.get(name) for name in _REGULONDB]}"
            raise InputError(problem, path=path, line=number, hint="two positions and forward or reverse") from None
        if not 0 < first <= last <= sizes[chrom]:
            raise InputError(f"{first} to {last} lies outside the {sizes[chrom]:,} bp", path=path, line=number)
        operons.append(Operon(row.get("operonName") or "", stranded(chrom, first - 1, last, strand)))
    return operons
