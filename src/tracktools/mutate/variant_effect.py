"""What a variant does to the output on both strands, and to the TSS that are called from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.calls import call_positions
from tracktools.config import MutateConfig, NetworkConfig
from tracktools.engine.interface import Engine
from tracktools.engine.strand_spans import StrandSpan, score_spans
from tracktools.engine.substitutions import log_odds
from tracktools.gene_context import GenomeContext
from tracktools.genome import Contig
from tracktools.interval import STRANDS, Strand
from tracktools.mutate.changed import Change, ChangedContig

_BESIDE_BP = (
    60  # scored next to what the variant reaches: a call depends on those near to it, and they on their near ones
)


@dataclass(frozen=True)
class Extremes:
    """The largest changes on one strand, over bases that are there before and after; 0 where nothing changes.

    Parameters
    ----------
    gain, loss : float
        Of the model output, 0 to 1; a loss is negative.
    gain_position, loss_position : int
        Where: 1-based, on the genome; 0 where there is none.
    gain_log_odds, loss_log_odds, gain_log_odds_position, loss_log_odds_position
        The same of its log-odds (natural logarithm).
    """

    gain: float = 0.0
    gain_position: int = 0
    loss: float = 0.0
    loss_position: int = 0
    gain_log_odds: float = 0.0
    gain_log_odds_position: int = 0
    loss_log_odds: float = 0.0
    loss_log_odds_position: int = 0


class CalledTss(NamedTuple):
    """A TSS that is called before or after.

    Parameters
    ----------
    position : str
        1-based, on the genome; a base that the variant inserts is named by the base before it, ``1204+3`` the third.
    strand : str
    output : float
        Model output there.
    """

    position: str
    strand: str
    output: float

    def __str__(self) -> str:
        return f"{self.position}:{self.strand}:{self.output:.3g}"


class MovedTss(NamedTuple):
    """A TSS that is called at another base after the variant, bases counted along the changed sequence."""

    before: CalledTss
    after: CalledTss

    def __str__(self) -> str:
        return f"{self.before.position}>{self.after.position}:{self.after.strand}:{self.after.output:.3g}"


@dataclass(frozen=True)
class VariantEffect:
    """What one allele does.

    Parameters
    ----------
    plus, minus : Extremes
        The largest changes of each strand.
    created, destroyed : tuple of CalledTss
        TSS called after and not before, and the other way round.
    moved : tuple of MovedTss
        TSS called before and after, at most so far apart as one TSS is wide, but not at the same base.
    """

    plus: Extremes
    minus: Extremes
    created: tuple[CalledTss, ...] = ()
    destroyed: tuple[CalledTss, ...] = ()
    moved: tuple[MovedTss, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Read what `to_record` gives, after JSON."""
        return cls(
            Extremes(**record["plus"]),
            Extremes(**record["minus"]),
            tuple(CalledTss(*one) for one in record["created"]),
            tuple(CalledTss(*one) for one in record["destroyed"]),
            tuple(MovedTss(CalledTss(*before), CalledTss(*after)) for before, after in record["moved"]),
        )


@dataclass(frozen=True)
class _Reach:
    """The bases around a change that are scored before and after, in the coordinates of each.

    Base number i of the span before is number i after, up to the change; behind it, it is number i + delta.
    """

    contig: Contig
    change: Change
    changed: ChangedContig
    start: int  # of the span before
    end: int
    before_bp: int = field(init=False)  # bases of the span that lie before the change

    def __post_init__(self) -> None:
        object.__setattr__(self, "before_bp", self.change.start - self.start)

    @classmethod
    def of(cls, contig: Contig, change: Change, strand: Strand, network: NetworkConfig) -> Self:
        """Return what a change can reach on a strand, and the bases next to it on which calls depend."""
        up = network.halo_upstream_bp - network.label_shift_bp  # bases upstream of a TSS that its output depends on
        down = network.halo_downstream_bp + network.label_shift_bp
        before, after = (down, up) if strand == "+" else (up, down)
        start, end = change.start - before - _BESIDE_BP, change.end + after + _BESIDE_BP
        if contig.circular and end - start > len(contig):  # the whole circle, once
            start = change.start - (len(contig) - (change.end - change.start)) // 2
            end = start + len(contig)
        elif not contig.circular:
            start, end = max(start, 0), min(end, len(contig))
        return cls(contig, change, ChangedContig(contig, change), start, end)

    @property
    def whole_circle(self) -> bool:
        """Whether the span is a circle, whose end is next to its start."""
        return self.contig.circular and self.end - self.start == len(self.contig)

    def spans(self, strand: Strand) -> tuple[StrandSpan, StrandSpan]:
        """Return what is scored, before and after."""
        start = self.changed.start - self.before_bp
        after = StrandSpan(self.changed, strand, start, start + self.end - self.start + self.change.delta_bp)
        return StrandSpan(self.contig, strand, self.start, self.end), after

    def pairs(self) -> tuple[Int64, Int64]:
        """Return the numbers of the bases that are there before and after: in the span before, and in that after."""
        old_bp = self.change.end - self.change.start
        numbers = np.arange(self.end - self.start)
        behind = numbers >= self.before_bp + old_bp
        kept = behind | (numbers < self.before_bp) | self.change.keeps_length
        return numbers[kept], (numbers + np.where(behind, self.change.delta_bp, 0))[kept]

    def position(self, number: int) -> int:
        """Return where base number i of the span before is on the genome, 1-based."""
        return (self.start + number) % len(self.contig) + 1

    def name_after(self, number: int) -> str:
        """Return what base number i of the span after is called on the genome."""
        inserted = number - self.before_bp
        if inserted < 0 or (self.change.keeps_length and inserted < len(self.change.letters)):
            return str(self.position(number))
        if inserted < len(self.change.letters):
            return f"{self.position(self.before_bp - 1) if self._has_base_before() else 0}+{inserted + 1}"
        return str(self.position(number - self.change.delta_bp))

    def _has_base_before(self) -> bool:
        return self.change.start > 0 or self.contig.circular

    def place_after(self, number: int) -> int:
        """Return the number that base number i of the span before has after; of one that goes, where it went."""
        inserted = number - self.before_bp
        if inserted >= self.change.end - self.change.start:
            return number + self.change.delta_bp
        return self.before_bp + min(inserted, len(self.change.letters)) if inserted >= 0 else number


def reads_bp(contig: Contig, change: Change, network: NetworkConfig) -> int:
    """Return how many bases the network reads for the effect of a change."""
    context_bp = network.halo_upstream_bp + network.halo_downstream_bp
    reaches = [(_Reach.of(contig, change, strand, network), strand) for strand in STRANDS]
    return sum(len(one) + context_bp for reach, strand in reaches for one in reach.spans(strand))


def variant_effects(
    alleles: Iterable[tuple[Contig, Change]],
    engine: Engine,
    network: NetworkConfig,
    context: GenomeContext | None,
    *,
    threshold: float,
    batch_bp: int,
    same_tss_bp: int = MutateConfig.same_tss_bp,
) -> Iterator[VariantEffect]:
    """Return what each of some changes does, each alone; exact: both sequences are predicted.

    Parameters
    ----------
    alleles : iterable of (Contig, Change)
        Scored together; give as many as memory may hold the outputs of.
    engine, network
        What scores.
    context : GenomeContext or None
        Of the genome, unchanged.
    threshold : float
        TSS are called at or above this model output.
    batch_bp : int
        Bases computed at once.
    same_tss_bp : int
        How far a TSS may move and stay the same.
    """
    reaches = [(_Reach.of(*allele, strand, network), strand) for allele in alleles for strand in STRANDS]
    spans = [one for reach, strand in reaches for one in reach.spans(strand)]
    signals = iter(score_spans(spans, engine, network, batch_bp, context))
    for at in range(0, len(reaches), len(STRANDS)):
        extremes, created, destroyed, moved = {}, [], [], []
        for reach, strand in reaches[at : at + len(STRANDS)]:
            before, after = next(signals), next(signals)
            extremes[strand] = _extremes(reach, before, after)
            new, gone, shifted = _compare_calls(reach, strand, before, after, threshold, same_tss_bp)
            created += new
            destroyed += gone
            moved += shifted
        yield VariantEffect(extremes["+"], extremes["-"], tuple(created), tuple(destroyed), tuple(moved))


def _extremes(reach: _Reach, before: Float32, after: Float32) -> Extremes:
    old, new = reach.pairs()
    known = ~np.isnan(before[old]) & ~np.isnan(after[new])
    old, new = old[known], new[known]
    if not len(old):
        return Extremes()
    found: dict[str, Any] = {}
    outputs = after[new].astype(np.float64) - before[old]
    for change, suffix in ((outputs, ""), (log_odds(after[new]) - log_odds(before[old]), "_log_odds")):
        for name, best in (("gain", int(change.argmax())), ("loss", int(change.argmin()))):
            value = float(change[best])
            if value > 0 if name == "gain" else value < 0:
                found |= {name + suffix: value, f"{name}{suffix}_position": reach.position(int(old[best]))}
    return Extremes(**found)


def _compare_calls(
    reach: _Reach, strand: Strand, before: Float32, after: Float32, threshold: float, same_tss_bp: int
) -> tuple[list[CalledTss], list[CalledTss], list[MovedTss]]:
    """Return the TSS that are created, destroyed and moved on a strand."""
    old, new = (_calls(signal, strand, threshold, reach.whole_circle) for signal in (before, after))
    was = [CalledTss(str(reach.position(one)), strand, float(before[one])) for one in old]
    becomes = [CalledTss(reach.name_after(one), strand, float(after[one])) for one in new]
    circle_bp = len(after) if reach.whole_circle else None
    gaps = sorted(
        (gap, i, j)
        for i, one in enumerate(old)
        for j, other in enumerate(new)
        if (gap := _gap(reach.place_after(one), other, circle_bp)) <= same_tss_bp
    )
    partner: dict[int, int] = {}
    for _, i, j in gaps:
        if i not in partner and j not in partner.values():
            partner[i] = j
    moved = [MovedTss(was[i], becomes[j]) for i, j in sorted(partner.items()) if was[i].position != becomes[j].position]
    created = [one for j, one in enumerate(becomes) if j not in partner.values()]
    return created, [one for i, one in enumerate(was) if i not in partner], moved


def _gap(one: int, other: int, circle_bp: int | None) -> int:
    gap = abs(one - other)
    return gap if circle_bp is None else min(gap, circle_bp - gap)


def _calls(signal: Float32, strand: Strand, threshold: float, circular: bool) -> list[int]:
    """Return the numbers of the bases of a span that are called."""
    high = np.flatnonzero(signal >= threshold)  # false for NaN
    called = call_positions(high, signal[high], strand, length=len(signal), circular=circular)
    return [int(one) for one in high[called]]
