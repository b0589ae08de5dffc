"""How much more often transcription starts at a base because of where the genes are: log-odds by place and distance.

A promoter-like sequence far inside a gene is rarely a promoter, and one just before a gene often is. `GeneContext` says
how much by two things, seen along the strand that is scored: the place of a base (outside genes, in a gene of this
strand, in one of the other strand alone), and the distance to the next gene start downstream on this strand.

Where a linear contig ends before the next gene start, the distance is only known to be more than that to the end. Such
a base gets the mean odds over the distances that it may have, as frequent as they are in the rest of the genome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.gene_finder import FoundGenes, finder_name
from tracktools.genome import Genome
from tracktools.interval import STRANDS, Strand

PLACES = ("outside", "in a gene", "in a gene of the other strand")
FROM_BP = (0, 1, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000)  # the least distance of each class
MOST_LOG_ODDS = 20  # more than any fact about places tells
NO_START_BP = 1 << 40  # the distance where no gene starts downstream


@dataclass(frozen=True)
class GeneContext:
    """Log-odds that are added to those of a network.

    Parameters
    ----------
    log_odds : tuple of tuple of float, shape (3, 14)
        By place (`PLACES`) and class of distance (`FROM_BP`).
    """

    log_odds: tuple[tuple[float, ...], ...]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_record` gives.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        table = tuple(tuple(float(value) for value in record["log_odds"][place]) for place in PLACES)
        if tuple(record["from_bp"]) != FROM_BP or {len(row) for row in table} != {len(FROM_BP)}:
            raise ValueError("a gene context of other classes of distance")
        if not (np.abs(table) <= MOST_LOG_ODDS).all():  # nan is refused, too
            raise ValueError(f"a gene context with log-odds that are not within ±{MOST_LOG_ODDS}")
        return cls(table)

    def to_record(self) -> dict[str, Any]:
        """Return the form for a checkpoint."""
        return {"from_bp": list(FROM_BP), "log_odds": dict(zip(PLACES, map(list, self.log_odds), strict=True))}

    def with_unknown(self, bases: Int64) -> Float32:
        """Return the log-odds of each class of `classes_along`, shape (3, 28): the last 14 for a distance not known.

        Parameters
        ----------
        bases : ndarray of int64, shape (3, 28)
            How many bases of the genome are in each class. A distance that the end of a contig hides counts as longer
            than what is seen of it (Kaplan & Meier 1958): short contigs hide the long distances, not the short ones.
        """
        n = len(FROM_BP)
        odds = np.exp(np.array(self.log_odds, dtype=np.float64))
        seen, hidden = bases[:, :n], bases[:, n:]
        farther = (seen + hidden)[:, ::-1].cumsum(axis=1)[:, ::-1]
        share = seen / np.maximum(farther - hidden / 2, 1)  # of the bases at least so far: in this very class
        mean = odds.copy()
        for k in range(n - 2, -1, -1):
            mean[:, k] = share[:, k] * odds[:, k] + (1 - share[:, k]) * mean[:, k + 1]
        return np.concatenate([np.array(self.log_odds), np.log(mean)], axis=1).astype(np.float32)


class LogOddsSteps(NamedTuple):
    """Values along a strand, 5' to 3', that change at few bases: `values[n]` from `starts[n]` on."""

    starts: Int64
    values: Float32
    length: int

    def between(self, start: int, end: int) -> Float32:
        """Return the values of [start, end), shape (end - start,)."""
        first, last = (int(n) for n in np.searchsorted(self.starts, [start, end - 1], side="right") - 1)
        borders = np.concatenate([[start], self.starts[first + 1 : last + 1], [end]])
        return np.repeat(self.values[first : last + 1], np.diff(borders))


def classes_along(genes: FoundGenes, length: int, strand: Strand, *, circular: bool) -> tuple[Int64, Int64, Int64]:
    """Return where classes change along a strand, 5' to 3', and from there on the place and the class of distance.

    Returns
    -------
    starts, place, distance : ndarray of int64, shapes (n,)
        Of each stretch: its first base; the number in `PLACES`; the number in `FROM_BP`, or 14 more where the end of a
        linear contig comes before a gene start: that of the distance to one just behind the end.
    """
    forward, on_contig = genes.forward if strand == "+" else ~genes.forward, genes.begins
    begins, ends = (genes.starts, genes.ends) if strand == "+" else (length - genes.ends, length - genes.starts)
    if circular:  # a turn before and a turn after
        begins, ends = (np.concatenate([at - length, at, at + length]) for at in (begins, ends))
        forward, on_contig = np.tile(forward, 3), np.tile(on_contig, 3)
    own, other = (
        (np.sort(begins[forward]), np.sort(ends[forward])),
        (np.sort(begins[~forward]), np.sort(ends[~forward])),
    )
    gene_starts = np.sort(begins[forward & on_contig])  # one that the end of a contig cuts starts elsewhere
    seen_starts = gene_starts if circular else np.append(gene_starts, length)
    changes = [begins, ends, *(seen_starts - least + 1 for least in FROM_BP)]
    at = np.unique(np.concatenate(changes))
    starts = np.concatenate([[0], at[(at > 0) & (at < length)]]).astype(np.int64)
    inside = [
        np.searchsorted(one[0], starts, "right") > np.searchsorted(one[1], starts, "right") for one in (own, other)
    ]
    place = np.where(inside[0], 1, np.where(inside[1], 2, 0))
    following = np.searchsorted(gene_starts, starts, "left")
    bp = np.append(seen_starts, NO_START_BP)[following] - starts
    distance = np.searchsorted(FROM_BP, bp, side="right") - 1
    hidden = following == (len(gene_starts) if not circular else -1)
    return starts, place, distance + len(FROM_BP) * hidden


@dataclass(frozen=True, eq=False)
class GenomeContext:
    """The gene context of a genome: what is added at each base.

    Parameters
    ----------
    steps : mapping
        By name of contig and strand.
    found : tuple of FoundGenes
        The genes that it comes from, by contig, in file order.
    """

    steps: Mapping[tuple[str, Strand], LogOddsSteps]
    found: tuple[FoundGenes, ...]

    @classmethod
    def of(cls, context: GeneContext, genome: Genome, genes: Sequence[FoundGenes]) -> Self:
        """Return the context of a genome with these genes, see `find_genes`."""
        classes = {
            (contig.name, strand): (classes_along(own, len(contig), strand, circular=contig.circular), len(contig))
            for contig, own in zip(genome, genes, strict=True)
            for strand in STRANDS
        }
        bases = np.zeros((len(PLACES), 2 * len(FROM_BP)), dtype=np.int64)
        for (starts, place, distance), length in classes.values():
            np.add.at(bases, (place, distance), np.diff(starts, append=length))
        table = context.with_unknown(bases)
        steps = {
            key: LogOddsSteps(starts, table[place, distance], length)
            for key, ((starts, place, distance), length) in classes.items()
        }
        return cls(steps, tuple(genes))

    @property
    def finder(self) -> str:
        """What found the genes, see `finder_name`."""
        return finder_name(*{own.code for own in self.found})

    @property
    def genes(self) -> int:
        """How many genes were found."""
        return sum(len(own.starts) for own in self.found)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of all that is added: two runs of the same add the same."""
        digest = hashlib.sha256()
        for (name, strand), steps in self.steps.items():
            digest.update(f"{name} {strand} {steps.length}".encode())
            digest.update(steps.starts.astype("<i8").tobytes() + steps.values.astype("<f4").tobytes())
        return digest.hexdigest()

    def log_odds(self, contig: str, strand: Strand, start: int, end: int) -> Float32:
        """Return what is added in [start, end) of a contig, in plus-strand order, shape (end - start,)."""
        steps = self.steps[contig, strand]
        if strand == "+":
            return steps.between(start, end)
        return steps.between(steps.length - end, steps.length - start)[::-1]

    def log_odds_at(self, contig: str, strand: Strand, positions: Int64) -> Float32:
        """Return what is added at bases, 0-based, in any order; modulo the length, as on a circle."""
        steps = self.steps[contig, strand]
        at = positions % steps.length
        at = at if strand == "+" else steps.length - 1 - at
        return steps.values[np.searchsorted(steps.starts, at, side="right") - 1]

    def along(self, contig: str, strand: Strand, start: int, end: int) -> Float32:
        """Return what is added in [start, end), plus-strand coordinates, 5' to 3' of the strand, shape (end - start,).

        On a circle, the bases may lie across the origin: below 0, or past its length.
        """
        return self.log_odds_at(contig, strand, np.arange(start, end))[:: 1 if strand == "+" else -1]


def shift_probabilities(values: Float32, log_odds: Float32) -> Float32:
    """Return p f / (1 - p + p f) for f = exp(log-odds): what p is when its log-odds are that much higher.

    Shapes are joined as numpy does: log-odds by position move outputs of shape (..., positions).
    """
    p, factor = values.astype(np.float64), np.exp(log_odds.astype(np.float64))
    return (p * factor / (1 - p + p * factor)).astype(np.float32)
