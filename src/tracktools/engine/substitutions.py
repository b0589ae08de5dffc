"""What single substitutions do to the output: only what each reaches is computed again, or each mutant is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Float64, Int64
from tracktools.blocks import Piece
from tracktools.config import NetworkConfig
from tracktools.engine.changes import ChangingEngine, changing_engine
from tracktools.engine.grid import window_of
from tracktools.engine.interface import Changes, Engine, Window
from tracktools.gene_context import GenomeContext, shift_probabilities
from tracktools.genome import ALPHABET, UNKNOWN, Contig
from tracktools.interval import Strand

LEAST_PROBABILITY = 1e-6  # float32 tells a probability from 1 down to 6e-8: below this, log-odds would be rounding


class Places(NamedTuple):
    """A window, and the bases of it that are changed, one at a time.

    Parameters
    ----------
    window : Window
        With full context, as `window_of` makes it.
    offsets : ndarray of int64, shape (n_places,)
        Bases to change, counted in the codes of the window; each once.
    period_bp : int
        Length of a circle that is shorter than the window: the same base is there again after so many bases, and all
        copies of it change together. 0: every base is there once.
    added : ndarray of float32, shape (n_outputs,), optional
        What the gene context adds to the log-odds of each output, along the strand; a substitution keeps it.
    """

    window: Window
    offsets: Int64
    period_bp: int = 0
    added: Float32 | None = None


def log_odds(probability: Float32) -> Float64:
    """Return ``log(p / (1 - p))``, natural logarithm; p is first clipped to 1e-6 ... 1 - 1e-6, so ±13.8 at most."""
    p = np.clip(np.asarray(probability, dtype=np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(p) - np.log1p(-p)


def places_of(
    contig: Contig,
    strand: Strand,
    outputs: tuple[int, int],
    bases: Int64,
    network: NetworkConfig,
    alignment_bp: int,
    context: GenomeContext | None,
) -> Places:
    """Return the places of bases of a contig, for the outputs at a stretch of one strand.

    Parameters
    ----------
    contig : Contig
    strand : {"+", "-"}
    outputs : tuple of int
        First base and end (half-open) of the outputs that are asked for, plus-strand coordinates; all scored
        (`blocks.scored_range`). On a circle they may lie across the origin: below 0, or past its length.
    bases : ndarray of int64, shape (n_places,)
        Bases to change, plus-strand coordinates; all within reach of an output. Modulo the length on a circle.
    network, alignment_bp
        What scores.
    context : GenomeContext or None
        Of the genome, unchanged.
    """
    length = len(contig)
    window = window_of(Piece(0, strand, *outputs), contig, network, alignment_bp)
    first = outputs[0] if strand == "+" else length - outputs[1]  # of the outputs, in strand coordinates
    start = first + network.label_shift_bp - window.first  # strand coordinate of the first code
    along = bases if strand == "+" else length - 1 - bases
    added = None if context is None else context.along(contig.name, strand, *outputs)
    if not contig.circular:
        return Places(window, along - start, added=added)
    return Places(window, (along - start) % length, length if length < len(window.codes) else 0, added)


def substituted_outputs(
    places: Iterable[Places], engine: Engine, network: NetworkConfig, batch_bp: int
) -> Iterator[Float32]:
    """Yield the outputs of every substitution at each of some places of windows.

    Parameters
    ----------
    places : iterable of Places
    engine, network
        What scores.
    batch_bp : int
        Bases of mutants, or so many answers, per engine call, so that memory stays bounded.

    Yields
    ------
    ndarray of float32, shape (n_places, 4, n_outputs)
        For each of `places`: the model output at every position that its window asks for, with the letter A, C, G or T
        of the window's strand in that place. The letter that is there gives the unchanged output. NaN for places that
        hold another letter, which have no substitutions.
    """
    able = changing_engine(engine)
    if able is None:
        yield from (_in_context(one, _by_mutants(one, engine, network, batch_bp)) for one in places)
        return
    for batch in _batches(places, batch_bp):
        for one, outputs in zip(batch, _by_changes(batch, able, network, batch_bp), strict=True):
            yield _in_context(one, outputs)


def _in_context(places: Places, outputs: Float32) -> Float32:
    """Return outputs of the network with what the gene context adds to them."""
    return outputs if places.added is None else shift_probabilities(outputs, places.added)


def _batches(places: Iterable[Places], batch_bp: int) -> Iterator[list[Places]]:
    """Put places together until their answers are as many as `batch_bp` bases, so that threads have enough to share."""
    batch: list[Places] = []
    size = 0
    for one in places:
        batch.append(one)
        size += len(one.window.codes) + len(one.offsets) * len(ALPHABET) * (one.window.last - one.window.first)
        if size >= batch_bp:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _by_changes(
    batch: Sequence[Places], engine: ChangingEngine, network: NetworkConfig, batch_bp: int
) -> Iterator[Float32]:
    """Yield the outputs of some places, from an engine that computes again only what a change reaches."""
    asked = [_changes_of(one, network) for one in batch]
    unchanged = engine.probabilities_many([one.window for one in batch])
    answers = engine.changed([changes for _, changes in asked])
    for one, (rows, changes), before, answer in zip(batch, asked, unchanged, answers, strict=True):
        if one.period_bp:
            yield _by_mutants(one, engine, network, batch_bp)
            continue
        outputs = _unchanged(one, before)
        at, first = 0, one.window.first
        for row, start, end in zip(rows, changes.firsts - first, changes.lasts - first, strict=True):
            size = len(ALPHABET) * (end - start)
            outputs[row, :, start:end] = answer[at : at + size].reshape(len(ALPHABET), -1)
            at += size
        yield outputs


def _changes_of(places: Places, network: NetworkConfig) -> tuple[Int64, Changes]:
    """Return which places change something, and the outputs that each of them reaches."""
    window, offsets, period_bp, _ = places
    firsts = np.maximum(offsets - network.halo_downstream_bp, window.first)
    lasts = np.minimum(offsets + network.halo_upstream_bp + 1, window.last)
    rows = np.flatnonzero((firsts < lasts) & (window.codes[offsets] != UNKNOWN) & (period_bp == 0))
    return rows, Changes(window.codes, offsets[rows], firsts[rows], lasts[rows])


def _unchanged(places: Places, outputs: Float32) -> Float32:
    """Return the unchanged outputs for each place and letter; NaN where a place has no substitutions."""
    repeated = np.repeat(np.tile(outputs, (len(places.offsets), 1))[:, None, :], len(ALPHABET), axis=1)
    repeated[places.window.codes[places.offsets] == UNKNOWN] = np.nan
    return repeated


def _by_mutants(places: Places, engine: Engine, network: NetworkConfig, batch_bp: int) -> Float32:
    window, offsets, period_bp, _ = places
    present = window.codes[offsets]
    outputs = _unchanged(places, engine.probabilities_many([window])[0])
    wanted = [
        (place, code)
        for place in np.flatnonzero(present != UNKNOWN)
        if any(_is_seen(copy, window, network) for copy in _copies(int(offsets[place]), len(window.codes), period_bp))
        for code in range(len(ALPHABET))
        if code != present[place]
    ]
    n_at_once = max(1, batch_bp // (-(-len(window.codes) // engine.alignment_bp) * engine.alignment_bp))
    for start in range(0, len(wanted), n_at_once):
        batch = wanted[start : start + n_at_once]
        mutants = [_mutant(window, int(offsets[place]), code, period_bp) for place, code in batch]
        for (place, code), values in zip(batch, engine.probabilities_many(mutants), strict=True):
            outputs[place, code] = values
    return outputs


def _copies(offset: int, length: int, period_bp: int) -> range:
    """Return where in a window a base is."""
    return range(offset % period_bp, length, period_bp) if period_bp else range(offset, offset + 1)


def _is_seen(offset: int, window: Window, network: NetworkConfig) -> bool:
    """Return whether an output that is asked for depends on a base."""
    return window.first - network.halo_upstream_bp <= offset < window.last + network.halo_downstream_bp


def _mutant(window: Window, offset: int, code: int, period_bp: int) -> Window:
    codes = window.codes.copy()
    codes[_copies(offset, len(codes), period_bp)] = code
    return window._replace(codes=codes)


def substitution_effects(
    contig: Contig,
    position: int,
    strand: Strand,
    engine: Engine,
    network: NetworkConfig,
    batch_bp: int,
    context: GenomeContext | None,
) -> Float64:
    """Return the change of the log-odds at one scored base, by every substitution of the contig.

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
    context : GenomeContext or None
        Of the genome, unchanged.

    Returns
    -------
    ndarray of float64, shape (length, 4)
        By base and new letter (A, C, G, T), both of the plus strand: 0 for the letter that is there and for bases out
        of reach, NaN for bases other than A, C, G, T, which have no substitutions.
    """
    effects = np.zeros((len(contig), len(ALPHABET)))
    effects[contig.codes == UNKNOWN] = np.nan
    bases = bases_in_reach(contig, strand, position, network)
    places = places_of(contig, strand, (position, position + 1), bases, network, engine.alignment_bp, context)
    outputs = next(substituted_outputs([places], engine, network, batch_bp))[:, :, 0]
    known = np.flatnonzero(~np.isnan(outputs[:, 0]))
    if len(known):
        changed = log_odds(outputs[known])
        changed -= changed[np.arange(len(known)), places.window.codes[places.offsets[known]], None]
        effects[bases[known]] = changed if strand == "+" else changed[:, ::-1]
    return effects


def bases_in_reach(contig: Contig, strand: Strand, position: int, network: NetworkConfig) -> Int64:
    """Return the bases of a contig, ascending, on which the output at one base of a strand depends."""
    up = network.halo_upstream_bp - network.label_shift_bp
    down = network.halo_downstream_bp + network.label_shift_bp
    first, end = (position - up, position + down + 1) if strand == "+" else (position - down, position + up + 1)
    if contig.circular:
        return np.unique(np.arange(first, end) % len(contig))
    return np.arange(max(first, 0), min(end, len(contig)))
