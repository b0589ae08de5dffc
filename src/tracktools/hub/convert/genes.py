"""Genes and pseudogenes of an annotation as two feature tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from tracktools.regions import Annotation, PlacedAnnotation, genes_to_bed, place_annotation


def gene_tables(
    annotation: PlacedAnnotation | Annotation | Path,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
) -> tuple[dict[str, pd.DataFrame], PlacedAnnotation]:
    """Return the genes and the pseudogenes of an annotation, as rows of the BED schema ``GENES``.

    Parameters
    ----------
    annotation : PlacedAnnotation, Annotation or Path
        Genes on the genome as they are; or from `read_annotation`, or the file, with what follows.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    renames, circular, only_genome
        See `tracktools.regions.place_annotation`.

    Returns
    -------
    tables : dict of str to DataFrame
        ``genes`` and ``pseudogenes``; without a key where there is none of a kind. A row is a part of a gene: a
        pseudogene cut in two has two of one name, and so has a gene across the origin of a circle.
    placed : PlacedAnnotation
        With the line that tells what was left out.

    Raises
    ------
    InputError
        If the file is no annotation or contains no gene.
    GenomeMismatchError
        If a gene does not lie on the genome.
    """
    placed = annotation
    if not isinstance(placed, PlacedAnnotation):
        placed = place_annotation(placed, chrom_sizes, renames=renames, circular=circular, only_genome=only_genome)
    pseudo = placed.genes["is_pseudo"].astype(bool)
    tables = {"genes": placed.genes[~pseudo], "pseudogenes": placed.genes[pseudo]}
    return {name: genes_to_bed(table, chrom_sizes) for name, table in tables.items() if len(table)}, placed
