"""Coordinates: 0-based, half-open, on the plus strand, whatever the strand of the feature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

Strand = Literal["+", "-"]
FeatureStrand = Literal["+", "-", "."]
STRANDS: tuple[Strand, ...] = ("+", "-")
STRAND_NAMES: dict[Strand, str] = {"+": "plus", "-": "minus"}  # in names of files and tracks

Range = tuple[int, int]  # start and end on a sequence that is known, 0-based and half-open

CHROM_NAME = re.compile(r"(?!#|(track|browser)$)[^\s\x00-\x1f\x7f]+")  # others are not possible in a BED file
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


class Span(NamedTuple):
    """Bases of a contig of a genome, 0-based and half-open; on a circle the end may lie past the last base."""

    contig: int  # its number in the genome
    start: int
    end: int


def merge(ranges: Iterable[Range], *, gap_bp: int = 0, circle_bp: int | None = None) -> list[Range]:
    """Join ranges that overlap or are up to this distance apart, ascending.

    Parameters
    ----------
    ranges : iterable of (int, int)
        In any order.
    gap_bp : int
        Bases between two that are joined: 0 joins those that touch, -1 only those that overlap.
    circle_bp : int, optional
        Length of a circular sequence: a range that ends there goes on with the one that starts at 0, past the length.

    Examples
    --------
    >>> merge([(5, 9), (0, 3), (3, 4)], circle_bp=9)
    [(5, 13)]
    """
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start - joined[-1][1] <= gap_bp:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    if circle_bp is not None and len(joined) > 1 and joined[0][0] == 0 and joined[-1][1] == circle_bp:
        joined[-1] = joined[-1][0], circle_bp + joined.pop(0)[1]
    return joined


def intersect(ranges: Iterable[Range], within: Range) -> list[Range]:
    """Return what of ranges is within another, in their order; nothing empty.

    Examples
    --------
    >>> intersect([(0, 3), (5, 9)], (2, 6))
    [(2, 3), (5, 6)]
    """
    cut = [(max(start, within[0]), min(end, within[1])) for start, end in ranges]
    return [(start, end) for start, end in cut if start < end]
