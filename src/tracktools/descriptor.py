"""The composition of a whole genome: the few numbers by which a model is set to it.

The descriptor is the share of G and C, and how much more often than by chance each of the ten dinucleotides occurs on
both strands together: log rho*_xy = log(f*_xy / (f*_x f*_y)), the genomic signature of Karlin & Burge 1995 (Trends
Genet 11:283). Both are rounded coarsely, so that a contig more or less, or a few letters, do not change a prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from tracktools.arrays import Float32, Float64, Int64, Letters
from tracktools.errors import ConfigError

DINUCLEOTIDES = ("AA", "AC", "AG", "AT", "CA", "CC", "CG", "GA", "GC", "TA")  # each with its reverse complement
_STEPS = {"gc": 0.005, "dinucleotides": 0.02}  # to which the numbers are rounded
LEAST_DESCRIBED_BP = 1000  # pairs of letters: fewer describe nothing
_PART_BP = 1 << 20
_UNKNOWN_BP = 1 << 40  # of a descriptor that was read
_LETTERS = "ACGT"
_ALIKE = 0.1  # strains of a species are within this distance; species are 0.26 or more apart, but for two of Listeria
_PIECE_BP = (100_000, 1_000_000)  # of a genome, from and to: more or less, and the next number does not hold
_PIECE_ALIKE = 0.2  # 410 of 440 random pieces of eleven genomes are so near to their own, and 2 to another species


@dataclass(frozen=True)
class Descriptor:
    """The descriptor of a genome.

    Parameters
    ----------
    gc : float
        Share of G and C among the letters A, C, G, T.
    dinucleotides : tuple of float, 10 values
        log rho* of `DINUCLEOTIDES`, in that order.
    bp : int
        Letters it was counted over; not part of what it says.
    told : float, optional
        From 0 to 1: how much of the dinucleotides a network is told (`tracktools.engine.told`). Without it, the
        distance to the training genomes decides, see `Reference.features`.
    like : str
        Name of a training genome whose numbers the network gets instead, all of them.
    """

    gc: float
    dinucleotides: tuple[float, ...]
    bp: int = _UNKNOWN_BP
    told: float | None = None
    like: str = ""

    def __eq__(self, other: object) -> bool:
        """Compare what a model gets."""
        return isinstance(other, Descriptor) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[object, ...]:
        return self.values, self.told, self.like

    @property
    def values(self) -> tuple[float, ...]:
        """All eleven numbers: GC content, then the dinucleotides."""
        return (self.gc, *self.dinucleotides)

    def to_record(self) -> dict[str, float | str]:
        """Return the plain form, as manifests and provenance hold it: what it says, not what it was counted over."""
        told: dict[str, float | str] = {} if self.told is None else {"told": self.told}
        if self.like:
            told["like"] = self.like
        return {"gc": self.gc, **dict(zip(DINUCLEOTIDES, self.dinucleotides, strict=True)), **told}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_record` gives.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        values = tuple(float(record[name]) for name in DINUCLEOTIDES)
        told = None if record.get("told") is None else float(record["told"])
        if told is not None and not 0 <= told <= 1:
            raise ValueError(f"told is {told}")
        return cls(float(record["gc"]), values, int(record.get("bp", _UNKNOWN_BP)), told, str(record.get("like", "")))


def describe_sequences(sequences: Iterable[Letters]) -> Descriptor:
    """Return the descriptor of sequences together; their order, strands and circularity do not matter.

    Parameters
    ----------
    sequences : iterable of ndarray of uint8
        Codes: A 0, C 1, G 2, T 3, any other letter 4.

    Raises
    ------
    ConfigError
        If they hold less than 1,000 pairs of letters.
    """
    return describe_pairs(count_pairs(sequences))


def describe_pairs(counts: Int64) -> Descriptor:
    """Return the descriptor of what `count_pairs` gives; see `describe_sequences`."""
    total = int(counts.sum())
    if total < LEAST_DESCRIBED_BP:
        raise ConfigError(f"the genome has {total:,} bases of A, C, G and T in a row: too few to describe it")
    return _descriptor(counts + counts[::-1, ::-1].T, total)


def count_pairs(sequences: Iterable[Letters]) -> Int64:
    """Return how often each letter comes before each other one, shape (4, 4), where both are A, C, G or T."""
    pairs = np.zeros((5, 5), dtype=np.int64)
    for codes in sequences:
        for at in range(0, len(codes), _PART_BP):
            part = codes[at : at + _PART_BP + 1].astype(np.int64)
            pairs += np.bincount(5 * part[:-1] + part[1:], minlength=25).reshape(5, 5)
    return pairs[:4, :4]


def usual_of(descriptors: Sequence[Descriptor]) -> Descriptor:
    """Return the median of each number, where each base that was counted has one vote: what most of them say."""
    table, votes = np.array([one.values for one in descriptors]), np.array([one.bp for one in descriptors])
    order = np.argsort(table, axis=0, kind="stable")
    reached = 2 * np.cumsum(votes[order], axis=0) >= votes.sum()
    gc, *dinucleotides = np.take_along_axis(table, order, axis=0)[reached.argmax(axis=0), range(table.shape[1])]
    return Descriptor(float(gc), tuple(map(float, dinucleotides)), int(votes.sum()))


def _descriptor(both: Int64, bp: int) -> Descriptor:
    """Return the descriptor of dinucleotide counts of both strands."""
    shares = both / both.sum()
    letters = 0.5 * (shares.sum(axis=0) + shares.sum(axis=1))
    values = []
    for pair in DINUCLEOTIDES:
        one, two = _LETTERS.index(pair[0]), _LETTERS.index(pair[1])
        expected = letters[one] * letters[two]
        least = 0.5 / both.sum()  # a dinucleotide that is absent counts as half a one
        ratio = np.log(max(shares[one, two], least) / max(expected, least))
        values.append(_rounded(float(np.clip(ratio, -2, 2)), _STEPS["dinucleotides"]))
    return Descriptor(_rounded(float(letters[1] + letters[2]), _STEPS["gc"]), tuple(values), bp)


def _rounded(value: float, step: float) -> float:
    return round(round(value / step) * step, 6) + 0.0  # no minus zero


@dataclass(frozen=True)
class Specialists:
    """Members of a network that learnt from one genome, and serve it and its like alone.

    Parameters
    ----------
    genome : str
        The name of that training genome.
    within : float
        Distance up to which a genome is its like.
    near, elsewhere : tuple of int
        The members that serve there, and on all other genomes, by number from 0.
    """

    genome: str
    within: float
    near: tuple[int, ...]
    elsewhere: tuple[int, ...]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `asdict` gives."""
        near, elsewhere = (tuple(int(number) for number in record[name]) for name in ("near", "elsewhere"))
        return cls(str(record["genome"]), float(record["within"]), near, elsewhere)


@dataclass(frozen=True)
class Reference:
    """The genomes that a model learnt from, by their descriptors, and how a new one is described to the network.

    Parameters
    ----------
    genomes : tuple of (str, str, tuple of float)
        Name, phylum and the eleven values of each.
    far : float
        Distance to the nearest of them (see `distances`) beyond which a genome is unlike them all, and the network gets
        the GC content alone, unless a trial shows that more is better (`tracktools.engine.told`).
    specialists : Specialists, optional
        Members of the network that serve one genome and its like.
    """

    genomes: tuple[tuple[str, str, tuple[float, ...]], ...]
    far: float
    specialists: Specialists | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_record` gives."""
        rows = tuple((row["name"], row["phylum"], tuple(row["values"])) for row in record["genomes"])
        own = record.get("specialists")
        return cls(rows, float(record["far"]), None if own is None else Specialists.from_record(own))

    def to_record(self) -> dict[str, Any]:
        """Return the form for a checkpoint."""
        rows = [{"name": name, "phylum": phylum, "values": list(values)} for name, phylum, values in self.genomes]
        own = None if self.specialists is None else asdict(self.specialists)
        return {"genomes": rows, "far": self.far, "specialists": own}

    @property
    def _table(self) -> Float64:
        return np.array([values for _, _, values in self.genomes], dtype=np.float64)

    def _standard(self, values: Sequence[float]) -> Float64:
        """Return values in standard deviations from the mean of the training genomes, clipped to the range seen."""
        table = self._table
        spread = np.maximum(table.std(axis=0), 1e-6)
        inside = np.clip(np.asarray(values, dtype=np.float64), table.min(axis=0), table.max(axis=0))
        standard: Float64 = (inside - table.mean(axis=0)) / spread
        return standard

    def distances(self, descriptor: Descriptor) -> list[tuple[float, str, str]]:
        """Return distance, name and phylum of each training genome, the nearest first.

        The distance is the root mean square, over the eleven values, of the difference in standard deviations.
        """
        distances = self._apart(self._table, np.asarray(descriptor.values))
        return sorted((float(d), row[0], row[1]) for d, row in zip(distances, self.genomes, strict=True))

    def distance_between(self, one: Descriptor, other: Descriptor) -> float:
        """Return the distance of two genomes, by the measure of `distances`."""
        return float(self._apart(np.asarray(one.values), np.asarray(other.values)))

    def _apart(self, one: Float64, other: Float64) -> Float64:
        gaps = (one - other) / np.maximum(self._table.std(axis=0), 1e-6)
        apart: Float64 = np.sqrt(np.mean(gaps**2, axis=-1))
        return apart

    def learnt(self, descriptor: Descriptor) -> str:
        """Return the name of the training genome that a genome is, is a piece or a near relative of; empty if none is.

        The composition of a piece (100,000 to 1,000,000 bases) may differ more from that of its genome.
        """
        distance, name, _ = self.distances(descriptor)[0]
        within = _PIECE_ALIKE if _PIECE_BP[0] <= descriptor.bp < _PIECE_BP[1] else _ALIKE
        return name if distance <= within and descriptor.bp >= LEAST_DESCRIBED_BP else ""

    @staticmethod
    def is_sure(descriptor: Descriptor) -> bool:
        """Return whether what `learnt` says is sure: of a piece of a genome, it may be of a relative."""
        return not _PIECE_BP[0] <= descriptor.bp < _PIECE_BP[1]

    def members(self, descriptor: Descriptor) -> tuple[int, ...] | None:
        """Return which members of the network serve a genome, by number from 0; None for all of them."""
        own = self.specialists
        if own is None:
            return None
        near = any(name == own.genome and gap <= own.within for gap, name, _ in self.distances(descriptor))
        return own.near if near else own.elsewhere

    def features(self, descriptor: Descriptor, *, told: float | None = None) -> Float32:
        """Return what the network gets, shape (12,): GC content, how much follows, the dinucleotides times this.

        Parameters
        ----------
        descriptor : Descriptor
        told : float, optional
            From 0 to 1: how much the network is told of the dinucleotides; by default what the descriptor says; where
            it says nothing, 1 if a training genome is at most `far` away, and 0 elsewhere.

        Raises
        ------
        ValueError
            If the descriptor names a training genome that there is not.
        """
        values = descriptor.values
        if descriptor.like and told is None:
            values = next((own for name, _, own in self.genomes if name == descriptor.like), ())
            if not values:
                raise ValueError(f"{descriptor.like} is no training genome")
        standard = self._standard(values)
        share = descriptor.told if told is None else told
        if share is None:
            share = float(self.distances(descriptor)[0][0] <= self.far)
        return np.concatenate([standard[:1], [share], share * standard[1:] + 0.0]).astype(np.float32)  # no minus zero
