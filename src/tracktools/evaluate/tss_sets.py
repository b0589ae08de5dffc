"""Measured TSS as positions on the stretches that are scored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracktools.aliases import other_version, resolve_chrom
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.evaluate.signals import STRANDS, Strand
from tracktools.evaluate.stretches import Stretch
from tracktools.formats.bed import check_bed_on_genome, read_bed

Ints = npt.NDArray[np.int64]
TssSet = Mapping[tuple[str, Strand], Ints]  # ascending distinct positions of each sequence and strand


def read_tss(path: Path, chrom_sizes: Mapping[str, int]) -> TssSet:
    """Read a TSS set: BED with at least six columns, an item a base, as ``tss import`` writes it.

    Raises
    ------
    InputError
        If the file is not such a BED, or holds no TSS.
    GenomeMismatchError
        If an item is on a sequence that the genome lacks, on another version of one, or past an end.
    """
    table, schema = read_bed(path)
    if not len(table):
        raise InputError("holds no TSS", path=path, mend="a BED of single bases is needed, as tss import writes it")
    if schema.defined_fields < 6 or not table["strand"].isin(STRANDS).all():
        raise InputError("holds TSS without a strand", path=path, mend="the sixth column must be + or -")
    long = table[table["chromEnd"] - table["chromStart"] != 1]
    if len(long):
        row = long.iloc[0]
        problem = f"{len(long)} items are not one base long, the first is {row.chrom}:{row.chromStart}-{row.chromEnd}"
        raise InputError(problem, path=path, mend="tss import takes their 5' ends")
    names = {name: resolve_chrom(name, chrom_sizes) for name in table["chrom"].unique()}
    for name, chrom in names.items():
        other = None if chrom else other_version(name, chrom_sizes)
        if other:
            problem = f"its TSS are on {name}, another version of {other}"
            raise GenomeMismatchError(problem, path=path, mend="bring them over with tss lift")
    table["chrom"] = [names[name] or name for name in table["chrom"]]
    check_bed_on_genome(table, chrom_sizes, path=path)
    return {
        (str(chrom), strand): np.unique(rows["chromStart"].to_numpy(dtype=np.int64))
        for strand in STRANDS
        for chrom, rows in table[table["strand"] == strand].groupby("chrom")
    }


def tss_offsets(tss: TssSet, stretch: Stretch, strand: Strand) -> Ints:
    """Return the TSS on one strand of a stretch, as ascending distances from its start."""
    offsets = stretch.offsets(tss.get((stretch.chrom, strand), np.zeros(0, dtype=np.int64)))
    return np.sort(offsets[offsets < len(stretch)])


def check_set_names(names: Sequence[str]) -> None:
    """Refuse a name that would not do as a column or a label.

    Raises
    ------
    ConfigError
        If there is none, or one is empty or holds anything but letters, digits, ``_``, ``-`` and ``.``.
    """
    if not names:
        raise ConfigError("no TSS set to score against: name one with --tss NAME=BED")
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
            raise ConfigError(f"{name!r} is no name for a set: letters, digits, _, - and . are allowed")
