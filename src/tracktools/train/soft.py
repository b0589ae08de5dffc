"""Soft labels: a stranded signal between 0 and 1, such as another model's track, as what the network shall say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracktools.aliases import resolve_chrom
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Genome
from tracktools.tracks import file_sha256
from tracktools.train.windows import SoftArrays, Strand


@dataclass(frozen=True)
class SoftLabels:
    """A pair of bigWigs to learn from, in plus-strand coordinates, positive on both strands.

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


def read_soft(soft: SoftLabels, genome: Genome) -> SoftArrays:
    """Read the pair into one array a contig and strand, NaN where there is no value.

    Raises
    ------
    GenomeMismatchError
        If a file has no sequence of the genome, or one of another length.
    InputError
        If a file is no bigWig, holds a value outside 0 to 1, or none on the genome.
    """
    arrays: SoftArrays = {}
    with BigWigReader(soft.plus) as plus, BigWigReader(soft.minus) as minus:
        readers: dict[Strand, BigWigReader] = {"+": plus, "-": minus}
        for strand, reader in readers.items():
            values = _read(reader, genome)
            arrays |= {(number, strand): array for number, array in enumerate(values)}
    return arrays


def _read(reader: BigWigReader, genome: Genome) -> list[npt.NDArray[np.float32]]:
    names = _names(reader, genome)
    arrays = []
    for contig in genome:
        values = np.full(len(contig), np.nan, dtype=np.float32)
        if contig.name in names:
            values = reader.values(names[contig.name], 0, len(contig))
            _check(values, reader.path, contig.name)
        arrays.append(values)
    if all(np.isnan(values).all() for values in arrays):
        raise InputError("holds no value on the genome", path=reader.path)
    return arrays


def _names(reader: BigWigReader, genome: Genome) -> dict[str, str]:
    """Return what the contigs of the genome are called in a file."""
    sizes, names = genome.chrom_sizes, {}
    for name, size in reader.chrom_sizes.items():
        chrom = resolve_chrom(name, sizes)
        if chrom is not None and sizes[chrom] != size:
            problem = f"{name} has {size:,} bp, and {sizes[chrom]:,} in the genome"
            raise GenomeMismatchError(problem, path=reader.path, mend="was it made on another assembly?")
        if chrom is not None:
            names[chrom] = name
    if not names:
        held, asked = (", ".join(list(table)[:3]) for table in (reader.chrom_sizes, sizes))
        problem = f"has no sequence of the genome: it has {held}"
        raise GenomeMismatchError(problem, path=reader.path, mend=f"the genome has {asked}")
    return names


def _check(values: npt.NDArray[np.float32], path: Path, chrom: str) -> None:
    outside = np.flatnonzero((values < 0) | (values > 1))
    if len(outside):
        at = int(outside[0])
        problem = f"the value of {chrom} at {at} (0-based) is {values[at]:g}, and soft labels are 0 to 1"
        raise InputError(problem, path=path, mend="take the files of predict, not display copies or counts")
