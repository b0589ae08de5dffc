"""Whether a TSS set stands on the right base, strand and assembly, by what the genome says.

Bacterial RNA polymerase starts on a purine three times out of four, and sigma-70 promoters have TAnnnT about ten bases
upstream. Both marks vanish when positions are one base off, on the other strand or from another assembly, so the set is
looked at in each of these ways, and the way in which it looks best is compared with how it stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.aliases import resolve_chrom
from tracktools.config import TssConfig
from tracktools.errors import MissingDependencyError
from tracktools.genome import Genome
from tracktools.tss.assemblies import BUNDLED_CHAINS, Chain, load_chain

_DEFAULTS = TssConfig()
OFFSETS = (-2, -1, 0, 1, 2)
HEXAMER = "TAnnnT"
HEXAMER_STARTS = range(-14, -9)  # relative to the TSS, which is 0
_A, _G, _T = 0, 2, 3
_OTHER_STRAND = {"+": "-", "-": "+"}


@dataclass(frozen=True)
class Reading:
    """One way to read a strand of a set, and what the genome shows there.

    Parameters
    ----------
    assembly : str
        The genome, or the bundled chain by which the set was brought onto it.
    swapped : bool
        Whether the strands are exchanged.
    strand : {"+", "-"}
        Strand that the set names.
    offset : int
        Bases added to each position, in plus-strand direction.
    n : int
        Positions that lie on the genome in this reading.
    purine_share : float
        Share with A or G at the TSS.
    hexamer_share : float
        Share with TAnnnT starting 14 to 10 bases upstream.
    """

    assembly: str
    swapped: bool
    strand: str
    offset: int
    n: int
    purine_share: float
    hexamer_share: float

    @property
    def mark(self) -> float:
        """Purine and hexamer shares together: a set that reads well is well above one that does not."""
        return self.purine_share + self.hexamer_share


@dataclass(frozen=True)
class CheckReport:
    """What the check found.

    Parameters
    ----------
    readings : tuple of Reading
        Every way that was tried.
    background : tuple of float
        Purine and hexamer share over the whole genome.
    best : dict of str to Reading
        By strand; the reading as the set stands where no other is clearly better.
    purine_share, hexamer_share : float
        Of the set as it stands, both strands together.
    n : int
        Number of positions.
    verdict : str
        One line.
    fault : {"", "offset", "strand", "assembly", "unclear", "few"}
        What is wrong.
    """

    readings: tuple[Reading, ...]
    background: tuple[float, float]
    best: Mapping[str, Reading]
    purine_share: float
    hexamer_share: float
    n: int
    verdict: str
    fault: str

    @property
    def shifts(self) -> dict[str, int]:
        """Bases to add to the positions of each strand, in plus-strand direction."""
        return {strand: reading.offset for strand, reading in self.best.items()}

    def to_table(self) -> pd.DataFrame:
        """Return a row a reading."""
        return pd.DataFrame([vars(reading) for reading in self.readings])


def check_positions(table: pd.DataFrame, genome: Genome, config: TssConfig = _DEFAULTS) -> CheckReport:
    """Look at a set in every way it may be meant.

    Parameters
    ----------
    table : DataFrame
        Columns `chrom`, `chromStart`, `strand`.
    genome : Genome
        Sequences; positions on another sequence are looked at through the bundled chain that leads to this one.
    config : TssConfig
        How many positions and how great a difference a verdict needs.
    """
    ways = list(_ways(table, genome))
    readings = tuple(
        reading
        for assembly, way in ways
        for swapped in (False, True)
        for reading in _read(way, genome, assembly, swapped)
    )
    best, fault = _judge(readings, ways[0][0], config)
    purine, hexamer, n = _as_it_stands(readings, ways[0][0])
    background = _background(genome)
    verdict = _verdict(best, fault, purine, hexamer, n, background)
    return CheckReport(readings, background, best, purine, hexamer, n, verdict, fault)


def _ways(table: pd.DataFrame, genome: Genome) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the set as it stands, then as if its positions were of each assembly that a bundled chain comes from."""
    yield genome.name, table[table["chrom"].isin(list(genome.chrom_sizes))]
    for name in BUNDLED_CHAINS:
        try:
            chain = load_chain(name)
        except MissingDependencyError:
            return
        (source,), (target,) = chain.sources, chain.targets
        contig = resolve_chrom(target, list(genome.chrom_sizes))
        if contig is not None and len(genome[contig]) == chain.targets[target]:
            meant = table[table["chrom"].isin([source, contig])]
            yield source, _lifted(meant, chain, source, contig)


def _lifted(table: pd.DataFrame, chain: Chain, source: str, contig: str) -> pd.DataFrame:
    places = chain.lift(source, table["chromStart"].to_numpy(dtype=np.int64))
    keep = np.array([len(place) == 1 for place in places], dtype=bool)
    starts = np.array([place[0][1] for place in places if len(place) == 1], dtype=np.int64)
    return table[keep].assign(chrom=contig, chromStart=starts)


def _read(table: pd.DataFrame, genome: Genome, assembly: str, swapped: bool) -> Iterator[Reading]:
    for strand in "+-":
        rows = table[table["strand"] == strand]
        for offset in OFFSETS:
            purine, hexamer = _marks(rows, genome, _OTHER_STRAND[strand] if swapped else strand, offset)
            shares = (float(purine.mean()), float(hexamer.mean())) if len(purine) else (math.nan, math.nan)
            yield Reading(assembly, swapped, strand, offset, len(purine), *shares)


def _marks(
    rows: pd.DataFrame, genome: Genome, strand: str, offset: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    purine, hexamer = [np.zeros(0, dtype=bool)], [np.zeros(0, dtype=bool)]
    for chrom, group in rows.groupby("chrom", sort=False):
        codes = genome[str(chrom)].strand_codes(0, len(genome[str(chrom)]), "+" if strand == "+" else "-")
        at = group["chromStart"].to_numpy(dtype=np.int64) + offset
        at = at[(at >= 0) & (at < len(codes))]
        at = at if strand == "+" else len(codes) - 1 - at
        purine.append((codes[at] == _A) | (codes[at] == _G))
        found = np.zeros(len(at), dtype=bool)
        for start in HEXAMER_STARTS:
            site = np.maximum(at + start, 0)
            found |= (codes[site] == _T) & (codes[site + 1] == _A) & (codes[site + 5] == _T) & (at + start >= 0)
        hexamer.append(found)
    return np.concatenate(purine), np.concatenate(hexamer)


def _background(genome: Genome) -> tuple[float, float]:
    step = max(1, len(genome) // 100_000)
    rows = [
        pd.DataFrame({"chrom": contig.name, "chromStart": np.arange(0, len(contig), step), "strand": strand})
        for contig in genome
        for strand in "+-"
    ]
    marks = [_marks(table, genome, str(table["strand"].iloc[0]), 0) for table in rows if len(table)]
    return tuple(float(np.concatenate(values).mean()) for values in zip(*marks, strict=True))  # type: ignore[return-value]


def _judge(readings: tuple[Reading, ...], own: str, config: TssConfig) -> tuple[dict[str, Reading], str]:
    """Choose assembly and strands for the whole set, then the offset of each strand."""
    standing = {r.strand: r for r in readings if (r.assembly, r.swapped, r.offset) == (own, False, 0)}
    ways = {(r.assembly, r.swapped): _best_offsets(readings, r.assembly, r.swapped, config) for r in readings}
    way = max(ways, key=lambda key: (_total(ways[key]), key == (own, False)))
    if not _clearly_better(_total(ways[way]), _total(ways[own, False]), _count(ways[way]), config):
        way = (own, False)
    best = ways[way]
    if sum(reading.n for reading in best.values()) < config.check_min_positions:
        return standing, "few"
    if way[0] != own:
        return best, "assembly"
    if way[1]:
        return best, "strand"
    return best, "offset" if any(reading.offset for reading in best.values()) else ""


def _best_offsets(readings: tuple[Reading, ...], assembly: str, swapped: bool, config: TssConfig) -> dict[str, Reading]:
    best: dict[str, Reading] = {}
    for strand in "+-":
        here = [r for r in readings if (r.assembly, r.swapped, r.strand) == (assembly, swapped, strand) and r.n]
        if here:
            standing = next((r for r in here if r.offset == 0), here[0])
            top = max(here, key=lambda r: r.purine_share)  # the hexamer's window is five bases wide: it tells no offset
            better = _clearly_better(top.purine_share, standing.purine_share, top.n, config)
            best[strand] = top if better else standing
    return best


def _total(best: Mapping[str, Reading]) -> float:
    return sum(r.mark * r.n for r in best.values()) / max(_count(best), 1)


def _count(best: Mapping[str, Reading]) -> int:
    return sum(r.n for r in best.values())


def _clearly_better(share: float, than: float, n: int, config: TssConfig) -> bool:
    """Return whether a share over n positions stands out by both a margin and the standard error of a difference."""
    return n > 0 and share - than > max(config.check_margin, config.check_sigmas * math.sqrt(0.5 / n))


def _as_it_stands(readings: tuple[Reading, ...], own: str) -> tuple[float, float, int]:
    rows = [r for r in readings if (r.assembly, r.swapped, r.offset) == (own, False, 0) and r.n]
    n = sum(r.n for r in rows)
    if not n:
        return math.nan, math.nan, 0
    return sum(r.purine_share * r.n for r in rows) / n, sum(r.hexamer_share * r.n for r in rows) / n, n


def _verdict(
    best: Mapping[str, Reading], fault: str, purine: float, hexamer: float, n: int, background: tuple[float, float]
) -> str:
    seen = (
        f"purine at the TSS {purine:.2f}, -10 hexamer {hexamer:.2f} "
        f"(by chance {background[0]:.2f} and {background[1]:.2f}; {n:,} positions)"
    )
    if fault == "few":
        return f"too few positions for a verdict; {seen}"
    if fault == "":
        return f"as it stands the set looks right: {seen}"
    mended = " and ".join(f"{r.purine_share:.2f}/{r.hexamer_share:.2f} on {r.strand}" for r in best.values())
    offsets = ", ".join(f"{r.offset:+d} on {r.strand}" for r in best.values() if r.offset)
    assembly = next(iter(best.values())).assembly
    what = {
        "offset": f"positions look off by {offsets}",
        "strand": "the strands look exchanged",
        "assembly": f"the positions look like {assembly}",
    }[fault]
    also = f", and off by {offsets}" if offsets and fault != "offset" else ""
    return f"{what}{also}: {seen if n else 'not on this genome'}; mended {mended}"
