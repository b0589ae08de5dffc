"""The tracks of contributions: a bigWig a strand, drawn as letters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.contribute.values import SiteContribution, bases_at
from tracktools.formats.bigwig import BigWigWriter
from tracktools.interval import STRAND_NAMES, STRANDS, Strand
from tracktools.mutate.site_effect import Site
from tracktools.palette import STRAND_COLORS
from tracktools.tracks import DRAWN_AS_LETTERS, Track, as_track_name

_GAP_BP = 1000  # shorter gaps between values are written as missing values
_VIEW_PERCENTILE = 95  # of the contributions of one sign, where the scale ends: the -35 must not vanish next to the -10


def write_signals(
    folder: Path,
    name: str,
    chrom_sizes: Mapping[str, int],
    sites: Sequence[Site],
    values: Sequence[SiteContribution],
    offsets: Int64,
) -> dict[Strand, Path]:
    """Write ``<name>.contributions.<strand>.bw``; strands without a TSS have no file.

    Where TSS of one strand are near each other, a base has the contribution with the largest size.
    """
    paths: dict[Strand, Path] = {}
    for strand in STRANDS:
        own = [number for number, site in enumerate(sites) if site.strand == strand]
        if not own:
            continue
        paths[strand] = folder / f"{name}.contributions.{STRAND_NAMES[strand]}.bw"
        with BigWigWriter(paths[strand], chrom_sizes) as writer:
            for chrom in chrom_sizes:
                here = [number for number in own if sites[number].contig.name == chrom]
                bases, strongest = _strongest([sites[n] for n in here], [values[n] for n in here], offsets)
                for start, stretch in _stretches(bases, strongest):
                    writer.add(chrom, start, stretch)
    return paths


def _strongest(sites: Sequence[Site], values: Sequence[SiteContribution], offsets: Int64) -> tuple[Int64, Float32]:
    """Return the bases with a contribution, ascending, and of each the one with the largest size."""
    if not sites:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    bases = np.concatenate([bases_at(site, offsets) % len(site.contig) for site in sites])
    found = np.concatenate([value.values for value in values])
    known = ~np.isnan(found)
    bases, found = bases[known], found[known]
    order = np.lexsort((-found, -np.abs(found), bases))  # of two of one size the positive one
    bases, found = bases[order], found[order]
    first = np.append(True, bases[1:] != bases[:-1]) if len(bases) else np.zeros(0, dtype=bool)
    return bases[first], found[first]


def _stretches(bases: Int64, values: Float32) -> list[tuple[int, Float32]]:
    """Return stretches of values, each with its first base; NaN in gaps that are short."""
    stretches = []
    for part in np.split(np.arange(len(bases)), np.flatnonzero(np.diff(bases) > _GAP_BP) + 1):
        if len(part):
            start = int(bases[part[0]])
            dense = np.full(int(bases[part[-1]]) + 1 - start, np.nan, dtype=np.float32)
            dense[bases[part] - start] = values[part]
            stretches.append((start, dense))
    return stretches


def signal_tracks(
    paths: Mapping[Strand, Path], name: str, values: Sequence[SiteContribution], model: str, method: str
) -> list[Track]:
    """Return the rows of ``tracks.tsv``: one scale for both strands."""
    low, high = _view(np.concatenate([value.values for value in values]))
    return [
        Track(
            name=as_track_name(f"{name}_contributions_{STRAND_NAMES[strand]}"),
            path=path,
            format="bigWig",
            strand=strand,
            group="contributions",
            short_label=f"Contribution ({strand})",
            long_label=f"What each base does for TSS of the {STRAND_NAMES[strand]} strand; letters of the plus strand",
            color=STRAND_COLORS[strand],
            view_min=low,
            view_max=high,
            visibility="full",
            method=method,
            source=model,
            licence="CC BY 4.0",
            extra={"draw": DRAWN_AS_LETTERS},
        )
        for strand, path in paths.items()
    ]


def _view(values: Float32) -> tuple[float, float]:
    """Return a scale of whole numbers that shows nearly all contributions, of each sign."""
    known = values[~np.isnan(values)].astype(np.float64)
    ends = []
    for sizes in (-known[known < 0], known[known > 0]):
        end = float(np.percentile(sizes, _VIEW_PERCENTILE)) if len(sizes) else 1.0
        ends.append(float(math.ceil(end)))
    return -ends[0], ends[1]
