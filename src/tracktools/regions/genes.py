"""GFF3 into a table of genes; the table is described in `tracktools.regions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.gff3 import Gff3Row, read_gff3

GENE_COLUMNS = ("chrom", "start", "end", "strand", "name", "locus_tag", "biotype", "is_pseudo", "product", "parts")
_ID_PREFIXES = ("gene-", "gene:", "cds-", "CDS:", "rna-", "transcript:")


def read_genes(path: Path) -> pd.DataFrame:
    """Read the genes and pseudogenes of a GFF3 file: RefSeq, GenBank, Ensembl, Prokka or Bakta.

    Parameters
    ----------
    path : Path
        GFF3, plain or gzip. Genes are the rows of type ``gene``, ``pseudogene`` or ``…_gene``, and beside them each
        ``CDS`` or ``…RNA`` row that belongs to none of these (Prokka and Bakta write no gene rows). Rows with one ID
        are parts of one gene.

    Returns
    -------
    DataFrame
        A row a gene, see the module; by chrom in file order, then start, then end.

    Raises
    ------
    InputError
        If the file is no GFF3, see `tracktools.formats.gff3.read_gff3`, or holds no gene.
    """
    rows = list(read_gff3(path))
    roots = _roots(rows)
    details: dict[str, dict[str, str]] = {}
    for row in rows:
        for key in _keys(row, roots):
            known = details.setdefault(key, {})
            known.setdefault("type", row.type)
            known.setdefault("product", row.attributes.get("product", ""))
    genes: dict[tuple[str, ...], list[Gff3Row]] = {}
    for row in _gene_rows(rows):
        identity = row.attributes.get("ID", f"line {row.line}")
        genes.setdefault((identity, row.chrom, row.strand, row.attributes.get("locus_tag", "")), []).append(row)
    if not genes:
        types = ", ".join(sorted({row.type for row in rows})[:5])
        mend = "gene, pseudogene, CDS or RNA rows are needed" + (f"; it has {types}" if types else "; it has no rows")
        raise InputError("holds no genes", path=path, mend=mend)
    order = {chrom: rank for rank, chrom in enumerate(dict.fromkeys(row.chrom for row in rows))}
    lengths = {row.chrom: row.end for row in rows if _is_circular(row)}
    table = [_gene(parts, details, lengths.get(parts[0].chrom)) for parts in genes.values()]
    table.sort(key=lambda gene: (order[gene["chrom"]], gene["start"], gene["end"]))
    return pd.DataFrame(table, columns=list(GENE_COLUMNS))


def circular_contigs(path: Path) -> set[str]:
    """Return the names of the contigs that a GFF3 file declares circular (``Is_circular=true``)."""
    return {row.chrom for row in read_gff3(path) if _is_circular(row)}


def _is_circular(row: Gff3Row) -> bool:
    return row.start == 0 and row.attributes.get("Is_circular", "").lower() == "true"


def _is_gene(row: Gff3Row) -> bool:
    return row.type in ("gene", "pseudogene") or row.type.endswith("_gene")


def _gene_rows(rows: list[Gff3Row]) -> list[Gff3Row]:
    tags = {row.attributes.get("locus_tag") for row in rows if _is_gene(row)} - {None}
    return [
        row
        for row in rows
        if _is_gene(row)
        or (
            (row.type == "CDS" or row.type.endswith("RNA"))
            and "Parent" not in row.attributes
            and row.attributes.get("locus_tag") not in tags
        )
    ]


def _roots(rows: list[Gff3Row]) -> dict[str, str]:
    parents = {
        row.attributes["ID"]: row.attributes["Parent"].split(",")[0]
        for row in rows
        if "ID" in row.attributes and "Parent" in row.attributes
    }
    roots = {}
    for identity in parents:
        root, seen = identity, {identity}
        while root in parents and parents[root] not in seen:
            root = parents[root]
            seen.add(root)
        roots[identity] = root
    return roots


def _keys(row: Gff3Row, roots: Mapping[str, str]) -> list[str]:
    """Return the keys, ID and locus tag, of the gene that a row below it gives details of."""
    if _is_gene(row):
        return []
    parents = row.attributes.get("Parent", "").split(",")
    tag = row.attributes.get("locus_tag")
    return [f"ID {roots.get(parent, parent)}" for parent in parents if parent] + ([f"tag {tag}"] if tag else [])


def _gene(rows: list[Gff3Row], details: Mapping[str, Mapping[str, str]], length: int | None) -> dict[str, Any]:
    row, attributes = rows[0], rows[0].attributes
    identity = attributes.get("ID", "")
    for prefix in _ID_PREFIXES:
        identity = identity.removeprefix(prefix)
    tag = attributes.get("locus_tag") or attributes.get("gene_id") or identity
    below = details.get(f"ID {attributes.get('ID')}") or details.get(f"tag {attributes.get('locus_tag')}") or {}
    given_name = attributes.get("Name", "")
    name = attributes.get("gene") or (given_name if _is_gene(row) else "") or tag or given_name
    biotype = attributes.get("gene_biotype") or attributes.get("biotype") or ""
    pseudo = (
        row.type.startswith("pseudo")
        or "pseudogene" in biotype
        or "pseudogene" in attributes
        or attributes.get("pseudo", "").lower() == "true"
    )
    kind = below.get("type", "") if _is_gene(row) else row.type
    if pseudo and "pseudogene" not in biotype:
        biotype = "pseudogene"
    parts = ordered_parts(((part.start, part.end) for part in rows), length)
    return {
        "chrom": row.chrom,
        "start": parts[0][0],
        "end": parts[-1][1],
        "strand": row.strand,
        "name": name or f"{row.chrom}_{parts[0][0] + 1}",
        "locus_tag": tag,
        "biotype": biotype or ("protein_coding" if kind in ("CDS", "mRNA") else kind),
        "is_pseudo": pseudo,
        "product": attributes.get("product") or below.get("product") or attributes.get("description", ""),
        "parts": parts,
    }


def ordered_parts(parts: Iterable[tuple[int, int]], length: int | None) -> tuple[tuple[int, int], ...]:
    """Return the parts of a gene in ascending order; on a circle, those past the origin follow those before it.

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
    """
    ordered = sorted({(int(start), int(end)) for start, end in parts})
    if length is not None and len(ordered) > 1 and ordered[0][0] == 0 and ordered[-1][1] == length:
        gaps = [after[0] - before[1] for before, after in pairwise(ordered)]
        cut = int(np.argmax(gaps)) + 1  # the widest gap is the rest of the circle
        shifted = [(start + length, end + length) for start, end in ordered[:cut]]
        ordered = [*ordered[cut:-1], (ordered[-1][0], shifted[0][1]), *shifted[1:]]
    return tuple(ordered)
