"""Linked rows into a table of genes; the table is described in `tracktools.regions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from tracktools.regions.linking import Gene, Row

GENE_COLUMNS = ("chrom", "start", "end", "strand", "name", "locus_tag", "biotype", "is_pseudo", "product", "parts")
_ID_PREFIXES = ("gene-", "gene:", "cds-", "CDS:", "rna-", "transcript:")
_TAGS = ("locus_tag", "gene_id", "geneid")
_SYMBOLS = ("gene", "gene_name", "gene_symbol")
_BIOTYPES = ("gene_biotype", "biotype", "gene_type")
_RNA_TITLES = ("tRNA", "rRNA")
_NO = ("", "false", "no", "0")


def gene_table(genes: Sequence[Gene], chroms: Sequence[str], circles: Mapping[str, int]) -> pd.DataFrame:
    """Return the table of genes.

    Parameters
    ----------
    genes : sequence of Gene
        From `tracktools.regions.linking.link_rows`.
    chroms : sequence of str
        Names of the sequences, in the order of the table.
    circles : mapping of str to int
        Lengths of the circular ones [bp].

    Returns
    -------
    DataFrame
        A row per gene, see the module; by chrom, then start, then end.
    """
    order = {chrom: rank for rank, chrom in enumerate(chroms)}
    table = [_describe(gene, circles.get(gene.parts[0].row.chrom)) for gene in genes]
    table.sort(key=lambda gene: (order[gene["chrom"]], gene["start"], gene["end"]))
    return pd.DataFrame(table, columns=list(GENE_COLUMNS))


def _describe(gene: Gene, length: int | None) -> dict[str, Any]:
    first, rows = gene.parts[0], [*gene.parts, *gene.below]
    tag = _first(rows, _TAGS) or _identity(first)
    given = first.said["name"] or first.said["label"] or first.said["standard_name"]
    name = _first(rows, _SYMBOLS) or (given if first.is_gene else "") or tag or given or first.said["protein_id"]
    pseudo = any(_is_pseudo(row) for row in rows)
    biotype = _first(gene.parts, _BIOTYPES) or _kind(rows)
    if pseudo and "pseudogene" not in biotype:
        biotype = "pseudogene"
    parts = ordered_parts(((part.row.start, part.row.end) for part in gene.parts), length)
    return {
        "chrom": first.row.chrom,
        "start": parts[0][0],
        "end": parts[-1][1],
        "strand": first.row.strand,
        "name": name or f"{first.row.chrom}_{parts[0][0] + 1}",
        "locus_tag": tag,
        "biotype": biotype,
        "is_pseudo": pseudo,
        "product": _first(rows, ("product",)) or _first(gene.parts, ("description",)) or _title(first, name),
        "parts": parts,
    }


def _first(rows: Iterable[Row], names: Sequence[str]) -> str:
    """Return the first value of any row, names before rows: the product behind a transcript without one is found."""
    rows = list(rows)
    return next((row.said[name] for name in names for row in rows if row.said[name]), "")


def _identity(row: Row) -> str:
    """Return what an ID says of a gene; where the gene's own row is missing, its name in `Parent` is better."""
    parent = next((name for name in row.parents if name.startswith(("gene-", "gene:"))), "")
    identity = (not row.is_gene and parent) or row.said["id"] or row.said["protein_id"] or row.said["db_xref"]
    for prefix in _ID_PREFIXES:
        identity = identity.removeprefix(prefix)
    return identity


def _is_pseudo(row: Row) -> bool:
    said = row.said
    return (
        row.row.type.startswith("pseudo")
        or "pseudogene" in said
        or any("pseudogene" in said[name] for name in _BIOTYPES)
        or said["pseudo"].lower() not in _NO
    )


def _kind(rows: Sequence[Row]) -> str:
    """Return what the rows below tell of a gene that does not say what it is."""
    kinds = [row.row.type for row in rows if row.is_product]
    if any(kind.endswith(("CDS", "codon")) for kind in kinds):
        return "protein_coding"
    carried = next((row.said[name] for row in rows for name in ("transcript_biotype", "biotype") if row.said[name]), "")
    other = next((kind for kind in kinds if kind.endswith("RNA") and kind != "mRNA"), "")
    if other == "RNA":  # RAST tells in the name what it is
        titles = (row.said["name"] for row in rows)
        other = next((kind for title in titles for kind in _RNA_TITLES if title.startswith(kind)), other)
    return other or carried or ("protein_coding" if "mRNA" in kinds else "")


def _title(row: Row, name: str) -> str:
    """Return the `Name` of a coding sequence that is words, as RAST writes it, and not the name of the gene."""
    title = row.said["name"]
    is_title = " " in title or title.startswith(_RNA_TITLES)
    return title if not row.is_gene and title != name and is_title else ""


def ordered_parts(parts: Iterable[tuple[int, int]], length: int | None) -> tuple[tuple[int, int], ...]:
    """Return the parts of a gene in ascending order; on a circle, those past the origin follow those before it.

    Parts that touch are joined, and one that lies in another is dropped; those that overlap by a frameshift stay.

    Parameters
    ----------
    parts : iterable of (start, end)
        0-based, half-open.
    length : int or None
        Length of the sequence [bp] if it is circular.

    Examples
    --------
    >>> ordered_parts([(0, 5), (90, 100)], 100)
    ((90, 105),)
    >>> ordered_parts([(0, 5), (90, 100)], None)
    ((0, 5), (90, 100))
    >>> ordered_parts([(10, 20), (20, 23), (12, 15)], None)
    ((10, 23),)
    """
    ordered: list[tuple[int, int]] = []
    for start, end in sorted((int(start), int(end)) for start, end in parts):
        if ordered and (start == ordered[-1][1] or end <= ordered[-1][1]):
            ordered[-1] = (ordered[-1][0], max(ordered[-1][1], end))
        else:
            ordered.append((start, end))
    if length is not None and len(ordered) > 1 and ordered[0][0] == 0 and ordered[-1][1] == length:
        gaps = [after[0] - before[1] for before, after in pairwise(ordered)]
        cut = int(np.argmax(gaps)) + 1  # the widest gap is the rest of the circle
        shifted = [(start + length, end + length) for start, end in ordered[:cut]]
        ordered = [*ordered[cut:-1], (ordered[-1][0], shifted[0][1]), *shifted[1:]]
    return tuple(ordered)
