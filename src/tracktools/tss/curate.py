"""``tss curate``: the positions on which several TSS sets agree.

Per strand, over all distinct positions of all sources: take the remaining base with (1) most sources among the
remaining positions at most a window away, (2) most sources exactly on it, (3) the best mean rank of score within these
sources, where an unscored position has the median, (4) the 5'-most. It becomes a curated TSS and absorbs every
remaining position at most a window away; its support is the number of sources among them. The minus strand is mirrored
before anything is compared, so a set and its reverse complement give the same result. Sequences are taken as linear:
positions on both sides of the origin of a circular one do not meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.aliases import other_version
from tracktools.arrays import Int64
from tracktools.concise import concise
from tracktools.config import TssConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bed import CURATED_TSS, notes_of, sort_bed
from tracktools.names import common_names, listed
from tracktools.tss.consensus import MAX_SOURCES, count_bits, take_greedily
from tracktools.tss.line import Line, join_sets
from tracktools.tss.table import check_name, read_positions, tss_name

SUPPORT_COLORS = ("189,215,231", "107,174,214", "33,113,181", "8,48,107")  # 1, 2, 3, 4 sources and more

MAX_WINDOW_BP = 1_000_000


@concise
@dataclass(frozen=True)
class CuratedSet:
    """What curation gives.

    Parameters
    ----------
    table : DataFrame
        Columns of `CURATED_TSS`, sorted. `positions` and `scores` are those of each source's nearest position.
    sources : DataFrame
        A row per source: `source`, `positions`, `shared` (at most a window from a position of another source), `share`.
    support : DataFrame
        A row per number of sources k: `support`, `curated` (curated positions with just k), `at_least`; k below
        `min_support` included, though `table` leaves those out.
    counts : str
        The line that tells what was read, taken and left out.
    notes : list of str
        What to say of the sets: scores that were left out, names that were joined, sets without a sequence in common.
    """

    table: pd.DataFrame
    sources: pd.DataFrame
    support: pd.DataFrame
    counts: str = ""
    notes: list[str] = field(default_factory=list)


def curate_tss(
    sources: Mapping[str, pd.DataFrame | Path | str],
    *,
    window_bp: int = TssConfig.window_bp,
    min_support: int = TssConfig.min_support,
    name: str = "curated",
    renames: Mapping[str, str] | None = None,
) -> CuratedSet:
    """Find the positions on which sources agree.

    Parameters
    ----------
    sources : mapping of str to DataFrame or path
        Sets by name: BED files, or tables with `chrom`, `chromStart` (0-based), `strand` and perhaps `sourceScore`.
    window_bp : int
        Positions on one strand up to this distance apart may be one TSS.
    min_support : int
        Curated positions with fewer sources are left out.
    name : str
        Prefix of the names of curated positions.
    renames : mapping of str to str, optional
        Name of a sequence in a set to its new name. Known names of one sequence are joined (`common_names`).

    Returns
    -------
    CuratedSet
        Curated positions on a strand are more than `window_bp` apart.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    InputError
        If a file is no TSS set.
    GenomeMismatchError
        If sources are on different versions of a sequence.
    """
    if not 1 <= len(sources) <= MAX_SOURCES:
        raise ConfigError(f"{len(sources)} sources: curation takes 1 to {MAX_SOURCES}")
    if not 0 <= window_bp <= MAX_WINDOW_BP:
        raise ConfigError(f"window is {window_bp}: it must be 0 or more, and at most {MAX_WINDOW_BP:,}")
    if not 1 <= min_support <= len(sources):
        raise ConfigError(f"min-support is {min_support}: it must be 1 to {len(sources)}, the number of sources")
    for source in (name, *sources):
        check_name(source)
    tables, notes = load_sets(sources, renames)
    line = join_sets(tables, 2 * window_bp + 1)
    owners = take_greedily(line.at, line.masks, line.priorities(), window_bp)
    first = np.flatnonzero(np.diff(owners, prepend=-1))  # what one position absorbed is together on the line
    support = count_bits(np.bitwise_or.reduceat(line.masks, first)) if len(first) else np.zeros(0, dtype=np.int64)
    table = _curated_table(line, owners, first, support, min_support, name)
    kept = np.repeat(support >= min_support, np.diff(np.append(first, len(owners))))
    taken = sum(int(np.count_nonzero(kept[source.index])) for source in line.sources)
    counts = _counts(tables, line, taken, f"in groups of fewer than {min_support} sets")
    return CuratedSet(table, shared_positions(line, window_bp), _by_support(support, len(sources)), counts, notes)


def _counts(tables: Mapping[str, pd.DataFrame], line: Line, taken: int, why: str) -> str:
    rows, distinct = sum(map(len, tables.values())), sum(len(source.index) for source in line.sources)
    left_out = {"on a base that another row of their set names too": rows - distinct, why: distinct - taken}
    return count_line(taken, left_out, "TSS")


def load_sets(
    sources: Mapping[str, pd.DataFrame | Path | str], renames: Mapping[str, str] | None = None
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read the sets that are files, and give each sequence one name in all of them.

    Returns
    -------
    tables : dict of str to DataFrame
        The sets, sequences under their common names.
    notes : list of str
        Scores that were left out, names that were joined, and pairs of sets without a sequence in common.

    Raises
    ------
    GenomeMismatchError
        If sets are on different versions of a sequence.
    """
    tables = {name: read_positions(Path(s)) if isinstance(s, str | Path) else s for name, s in sources.items()}
    held = {name: [str(chrom) for chrom in table["chrom"].unique()] for name, table in tables.items()}
    given = [chrom for chroms in held.values() for chrom in chroms]
    names = common_names(given, renames=renames)
    chroms = {name: list(dict.fromkeys(names[chrom] for chrom in mine)) for name, mine in held.items()}
    _check_versions(chroms)
    notes = notes_of(*tables.values())
    notes += [
        f"{old} is read as {new}, a known name of the same sequence"
        for old, new in names.items()
        if new != (renames or {}).get(old, old)
    ]
    for one, other in combinations(chroms, 2):
        if chroms[one] and chroms[other] and not set(chroms[one]) & set(chroms[other]):
            first, second = held[one][0], held[other][0]
            notes.append(
                f"the sets {one} and {other} have no sequence in common: {listed(chroms[one])}; "
                f"{listed(chroms[other])} (if they are of one, say --rename {first}={second})"
            )
    return {name: table.assign(chrom=table["chrom"].map(names)) for name, table in tables.items()}, notes


def _check_versions(chroms: Mapping[str, list[str]]) -> None:
    """Refuse sets on different versions of a sequence."""
    for name, mine in chroms.items():
        for other, theirs in chroms.items():
            for chrom in mine:
                version = other_version(chrom, theirs)
                if version is not None:
                    raise GenomeMismatchError(
                        f"set {name!r} is on {chrom} and set {other!r} on {version}, two versions of one sequence",
                        hint="bring one onto the other with: tracktools tss lift",
                    )


def _curated_table(
    line: Line, owners: Int64, first: Int64, support: Int64, min_support: int, set_name: str
) -> pd.DataFrame:
    kept = np.flatnonzero(support >= min_support)
    last = np.append(first[1:], len(owners)) - 1
    chrom, start, strand = line.places(owners[first[kept]])
    ends = np.stack([line.places(edge[kept])[1] for edge in (first, last)])
    support = support[kept]
    table = pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": start,
            "chromEnd": start + 1,
            "name": [tss_name(set_name, *place) for place in zip(chrom, start.tolist(), strand, strict=True)],
            "score": np.round(1000 * support / len(line.sources)).astype(np.int64),
            "strand": strand,
            "thickStart": start,
            "thickEnd": start + 1,
            "itemRgb": np.array(SUPPORT_COLORS, dtype=object)[np.minimum(support, len(SUPPORT_COLORS)) - 1],
            "support": support,
            **_member_texts(line, owners, first, kept),
            "spanStart": ends.min(axis=0),
            "spanEnd": ends.max(axis=0) + 1,
        },
        columns=list(CURATED_TSS.columns),
    )
    return sort_bed(table).reset_index(drop=True)


def _member_texts(line: Line, owners: Int64, first: Int64, kept: Int64) -> dict[str, list[str]]:
    """Join source, position and score of the sources of each kept group; of a source's positions the nearest counts."""
    lengths = np.diff(np.append(first, len(owners)))
    ranks = np.full(len(first), -1, dtype=np.int64)
    ranks[kept] = np.arange(len(kept))
    group_of = np.repeat(ranks, lengths)
    texts: dict[str, list[list[str]]] = {key: [[] for _ in kept] for key in ("sources", "positions", "scores")}
    for source in line.sources:
        members = np.flatnonzero(group_of[source.index] >= 0)
        index = source.index[members]
        distance = np.abs(line.at[index] - line.at[owners[index]])
        order = np.lexsort((index, distance, group_of[index]))
        order = order[np.diff(group_of[index[order]], prepend=-1) > 0]
        groups = group_of[index[order]].tolist()
        positions = line.places(index[order])[1].tolist()
        for group, position, score in zip(groups, positions, source.score[members[order]].tolist(), strict=True):
            texts["sources"][group].append(source.name)
            texts["positions"][group].append(str(position))
            texts["scores"][group].append(f"{score:.6g}")
    return {key: [",".join(items) for items in lists] for key, lists in texts.items()}


def shared_positions(line: Line, window_bp: int) -> pd.DataFrame:
    """Count, position by position, those of each set that are near one of another set (Yan et al. 2018).

    Returns
    -------
    DataFrame
        `source`, `positions`, `shared`, `share`: a row per set.
    """
    near = line.near(window_bp)
    rows = []
    for bit, source in enumerate(line.sources):
        others = near[source.index] & ~np.uint64(1 << bit)
        total, shared = len(source.index), int(np.count_nonzero(others))
        rows.append((source.name, total, shared, shared / total if total else 0.0))
    return pd.DataFrame(rows, columns=["source", "positions", "shared", "share"])


def _by_support(support: Int64, n_sources: int) -> pd.DataFrame:
    counts = np.bincount(support, minlength=n_sources + 1)[1:]
    return pd.DataFrame(
        {"support": np.arange(1, n_sources + 1), "curated": counts, "at_least": counts[::-1].cumsum()[::-1]}
    )
