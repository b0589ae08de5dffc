"""Measured TSS as arrays: one truth value per base and strand."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tracktools.counting import count_line
from tracktools.formats.input_file import real_path
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.tracks import TRACKS_FILE, file_sha256, read_tracks
from tracktools.train.windows import LabelArrays

log = logging.getLogger(__name__)


def read_labels(
    path: Path, genome: Genome, *, renames: Mapping[str, str] | None = None, only_genome: bool = False
) -> LabelArrays:
    """Read a TSS set (see `read_tss_bed`, whose errors these are) into one array per contig and strand."""
    table, left_out = read_tss_bed(path, genome.chrom_sizes, renames=renames, only_genome=only_genome)
    log.info("%s: %s", path.name, count_line(len(table), left_out, "TSS"))
    arrays: LabelArrays = {}
    for number, contig in enumerate(genome):
        rows = table[table["chrom"] == contig.name]
        for strand in STRANDS:
            array = np.zeros(len(contig), dtype=bool)
            array[rows.loc[rows["strand"] == strand, "chromStart"]] = True
            arrays[number, strand] = array
    return arrays


def describe_labels(name: str, path: Path, labels: LabelArrays) -> dict[str, Any]:
    """Return what a checkpoint says of a label set; source and licence are those of the ``tracks.tsv`` next to it."""
    rows = read_tracks(path.parent) if (path.parent / TRACKS_FILE).is_file() else []
    row = next((row for row in rows if row.path == real_path(path)), None)
    return {
        "name": name,
        "sha256": file_sha256(path),
        "positions": int(sum(array.sum() for array in labels.values())),
        "source": "" if row is None else row.source,
        "licence": "" if row is None else row.licence,
    }
