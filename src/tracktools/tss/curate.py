"""``tss curate``: the positions on which several TSS sets agree.

Per strand, over all distinct positions of all sources: take the remaining base with (1) most sources among the
remaining positions at most a window away, (2) most sources exactly on it, (3) the best mean rank of score within
these sources, where an unscored position has the median, (4) the 5'-most. It becomes a curated TSS and absorbs every
remaining position at most a window away; its support is the number of sources among them. Coordinates of the minus
strand are mirrored before anything is compared, so a set and its reverse complement give the same result. Sequences
are taken as linear: positions on both sides of the origin of a circular one do not meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.aliases import other_version
from tracktools.config import TssConfig
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bed import CURATED_TSS, sort_bed
from tracktools.tss.consensus import MAX_SOURCES, Ints, Masks, count_bits, reduce_ranges, take_greedily, window_bounds
from tracktools.tss.table import rank_fractions, read_tss_set, tss_name

_RANK_STEPS = 2**40  # ranks are summed as whole numbers: the order of sources cannot change the sum
SUPPORT_COLORS = ("189,215,231", "107,174,214", "33,113,181", "8,48,107")  # 1, 2, 3, 4 sources and more


@dataclass(frozen=True)
class CuratedSet:
    """What curation gives.

    Parameters
    ----------
    table : DataFrame
        Columns of `CURATED_TSS`, sorted.
    sources : DataFrame
        A row a source: `source`, `positions`, `shared` (at most a window from a position of another source), `share`.
    support : DataFrame
        A row a number of sources k: `support`, `curated` (curated positions with just k), `at_least`; k below
        `min_support` included, though `table` leaves those out.
    """

    table: pd.DataFrame
    sources: pd.DataFrame
    support: pd.DataFrame


@dataclass(frozen=True)
class _Line:
    """All distinct positions of all sources on one line, strands and sequences far apart, 5' to 3'."""

    at: Ints
    masks: Masks
    priorities: Ints
    row_of: list[Ints]  # per source, shape (n,): row of its table, or -1
    chrom: Ints  # index into chroms
    start: Ints
    minus: npt.NDArray[np.bool_]
    chroms: list[str]


def curate_tss(
    sources: Mapping[str, pd.DataFrame | Path | str],
    *,
    window_bp: int = TssConfig.window_bp,
    min_support: int = TssConfig.min_support,
    name: str = "curated",
) -> CuratedSet:
    """Find the positions on which sources agree.

    Parameters
    ----------
    sources : mapping of str to DataFrame or path
        Sets by name: BED files, or tables with `chrom`, `chromStart` (0-based), `strand` and perhaps `sourceScore`.
    window_bp : int
        Positions of one strand at most so far apart may be one TSS.
    min_support : int
        Curated positions with fewer sources are left out.
    name : str
        Prefix of the names of curated positions.

    Returns
    -------
    CuratedSet
        Curated positions of a strand stand more than `window_bp` apart.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    GenomeMismatchError
        If sources are on different versions of a sequence.
    """
    if not 1 <= len(sources) <= MAX_SOURCES:
        raise ConfigError(f"{len(sources)} sources: curation takes 1 to {MAX_SOURCES}")
    if window_bp < 0:
        raise ConfigError(f"window is {window_bp}: it must be 0 or more")
    if not 1 <= min_support <= len(sources):
        raise ConfigError(f"min-support is {min_support}: it must be 1 to {len(sources)}, the number of sources")
    names = sorted(sources)
    tables = [read_tss_set(Path(s)) if isinstance(s := sources[key], str | Path) else s for key in names]
    _check_same_assembly(names, tables)
    line = _join(tables, window_bp)
    owners = take_greedily(line.at, line.masks, line.priorities, window_bp)
    taken, groups = np.unique(owners, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(len(taken)))
    masks = np.bitwise_or.reduceat(line.masks[order], first) if len(taken) else line.masks
    support = count_bits(masks)
    spans = _Spans(order, first, np.append(first[1:], len(order)))
    keep = np.flatnonzero(support >= min_support)
    table = _curated_table(line, names, tables, taken, support, spans, keep, name)
    return CuratedSet(table, _shared(line, names, window_bp), _by_support(support, len(names)))


def _check_same_assembly(names: Sequence[str], tables: Sequence[pd.DataFrame]) -> None:
    chroms = [[str(chrom) for chrom in table["chrom"].unique()] for table in tables]
    for name, mine in zip(names, chroms, strict=True):
        for other, theirs in zip(names, chroms, strict=True):
            for chrom in mine:
                version = other_version(chrom, theirs)
                if version is not None:
                    mend = "bring one onto the other with: tracktools tss lift"
                    raise GenomeMismatchError(
                        f"source {name!r} is on {chrom} and source {other!r} on {version}, two versions", mend=mend
                    )


def _join(tables: Sequence[pd.DataFrame], window_bp: int) -> _Line:
    """Put the distinct positions of all sources on one line; a source's best-scored row stands for a position."""
    chroms = sorted({str(chrom) for table in tables for chrom in table["chrom"].unique()})
    rank = {chrom: index for index, chrom in enumerate(chroms)}
    stride = 1 + max((int(table["chromStart"].max()) for table in tables if len(table)), default=0)
    stride += 2 * window_bp + 1
    ats, rows, ranks = [], [], []
    for table in tables:
        start = table["chromStart"].to_numpy(dtype=np.int64)
        minus = table["strand"].to_numpy() == "-"
        block = 2 * table["chrom"].map(rank).to_numpy(dtype=np.int64) + minus
        at = block * stride + np.where(minus, stride - 2 * window_bp - 2 - start, start)
        best = np.lexsort((-_scores(table), at))  # nan comes last
        best = best[np.diff(at[best], prepend=-1) > 0]
        ats.append(at[best])
        rows.append(best)
        ranks.append(np.round(rank_fractions(_scores(table)[best]) * _RANK_STEPS).astype(np.int64))
    line_at = np.unique(np.concatenate(ats))
    masks = np.zeros(len(line_at), dtype=np.uint64)
    rank_sums = np.zeros(len(line_at), dtype=np.int64)
    row_of = []
    for bit, (at, row, fraction) in enumerate(zip(ats, rows, ranks, strict=True)):
        index = np.searchsorted(line_at, at)
        masks[index] |= np.uint64(1 << bit)
        rank_sums[index] += fraction
        row_of.append(np.full(len(line_at), -1, dtype=np.int64))
        row_of[-1][index] = row
    worst_first = np.lexsort((-line_at, -rank_sums, count_bits(masks)))
    priorities = np.empty(len(line_at), dtype=np.int64)
    priorities[worst_first] = np.arange(len(line_at))
    block, offset = np.divmod(line_at, stride)
    minus = block % 2 == 1
    start = np.where(minus, stride - 2 * window_bp - 2 - offset, offset)
    return _Line(line_at, masks, priorities, row_of, block // 2, start, minus, chroms)


def _scores(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    if "sourceScore" not in table:
        return np.full(len(table), np.nan)
    return table["sourceScore"].to_numpy(dtype=np.float64)


@dataclass(frozen=True)
class _Spans:
    """Members of each group: ``order[first[g]:last[g]]`` are indices of positions on the line."""

    order: Ints
    first: Ints
    last: Ints


def _curated_table(
    line: _Line,
    names: Sequence[str],
    tables: Sequence[pd.DataFrame],
    taken: Ints,
    support: Ints,
    spans: _Spans,
    keep: Ints,
    set_name: str,
) -> pd.DataFrame:
    at = taken[keep]
    chrom = np.array(line.chroms, dtype=object)[line.chrom[at]] if len(at) else np.zeros(0, dtype=object)
    start = line.start[at]
    strand = np.where(line.minus[at], "-", "+").astype(object)
    scores = [_scores(table) for table in tables]
    members = [_members(line, names, scores, int(taken[g]), spans.order[spans.first[g] : spans.last[g]]) for g in keep]
    lows = np.minimum.reduceat(line.start[spans.order], spans.first)[keep] if len(keep) else start
    highs = np.maximum.reduceat(line.start[spans.order], spans.first)[keep] if len(keep) else start
    n_sources = len(names)
    table = pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": start,
            "chromEnd": start + 1,
            "name": [tss_name(set_name, c, int(s), t) for c, s, t in zip(chrom, start, strand, strict=True)],
            "score": np.round(1000 * support[keep] / n_sources).astype(np.int64),
            "strand": strand,
            "thickStart": start,
            "thickEnd": start + 1,
            "itemRgb": np.array(SUPPORT_COLORS, dtype=object)[np.minimum(support[keep], len(SUPPORT_COLORS)) - 1],
            "support": support[keep],
            "sources": [",".join(source for source, _, _ in group) for group in members],
            "positions": [",".join(str(position) for _, position, _ in group) for group in members],
            "scores": [",".join(f"{score:.6g}" for _, _, score in group) for group in members],
            "spanStart": lows,
            "spanEnd": highs + 1,
        },
        columns=list(CURATED_TSS.columns),
    )
    return sort_bed(table).reset_index(drop=True)


def _members(
    line: _Line, names: Sequence[str], scores: Sequence[npt.NDArray[np.float64]], taken: int, group: Ints
) -> list[tuple[str, int, float]]:
    """Return source, position and score of each source of a group; of several positions the nearest, the 5'-most."""
    found = []
    by_distance = sorted(group.tolist(), key=lambda index: (abs(int(line.at[index] - line.at[taken])), index))
    for name, rows, score in zip(names, line.row_of, scores, strict=True):
        nearest = next((index for index in by_distance if rows[index] >= 0), None)
        if nearest is not None:
            found.append((name, int(line.start[nearest]), float(score[rows[nearest]])))
    return found


def _shared(line: _Line, names: Sequence[str], window_bp: int) -> pd.DataFrame:
    """Count, position by position, those of each source that stand near one of another source (Yan et al. 2018)."""
    near = reduce_ranges(np.bitwise_or, line.masks, *window_bounds(line.at, window_bp)) if len(line.at) else line.masks
    rows = []
    for bit, name in enumerate(names):
        own = np.uint64(1 << bit)
        mine = (line.masks & own) != 0
        shared = int(np.count_nonzero(mine & ((near & ~own) != 0)))
        total = int(mine.sum())
        rows.append((name, total, shared, shared / total if total else 0.0))
    return pd.DataFrame(rows, columns=["source", "positions", "shared", "share"])


def _by_support(support: Ints, n_sources: int) -> pd.DataFrame:
    counts = np.bincount(support, minlength=n_sources + 1)[1:]
    return pd.DataFrame(
        {"support": np.arange(1, n_sources + 1), "curated": counts, "at_least": counts[::-1].cumsum()[::-1]}
    )
