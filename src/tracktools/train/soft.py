"""Soft labels: a stranded signal between 0 and 1, such as another model's track, as a target of the network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32
from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.formats.bigwig_pair import open_pair
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.tracks import file_sha256
from tracktools.train.windows import SoftArrays

log = logging.getLogger(__name__)


@concise
@dataclass(frozen=True)
class SoftLabels:
    """A pair of bigWigs to learn from, in plus-strand coordinates; the minus file may be stored negative.

    Parameters
    ----------
    plus, minus : Path
        As `tracktools predict` writes them. Values are probabilities; a base without a value teaches nothing.
    """

    plus: Path
    minus: Path

    def describe(self) -> dict[str, dict[str, str]]:
        """Return name and SHA-256 of both files, for the recipe in the checkpoint."""
        return {
            strand: {"file": path.name, "sha256": file_sha256(path)}
            for strand, path in (("plus", self.plus), ("minus", self.minus))
        }


def read_soft(soft: SoftLabels, genome: Genome, renames: Mapping[str, str] | None = None) -> SoftArrays:
    """Read the pair into one array per contig and strand, NaN where there is no value.

    Raises
    ------
    GenomeMismatchError
        If a file has no sequence of the genome, or one of another length.
    InputError
        If a file is no bigWig, contains a value outside 0 to 1 (0 to -1 on the minus strand), or none on the genome.
    """
    arrays: SoftArrays = {}
    with open_pair(soft.plus, soft.minus, genome.chrom_sizes, renames=renames) as pair:
        for strand, path in zip(STRANDS, (soft.plus, soft.minus), strict=True):
            for number, contig in enumerate(genome):
                values = pair.values(strand, contig.name, 0, len(contig))
                _check(values, path, contig.name)
                arrays[number, strand] = values
            if all(np.isnan(arrays[number, strand]).all() for number in range(len(genome.contigs))):
                raise InputError("contains no value on the genome", path=path)
        for note in pair.notes:
            log.warning("warning: %s", note)
    return arrays


def _check(values: Float32, path: Path, chrom: str) -> None:
    outside = np.flatnonzero((values < 0) | (values > 1))
    if len(outside):
        at = int(outside[0])
        problem = f"the value of {chrom} at {at} (0-based) is {values[at]:g}, and soft labels are 0 to 1"
        raise InputError(problem, path=path, hint="take probabilities, such as the files of predict, not counts")
