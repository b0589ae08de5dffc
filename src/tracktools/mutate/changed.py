"""A contig with one change in it, without a copy of its letters; and which base became which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracktools.arrays import Codes, Int64
from tracktools.genome import COMPLEMENT_OF_CODE, Contig, codes_of_letters
from tracktools.interval import Strand


@dataclass(frozen=True)
class Change:
    """What takes the place of some bases of a contig.

    Parameters
    ----------
    start, end : int
        The bases that go, 0-based, half-open, plus strand; none where both are equal. On a circle `end` may be past its
        length: the change then lies across the origin.
    letters : str
        What comes instead; empty for a deletion. Letters other than A, C, G, T are unscored, as in any sequence.
    """

    start: int
    end: int
    letters: str

    @property
    def delta_bp(self) -> int:
        """How many bases longer the contig gets."""
        return len(self.letters) - (self.end - self.start)

    @property
    def keeps_length(self) -> bool:
        """Whether each old base has a new one in its place."""
        return self.delta_bp == 0


@dataclass(frozen=True, eq=False)
class ChangedContig:
    """A contig after a change; offers what a window is cut from, see `Contig.strand_codes`.

    Parameters
    ----------
    contig : Contig
    change : Change
        Within the contig; across the origin only on a circle.
    """

    contig: Contig
    change: Change

    def __len__(self) -> int:
        return len(self.contig) + self.change.delta_bp

    @property
    def name(self) -> str:
        """Name of the contig."""
        return self.contig.name

    @property
    def circular(self) -> bool:
        """Whether its end is joined to its start."""
        return self.contig.circular

    @cached_property
    def start(self) -> int:
        """First base of what came, in its own coordinates: a change across the origin moves the origin behind it."""
        return self.change.start - max(self.change.end - len(self.contig), 0)

    @cached_property
    def _inserted(self) -> Codes:
        return codes_of_letters(np.frombuffer(self.change.letters.encode("ascii"), dtype=np.uint8))

    def strand_codes(self, start: int, end: int, strand: Strand) -> Codes:
        """Return codes in the direction of a strand, 5' to 3'; see `Contig.strand_codes`."""
        length = len(self)
        if not self.circular:
            start, end = max(start, 0), min(end, length)
        if strand == "+":
            return self._codes_at(np.arange(start, end) % length)
        return COMPLEMENT_OF_CODE[self._codes_at(np.arange(length - end, length - start) % length)[::-1]]

    def unchanged_bases(self, positions: Int64, strand: Strand) -> Int64:
        """Return which base of the contig each base of its own was: what it keeps the gene context of.

        Parameters
        ----------
        positions : ndarray of int64
            In its own coordinates; on a circle also below 0 or past its length.
        strand : {"+", "-"}
            Bases that came where others went, in another number, belong to the base before them along this strand; at
            the end of a linear contig, to its last base. The reverse complement so has the same, on swapped strands.

        Returns
        -------
        ndarray of int64
            On a circle, also below 0 or past its length.
        """
        own, change = positions % len(self), self.change
        bases = own + (change.start - self.start)  # the origin moved behind the bases that went
        after = own >= self.start + len(change.letters)
        bases[after] -= change.delta_bp
        if not change.keeps_length:
            before = change.start - 1 if strand == "+" else change.end
            bases[(own >= self.start) & ~after] = before if self.circular else min(max(before, 0), len(self.contig) - 1)
        return bases

    def _codes_at(self, positions: Int64) -> Codes:
        """Return the codes of bases in its own coordinates."""
        n_inserted = len(self._inserted)
        before, after = positions < self.start, positions >= self.start + n_inserted
        codes = np.empty(len(positions), dtype=np.uint8)
        shift = self.change.start - self.start  # bases at the origin that went
        codes[before] = self.contig.codes_at(positions[before] + shift)
        codes[after] = self.contig.codes_at(positions[after] + shift - self.change.delta_bp)
        inside = ~before & ~after
        codes[inside] = self._inserted[positions[inside] - self.start]
        return codes
