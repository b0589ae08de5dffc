"""Levels of a signal in genes, outside them and within operons, as the paper of the network gives them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Bool, Float32
from tracktools.errors import InputError
from tracktools.formats.annotation_rows import read_annotation_rows
from tracktools.interval import Interval
from tracktools.names import join_names
from tracktools.profile.matrix import Absent, OpenSignal, StrandPair
from tracktools.profile.operons import read_operons, stranded

COLUMNS = ("level", "direction", "regions", "n", "mean", "median", "medianOfMaxima")


@dataclass(frozen=True)
class Landmarks:
    """Where genes and operons are.

    Parameters
    ----------
    coding : tuple of Interval
        Every CDS part.
    between : tuple of Interval
        Bases between the genes of one operon, with its strand.
    """

    coding: tuple[Interval, ...]
    between: tuple[Interval, ...]


def read_landmarks(
    annotation: Path,
    operons: Path | None,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> Landmarks:
    """Read the CDS rows of a GFF3, GTF or GenBank file, and operons as BED or RegulonDB's ``OperonSet.tsv``.

    An operon's stretches between genes are the bases within its bounds that no CDS or RNA gene of its strand covers.

    Raises
    ------
    InputError
        If a file cannot be read, or has no CDS or no operon; as `GenomeMismatchError`, if the genome lacks a sequence.
    """
    rows = read_annotation_rows(annotation).features
    names = join_names(
        (row.chrom for row in rows), chrom_sizes, renames=renames, only_genome=only_genome, path=annotation
    )
    kept = [row for row in rows if row.chrom in names]
    coding = _on_circle(
        (stranded(names[row.chrom], row.start, row.end, row.strand) for row in kept if row.type == "CDS"), chrom_sizes
    )
    if not coding:
        raise InputError("has no CDS row", path=annotation, hint="levels need an annotation with coding sequences")
    genes = _on_circle(
        (
            stranded(names[row.chrom], row.start, row.end, row.strand)
            for row in kept
            if row.type in ("CDS", "gene", "pseudogene") or row.type.endswith("RNA")
        ),
        chrom_sizes,
    )
    if operons is None:
        return Landmarks(tuple(coding), ())
    bounds = [one.place for one in read_operons(operons, chrom_sizes, renames=renames, only_genome=only_genome)]
    return Landmarks(tuple(coding), tuple(_gaps(bounds, genes, chrom_sizes)))


def _on_circle(regions: Iterable[Interval], chrom_sizes: Mapping[str, int]) -> list[Interval]:
    """Cut regions that go on across the origin."""
    cut = []
    for region in regions:
        size = chrom_sizes[region.chrom]
        cut.append(replace(region, end=min(region.end, size)))
        if region.end > size:
            cut.append(replace(region, start=0, end=min(region.end - size, size)))
    return [region for region in cut if region.start < region.end]


def _gaps(operons: Sequence[Interval], genes: Sequence[Interval], chrom_sizes: Mapping[str, int]) -> list[Interval]:
    covered = {
        (chrom, strand): _mask((g for g in genes if (g.chrom, g.strand) == (chrom, strand)), size)
        for chrom, size in chrom_sizes.items()
        for strand in "+-"
    }
    gaps = []
    for operon in sorted(set(operons)):
        free = ~covered[operon.chrom, operon.strand][operon.start : operon.end]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], free, [False])).astype(np.int8)))
        gaps += [
            replace(operon, start=operon.start + int(first), end=operon.start + int(last))
            for first, last in edges.reshape(-1, 2)
            if first > 0 and last < len(free)  # a gap at the border is not between two genes
        ]
    return gaps


def _mask(regions: Iterable[Interval], length: int) -> Bool:
    mask = np.zeros(length, dtype=bool)
    for region in regions:
        mask[region.start : region.end] = True
    return mask


def level_table(
    signal: OpenSignal,
    landmarks: Landmarks,
    chrom_sizes: Mapping[str, int],
    *,
    within: Collection[Interval] = (),
    absent: Absent = "skip",
) -> pd.DataFrame:
    """Describe the values of a signal by where they are.

    Parameters
    ----------
    signal : OpenSignal
        The signal.
    landmarks : Landmarks
        Genes and operons.
    chrom_sizes : mapping of str to int
        Sequences of the genome.
    within : collection of Interval
        Bases to look at; all, if none is given. A region that lies in part outside is cut.
    absent : {"skip", "zero"}
        What a base without a value means.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``all``, ``coding`` (a CDS on either strand, both strands' values; also by direction), ``noncoding``,
        ``operon`` (between the genes of one operon); `regions` and `n` values; `mean`, `median`; the median over the
        regions of the highest value in each.
    """
    pools: dict[tuple[str, str], list[Float32]] = {}
    for chrom, size in chrom_sizes.items():
        inside = _mask((one for one in within if one.chrom == chrom), size)
        if not within:
            inside[:] = True
        if not inside.any():
            continue
        values = signal.read(chrom, size, absent)
        for strand_values in values:
            strand_values[~inside] = np.nan
        coding = [region for region in landmarks.coding if region.chrom == chrom]
        covered = _mask(coding, size)
        for level, chosen in (("all", np.ones(size, dtype=bool)), ("coding", covered), ("noncoding", ~covered)):
            pools.setdefault((level, "both"), []).extend(_runs(values, chosen))
        for level, regions in (
            ("coding", coding),
            ("operon", [region for region in landmarks.between if region.chrom == chrom]),
        ):
            for region in regions:
                along, against = (values.plus, values.minus) if region.strand == "+" else (values.minus, values.plus)
                for direction, one in (("sense", along), ("antisense", against)):
                    pools.setdefault((level, direction), []).append(one[region.start : region.end])
    rows = [(*key, *_describe(parts)) for key, parts in pools.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _runs(values: StrandPair, chosen: Bool) -> list[Float32]:
    """Return the values of both strands in each run of chosen bases."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8)))
    return [np.concatenate([one[first:last] for one in values]) for first, last in edges.reshape(-1, 2)]


def _describe(parts: Sequence[Float32]) -> tuple[int, int, float, float, float]:
    known = [part[~np.isnan(part)] for part in parts]
    known = [part for part in known if len(part)]
    if not known:
        return 0, 0, float("nan"), float("nan"), float("nan")
    everything = np.concatenate(known)
    maxima = np.median([part.max() for part in known])
    mean, median = everything.mean(dtype=np.float64), np.median(everything)
    return len(known), len(everything), float(mean), float(median), float(maxima)
