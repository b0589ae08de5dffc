"""TSS sets as the commands read them: BED of single bases with strands, on the sequences of a genome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.bed import check_bed_on_genome, item_lines, read_bed
from tracktools.names import join_names, name_hint

OTHER_SEQUENCES = "on sequences that the genome does not have"  # why rows are left out, for `count_line`


def read_tss_bed(
    source: pd.DataFrame | Path | str,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read a TSS set: BED with at least six columns, an item a base, as ``tss import`` writes it.

    Parameters
    ----------
    source : DataFrame, Path or str
        The file; or the columns of one, from memory.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    renames, only_genome
        See `join_names`.

    Returns
    -------
    table : DataFrame
        As of `read_bed`; ``chrom`` contains the genome's own names.
    left_out : dict of str to int
        How many rows were left out, by reason, for `tracktools.counting.count_line`.

    Raises
    ------
    InputError
        If the file is not such a BED, or contains no TSS.
    GenomeMismatchError
        If an item is on a sequence that the genome lacks, on another version of one, or past an end.
    """
    path = None if isinstance(source, pd.DataFrame) else Path(source)
    table = _checked(source) if isinstance(source, pd.DataFrame) else read_bed(Path(source), any_score=True)[0]
    if not len(table):
        raise InputError("contains no TSS", path=path, hint="a BED of single bases is needed, as tss import writes it")
    stranded = table["strand"].isin(["+", "-"]).to_numpy() if "strand" in table else np.zeros(len(table), bool)
    if not stranded.all():
        line = _line(path, int(stranded.argmin()))
        raise InputError("contains TSS without a strand", path=path, line=line, hint="the sixth column must be + or -")
    is_long = (table["chromEnd"] - table["chromStart"] != 1).to_numpy()
    if is_long.any():
        long = table[is_long]
        row, line = long.iloc[0], _line(path, int(is_long.argmax()))
        problem = f"{len(long)} items are not one base long, the first is {row.chrom}:{row.chromStart}-{row.chromEnd}"
        raise InputError(problem, path=path, line=line, hint="tss import takes their 5' ends")
    names = join_names(
        map(str, table["chrom"].unique()), chrom_sizes, renames=renames, only_genome=only_genome, path=path
    )
    kept = table["chrom"].isin(list(names))
    left_out = {OTHER_SEQUENCES: int((~kept).sum())}
    if not kept.any():
        raise InputError(
            "contains no TSS on a sequence of the genome",
            path=path,
            hint=name_hint(str(table["chrom"].iloc[0]), chrom_sizes),
        )
    table = table[kept].reset_index(drop=True)
    table["chrom"] = table["chrom"].map(names)
    check_bed_on_genome(table, chrom_sizes, path=path)
    return table, left_out


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in ("chrom", "chromStart", "chromEnd", "strand") if name not in table]
    if missing:
        raise InputError(f"the table has no column {missing[0]!r}", hint="name its columns as those of a BED file")
    return table.reset_index(drop=True)


def _line(path: Path | None, row: int) -> int | None:
    return None if path is None else item_lines(path)[row]
