"""Measured TSS as positions on the stretches that are scored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tracktools.arrays import Int64
from tracktools.errors import ConfigError
from tracktools.evaluate.stretches import offsets_in
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.interval import STRANDS, Interval, Strand

TssSet = Mapping[tuple[str, Strand], Int64]  # ascending distinct positions of each sequence and strand


def read_tss(
    path: Path, chrom_sizes: Mapping[str, int], *, renames: Mapping[str, str] | None = None, only_genome: bool = False
) -> tuple[TssSet, dict[str, int]]:
    """Read a TSS set (`read_tss_bed`, which says what is refused); return what was left out by reason, too."""
    table, left_out = read_tss_bed(path, chrom_sizes, renames=renames, only_genome=only_genome)
    positions: TssSet = {
        (str(chrom), strand): np.unique(rows["chromStart"].to_numpy(dtype=np.int64))
        for strand in STRANDS
        for chrom, rows in table[table["strand"] == strand].groupby("chrom")
    }
    left_out["on a base that another row names too"] = len(table) - sum(map(len, positions.values()))
    return positions, left_out


def tss_offsets(tss: TssSet, stretch: Interval, size_bp: int, strand: Strand) -> Int64:
    """Return the TSS on one strand of a stretch of a sequence of `size_bp`, as ascending distances from its start."""
    offsets = offsets_in(stretch, tss.get((stretch.chrom, strand), np.zeros(0, dtype=np.int64)), size_bp)
    return np.sort(offsets[offsets < len(stretch)])


def check_set_names(names: Sequence[str]) -> None:
    """Refuse a name that would not do as a column or a label.

    Raises
    ------
    ConfigError
        If there is none, or one is empty or contains anything but letters, digits, ``_``, ``-`` and ``.``.
    """
    if not names:
        raise ConfigError("no TSS set to score against: name one with --tss NAME=BED")
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
            raise ConfigError(f"{name!r} is no name for a set: letters, digits, _, - and . are allowed")
