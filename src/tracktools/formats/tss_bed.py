"""TSS sets as the verbs read them: BED with strands, an item a base, on the sequences of a genome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.aliases import other_version, resolve_chrom
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed import check_bed_on_genome, item_lines, read_bed


def read_tss_bed(path: Path, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Read a TSS set: BED with at least six columns, an item a base, as ``tss import`` writes it.

    Returns
    -------
    DataFrame
        As of `read_bed`; ``chrom`` holds the genome's own names.

    Raises
    ------
    InputError
        If the file is not such a BED, or holds no TSS.
    GenomeMismatchError
        If an item is on a sequence that the genome lacks, on another version of one, or past an end.
    """
    table, schema = read_bed(path)
    if not len(table):
        raise InputError("holds no TSS", path=path, mend="a BED of single bases is needed, as tss import writes it")
    stranded = table["strand"].isin(["+", "-"]).to_numpy() if schema.defined_fields >= 6 else np.zeros(len(table), bool)
    if not stranded.all():
        line = item_lines(path)[int(stranded.argmin())]
        raise InputError("holds TSS without a strand", path=path, line=line, mend="the sixth column must be + or -")
    is_long = (table["chromEnd"] - table["chromStart"] != 1).to_numpy()
    if is_long.any():
        long = table[is_long]
        row, line = long.iloc[0], item_lines(path)[int(is_long.argmax())]
        problem = f"{len(long)} items are not one base long, the first is {row.chrom}:{row.chromStart}-{row.chromEnd}"
        raise InputError(problem, path=path, line=line, mend="tss import takes their 5' ends")
    names = {str(name): resolve_chrom(str(name), chrom_sizes) for name in table["chrom"].unique()}
    for name, chrom in names.items():
        other = None if chrom else other_version(name, chrom_sizes)
        if other:
            problem = f"its TSS are on {name}, another version of {other}"
            raise GenomeMismatchError(problem, path=path, mend="bring them over with tss lift")
    table["chrom"] = [names[str(name)] or str(name) for name in table["chrom"]]
    check_bed_on_genome(table, chrom_sizes, path=path)
    return table
