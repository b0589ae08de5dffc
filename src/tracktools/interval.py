"""Coordinates: 0-based, half-open, on the plus strand, whatever the strand of the feature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Strand = Literal["+", "-"]
FeatureStrand = Literal["+", "-", "."]
STRANDS: tuple[Strand, ...] = ("+", "-")

CHROM_NAME = re.compile(r"(?!#|(track|browser)$)[^\s\x00-\x1f\x7f]+")  # others cannot stand in a BED file
_UCSC_POSITION = re.compile(r"(?P<chrom>.+):(?P<first>[\d,]+)(?:-(?P<last>[\d,]+))?")


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """A stretch of one sequence, 0-based and half-open, in plus-strand coordinates.

    Parameters
    ----------
    chrom : str
        Name of the sequence.
    start, end : int
        First base, and the base after the last [bp].
    strand : {"+", "-", "."}
        Strand of the feature; the coordinates do not depend on it.

    Raises
    ------
    ValueError
        If ``0 <= start <= end`` does not hold or the strand is another letter.

    Examples
    --------
    >>> Interval("chr", 9, 12, "-").five_prime
    11
    >>> Interval("chr", 9, 12).to_ucsc()
    'chr:10-12'
    """

    chrom: str
    start: int
    end: int
    strand: FeatureStrand = "."

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an interval needs 0 <= start <= end, got {self.start} and {self.end}")
        if self.strand not in ("+", "-", "."):
            raise ValueError(f"a strand is '+', '-' or '.', got {self.strand!r}")

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def five_prime(self) -> int:
        """0-based position of the base at the 5' end (the TSS of a transcript)."""
        return self.end - 1 if self.strand == "-" else self.start

    def to_ucsc(self) -> str:
        """Return the position as browsers and samtools print it: 1-based and closed."""
        return f"{self.chrom}:{self.start + 1}-{self.end}"

    @classmethod
    def from_ucsc(cls, position: str, strand: str = ".") -> Interval:
        """Read a browser position, ``chrom:first-last`` or ``chrom:base``, 1-based and closed.

        Examples
        --------
        >>> Interval.from_ucsc("NC_000913.3:1,001-1,100")
        Interval(chrom='NC_000913.3', start=1000, end=1100, strand='.')
        """
        match = _UCSC_POSITION.fullmatch(position.strip())
        if match is None:
            raise ValueError(f"not a browser position: {position!r} (expected chrom:first-last, 1-based)")
        first = int(match["first"].replace(",", ""))
        last = int((match["last"] or match["first"]).replace(",", ""))
        return cls(match["chrom"], first - 1, last, cast(FeatureStrand, strand))
