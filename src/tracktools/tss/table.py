"""TSS sets in memory: a table with a row per base, in the columns of `TSS_SOURCE`."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Float64
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import TSS_SOURCE, BedSchema, read_bed, sort_bed
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.tss.row_parser import RawTss

_BED6 = ["chrom", "chromStart", "chromEnd", "name", "score", "strand"]


def make_table(tss: Iterable[RawTss], set_name: str, chrom_order: Sequence[str] = ()) -> pd.DataFrame:
    """Join the rows of a source that name the same base, and sort them.

    Parameters
    ----------
    tss : iterable of RawTss
        In file order, sequences named as in the genome.
    set_name : str
        Names are ``<set_name>_<chrom>_<1-based>_<f|r>`` where the source gives none.
    chrom_order : sequence of str
        Order of the sequences; others follow by name.

    Returns
    -------
    DataFrame
        Columns of `TSS_SOURCE`. Of rows on one base the best score and the first line stay; conditions, evidence and
        sigma factors are joined. ``score`` is the rank of the source's score, 1000 for the best; 500 without one.
    """
    groups: dict[tuple[str, int, str], list[RawTss]] = {}
    for row in tss:
        groups.setdefault((row.chrom, row.start, row.strand), []).append(row)
    scores = np.array([_best(row.score for row in rows) for rows in groups.values()], dtype=np.float64)
    table = pd.DataFrame(
        {
            "chrom": [chrom for chrom, _, _ in groups],
            "chromStart": np.array([start for _, start, _ in groups], dtype=np.int64),
            "chromEnd": np.array([start + 1 for _, start, _ in groups], dtype=np.int64),
            "name": [
                _first_name(rows) or tss_name(set_name, chrom, start, strand)
                for (chrom, start, strand), rows in groups.items()
            ],
            "score": np.round(1000 * (1 - rank_fractions(scores))).astype(np.int64),
            "strand": [strand for _, _, strand in groups],
            "sourceScore": scores,
            "condition": [_join(value for row in rows for value in row.conditions) for rows in groups.values()],
            "evidence": [_join(value for row in rows for value in row.evidence) for rows in groups.values()],
            "sigma": [_join(value for row in rows for value in row.sigma) for rows in groups.values()],
            "sourceLine": np.array([rows[0].line for rows in groups.values()], dtype=np.int64),
        },
        columns=list(TSS_SOURCE.columns),
    )
    return sort_bed(table, chrom_order).reset_index(drop=True)


def check_name(name: str) -> None:
    """Refuse a name of a set that would not do as the name of a file, a track and an item.

    Raises
    ------
    ConfigError
        If it is empty, or contains anything but letters, digits, ``_``, ``-`` and ``.``.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
        raise ConfigError(f"{name!r} is no name for a set: letters, digits, _, - and . are allowed")


def tss_name(set_name: str, chrom: str, start: int, strand: str) -> str:
    """Return the name of a TSS, without a colon, which browsers take for a position.

    Examples
    --------
    >>> tss_name("curated", "NC_000913.3", 147, "+")
    'curated_NC_000913.3_148_f'
    """
    return f"{set_name}_{chrom}_{start + 1}_{'f' if strand == '+' else 'r'}"


def rank_fractions(scores: Float64) -> Float64:
    """Return the rank of each score as a share of the set: near 0 the best, 0.5 the median and where there is none.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        Greater is better; nan where there is none. Equal scores share their mean rank.

    Examples
    --------
    >>> rank_fractions(np.array([9.0, 1.0, np.nan])).tolist()
    [0.25, 0.75, 0.5]
    """
    fractions = np.full(len(scores), 0.5)
    scored = ~np.isnan(scores)
    if scored.any():
        _, inverse, counts = np.unique(-scores[scored], return_inverse=True, return_counts=True)
        middles = np.cumsum(counts) - counts / 2
        fractions[scored] = middles[inverse] / scored.sum()
    return fractions


def read_tss_set(path: Path) -> tuple[pd.DataFrame, BedSchema]:
    """Read a TSS set: BED with at least six columns, an item a base.

    Returns
    -------
    table : DataFrame
        The columns of the file. A score never rejects a position (`read_bed`, `any_score`).
    schema : BedSchema
        What the columns are.

    Raises
    ------
    InputError
        If the file is not BED, an item is longer than a base or has no strand.
    """
    table, schema = read_bed(path, any_score=True)
    if schema.defined_fields < 6 and not len(table):
        raise InputError("contains no item", path=path, hint="a BED file with a row per TSS is needed")
    if schema.defined_fields < 6:
        raise InputError(f"has {len(schema.fields)} columns and no strand", path=path, hint="run it through tss import")
    long = np.flatnonzero((table["chromEnd"] - table["chromStart"]).to_numpy() != 1)
    if len(long):
        row = table.iloc[long[0]]
        raise InputError(
            f"{len(long)} items are not one base long, the first is {row.chrom}:{row.chromStart}-{row.chromEnd}",
            path=path,
            hint="tss import takes their 5' ends",
        )
    unstranded = table["strand"].to_numpy() == "."
    if unstranded.any():
        raise InputError(f"{int(unstranded.sum())} items have no strand", path=path, hint="tss import refuses them")
    return table, schema


def with_source_score(table: pd.DataFrame) -> pd.DataFrame:
    """Return a TSS set with the column `sourceScore`: where it has none, the BED score, nan if all are equal."""
    return table if "sourceScore" in table else _unscored_if_equal(table)


def read_positions(path: Path) -> pd.DataFrame:
    """Read what curation and comparison need of a TSS set, which may have millions of positions.

    Returns
    -------
    DataFrame
        `chrom`, `chromStart`, `strand`, `sourceScore`: as `read_tss_set` and `with_source_score` give them.

    Raises
    ------
    InputError
        As `read_tss_set` does: a file that the quick way does not take is read again in the careful way.
    """
    path = Path(path)
    table = _read_quickly(path)
    if table is None:
        table = with_source_score(read_tss_set(path)[0])
    return table[["chrom", "chromStart", "strand", "sourceScore"]]


def _read_quickly(path: Path) -> pd.DataFrame | None:
    """Return the set, or None where anything at all is unusual."""
    with open_maybe_gzip(path) as file:
        data = file.read()
    words = data.partition(b"\n")[0].decode("utf-8", errors="replace").split("\t")
    named = words[0] == "#chrom"
    columns = [words[0].removeprefix("#"), *words[1:]] if named else [*_BED6, *map(str, range(6, len(words)))]
    if columns[:6] != _BED6 or len(words) < 6 or not _is_rectangle(data, len(words)):
        return None
    types = dict.fromkeys(("chromStart", "chromEnd"), np.int64) | dict.fromkeys(("chrom", "strand"), "category")
    score = "sourceScore" if "sourceScore" in columns else "score"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # numbers beyond 64 bits
            table = pd.read_csv(
                io.BytesIO(data),
                sep="\t",
                names=columns,
                usecols=["chrom", "chromStart", "chromEnd", "strand", score],
                skiprows=int(named),
                dtype={**types, score: np.float64},
                quoting=csv.QUOTE_NONE,
                index_col=False,
                keep_default_na=False,
                na_values={"sourceScore": ["nan"]},
            )
    except (ValueError, OverflowError, RuntimeWarning):  # pandas' own errors are ValueErrors
        return None
    usual = set(table["strand"].cat.categories) <= {"+", "-"} and not table["chrom"].isna().any()
    start = table["chromStart"].to_numpy()
    if not usual or (start < 0).any() or (table["chromEnd"].to_numpy() - start != 1).any():
        return None
    if (np.abs(table[score].to_numpy()) > np.finfo(np.float32).max).any():
        return None
    return table if score == "sourceScore" else _unscored_if_equal(table)


def _is_rectangle(data: bytes, n_columns: int) -> bool:
    """Return whether lines have so many columns on average, of text; pandas tells of a line that has more."""
    n_lines = data.count(b"\n") + (not data.endswith(b"\n"))
    return b"\0" not in data and data.count(b"\t") == n_lines * (n_columns - 1)


def _unscored_if_equal(table: pd.DataFrame) -> pd.DataFrame:
    score = table["score"].to_numpy(dtype=np.float64)
    return table.assign(sourceScore=score if len(score) and (score != score[0]).any() else np.nan)


def _best(scores: Iterable[float]) -> float:
    known = [score for score in scores if score == score]
    return max(known, default=float("nan"))


def _first_name(rows: Sequence[RawTss]) -> str:
    return next((row.name for row in rows if row.name), "")


def _join(values: Iterable[str]) -> str:
    return ",".join(sorted(set(values)))
