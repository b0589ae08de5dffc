"""Tables of genes on a genome: names and ends checked, circles cut open, BED."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.aliases import other_version, resolve_chrom
from tracktools.errors import GenomeMismatchError
from tracktools.palette import GREEN, PURPLE, STRAND_COLORS
from tracktools.regions.genes import GENE_COLUMNS, ordered_parts


def check_on_genome(
    table: pd.DataFrame,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    path: Path | None = None,
) -> pd.DataFrame:
    """Return a table with the chrom names of a genome, after checking that it can be of this genome.

    Parameters
    ----------
    table : DataFrame
        With `chrom`, `start`, `end`: genes, or anything else that has coordinates.
    chrom_sizes : mapping of str to int
        Lengths of the genome's sequences [bp].
    renames : mapping of str to str, optional
        Name in the table to name in the genome, beside `tracktools.aliases.ALIASES`.
    circular : collection of str
        Names, in the genome, of circular sequences: a row may cross their origin once.
    path : Path, optional
        File to name in a fault.

    Raises
    ------
    GenomeMismatchError
        If a sequence is not in the genome, or a row lies past the end of its sequence.
    """
    names = {name: resolve_chrom(name, chrom_sizes, renames) for name in table["chrom"].unique()}
    unknown = [name for name, resolved in names.items() if resolved is None]
    if unknown:
        version = other_version(unknown[0], chrom_sizes)
        mend = (
            f"{unknown[0]} is another version of {version}: lift it over, or take the file of this version"
            if version
            else "take both from one assembly, or rename the sequence"
        )
        problem = f"speaks of {_listed(unknown)}, the genome holds {_listed(list(chrom_sizes))}"
        raise GenomeMismatchError(problem, path=path, mend=mend)
    placed = table.assign(chrom=table["chrom"].map(names))
    size = placed["chrom"].map(dict(chrom_sizes)).astype(np.int64)
    may_cross = placed["chrom"].isin(list(circular)) & (placed["start"] < size)
    beyond = placed["end"] > size + placed["start"].where(may_cross, 0)
    if beyond.any():
        row = placed[beyond].iloc[0]
        what = f"{row['name']} ends" if "name" in row else "a row ends"
        problem = f"{what} at {row['end']:,} on {row['chrom']}, which has {chrom_sizes[row['chrom']]:,} bp"
        mend = "another assembly? or a circular sequence that is not declared so"
        raise GenomeMismatchError(problem, path=path, mend=mend)
    return placed


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def split_parts(genes: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return a table with a row a part of a gene, cut where it crosses the origin: 0 <= start < end <= length.

    Parameters
    ----------
    genes : DataFrame
        On the genome of `chrom_sizes`, see `check_on_genome`.
    chrom_sizes : mapping of str to int
        Lengths of the sequences [bp].

    Returns
    -------
    DataFrame
        The columns of `genes` without `parts`, by chrom in the order of `chrom_sizes`, then start, then end; the index
        names the row of `genes`.
    """
    rows = []
    for row, (chrom, parts) in enumerate(zip(genes["chrom"], genes["parts"], strict=True)):
        size = chrom_sizes[chrom]
        for start, end in parts:
            pieces = (start, min(end, size)), (max(start, size) - size, end - size)
            rows += [(row, low, high) for low, high in pieces if low < high]
    which, starts, ends = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    table = genes.drop(columns="parts").iloc[which].assign(start=starts, end=ends)
    rank = table["chrom"].map({chrom: rank for rank, chrom in enumerate(chrom_sizes)}).to_numpy(dtype=np.int64)
    return table.iloc[np.lexsort((ends, starts, rank))]


def genes_to_bed(genes: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return genes as rows of the BED schema ``GENES``, a row a part; see `split_parts`.

    Coding genes have the colour of their strand, genes of an RNA are green, pseudogenes purple.
    """
    parts = split_parts(genes, chrom_sizes)
    color = parts["strand"].map(STRAND_COLORS).where(parts["biotype"].isin(["protein_coding", ""]), GREEN)
    return pd.DataFrame(
        {
            "chrom": parts["chrom"],
            "chromStart": parts["start"],
            "chromEnd": parts["end"],
            "name": parts["name"],
            "score": 0,
            "strand": parts["strand"],
            "thickStart": parts["start"],
            "thickEnd": parts["end"],
            "itemRgb": color.where(~parts["is_pseudo"], PURPLE),
            "geneName": parts["name"],
            "locusTag": parts["locus_tag"],
            "biotype": parts["biotype"],
            "product": parts["product"],
        }
    ).reset_index(drop=True)


def genes_from_bed(bed: pd.DataFrame, chrom_sizes: Mapping[str, int], circular: Collection[str] = ()) -> pd.DataFrame:
    """Return the table of genes that `genes_to_bed` wrote: the way back.

    Parameters
    ----------
    bed : DataFrame
        Rows of the schema ``GENES``; rows of one locus tag on one strand are parts of one gene.
    chrom_sizes : mapping of str to int
        Lengths of the sequences [bp].
    circular : collection of str
        Names of circular sequences: two parts that meet at their origin are one.

    Returns
    -------
    DataFrame
        See `tracktools.regions`; by chrom in the order of `chrom_sizes`, then start, then end.
    """
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for row in bed.itertuples(index=False):
        rows.setdefault((str(row.chrom), str(row.strand), str(row.locusTag)), []).append(row)
    genes: list[tuple[Any, ...]] = []
    for (chrom, strand, tag), group in rows.items():
        length = chrom_sizes[chrom] if chrom in circular else None
        parts = ordered_parts(((row.chromStart, row.chromEnd) for row in group), length)
        name, biotype, product = group[0].geneName, group[0].biotype, group[0].product
        pseudo = "pseudogene" in biotype
        genes.append((chrom, parts[0][0], parts[-1][1], strand, name, tag, biotype, pseudo, product, parts))
    rank = {chrom: rank for rank, chrom in enumerate(chrom_sizes)}
    genes.sort(key=lambda gene: (rank[gene[0]], *gene[1:3]))
    return pd.DataFrame(genes, columns=list(GENE_COLUMNS))
