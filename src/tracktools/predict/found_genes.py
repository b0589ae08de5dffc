"""The genes that the gene context of a run comes from: kept in its manifest, and written as a track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from tracktools.formats import bed_schemas
from tracktools.formats.bed import write_bed
from tracktools.gene_context import GenomeContext
from tracktools.interval import STRANDS
from tracktools.palette import BLUE
from tracktools.regions import genes_to_bed
from tracktools.tracks import Track, as_track_name

FOUND_GENES = "found_genes"  # in the names of the file and the track


@dataclass(frozen=True)
class GeneList:
    """Genes of a genome, as plain values.

    Parameters
    ----------
    finder : str
        What found them, with its version, and the genetic code where it is not that of most bacteria.
    rows : tuple of (int, int, int, str, float)
        Number of the contig; start and end, 0-based, half-open, the end past the length across an origin; strand;
        confidence [%]. By contig, then start, then end.
    """

    finder: str
    rows: tuple[tuple[int, int, int, str, float], ...]

    @classmethod
    def of(cls, context: GenomeContext | None) -> Self | None:
        """Return the genes of a gene context; None without one."""
        if context is None:
            return None
        rows = [
            (number, start, end, "+" if forward else "-", confidence)
            for number, own in enumerate(context.found)
            for start, end, forward, confidence in zip(
                *(column.tolist() for column in (own.starts, own.ends, own.forward, own.confidence)), strict=True
            )
        ]
        return cls(context.finder, tuple(rows))

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None, sizes: Sequence[int]) -> Self | None:
        """Read what `asdict` gives, for contigs of these lengths [bp]; None gives None.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else, or a gene is not on its contig.
        """
        if record is None:
            return None
        rows = []
        for number, start, end, strand, confidence in record["rows"]:
            on_contig = 0 <= number < len(sizes) and 0 <= start < sizes[number] and start < end <= start + sizes[number]
            if not on_contig or strand not in STRANDS or not 0 <= confidence <= 100:
                raise ValueError(f"there is no gene {start} to {end} ({strand}, {confidence} %) on contig {number}")
            rows.append((int(number), int(start), int(end), str(strand), float(confidence)))
        return cls(str(record["finder"]), tuple(rows))


def write_found_genes(
    folder: Path, name: str, genes: GeneList | None, chrom_sizes: Sequence[tuple[str, int]]
) -> Track | None:
    """Write found genes as ``<name>.found_genes.bed`` (schema ``FOUND_GENES``); return the track, None without a gene.

    They are named ``gene_1``, ``gene_2``, … in the order of the contigs and their plus strands. One across an origin
    has two rows.
    """
    if genes is None or not genes.rows:
        return None
    path, names = folder / f"{name}.{FOUND_GENES}.bed", np.array([chrom for chrom, _ in chrom_sizes], dtype=object)
    numbers, starts, ends, strands, confidence = zip(*genes.rows, strict=True)
    tags = [f"gene_{number}" for number in range(1, len(numbers) + 1)]
    table = pd.DataFrame(
        {
            "chrom": names[list(numbers)],
            "start": starts,
            "end": ends,
            "strand": strands,
            "name": tags,
            "locus_tag": tags,
            "biotype": "protein_coding",
            "is_pseudo": False,
            "product": "",
            "parts": [((start, end),) for start, end in zip(starts, ends, strict=True)],
        }
    )
    bed = genes_to_bed(table, dict(chrom_sizes))
    bed["prodigalConfidence"] = bed["locusTag"].map(dict(zip(tags, confidence, strict=True)))
    bed["score"] = np.rint(10 * bed["prodigalConfidence"]).astype(np.int64)
    write_bed(path, bed, bed_schemas.FOUND_GENES, made_by=f"genes found in the sequence by Prodigal ({genes.finder})")
    return Track(
        name=as_track_name(f"{name}_{FOUND_GENES}"),
        path=path,
        format="bed",
        short_label="Genes (Prodigal)",
        long_label="Genes that Prodigal finds in the sequence; the model takes them into account",
        color=BLUE,
        method=f"Found by Prodigal ({genes.finder}), which learns from all contigs; blue + strand, vermillion -.",
        group="annotation",
        source=f"Prodigal ({genes.finder})",
    )
