"""Signs of promoters at the positions of a set, for every way to read the set.

Bacterial RNA polymerase starts on a purine three times out of four, and promoters of the vegetative sigma factor have
TAnnnT about ten bases upstream. Both marks vanish when positions are one base off, on the other strand or from another
assembly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tracktools.aliases import resolve_chrom
from tracktools.arrays import Bool, Int64
from tracktools.genome import Genome
from tracktools.tss.assemblies import BUNDLED_CHAINS, Chain, load_chain

OFFSETS = (-2, -1, 0, 1, 2)
HEXAMER_STARTS = range(-14, -9)  # of TAnnnT, relative to the TSS, which is 0
_A, _G, _T = 0, 2, 3
_OTHER_STRAND = {"+": "-", "-": "+"}
_SAMPLED_BASES = 200_000  # for the background, over both strands


@dataclass(frozen=True)
class Reading:
    """One way to read one strand of a set, and what the genome shows there.

    Parameters
    ----------
    assembly : str
        Assembly that the positions are taken to be of.
    chain : str
        Bundled chain by which they were brought onto the genome; empty if they are taken as they are.
    swapped : bool
        Whether the strands are exchanged.
    strand : {"+", "-"}
        Strand that the set names.
    offset : int
        Bases added to each position, in plus-strand direction.
    n : int
        Positions that lie on the genome in this reading.
    purine_share : float
        Share with A or G at the TSS; nan without positions.
    hexamer_share : float
        Share with TAnnnT starting 14 to 10 bases upstream; nan without positions.
    """

    assembly: str
    chain: str
    swapped: bool
    strand: str
    offset: int
    n: int
    purine_share: float
    hexamer_share: float


@dataclass(frozen=True)
class Shares:
    """Purine and hexamer share of n positions."""

    purine: float
    hexamer: float
    n: int

    @property
    def mark(self) -> float:
        """Both together: a set that is read rightly is well above one that is not; 0 without positions."""
        return self.purine + self.hexamer if self.n else 0.0

    def __str__(self) -> str:
        return f"purine {self.purine:.2f}, -10 hexamer {self.hexamer:.2f}"


def pool(readings: Iterator[Reading] | list[Reading]) -> Shares:
    """Return the shares of several readings together."""
    held = [reading for reading in readings if reading.n]
    n = sum(reading.n for reading in held)
    if not n:
        return Shares(math.nan, math.nan, 0)
    purine = sum(reading.purine_share * reading.n for reading in held) / n
    return Shares(purine, sum(reading.hexamer_share * reading.n for reading in held) / n, n)


def read_in_every_way(table: pd.DataFrame, genome: Genome) -> Iterator[Reading]:
    """Yield what the genome shows, first with the set as it is.

    Parameters
    ----------
    table : DataFrame
        `chrom`, `chromStart`, `strand`.
    genome : Genome
        Its sequences. Where a bundled chain leads to one of them, the set is also read as if of the assembly that the
        chain comes from.
    """
    sizes = genome.chrom_sizes
    ways = [(genome.name, "", table[table["chrom"].isin(list(sizes))])]
    for name in BUNDLED_CHAINS:
        chain = load_chain(name)
        (source,), (target,) = chain.sources, chain.targets
        contig = resolve_chrom(target, list(sizes))
        if contig is not None and sizes[contig] == chain.targets[target]:
            meant = table[table["chrom"].isin([source, contig])]
            ways.append((source, name, _lifted(meant, chain, source, contig)))
    for assembly, chain_name, meant in ways:
        for swapped in (False, True):
            for strand in "+-":
                rows = meant[meant["strand"] == strand]
                for offset in OFFSETS:
                    shares = _shares(rows, genome, _OTHER_STRAND[strand] if swapped else strand, offset)
                    yield Reading(
                        assembly, chain_name, swapped, strand, offset, shares.n, shares.purine, shares.hexamer
                    )


def background(genome: Genome) -> Shares:
    """Return the shares over evenly spaced bases of both strands: what a set of no meaning shows."""
    step = max(1, 2 * len(genome) // _SAMPLED_BASES)
    starts = [(contig.name, np.arange(0, len(contig), step)) for contig in genome]
    table = pd.concat([pd.DataFrame({"chrom": name, "chromStart": start}) for name, start in starts])
    found = [_shares(table, genome, strand, 0) for strand in "+-"]
    n = sum(shares.n for shares in found)
    purine, hexamer = (sum(getattr(s, key) * s.n for s in found) / n for key in ("purine", "hexamer"))
    return Shares(purine, hexamer, n)


def _lifted(table: pd.DataFrame, chain: Chain, source: str, contig: str) -> pd.DataFrame:
    places = chain.lift(source, table["chromStart"].to_numpy(dtype=np.int64))
    keep = np.array([len(place) == 1 for place in places], dtype=bool)
    starts = np.array([place[0][1] for place in places if len(place) == 1], dtype=np.int64)
    return table[keep].assign(chrom=contig, chromStart=starts)


def _shares(rows: pd.DataFrame, genome: Genome, strand: str, offset: int) -> Shares:
    marks = [
        _marks(genome, str(chrom), group["chromStart"].to_numpy(dtype=np.int64) + offset, strand)
        for chrom, group in rows.groupby("chrom", sort=False)
    ]
    n = sum(len(purine) for purine, _ in marks)
    if not n:
        return Shares(math.nan, math.nan, 0)
    return Shares(sum(int(p.sum()) for p, _ in marks) / n, sum(int(h.sum()) for _, h in marks) / n, n)


def _marks(genome: Genome, chrom: str, at: Int64, strand: str) -> tuple[Bool, Bool]:
    """Tell for each base of a sequence whether it is a purine of the strand, and whether a hexamer is upstream."""
    length = len(genome[chrom])
    codes = genome[chrom].strand_codes(0, length, "+" if strand == "+" else "-")
    at = at[(at >= 0) & (at < length)]
    at = at if strand == "+" else length - 1 - at
    hexamer = np.zeros(len(at), dtype=bool)
    for start in HEXAMER_STARTS:
        site = np.maximum(at + start, 0)
        hexamer |= (at + start >= 0) & (codes[site] == _T) & (codes[site + 1] == _A) & (codes[site + 5] == _T)
    return (codes[at] == _A) | (codes[at] == _G), hexamer
