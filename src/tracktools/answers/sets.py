"""Several TSS sets in one table: a row per TSS, with what each set says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Float64, Int64
from tracktools.errors import ConfigError
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.metrics import match_positions

_SCORES = ("modelOutput", "sourceScore", "support", "score")  # the first that a set has is its score
_PRECISIONS = ("expectedPrecision", "calibrated")
_KEY = ["chrom", "strand"]


def read_sets(
    sets: Mapping[str, pd.DataFrame | Path | str],
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, int]]]:
    """Read TSS sets on a genome.

    Returns
    -------
    tables : dict of str to DataFrame
        By name of the set: `chrom`, `position` (0-based), `strand`, `score`, `precision`; NaN where a set has none. Of
        rows on one base the one with the best score stays. `notes_of` tells how many scores were left out.
    left_out : dict of str to dict of str to int
        By name of the set: rows left out, by reason.

    Raises
    ------
    ConfigError
        If no set is given.
    InputError
        If a file is no TSS set; as `GenomeMismatchError`, if the genome lacks a sequence.
    """
    if not sets:
        raise ConfigError("name a TSS set: a BED of single bases, as tss import or predict writes it")
    tables, left_out = {}, {}
    for name, path in sets.items():
        table, out = read_tss_bed(path, chrom_sizes, renames=renames, only_genome=only_genome)
        plain = pd.DataFrame(
            {
                "chrom": table["chrom"].astype(str),
                "position": table["chromStart"].astype(np.int64),
                "strand": table["strand"].astype(str),
                "score": _column(table, _SCORES),
                "precision": _column(table, _PRECISIONS),
            }
        )
        best = plain.sort_values("score", ascending=False, kind="stable").drop_duplicates(
            ["chrom", "position", "strand"]
        )
        tables[name] = best.sort_index().reset_index(drop=True)
        tables[name].attrs = table.attrs
        left_out[name] = {**out, "on a base that another row has": len(plain) - len(best)}
    return tables, left_out


def _column(table: pd.DataFrame, names: tuple[str, ...]) -> Float64:
    name = next((name for name in names if name in table), None)
    return np.full(len(table), np.nan) if name is None else table[name].to_numpy(dtype=np.float64)


def join_tss(tables: Mapping[str, pd.DataFrame], window_bp: int, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Join sets one-to-one: a row per TSS.

    The TSS of the first set are rows. Of each further set, the TSS with the best score first, each supports the nearest
    row of its strand within the window that no other of the set supports; those that find none become rows. Positions
    do not meet across the origin of a circle.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        From `read_sets`, in the order in which they are joined.
    window_bp : int
        Greatest distance of two positions that are one TSS.
    chrom_sizes : mapping of str to int
        In the order of the rows.

    Returns
    -------
    DataFrame
        `chrom`, `position` (0-based), `strand`, `score`, `precision` (of the first set that has the TSS), `support`
        (number of sets), `sets` (their names), and for each set ``<set>_score`` and ``<set>_distance``: of its position
        from the row's, along the strand, downstream positive. By sequence, position, strand.
    """
    rows = pd.DataFrame({"chrom": [], "position": [], "strand": [], "score": [], "precision": []})
    rows = rows.astype({"chrom": str, "position": np.int64, "strand": str, "score": float, "precision": float})
    for name, table in tables.items():
        found = match_rows(table, rows, window_bp)
        new = table[found < 0]
        rows = pd.concat([rows, new], ignore_index=True)
        at = np.where(found >= 0, found, 0)
        at[found < 0] = np.arange(len(rows) - len(new), len(rows))
        distance = table["position"].to_numpy() - rows["position"].to_numpy()[at]
        along = np.where(table["strand"] == "+", distance, -distance)
        rows[f"{name}_score"] = pd.Series(table["score"].to_numpy(), index=at).reindex(rows.index)
        rows[f"{name}_distance"] = pd.Series(along, index=at, dtype="Int64").reindex(rows.index)
    has = np.array([rows[f"{name}_distance"].notna() for name in tables])
    rows["support"] = has.sum(axis=0)
    names = np.array(list(tables), dtype=object)
    rows["sets"] = [";".join(names[column]) for column in has.T]
    order = {chrom: rank for rank, chrom in enumerate(chrom_sizes)}
    keys = pd.DataFrame({"c": rows["chrom"].map(order), "p": rows["position"], "s": rows["strand"]})
    return rows.loc[keys.sort_values(["c", "p", "s"], kind="stable").index].reset_index(drop=True)


def match_rows(table: pd.DataFrame, rows: pd.DataFrame, window_bp: int) -> Int64:
    """Return the row that each TSS of a set takes, the best score first, one-to-one; -1 where there is none."""
    found = np.full(len(table), -1, dtype=np.int64)
    by_strand = {key: part.sort_values("position") for key, part in rows.groupby(_KEY)}
    for key, part in table.groupby(_KEY):
        known = by_strand.get(key)
        if known is None:
            continue
        heights = part["score"].fillna(-np.inf).to_numpy(dtype=np.float64)
        match = match_positions(part["position"].to_numpy(), heights, known["position"].to_numpy(), window_bp)
        found[part.index] = np.where(match >= 0, known.index.to_numpy()[match], -1)
    return found
