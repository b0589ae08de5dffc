"""An annotation file of any kind: its genes, what it says of its sequences, and what of it is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.feature_row import FeatureRow
from tracktools.formats.gff3 import read_gff3
from tracktools.regions.genes import gene_table
from tracktools.regions.linking import link_rows

_SEQUENCE_TYPES = (
    "sequence-region",
    "region",
    "source",
    "chromosome",
    "plasmid",
    "contig",
    "supercontig",
    "databank_entry",
)


@dataclass(frozen=True)
class Annotation:
    """The genes of one file.

    Parameters
    ----------
    path : Path
        The file.
    genes : DataFrame
        A row a gene, see `tracktools.regions`; by chrom in file order, then start, then end.
    sizes : mapping of str to int
        Lengths that the file gives of its sequences [bp].
    circular : frozenset of str
        Sequences that it calls circular.
    taken : mapping of str to int
        Rows that make or describe genes, by sequence.
    left_out : mapping of (str, str) to int
        Rows that do not, by sequence and type.
    """

    path: Path
    genes: pd.DataFrame
    sizes: Mapping[str, int]
    circular: frozenset[str]
    taken: Mapping[str, int]
    left_out: Mapping[tuple[str, str], int]


def read_annotation(path: Path | str) -> Annotation:
    """Read the genes and pseudogenes of an annotation file.

    Parameters
    ----------
    path : Path or str
        GFF3 or GTF, plain or gzip.

    Raises
    ------
    InputError
        If the file is neither, see `tracktools.formats.gff3.read_gff3`, or holds no gene.
    """
    path = Path(path)
    rows = list(read_gff3(path))
    genes, others = link_rows(row for row in rows if not _is_sequence(row))
    if not genes:
        types = ", ".join(sorted({row.type for row in rows if row.type != "sequence-region"})[:5])
        mend = "gene, pseudogene, CDS or RNA rows are needed" + (f"; it has {types}" if types else "; it has no rows")
        raise InputError("holds no genes", path=path, mend=mend)
    chroms = list(dict.fromkeys(row.chrom for row in rows))
    circles = {row.chrom: row.end for row in rows if _is_circular(row)}
    sizes = _sizes(rows) | circles
    n_rows = Counter(row.chrom for row in rows if not _is_sequence(row))
    left_out = Counter((row.chrom, row.type) for row in others)
    taken = n_rows - Counter(row.chrom for row in others)
    return Annotation(path, gene_table(genes, chroms, circles), sizes, frozenset(circles), taken, left_out)


def read_genes(path: Path | str) -> pd.DataFrame:
    """Read the table of genes alone, see `read_annotation`."""
    return read_annotation(path).genes


def _is_circular(row: FeatureRow) -> bool:
    said = next((value for name, value in row.attributes.items() if name.lower() == "is_circular"), "")
    return row.start == 0 and said.lower() == "true"


def _is_sequence(row: FeatureRow) -> bool:
    """Return whether a row speaks of a whole sequence: it is neither taken nor left out."""
    return row.type in _SEQUENCE_TYPES and row.start == 0


def _sizes(rows: Iterable[FeatureRow]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for row in rows:
        if _is_sequence(row):
            sizes[row.chrom] = max(sizes.get(row.chrom, 0), row.end)
    return sizes
