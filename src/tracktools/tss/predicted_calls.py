"""Calibration and split that ``predict`` gave to calls: ``tss call`` copies them from the files next to the signal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.errors import TracktoolsError
from tracktools.formats.bed import CALLED_TSS, read_bed

COLUMNS = ("calibrated", "split", "expectedPrecision", "expectedPrecisionLow", "expectedPrecisionHigh")
_KEY = ["chrom", "chromStart", "strand"]
_SAME = 1e-4  # relative: the text of a BED is rounded


def keep_predicted_columns(
    table: pd.DataFrame, plus: Path, renames: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, str]:
    """Return calls with the calibration and the split of those that ``predict`` called, too.

    Parameters
    ----------
    table : DataFrame
        Columns of `CALLED_TSS`.
    plus : Path
        ``<name>.plus.bw``; ``<name>.called_tss.bed`` and ``<name>.split.bed`` next to it are those of ``predict``.
    renames : mapping of str to str, optional
        Name in these files to name in `table`.

    Returns
    -------
    table : DataFrame
        `COLUMNS` filled for calls of the same base and output; `split` for all calls in an interval of the split.
    note : str
        How many calls have them; empty where ``predict`` left no calls here.
    """
    stem = plus.name.removesuffix(".plus.bw")
    known = _read(plus.with_name(f"{stem}.called_tss.bed"), renames)
    if stem == plus.name or known is None or not set(CALLED_TSS.columns) <= set(known):
        return table, ""
    known = known.drop_duplicates(_KEY)
    joined = table[[*_KEY, "modelOutput"]].merge(
        known[[*_KEY, "modelOutput", *COLUMNS]], on=_KEY, how="left", suffixes=("", "_known")
    )
    same = np.isclose(joined["modelOutput"], joined["modelOutput_known"], rtol=_SAME, atol=0)
    kept = table.copy()
    for column in COLUMNS:
        kept[column] = np.where(same, joined[column], table[column])
    parts = _read(plus.with_name(f"{stem}.split.bed"), renames)
    if parts is not None and "name" in parts and same.any():
        kept["split"] = _split(kept, parts)
    numbers = [column for column in COLUMNS if column != "split"]
    kept[numbers] = kept[numbers].astype(np.float64)
    note = f"{int(same.sum()):,} of {len(table):,} calls have the calibration of {stem}.called_tss.bed"
    if not same.all():
        note += "; nothing is known of the others: predict --threshold calibrates its calls"
    return kept, note


def _read(path: Path, renames: Mapping[str, str] | None) -> pd.DataFrame | None:
    """Return a BED with the names of the set; None if there is none, or it is somebody else's."""
    if not path.is_file():
        return None
    try:
        table, _ = read_bed(path)
    except TracktoolsError:
        return None
    return table.assign(chrom=table["chrom"].astype(str).replace(dict(renames or {})))


def _split(table: pd.DataFrame, parts: pd.DataFrame) -> pd.Series:
    """Return the part of the split that contains each call; a call in none keeps what it has."""
    split = table["split"].astype(object).copy()
    for chrom, start, end, name in parts[["chrom", "chromStart", "chromEnd", "name"]].to_numpy().tolist():
        split[(table["chrom"] == chrom) & table["chromStart"].between(start, end - 1)] = name
    return split
