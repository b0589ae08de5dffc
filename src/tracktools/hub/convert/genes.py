"""Genes and pseudogenes of a GFF3 as two feature tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tracktools.aliases import resolve_chrom
from tracktools.regions import check_on_genome, circular_contigs, genes_to_bed, read_genes


def read_gene_tables(
    path: Path, chrom_sizes: Mapping[str, int], renames: Mapping[str, str] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the genes and the pseudogenes of a GFF3, as rows of the BED schema ``GENES``.

    Parameters
    ----------
    path : Path
        GFF3, plain or gzip.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    renames : mapping of str to str, optional
        Name of a sequence in the file to its name in the genome.

    Returns
    -------
    dict of str to DataFrame
        ``genes`` and ``pseudogenes``; without a key where there is none of a kind. A row is a part of a gene: a
        pseudogene cut in two has two of one name, and so has a gene across the origin of a circle.

    Raises
    ------
    InputError
        If the file is no GFF3 or holds no gene.
    GenomeMismatchError
        If a gene does not lie on the genome.
    """
    circular = {resolve_chrom(name, chrom_sizes, renames) for name in circular_contigs(path)} - {None}
    genes = check_on_genome(
        read_genes(path), chrom_sizes, renames=renames, circular=[str(name) for name in circular], path=path
    )
    tables = {
        "genes": genes_to_bed(genes[~genes["is_pseudo"].astype(bool)], chrom_sizes),
        "pseudogenes": genes_to_bed(genes[genes["is_pseudo"].astype(bool)], chrom_sizes),
    }
    return {name: table for name, table in tables.items() if len(table)}
