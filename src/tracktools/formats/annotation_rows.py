"""The rows of an annotation of any kind, recognised by content: GFF3, GTF, GenBank, EMBL, BED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.bed import read_bed
from tracktools.formats.feature_row import FeatureRow
from tracktools.formats.genbank import is_flat_file, read_flat_file
from tracktools.formats.gff3 import is_gff3, read_gff3
from tracktools.formats.recognise import recognise_format

SEQUENCE_TYPE = "sequence-region"  # of the rows that describe a whole sequence, not a feature


@dataclass(frozen=True)
class AnnotationRows:
    """What an annotation holds.

    Parameters
    ----------
    rows : list of FeatureRow
        In file order; those of `SEQUENCE_TYPE` give lengths, and circles.
    unread : mapping of str to int
        Features whose location cannot be read, by sequence.
    other_names : mapping of str to tuple of str
        What else the file calls a sequence: the accession without version, the locus name.
    """

    rows: list[FeatureRow]
    unread: Mapping[str, int] = field(default_factory=dict)
    other_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def features(self) -> list[FeatureRow]:
        """The rows of features."""
        return [row for row in self.rows if row.type != SEQUENCE_TYPE]


def read_annotation_rows(path: Path | str) -> AnnotationRows:
    """Read the rows of an annotation.

    Parameters
    ----------
    path : Path or str
        GFF3, GTF, GenBank, EMBL, or BED of genes (6 to 12 columns, with blocks; or as tracktools writes it).

    Raises
    ------
    InputError
        If it is none of them, or damaged; see `read_gff3` and `read_flat_file`.
    """
    path = Path(path)
    if recognise_format(path) == "bed":
        return AnnotationRows(_bed_rows(path))
    if not is_flat_file(path):
        return AnnotationRows(list(read_gff3(path)))
    records = read_flat_file(path)
    return AnnotationRows(
        [row for record in records for row in record.rows],
        {record.name: record.unread for record in records if record.unread},
        {record.name: record.other_names for record in records if record.other_names},
    )


def _bed_rows(path: Path) -> list[FeatureRow]:
    """Return each item of a BED as a gene, a row per block."""
    table, schema = read_bed(path)
    if schema.defined_fields < 6:
        raise InputError(
            "is BED without strands", path=path, hint="genes need six columns: GFF3, GTF or GenBank is better"
        )
    rows: list[FeatureRow] = []
    for number, item in enumerate(table.to_dict("records")):
        start, biotype = int(item["chromStart"]), str(item.get("biotype", ""))
        said = {"Name": item.get("geneName") or item["name"], "locus_tag": item.get("locusTag", "")}
        said |= {"biotype": biotype, "product": item.get("product", "")}
        sizes = [int(size) for size in str(item.get("blockSizes", "")).split(",") if size]
        offsets = [int(offset) for offset in str(item.get("chromStarts", "")).split(",") if offset]
        parts = [(start + offset, start + offset + size) for offset, size in zip(offsets, sizes, strict=True)]
        kind = "pseudogene" if "pseudogene" in biotype else "gene"
        rows += [
            FeatureRow(str(item["chrom"]), kind, low, high, str(item["strand"]), said, number + 1, number)
            for low, high in parts or [(start, int(item["chromEnd"]))]
        ]
    return rows


def holds_annotation(path: Path | str) -> bool:
    """Return whether a genome file may be an annotation, too: GenBank, EMBL, or GFF3 with its sequence."""
    return is_flat_file(Path(path)) or is_gff3(Path(path))
