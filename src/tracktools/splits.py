"""Splits: which part of a genome trains, which validates and which tests; both strands together.

A split belongs to sequences, not to names: contigs are recognised by the SHA-256 of their letters, so that a renamed
copy of the training genome is still known as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.errors import GenomeMismatchError
from tracktools.genome import Contig

PARTS = ("train", "valid", "test")
NO_PART = "none"
_MG1655_BP = 4_641_652


@dataclass(frozen=True)
class Region:
    """A stretch of one sequence and the part it plays; 0-based, half-open."""

    sequence_sha256: str
    start: int
    end: int
    part: str


@dataclass(frozen=True)
class Split:
    """The parts of a genome.

    Parameters
    ----------
    regions : tuple of Region
        Stretches that do not overlap; bases outside all of them have no part.
    """

    regions: tuple[Region, ...]

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]]) -> Split:
        """Read the form in which checkpoints store a split."""
        return cls(tuple(Region(**record) for record in records))

    def to_records(self) -> list[dict[str, Any]]:
        """Return the form in which checkpoints store a split."""
        return [asdict(region) for region in self.regions]

    def part_of(self, contig: Contig, positions: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """Return the part of each 0-based position of a contig: train, valid, test or none."""
        positions = np.asarray(positions)
        parts = np.full(positions.shape, NO_PART, dtype="<U5")
        for region in self.regions_of(contig):
            parts[(positions >= region.start) & (positions < region.end)] = region.part
        return parts

    def regions_of(self, contig: Contig, part: str | None = None) -> list[Region]:
        """Return the regions on a contig, of one part or of all, in order."""
        return sorted(
            (
                region
                for region in self.regions
                if region.sequence_sha256 == contig.sequence_sha256 and part in (None, region.part)
            ),
            key=lambda region: region.start,
        )


def paper_split(contig: Contig) -> Split:
    """Return the split of the paper for NC_000913.3 (MG1655): 70 % train, 10 % validation, 20 % test.

    Training runs from the end of the validation region across the origin to the start of the test region. The three
    borders are the published code's ``numpy.random.randint`` with its default seed 2222.

    Raises
    ------
    GenomeMismatchError
        If the contig has another length than NC_000913.3.
    """
    if len(contig) != _MG1655_BP:
        problem = f"{contig.name} has {len(contig):,} bp, and NC_000913.3, which the split is of, {_MG1655_BP:,}"
        raise GenomeMismatchError(problem, mend="name the FASTA of NC_000913.3")
    test, valid, train = 2738785, 3667115, 4131280
    name = contig.sequence_sha256
    return Split(
        (
            Region(name, 0, test, "train"),
            Region(name, test, valid, "test"),
            Region(name, valid, train, "valid"),
            Region(name, train, len(contig), "train"),
        )
    )
