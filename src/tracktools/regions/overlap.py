"""Which gene a position is in or next to: the one door to pyranges."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import numpy as np
import pandas as pd

StrandRelation = Literal["same", "opposite", "any"]


def overlapping_genes(
    intervals: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    strand: StrandRelation = "any",
    circular_sizes: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return each pair of an interval and a gene that share a base.

    Parameters
    ----------
    intervals : DataFrame
        With `chrom`, `start`, `end`, `strand`; 0-based, half-open.
    genes : DataFrame
        See the module; the gap between two parts of a gene is not the gene.
    strand : {"any", "same", "opposite"}
        Which strand the gene must be on. What has strand ``.`` is in a pair with ``any`` only.
    circular_sizes : mapping of str to int, optional
        Lengths of circular sequences [bp]: on these, both sides may cross the origin.

    Returns
    -------
    DataFrame, one row per pair
        `interval` and `gene`: row numbers in the two tables, sorted.
    """
    sizes = circular_sizes or {}
    pairs = _join(_ranges(intervals, strand, sizes, query=True), _ranges(genes, strand, sizes, query=False))
    pairs = pairs[["interval", "gene"]].drop_duplicates()
    return pairs.sort_values(["interval", "gene"], ignore_index=True)


def nearest_genes(
    positions: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    strand: StrandRelation = "any",
    circular_sizes: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return the gene nearest to each position.

    Parameters
    ----------
    positions : DataFrame
        With `chrom`, `start`, `end`, `strand`; each row one base.
    genes, strand, circular_sizes
        As for `overlapping_genes`.

    Returns
    -------
    DataFrame, one row per position, with its index
        `gene`: row number in `genes`, -1 where there is none on the sequence and strand. `distance_bp` (Int64): 0
        inside the gene, negative where the position is upstream of the gene's 5' end (the base before it: -1),
        positive downstream of its 3' end, missing without a gene. Of genes equally far, one that the position is
        upstream of, then the first of the table. A gene of strand ``.`` is read as if on ``+``.
    """
    sizes = circular_sizes or {}
    queries, targets = _ranges(positions, strand, sizes, query=True), _ranges(genes, strand, sizes, query=False)
    if (queries["End"] - queries["Start"] != 1).any():
        raise ValueError("a position is an interval of one base")
    reach = _reach_to_nearest(queries, targets)
    pairs = _join(reach, targets)
    upstream_bp = (pairs["Start_b"] - pairs["position"]).clip(lower=0)
    downstream_bp = (pairs["position"] - (pairs["End_b"] - 1)).clip(lower=0)
    on_minus = genes["strand"].eq("-").to_numpy()[pairs["gene"].to_numpy(dtype=np.int64)]
    distance = (downstream_bp - upstream_bp) * np.where(on_minus, -1, 1)
    best = (
        pairs.assign(distance_bp=distance, size=distance.abs(), downstream=distance > 0)
        .sort_values(["interval", "size", "downstream", "gene"])
        .drop_duplicates("interval")
        .set_index("interval")
    )
    found = pd.DataFrame({"gene": best["gene"], "distance_bp": best["distance_bp"].astype("Int64")})
    found = found.reindex(np.arange(len(positions)))
    return found.assign(gene=found["gene"].fillna(-1).astype(np.int64)).set_axis(positions.index)


def _ranges(
    table: pd.DataFrame, strand: StrandRelation, circular_sizes: Mapping[str, int], *, query: bool
) -> pd.DataFrame:
    """Return what pyranges takes, a row per part; the name of the chromosome includes the strand, circles are unrolled.

    pyranges drops the strand of a whole table as soon as one row has ``.``, so it gets none. A circle is laid out three
    times for genes, and the queries lie on the middle one, so that no coordinate is negative.
    """
    row = np.arange(len(table))
    parts = (
        table["parts"] if "parts" in table else [((s, e),) for s, e in zip(table["start"], table["end"], strict=True)]
    )
    counts = [len(part) for part in parts]
    row = np.repeat(row, counts)
    bounds = np.array([bound for part in parts for bound in part], dtype=np.int64).reshape(-1, 2)
    chroms, strands = table["chrom"].to_numpy(dtype=object)[row], table["strand"].to_numpy(dtype=object)[row]
    if strand == "any":
        keys = chroms
    else:
        flip = {"+": "-", "-": "+"} if query and strand == "opposite" else {}
        keys = np.array([f"{c}\t{flip.get(s, s)}" for c, s in zip(chroms, strands, strict=True)], dtype=object)
    sizes = np.array([circular_sizes.get(chrom, 0) for chrom in chroms], dtype=np.int64)
    frame = pd.DataFrame(
        {"Chromosome": keys, "Start": bounds[:, 0], "End": bounds[:, 1], ("interval" if query else "gene"): row}
    )
    if strand != "any":
        kept = strands != "."
        frame, sizes = frame[kept], sizes[kept]
    laps = [
        frame[(lap == 1) | (sizes > 0)].assign(Start=frame["Start"] + lap * sizes, End=frame["End"] + lap * sizes)
        for lap in ((1,) if query else (0, 1, 2))
    ]
    return pd.concat(laps, ignore_index=True)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():  # pyranges 0.1 uses pandas calls that pandas 3 deprecates
        warnings.simplefilter("ignore")
        yield


def _join(queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of rows that share a base; `Start_b` and `End_b` are those of the target."""
    with _quiet():
        from pyranges import PyRanges  # here, because its import takes most of a second

        pairs: pd.DataFrame = PyRanges(queries).join(PyRanges(targets), apply_strand_suffix=False).df
    columns = [*queries.columns, "Start_b", "End_b", "gene"]
    return pairs[columns] if len(pairs) else pd.DataFrame({name: pd.Series(dtype=np.int64) for name in columns})


def _reach_to_nearest(queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return the queries widened so that they just touch what is nearest, with their old start as `position`."""
    with _quiet():
        from pyranges import PyRanges

        near: pd.DataFrame = PyRanges(queries).nearest(PyRanges(targets)).df
    if not len(near):
        return queries.head(0).assign(position=queries["Start"].head(0))
    distance = near["Distance"].to_numpy(dtype=np.int64)
    start, end = (near["Start"] - distance).clip(lower=0), near["End"] + distance
    return near[["Chromosome", "interval"]].assign(Start=start, End=end, position=near["Start"])
