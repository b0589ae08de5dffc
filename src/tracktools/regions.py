"""Annotation: tables of genes, and which gene a position lies in or beside. The one door to pyranges.

A table of genes is a DataFrame with a row a gene and the columns `GENE_COLUMNS`:

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

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from tracktools.aliases import other_version, resolve_chrom
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.gff3 import Gff3Row, read_gff3

GENE_COLUMNS = ("chrom", "start", "end", "strand", "name", "locus_tag", "biotype", "is_pseudo", "product", "parts")
_ID_PREFIXES = ("gene-", "gene:", "cds-", "CDS:", "rna-", "transcript:")
StrandRelation = Literal["same", "opposite", "any"]


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
    if not biotype:
        kind = below.get("type", "") if _is_gene(row) else row.type
        biotype = "pseudogene" if pseudo else "protein_coding" if kind in ("CDS", "mRNA") else kind
    parts = _ordered_parts(rows, length)
    return {
        "chrom": row.chrom,
        "start": parts[0][0],
        "end": parts[-1][1],
        "strand": row.strand,
        "name": name or f"{row.chrom}_{parts[0][0] + 1}",
        "locus_tag": tag,
        "biotype": biotype,
        "is_pseudo": pseudo,
        "product": attributes.get("product") or below.get("product") or attributes.get("description", ""),
        "parts": parts,
    }


def _ordered_parts(rows: Iterable[Gff3Row], length: int | None) -> tuple[tuple[int, int], ...]:
    """Return the parts in ascending order; those after the origin of a circle follow those before it."""
    parts = sorted({(row.start, row.end) for row in rows})
    if length is not None and len(parts) > 1 and parts[0][0] == 0 and parts[-1][1] == length:
        gaps = [after[0] - before[1] for before, after in pairwise(parts)]
        cut = int(np.argmax(gaps)) + 1  # the widest gap is the rest of the circle
        shifted = [(start + length, end + length) for start, end in parts[:cut]]
        parts = [*parts[cut:-1], (parts[-1][0], shifted[0][1]), *shifted[1:]]
    return tuple(parts)


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


def overlapping_genes(
    intervals: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    strand: StrandRelation = "any",
    circular_sizes: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return each pair of an interval and a gene that share a base.

    Parameters
    ----------
    intervals : DataFrame
        With `chrom`, `start`, `end`, `strand`; 0-based, half-open.
    genes : DataFrame
        See the module; the gap between two parts of a gene is not the gene.
    strand : {"any", "same", "opposite"}
        Which strand the gene must be on. What has strand ``.`` is in a pair with ``any`` only.
    circular_sizes : mapping of str to int, optional
        Lengths of circular sequences [bp]: on these, both sides may cross the origin.

    Returns
    -------
    DataFrame, one row a pair
        `interval` and `gene`: row numbers in the two tables, sorted.
    """
    sizes = circular_sizes or {}
    pairs = _join(_ranges(intervals, strand, sizes, query=True), _ranges(genes, strand, sizes, query=False))
    pairs = pairs[["interval", "gene"]].drop_duplicates()
    return pairs.sort_values(["interval", "gene"], ignore_index=True)


def nearest_genes(
    positions: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    strand: StrandRelation = "any",
    circular_sizes: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return the gene nearest to each position.

    Parameters
    ----------
    positions : DataFrame
        With `chrom`, `start`, `end`, `strand`; each row one base.
    genes, strand, circular_sizes
        As for `overlapping_genes`.

    Returns
    -------
    DataFrame, one row a position, with its index
        `gene`: row number in `genes`, -1 where there is none on the sequence and strand. `distance_bp` (Int64): 0
        inside the gene, negative where the position is upstream of the gene's 5' end (the base before it: -1),
        positive downstream of its 3' end, missing without a gene. Of genes equally far, one that the position is
        upstream of, then the first of the table. A gene of strand ``.`` is read as if on ``+``.
    """
    sizes = circular_sizes or {}
    queries, targets = _ranges(positions, strand, sizes, query=True), _ranges(genes, strand, sizes, query=False)
    if (queries["End"] - queries["Start"] != 1).any():
        raise ValueError("a position is an interval of one base")
    reach = _reach_to_nearest(queries, targets)
    pairs = _join(reach, targets)
    upstream_bp = (pairs["Start_b"] - pairs["position"]).clip(lower=0)
    downstream_bp = (pairs["position"] - (pairs["End_b"] - 1)).clip(lower=0)
    on_minus = genes["strand"].eq("-").to_numpy()[pairs["gene"].to_numpy(dtype=np.int64)]
    distance = (downstream_bp - upstream_bp) * np.where(on_minus, -1, 1)
    best = (
        pairs.assign(distance_bp=distance, size=distance.abs(), downstream=distance > 0)
        .sort_values(["interval", "size", "downstream", "gene"])
        .drop_duplicates("interval")
        .set_index("interval")
    )
    found = pd.DataFrame({"gene": best["gene"], "distance_bp": best["distance_bp"].astype("Int64")})
    found = found.reindex(np.arange(len(positions)))
    return found.assign(gene=found["gene"].fillna(-1).astype(np.int64)).set_axis(positions.index)


def _ranges(
    table: pd.DataFrame, strand: StrandRelation, circular_sizes: Mapping[str, int], *, query: bool
) -> pd.DataFrame:
    """Return what pyranges takes, a row a part; strand stands in the chromosome's name, circles are unrolled.

    pyranges drops the strand of a whole table as soon as one row has ``.``, so it gets none. A circle is laid out three
    times for genes, and the queries lie on the middle one, so that no coordinate is negative.
    """
    row = np.arange(len(table))
    parts = (
        table["parts"] if "parts" in table else [((s, e),) for s, e in zip(table["start"], table["end"], strict=True)]
    )
    counts = [len(part) for part in parts]
    row = np.repeat(row, counts)
    bounds = np.array([bound for part in parts for bound in part], dtype=np.int64).reshape(-1, 2)
    chroms, strands = table["chrom"].to_numpy(dtype=object)[row], table["strand"].to_numpy(dtype=object)[row]
    if strand == "any":
        keys = chroms
    else:
        flip = {"+": "-", "-": "+"} if query and strand == "opposite" else {}
        keys = np.array([f"{c}\t{flip.get(s, s)}" for c, s in zip(chroms, strands, strict=True)], dtype=object)
    sizes = np.array([circular_sizes.get(chrom, 0) for chrom in chroms], dtype=np.int64)
    frame = pd.DataFrame(
        {"Chromosome": keys, "Start": bounds[:, 0], "End": bounds[:, 1], ("interval" if query else "gene"): row}
    )
    if strand != "any":
        kept = strands != "."
        frame, sizes = frame[kept], sizes[kept]
    laps = [
        frame[(lap == 1) | (sizes > 0)].assign(Start=frame["Start"] + lap * sizes, End=frame["End"] + lap * sizes)
        for lap in ((1,) if query else (0, 1, 2))
    ]
    return pd.concat(laps, ignore_index=True)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():  # pyranges 0.1 uses pandas calls that pandas 3 deprecates
        warnings.simplefilter("ignore")
        yield


def _join(queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of rows that share a base; `Start_b` and `End_b` are those of the target."""
    with _quiet():
        from pyranges import PyRanges  # here, because its import takes most of a second

        pairs: pd.DataFrame = PyRanges(queries).join(PyRanges(targets), apply_strand_suffix=False).df
    columns = [*queries.columns, "Start_b", "End_b", "gene"]
    return pairs[columns] if len(pairs) else pd.DataFrame({name: pd.Series(dtype=np.int64) for name in columns})


def _reach_to_nearest(queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return the queries widened so that they just touch what is nearest, with their old start as `position`."""
    with _quiet():
        from pyranges import PyRanges

        near: pd.DataFrame = PyRanges(queries).nearest(PyRanges(targets)).df
    if not len(near):
        return queries.head(0).assign(position=queries["Start"].head(0))
    distance = near["Distance"].to_numpy(dtype=np.int64)
    start, end = (near["Start"] - distance).clip(lower=0), near["End"] + distance
    return near[["Chromosome", "interval"]].assign(Start=start, End=end, position=near["Start"])
