"""An annotation file of any kind: its genes, what it says of its sequences, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.annotation_rows import SEQUENCE_TYPE, AnnotationRows, holds_annotation, read_annotation_rows
from tracktools.formats.feature_row import FeatureRow
from tracktools.formats.gff3 import is_circle
from tracktools.regions.genes import gene_table
from tracktools.regions.linking import link_rows

_UNREAD = "with a location that cannot be read"
_SEQUENCE_TYPES = (SEQUENCE_TYPE, "region", "chromosome", "plasmid", "contig", "supercontig", "databank_entry")


@dataclass(frozen=True)
class Annotation:
    """The genes of one file.

    Parameters
    ----------
    path : Path
        The file.
    genes : DataFrame
        A row per gene, see `tracktools.regions`; by chrom in file order, then start, then end.
    sizes : mapping of str to int
        Lengths that the file gives of its sequences [bp].
    circular : frozenset of str
        Sequences that it calls circular.
    taken : mapping of str to int
        Rows that make or describe genes, by sequence.
    left_out : mapping of (str, str) to int
        Rows that do not, by sequence and type.
    other_names : mapping of str to tuple of str
        What else the file calls a sequence: the accession without version, the locus name.
    """

    path: Path
    genes: pd.DataFrame
    sizes: Mapping[str, int]
    circular: frozenset[str]
    taken: Mapping[str, int]
    left_out: Mapping[tuple[str, str], int]
    other_names: Mapping[str, tuple[str, ...]]


def read_annotation(path: Path | str) -> Annotation:
    """Read the genes and pseudogenes of an annotation file.

    Parameters
    ----------
    path : Path or str
        GFF3, GTF, GenBank or EMBL, plain or gzip; recognised by its content.

    Raises
    ------
    InputError
        If the file is none of these, see `tracktools.formats.gff3.read_gff3`, or contains no gene.
    """
    path = Path(path)
    read = read_annotation_rows(path)
    found = _annotation_of(path, read)
    if found is None:
        types = ", ".join(sorted({row.type for row in read.features})[:5])
        hint = "gene, pseudogene, CDS or RNA rows are needed" + (f"; it has {types}" if types else "; it has no rows")
        raise InputError("contains no genes", path=path, hint=hint)
    return found


def own_annotation(genome: Path | str) -> Annotation | None:
    """Return the genes that a genome file itself contains, as GenBank, EMBL and GFF3 may; None where it contains none.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    return _annotation_of(Path(genome), read_annotation_rows(genome)) if holds_annotation(genome) else None


def _annotation_of(path: Path, read: AnnotationRows) -> Annotation | None:
    """Return the genes of rows; None if there are none."""
    rows = read.rows
    genes, others = link_rows(row for row in rows if not _is_sequence(row))
    if not genes:
        return None
    chroms = list(dict.fromkeys(row.chrom for row in rows))
    circles = {row.chrom: row.end for row in rows if is_circle(row)}
    sizes = _sizes(rows) | circles
    n_rows = Counter(row.chrom for row in _features(rows) if not _is_sequence(row))
    left_out = Counter((row.chrom, row.type) for row in _features(others))
    taken = n_rows - Counter(row.chrom for row in _features(others))
    left_out |= Counter({(chrom, _UNREAD): n for chrom, n in read.unread.items()})
    return Annotation(
        path, gene_table(genes, chroms, circles), sizes, frozenset(circles), taken, left_out, read.other_names
    )


def _features(rows: Iterable[FeatureRow]) -> Iterator[FeatureRow]:
    """Yield a row of each feature: the parts of one count once."""
    seen: set[tuple[str, int]] = set()
    for row in rows:
        if row.feature is None or (row.chrom, row.feature) not in seen:
            yield row
            seen |= set() if row.feature is None else {(row.chrom, row.feature)}


def read_genes(path: Path | str) -> pd.DataFrame:
    """Read the table of genes alone, see `read_annotation`."""
    return read_annotation(path).genes


def _is_sequence(row: FeatureRow) -> bool:
    """Return whether a row describes a whole sequence: it is neither taken nor left out."""
    return row.type in _SEQUENCE_TYPES and row.start == 0


def _sizes(rows: Iterable[FeatureRow]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for row in rows:
        if _is_sequence(row):
            sizes[row.chrom] = max(sizes.get(row.chrom, 0), row.end)
    return sizes
