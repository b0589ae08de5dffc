"""What every single substitution does to the output at one base: only what reaches that base is computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracktools.arrays import Float32, Float64, Int64
from tracktools.blocks import Piece
from tracktools.config import NetworkConfig
from tracktools.engine.grid import window_of
from tracktools.engine.interface import Engine, Window
from tracktools.genome import ALPHABET, UNKNOWN, Contig
from tracktools.interval import Strand

LEAST_PROBABILITY = 1e-6  # float32 tells a probability from 1 down to 6e-8: below this, log-odds would be rounding


def log_odds(probability: Float32) -> Float64:
    """Return ``log(p / (1 - p))``, natural logarithm; p is first clipped to 1e-6 ... 1 - 1e-6, so ±13.8 at most."""
    p = np.clip(np.asarray(probability, dtype=np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(p) - np.log1p(-p)


def substitution_effects(
    contig: Contig, position: int, strand: Strand, engine: Engine, network: NetworkConfig, batch_bp: int
) -> Float64:
    """Return the change of the log-odds at one scored base, by every substitution of the contig.

    Every mutant is a window with the full context of that base, which begins where `window_of` has it: the answer is
    that of a whole run over the mutated contig, bit for bit.

    Parameters
    ----------
    contig : Contig
    position : int
        The base, 0-based on the plus strand; it must be scored (`blocks.scored_range`).
    strand : {"+", "-"}
        The strand whose output is asked for.
    engine, network
        What scores.
    batch_bp : int
        Bases per engine call, so that memory stays bounded.

    Returns
    -------
    ndarray of float64, shape (length, 4)
        By base and new letter (A, C, G, T), both of the plus strand: 0 for the letter that is there and for bases out
        of reach, NaN for bases other than A, C, G, T, which have no substitutions.
    """
    window = window_of(Piece(0, strand, position, position + 1), contig, network, engine.alignment_bp)
    bases = _bases_of(window, contig, position, strand, network)
    effects = np.zeros((len(contig), len(ALPHABET)))
    effects[contig.codes == UNKNOWN] = np.nan
    before = log_odds(engine.probabilities_many([window])[0])[0]
    mutants = _mutants(window, bases, strand, network)
    n_at_once = max(1, batch_bp // (-(-len(window.codes) // engine.alignment_bp) * engine.alignment_bp))
    batch: list[tuple[int, int, Window]] = []
    for mutant in mutants:
        batch.append(mutant)
        if len(batch) == n_at_once:
            _fill(effects, batch, engine, before)
            batch = []
    _fill(effects, batch, engine, before)
    return effects


def _bases_of(window: Window, contig: Contig, position: int, strand: Strand, network: NetworkConfig) -> Int64:
    """Return the plus-strand base of every code of a window; a base of a short circle can be there many times."""
    length = len(contig)
    on_strand = position if strand == "+" else length - 1 - position
    along = np.arange(len(window.codes)) + on_strand + network.label_shift_bp - window.first
    return along % length if strand == "+" else (length - 1 - along) % length


def _mutants(window: Window, bases: Int64, strand: Strand, network: NetworkConfig) -> Iterator[tuple[int, int, Window]]:
    """Yield base, new letter (both of the plus strand) and window of every substitution that can reach the answer."""
    reach = slice(max(window.first - network.halo_upstream_bp, 0), window.first + network.halo_downstream_bp + 1)
    for base in np.unique(bases[reach]):
        copies = np.flatnonzero(bases == base)
        present = window.codes[copies[0]]
        if present == UNKNOWN:
            continue
        for code in range(len(ALPHABET)):
            if code != present:
                codes = window.codes.copy()
                codes[copies] = code
                yield int(base), code if strand == "+" else 3 - code, window._replace(codes=codes)


def _fill(effects: Float64, batch: list[tuple[int, int, Window]], engine: Engine, before: np.float64) -> None:
    if batch:
        outputs = engine.probabilities_many([window for _, _, window in batch])
        for (base, letter, _), after in zip(batch, outputs, strict=True):
            effects[base, letter] = log_odds(after)[0] - before
