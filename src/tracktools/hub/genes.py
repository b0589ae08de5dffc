"""Genes and pseudogenes of a GFF3 as two feature tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tracktools.formats.bed_schemas import BED12, GENES, BedSchema
from tracktools.hub.palette import GREY, PURPLE
from tracktools.regions import check_on_genome, circular_contigs, read_genes

GENE_SCHEMA: BedSchema = BED12.with_fields(GENES.name, GENES.description, GENES.fields[GENES.defined_fields :])
GENE_COLOR, PSEUDOGENE_COLOR = GREY, PURPLE


def read_gene_tables(path: Path, chrom_sizes: Mapping[str, int]) -> dict[str, pd.DataFrame]:
    """Return the genes and the pseudogenes of a GFF3, as rows of `GENE_SCHEMA`.

    Parameters
    ----------
    path : Path
        GFF3, plain or gzip.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].

    Returns
    -------
    dict of str to DataFrame
        ``genes`` and ``pseudogenes``; without a key where there is none of a kind. The parts of a gene are blocks; a
        gene across the origin of a circle is two items of one name.

    Raises
    ------
    InputError
        If the file is no GFF3 or holds no gene.
    GenomeMismatchError
        If a gene does not lie on the genome.
    """
    genes = check_on_genome(read_genes(path), chrom_sizes, circular=_circular(path, chrom_sizes), path=path)
    tables = {}
    for name, wanted, color in (("genes", False, GENE_COLOR), ("pseudogenes", True, PSEUDOGENE_COLOR)):
        rows = [
            item
            for gene in genes[genes["is_pseudo"] == wanted].to_dict("records")
            for item in _items(gene, chrom_sizes[gene["chrom"]], color)
        ]
        if rows:
            tables[name] = pd.DataFrame(rows, columns=list(GENE_SCHEMA.columns))
    return tables


def _circular(path: Path, chrom_sizes: Mapping[str, int]) -> set[str]:
    declared = circular_contigs(path)
    return set(chrom_sizes) if declared else set()


def _items(gene: Mapping[str, Any], length: int, color: str) -> list[dict[str, Any]]:
    """Return one BED12 row, or two for a gene across the origin."""
    before = [(start, min(end, length)) for start, end in gene["parts"] if start < length]
    after = [(max(start - length, 0), end - length) for start, end in gene["parts"] if end > length]
    return [_item(gene, blocks, color) for blocks in (before, after) if blocks]


def _item(gene: Mapping[str, Any], blocks: list[tuple[int, int]], color: str) -> dict[str, Any]:
    start, end = blocks[0][0], blocks[-1][1]
    coding = gene["biotype"] == "protein_coding"
    return {
        "chrom": gene["chrom"],
        "chromStart": start,
        "chromEnd": end,
        "name": gene["name"],
        "score": 0,
        "strand": gene["strand"],
        "thickStart": start,
        "thickEnd": end if coding or gene["is_pseudo"] else start,
        "itemRgb": color,
        "blockCount": len(blocks),
        "blockSizes": ",".join(str(last - first) for first, last in blocks),
        "chromStarts": ",".join(str(first - start) for first, _ in blocks),
        "geneName": gene["name"],
        "locusTag": gene["locus_tag"],
        "biotype": gene["biotype"],
        "product": gene["product"],
    }
