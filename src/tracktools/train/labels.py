"""Measured TSS as arrays: one truth value a base and strand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tracktools.errors import InputError
from tracktools.formats.bed import check_bed_on_genome, read_bed
from tracktools.genome import Genome
from tracktools.tracks import TRACKS_FILE, file_sha256, read_tracks
from tracktools.train.windows import LabelArrays, Strand


def read_labels(path: Path, genome: Genome) -> LabelArrays:
    """Read a BED file of TSS (1-bp features, or the 5' base of longer ones) into one array a contig and strand.

    Raises
    ------
    InputError
        If the file holds no TSS, or one without a strand.
    GenomeMismatchError
        If a TSS lies outside the genome.
    """
    table, _ = read_bed(path)
    check_bed_on_genome(table, genome.chrom_sizes, path=path)
    if len(table) == 0:
        raise InputError("holds no TSS", path=path)
    if "strand" not in table or not table["strand"].isin(["+", "-"]).all():
        raise InputError("holds TSS without a strand", path=path, mend="the sixth column must be + or -")
    strands: tuple[Strand, ...] = ("+", "-")
    arrays: LabelArrays = {}
    for number, contig in enumerate(genome):
        rows = table[table["chrom"] == contig.name]
        for strand in strands:
            array = np.zeros(len(contig), dtype=bool)
            here = rows[rows["strand"] == strand]
            array[here["chromStart"] if strand == "+" else here["chromEnd"] - 1] = True
            arrays[number, strand] = array
    return arrays


def describe_labels(name: str, path: Path, labels: LabelArrays) -> dict[str, Any]:
    """Return what a checkpoint says of a label set; source and licence are those of the ``tracks.tsv`` beside it."""
    rows = read_tracks(path.parent) if (path.parent / TRACKS_FILE).is_file() else []
    row = next((row for row in rows if row.path == path.resolve()), None)
    return {
        "name": name,
        "sha256": file_sha256(path),
        "positions": int(sum(array.sum() for array in labels.values())),
        "source": "" if row is None else row.source,
        "licence": "" if row is None else row.licence,
    }
