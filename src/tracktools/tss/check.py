"""Whether a TSS set is on the right base, strand and assembly.

The set is read in every way that it may be meant (`tracktools.tss.promoter_signature`); the way with most marks in the
genome is compared with the set as it is. Assembly and strands are judged for the whole set, by purines and hexamers
together; offsets for each strand by the purines alone, since the hexamer's place varies over five bases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tracktools.config import TssConfig
from tracktools.genome import Genome
from tracktools.tss.promoter_signature import Reading, Shares, background, pool, read_in_every_way

Problem = Literal["", "few", "offset", "strand", "assembly", "unclear"]


@dataclass(frozen=True)
class CheckReport:
    """What the check found.

    Parameters
    ----------
    readings : tuple of Reading
        Every way that was tried; the first is the set as it is.
    as_it_is, by_chance : Shares
        Of the set's positions on the genome, and of any base of the genome.
    best : dict of str to Reading
        The way to read each strand; as it is where no other is clearly better.
    problem : str
        Empty: none seen. ``few``: too few positions to tell. ``offset``, ``strand``, ``assembly``: the set would read
        clearly better moved, with its strands exchanged, on another assembly. ``unclear``: no way shows any marks.
    """

    readings: tuple[Reading, ...]
    as_it_is: Shares
    by_chance: Shares
    best: Mapping[str, Reading]
    problem: Problem

    @property
    def shifts(self) -> dict[str, int]:
        """Bases to add to the positions on each strand that the set names, in plus-strand direction."""
        return {"+": 0, "-": 0} | {strand: reading.offset for strand, reading in self.best.items()}

    @property
    def way(self) -> Reading:
        """One reading of the best way: its assembly, chain and strands are those of the whole set."""
        return next(iter(self.best.values()), self.readings[0])

    @property
    def verdict(self) -> str:
        """One line for people."""
        found = f"{self.as_it_is}" if self.as_it_is.n else "no position on this genome"
        chance = f"by chance {self.by_chance.purine:.2f} and {self.by_chance.hexamer:.2f}"
        better = f"{pool(list(self.best.values()))}"
        offsets = " and ".join(f"{shift:+d} on {strand}" for strand, shift in self.shifts.items() if shift)
        moved = f", and off by {offsets}" if offsets else ""
        return {
            "": f"right as it is: {found} ({chance})",
            "few": f"too few positions for a verdict: {found} ({chance})",
            "offset": f"OFF BY {offsets}: {found} as it is, {better} when moved ({chance})",
            "strand": f"STRANDS EXCHANGED{moved}: {found} as it is, {better} when turned ({chance})",
            "assembly": f"ON ANOTHER ASSEMBLY, {self.way.assembly}{moved}: {found} as it is, "
            f"{better} when lifted ({chance})",
            "unclear": f"NO MARKS OF PROMOTERS: {found} ({chance}); another genome, or no TSS?",
        }[self.problem]

    def to_table(self) -> pd.DataFrame:
        """Return a row per reading, with the columns of `Reading`."""
        return pd.DataFrame([vars(reading) for reading in self.readings])


def check_positions(table: pd.DataFrame, genome: Genome) -> CheckReport:
    """Read a set in every way that it may be meant, and decide.

    Parameters
    ----------
    table : DataFrame
        `chrom`, `chromStart`, `strand`.
    genome : Genome
        Its sequences; positions on others count only where a bundled chain leads from these to the genome.
    """
    readings = tuple(read_in_every_way(table, genome))
    chance = background(genome)
    best, problem = _judge(readings, chance)
    return CheckReport(readings, pool(_select(readings, "", False, 0)), chance, best, problem)


def _select(readings: Sequence[Reading], chain: str, swapped: bool, offset: int | None = None) -> list[Reading]:
    return [
        reading
        for reading in readings
        if (reading.chain, reading.swapped) == (chain, swapped) and offset in (None, reading.offset)
    ]


def _judge(readings: Sequence[Reading], chance: Shares) -> tuple[dict[str, Reading], Problem]:
    chains = list(dict.fromkeys(reading.chain for reading in readings))
    ways = {
        (chain, swapped): _best_offsets(_select(readings, chain, swapped))
        for chain in chains
        for swapped in (False, True)
    }
    shares = {way: pool(list(best.values())) for way, best in ways.items()}
    own = ("", False)
    way = max(shares, key=lambda key: (shares[key].mark, key == own))
    if not _clearly_better(shares[way].mark, shares[own].mark, shares[way].n):
        way = own
    best = ways[way]
    if shares[way].n < TssConfig.check_min_positions:
        return {reading.strand: reading for reading in _select(readings, "", False, 0) if reading.n}, "few"
    if not _clearly_better(shares[way].mark, chance.mark, shares[way].n):
        return best, "unclear"
    if way[0]:
        return best, "assembly"
    if way[1]:
        return best, "strand"
    return best, "offset" if any(reading.offset for reading in best.values()) else ""


def _best_offsets(readings: Sequence[Reading]) -> dict[str, Reading]:
    best: dict[str, Reading] = {}
    for strand in "+-":
        held = [reading for reading in readings if reading.strand == strand and reading.n]
        if held:
            as_it_is = next((reading for reading in held if reading.offset == 0), held[0])
            top = max(held, key=lambda reading: reading.purine_share)
            better = _clearly_better(top.purine_share, as_it_is.purine_share, top.n)
            best[strand] = top if better else as_it_is
    return best


def _clearly_better(share: float, than: float, n: int) -> bool:
    """Return whether a share over n positions is larger by a margin and by the standard error of a difference."""
    return n > 0 and share - than > max(TssConfig.check_margin, TssConfig.check_sigmas * math.sqrt(0.5 / n))
