"""Tables of genes on a genome: names and ends checked, circles cut open, BED."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.errors import GenomeMismatchError
from tracktools.names import join_names
from tracktools.palette import GREEN, PURPLE, STRAND_COLORS
from tracktools.regions.genes import GENE_COLUMNS, ordered_parts


def check_on_genome(
    table: pd.DataFrame,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
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
        Name in the table to name in the genome, see `tracktools.names`.
    circular : collection of str
        Names, in the genome, of circular sequences: a row may cross their origin once.
    only_genome : bool
        Leave out rows on sequences that the genome does not have, instead of refusing them.
    path : Path, optional
        File to name in an error.

    Raises
    ------
    GenomeMismatchError
        If a sequence is not in the genome, or a row lies past the end of its sequence.
    """
    names = join_names(table["chrom"].unique(), chrom_sizes, renames=renames, only_genome=only_genome, path=path)
    placed = table[table["chrom"].isin(list(names))].reset_index(drop=True)
    placed = placed.assign(chrom=placed["chrom"].map(names).astype(table["chrom"].dtype))
    size = placed["chrom"].map(dict(chrom_sizes)).astype(np.int64)
    may_cross = placed["chrom"].isin(list(circular)) & (placed["start"] < size)
    beyond = placed["end"] > size + placed["start"].where(may_cross, 0)
    if beyond.any():
        raise _past_the_end(placed[beyond].iloc[0], chrom_sizes, circular, path)
    return placed


def _past_the_end(
    row: pd.Series, chrom_sizes: Mapping[str, int], circular: Collection[str], path: Path | None
) -> GenomeMismatchError:
    chrom = row["chrom"]
    size = chrom_sizes[chrom]
    what = f"{row['name']} ends" if "name" in row else "a row ends"
    problem = f"{what} at {row['end']:,} on {chrom}, which has {size:,} bp"
    hint = "take the annotation of this assembly"
    if chrom not in circular and row["start"] < size and row["end"] <= size + row["start"]:
        hint = f"if {chrom} is a circle, say --circular {chrom}; if not, {hint}"
    return GenomeMismatchError(problem, path=path, hint=hint)


def split_parts(genes: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return a table with a row per part of a gene, cut where it crosses the origin: 0 <= start < end <= length.

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
    """Return genes as rows of the BED schema ``GENES``, a row per part; see `split_parts`.

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
