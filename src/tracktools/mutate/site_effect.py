"""What every substitution around a TSS does to the output at it, and to the best output near it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Codes, Float32, Float64, Int64
from tracktools.blocks import scored_range
from tracktools.config import MutateConfig
from tracktools.engine.substitutions import Places, log_odds, places_of, substituted_outputs
from tracktools.genome import ALPHABET, COMPLEMENT_OF_CODE, UNKNOWN, Contig
from tracktools.interval import Strand
from tracktools.mutate.scoring import Scoring

UNSCORED = "unscored: too near to the end of a linear sequence"
_TRIED_BP = 10_000  # of windows, whose substitutions tell how long all take
UNKNOWN_BASE = "on letters other than A, C, G, T"


class Site(NamedTuple):
    """A TSS: its contig, 0-based position on the plus strand, and strand."""

    contig: Contig
    position: int
    strand: Strand


@dataclass(frozen=True, eq=False)
class SiteEffect:
    """What the substitutions around one TSS do; letters and offsets are those of its strand.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_offsets,)
        The letters that are there: A 0, C 1, G 2, T 3, any other 4, also where a linear sequence has ended.
    at_tss, on_best : ndarray of float32, shape (n_offsets, 4)
        Change of the log-odds (natural logarithm) of the output at the TSS, and of the best output near it, by offset
        and new letter: 0 for the letter that is there, NaN where there is no A, C, G, T.
    output, best_output : float
        Model output at the TSS, and the best near it.
    best_offset : int
        Where that is, along the strand.
    """

    codes: Codes
    at_tss: Float32
    on_best: Float32
    output: float
    best_output: float
    best_offset: int


def contributions(at_tss: Float32) -> Float64:
    """Return how much each letter does for the TSS: minus the mean effect of its three substitutions.

    Parameters
    ----------
    at_tss : ndarray of float32, shape (..., 4)
        See `SiteEffect`.

    Returns
    -------
    ndarray of float64, shape (...,)
        0 where there is no A, C, G, T.
    """
    means: Float64 = -at_tss.astype(np.float64).sum(axis=-1) / (len(ALPHABET) - 1)
    return np.where(np.isnan(means), 0.0, means)


def why_not(site: Site, label_shift_bp: int) -> str:
    """Return why a TSS has no output; empty if it has one."""
    first, last = scored_range(site.contig, site.strand, label_shift_bp)
    if not first <= site.position < last:
        return UNSCORED
    return UNKNOWN_BASE if site.contig.codes_at(np.array([site.position]))[0] == UNKNOWN else ""


def site_effects(sites: Iterable[Site], scoring: Scoring, config: MutateConfig) -> Iterator[SiteEffect]:
    """Yield what the substitutions around each TSS do; exact: every mutant is predicted.

    Parameters
    ----------
    sites : iterable of Site
        Of which `why_not` says nothing.
    scoring : Scoring
        What predicts.
    config : MutateConfig
        Which bases are changed, and how near the best output is.
    """
    views = [_View.of(site, scoring, config) for site in sites]
    outputs = substituted_outputs(
        [view.places for view in views], scoring.engine, scoring.network, scoring.config.block_bp
    )
    for view, changed in zip(views, outputs, strict=True):
        yield view.effect(changed)


def seconds_per_site(site: Site, scoring: Scoring, config: MutateConfig) -> float:
    """Return about how long the substitutions around one TSS take, found by trying some of them."""
    places = _View.of(site, scoring, config).places
    tried = np.arange(0, len(places.offsets), max(1, len(places.offsets) * len(places.window.codes) // _TRIED_BP))
    some = places._replace(offsets=places.offsets[tried])
    alone = places._replace(offsets=places.offsets[:0])
    seconds = []
    for one in (some, some, alone):  # the first one warms the engine up
        started = time.perf_counter()
        _ = next(substituted_outputs([one], scoring.engine, scoring.network, scoring.config.block_bp))
        seconds.append(time.perf_counter() - started)
    return seconds[2] + max(seconds[1] - seconds[2], 0) * len(places.offsets) / len(tried)


@dataclass(frozen=True, eq=False)
class _View:
    """The bases around a TSS that are changed, and the outputs near it that are looked at.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_offsets,)
        See `SiteEffect`.
    seen : ndarray of int64
        Numbers of the offsets that are on the contig, and that an output depends on.
    number : ndarray of int64, shape (len(seen),)
        Of the place of each of them: on a circle shorter than the offsets, several have one.
    places : Places
    tss : int
        Number of the output at the TSS.
    scored : ndarray of int64
        Numbers of the outputs at A, C, G, T.
    """

    codes: Codes
    seen: Int64
    number: Int64
    places: Places
    tss: int
    scored: Int64

    @classmethod
    def of(cls, site: Site, scoring: Scoring, config: MutateConfig) -> _View:
        """Lay out what is computed for a TSS."""
        (contig, position, strand), network = site, scoring.network
        first, last = _near(site, config.best_within_bp, network.label_shift_bp)
        offsets = np.arange(-config.upstream_bp, config.downstream_bp + 1)
        bases = position + (offsets if strand == "+" else -offsets)
        codes = np.full(len(offsets), UNKNOWN, dtype=np.uint8)
        inside = contig.circular | ((bases >= 0) & (bases < len(contig)))
        codes[inside] = contig.codes_at(bases[inside])
        if strand == "-":
            codes = COMPLEMENT_OF_CODE[codes]
        up = network.halo_upstream_bp - network.label_shift_bp
        down = network.halo_downstream_bp + network.label_shift_bp
        in_reach = (offsets >= first - up) & (offsets <= last + down)
        if contig.circular and up + last - first + down >= len(contig):
            in_reach[:] = True  # all around
        seen = np.flatnonzero(inside & (codes != UNKNOWN) & in_reach)
        distinct, number = np.unique(bases[seen] % len(contig), return_inverse=True)
        near = np.arange(first, last + 1)
        outputs = position + (near if strand == "+" else -near)
        stretch = int(outputs.min()), int(outputs.max()) + 1
        alignment_bp, context = scoring.engine.alignment_bp, scoring.model.context
        places = places_of(contig, strand, stretch, distinct, network, alignment_bp, context)
        return cls(codes, seen, number, places, -first, np.flatnonzero(contig.codes_at(outputs) != UNKNOWN))

    def effect(self, changed: Float32) -> SiteEffect:
        """Return the effects, from the outputs of all substitutions, shape (n_places, 4, n_outputs)."""
        unchanged = changed[0, self.places.window.codes[self.places.offsets[0]]]
        best = int(self.scored[unchanged[self.scored].argmax()])
        at_tss, on_best = (np.zeros((len(self.codes), len(ALPHABET)), dtype=np.float32) for _ in range(2))
        at_tss[self.codes == UNKNOWN] = on_best[self.codes == UNKNOWN] = np.nan
        tss_after, best_after = changed[:, :, self.tss], changed[:, :, self.scored].max(axis=2)
        at_tss[self.seen] = (log_odds(tss_after) - log_odds(unchanged[self.tss]))[self.number]
        on_best[self.seen] = (log_odds(best_after) - log_odds(unchanged[best]))[self.number]
        outputs = float(unchanged[self.tss]), float(unchanged[best])
        return SiteEffect(self.codes, at_tss, on_best, *outputs, best_offset=best - self.tss)


def _near(site: Site, within_bp: int, label_shift_bp: int) -> tuple[int, int]:
    """Return the first and last offset from a TSS, along its strand, of the outputs near it; none twice."""
    contig, position, strand = site
    if contig.circular:
        return -min(within_bp, (len(contig) - 1) // 2), min(within_bp, len(contig) // 2)
    first, end = scored_range(contig, strand, label_shift_bp)
    before, behind = position - first, end - 1 - position  # scored bases on either side
    up, down = (before, behind) if strand == "+" else (behind, before)
    return -min(within_bp, up), min(within_bp, down)
