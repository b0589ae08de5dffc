"""Annotation: tables of genes, and which gene a position is in or next to.

A table of genes is a DataFrame with a row per gene and the columns `GENE_COLUMNS`:

=========== ======= ==============================================================================================
chrom       str     name of the sequence
start, end  int64   0-based, half-open; `end` lies past the length where the gene crosses the origin of a circle
strand      str     ``+``, ``-`` or ``.``
name        str     gene symbol, else the locus tag
locus_tag   str     locus tag, else another identifier
biotype     str     ``protein_coding``, ``tRNA``, ``pseudogene``, …; empty where nothing tells
is_pseudo   bool    whether it is a pseudogene
product     str     what it makes; empty where nothing tells
parts       object  tuple of (start, end), ascending: a gene cut in two by an insertion element has two parts
=========== ======= ==============================================================================================
"""

from __future__ import annotations

from tracktools.regions.annotation_file import Annotation, own_annotation, read_annotation, read_genes
from tracktools.regions.downstream import NO_GENE, next_genes
from tracktools.regions.genes import GENE_COLUMNS
from tracktools.regions.overlap import StrandRelation, nearest_genes, overlapping_genes
from tracktools.regions.placed import PlacedAnnotation, place_annotation, place_without_genome
from tracktools.regions.placement import check_on_genome, genes_from_bed, genes_to_bed, split_parts

__all__ = [
    "GENE_COLUMNS",
    "NO_GENE",
    "Annotation",
    "PlacedAnnotation",
    "StrandRelation",
    "check_on_genome",
    "genes_from_bed",
    "genes_to_bed",
    "nearest_genes",
    "next_genes",
    "overlapping_genes",
    "own_annotation",
    "place_annotation",
    "place_without_genome",
    "read_annotation",
    "read_genes",
    "split_parts",
]
