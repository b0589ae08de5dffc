"""One head after the other: sites, matrix, and a test of whether the motif is real.

The better half of nothing still makes a picture. So every second site (ranks 2, 4, …) is kept out of the matrix that is
judged: its hits are counted in those sites and in windows at the same offset from places with the lowest model output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tracktools.arrays import Float64
from tracktools.config import MotifConfig
from tracktools.genome import Genome
from tracktools.motifs.attention_folder import AttentionFolder
from tracktools.motifs.matrix import Pwm, count_letters
from tracktools.motifs.statistics import benjamini_hochberg, fisher_greater
from tracktools.motifs.windows import Windows, cut_windows, distinct_windows


@dataclass(frozen=True)
class Enrichment:
    """Hits of a matrix at the attended place, in sites that it was not made of and in the background.

    Parameters
    ----------
    hits, n : int
        In the sites held out.
    background_hits, background_n : int
        In windows at the same offset from places with low model output.
    p, q : float
        Fisher's exact test, one-sided; Benjamini-Hochberg over the heads.
    """

    hits: int
    n: int
    background_hits: int
    background_n: int
    p: float
    q: float = float("nan")

    @property
    def fold(self) -> float:
        """Share of hits over that of the background, half a hit added to each."""
        return (self.hits + 0.5) / (self.n + 1) / ((self.background_hits + 0.5) / (self.background_n + 1))


@dataclass(frozen=True, eq=False)
class HeadMotif:
    """What the best-attended sites of a head have in common.

    Parameters
    ----------
    head : str
        Name, such as ``L1H3``.
    offsets : tuple of int
        Best-attended offsets, the best first; motifs are made at the first. Empty where nothing was recorded.
    n_sites : int
        Sites after doubles were left out.
    window : Pwm or None
        Counts over the whole window.
    pwm : Pwm or None
        Its informative core; None if there is no motif.
    enrichment : Enrichment or None
        None where it came not so far.
    reason : str
        Why there is no motif; empty if there is one.
    """

    head: str
    offsets: tuple[int, ...]
    n_sites: int
    window: Pwm | None
    pwm: Pwm | None
    enrichment: Enrichment | None
    reason: str

    @property
    def status(self) -> str:
        """``motif`` or ``no motif``."""
        return "no motif" if self.pwm is None else "motif"

    @property
    def strength(self) -> tuple[float, float]:
        """What heads are sorted by, the strongest lowest."""
        if self.pwm is None or self.enrichment is None:
            return (2.0, 0.0)
        return (self.enrichment.q, -self.enrichment.fold)


def composition(genome: Genome) -> Float64:
    """Return the share of A, C, G, T on both strands together; even shares if there is no base."""
    gc = genome.gc_content
    if not 0 < gc < 1:
        return np.full(4, 0.25)
    return np.array([1 - gc, gc, gc, 1 - gc]) / 2


def background_positions(folder: AttentionFolder, config: MotifConfig) -> pd.DataFrame:
    """Return the positions of the background.

    Those of the sets that are named so; else ``bottom``, and ``random`` up to its median output. At most
    ``background_sites``, drawn at random; each position once.
    """
    samples = folder.samples
    random = samples[samples["group"] == "random"]
    quiet = random[random["output"] <= random["output"].median()] if len(random) else random
    low = pd.concat([samples[samples["group"] == "bottom"], quiet])
    if folder.background:
        low = samples[samples["group"].isin(folder.background)]
    low = low.drop_duplicates(["chrom", "position", "strand"])
    if len(low) > config.background_sites:
        low = low.sample(config.background_sites, random_state=config.seed)
    return low.reset_index(drop=True)


def discover_motifs(folder: AttentionFolder, genome: Genome, config: MotifConfig) -> list[HeadMotif]:
    """Return what each head's best-attended sites have in common, in the order of the heads.

    Parameters
    ----------
    folder : AttentionFolder
        What ``attention`` wrote.
    genome : Genome
        Its genome, circular contigs named.
    config : MotifConfig
        Numbers of sites, thresholds.
    """
    background, low = composition(genome), background_positions(folder, config)
    found = [_head_motif(folder, head, low, genome, background, config) for head in folder.heads]
    q_values = benjamini_hochberg([one.enrichment.p if one.enrichment else float("nan") for one in found])
    return [_judged(one, float(q), config) for one, q in zip(found, q_values, strict=True)]


def _judged(one: HeadMotif, q: float, config: MotifConfig) -> HeadMotif:
    if one.enrichment is None:
        return one
    one = replace(one, enrichment=replace(one.enrichment, q=q))
    if one.pwm is not None and q > config.max_q:
        return replace(one, pwm=None, reason=f"hits are not enriched in sites held out (q = {q:.2g})")
    return one


def _head_motif(
    folder: AttentionFolder, head: str, low: pd.DataFrame, genome: Genome, background: Float64, config: MotifConfig
) -> HeadMotif:
    rows = folder.table_of("top", head)
    offsets = tuple(int(offset) for offset in dict.fromkeys(rows["tssOffset"]))
    if not offsets:
        return HeadMotif(head, (), 0, None, None, None, "no attended positions were recorded")
    rows = rows[rows["tssOffset"] == offsets[0]].sort_values("rank", kind="stable").reset_index(drop=True)
    sites = best_sites(rows, offsets[0], genome, config)
    strongest = float(rows["attention"].iloc[: config.top].median())
    window = count_letters(sites.codes, background, config.pseudocount, -half(config)) if len(sites) else None
    one = HeadMotif(head, offsets, len(sites), window, None, None, "")
    if strongest < config.flat_times_uniform / folder.window_bp:
        times = strongest * folder.window_bp
        return replace(one, reason=f"flat attention: its best sites get {times:.1f} times an even share")
    if len(sites) < config.min_sites:
        return replace(one, reason=f"{len(sites)} distinct sites, and {config.min_sites} are needed")
    quiet = cut_windows(low, offsets[0], genome, half(config), half(config))
    if len(quiet) < config.min_sites:
        return replace(one, reason=f"{len(quiet)} windows of background, and {config.min_sites} are needed")
    return _with_core(one, sites, quiet, config)


def _with_core(one: HeadMotif, sites: Windows, quiet: Windows, config: MotifConfig) -> HeadMotif:
    """Give a head its matrix, and the enrichment of that of half of the sites in the other half."""
    assert one.window is not None
    background = one.window.background
    learned = count_letters(sites.codes[::2], background, config.pseudocount, -half(config))
    learned_core, core = (pwm.core(config.min_column_bits) for pwm in (learned, one.window))
    if core is None or learned_core is None:
        best = float(one.window.bits.max())
        return replace(one, reason=f"no common letters: the best column has {best:.2f} bits")
    if min(len(core), len(learned_core)) < config.min_width_bp:
        letters = f"{len(core)} letters" if len(core) != 1 else "one letter"
        return replace(one, reason=f"its sites have {letters} in common, and {config.min_width_bp} are needed")
    hits, quiet_hits = (
        int((learned_core.p_values(in_columns(codes, learned_core)) <= config.hit_p).sum())
        for codes in (sites.codes[1::2], quiet.codes)
    )
    n = len(sites.codes[1::2])
    enrichment = Enrichment(hits, n, quiet_hits, len(quiet), fisher_greater(hits, n, quiet_hits, len(quiet)))
    return replace(one, pwm=core, enrichment=enrichment)


def best_sites(rows: pd.DataFrame, offset: int, genome: Genome, config: MotifConfig) -> Windows:
    """Return the distinct windows of the best rows at one offset, at most ``top``."""
    windows = cut_windows(rows, offset, genome, half(config), half(config))
    distinct = distinct_windows(windows, rows, genome, config.window_bp // 2)
    return distinct.take(np.arange(min(config.top, len(distinct))))


def half(config: MotifConfig) -> int:
    """Return the bases on either side of the attended one."""
    return config.window_bp // 2


def in_columns(codes: np.ndarray, pwm: Pwm) -> np.ndarray:
    """Return the part of windows, with the attended base in the middle, on which a matrix lies."""
    middle = codes.shape[1] // 2
    return codes[:, middle + pwm.first : middle + pwm.last]
