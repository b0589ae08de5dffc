"""Score spans of many molecules, each with its full context; those of one length of codes share the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Piece, scored_range
from tracktools.config import NetworkConfig
from tracktools.engine.grid import Molecule, window_of
from tracktools.engine.interface import Engine, Window
from tracktools.gene_context import GenomeContext, shift_probabilities
from tracktools.genome import UNKNOWN
from tracktools.interval import Strand


class StrandSpan(NamedTuple):
    """Bases of one strand of a molecule, 0-based, half-open, plus-strand coordinates.

    On a circle they may lie across the origin, below 0 or past its length. What lies past an end of a linear molecule
    has no value.
    """

    molecule: Molecule
    strand: Strand
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def score_spans(
    spans: Iterable[StrandSpan],
    engine: Engine,
    network: NetworkConfig,
    batch_bp: int,
    context: GenomeContext | None,
) -> list[Float32]:
    """Return the model output of spans: what a whole run over their molecules gives there, bit for bit.

    A change keeps the gene context: each base has that of the base of the genome that it was (`Molecule`).

    Parameters
    ----------
    spans : iterable of StrandSpan
    engine, network
        What scores.
    batch_bp : int
        Bases computed at once, context included, so that memory stays bounded; a longer span is cut.
    context : GenomeContext or None
        Of the genome, unchanged.

    Returns
    -------
    list of ndarray of float32, shapes (len(span),)
        In plus-strand order; NaN where a base is unscored.
    """
    signals: list[Float32] = []
    batch: list[tuple[Float32, StrandSpan, Piece, Window]] = []
    codes_bp = 0
    for span in spans:
        signals.append(np.full(len(span), np.nan, dtype=np.float32))
        for piece in _pieces(span, network, batch_bp):
            window = window_of(piece, span.molecule, network, engine.alignment_bp)
            if batch and codes_bp + len(window.codes) > batch_bp:
                _fill(batch, engine, context)
                batch, codes_bp = [], 0
            batch.append((signals[-1], span, piece, window))
            codes_bp += len(window.codes)
    _fill(batch, engine, context)
    return signals


def _pieces(span: StrandSpan, network: NetworkConfig, batch_bp: int) -> Iterator[Piece]:
    molecule, strand, start, end = span
    if not len(molecule):
        return
    if not molecule.circular:
        first, last = scored_range(molecule, strand, network.label_shift_bp)
        start, end = max(start, first), min(end, last)
    for at in range(start, end, batch_bp):
        yield Piece(0, strand, at, min(at + batch_bp, end))


def _fill(
    batch: list[tuple[Float32, StrandSpan, Piece, Window]], engine: Engine, context: GenomeContext | None
) -> None:
    outputs = engine.probabilities_many([window for *_, window in batch]) if batch else []
    for (signal, span, piece, _), output in zip(batch, outputs, strict=True):
        values, molecule = output if span.strand == "+" else output[::-1], span.molecule
        if context is not None:
            bases = molecule.unchanged_bases(np.arange(piece.start, piece.end), span.strand)
            values = shift_probabilities(values, context.log_odds_at(molecule.name, span.strand, bases))
        codes = molecule.strand_codes(piece.start, piece.end, "+")
        within = slice(piece.start - span.start, piece.end - span.start)
        signal[within] = np.where(codes == UNKNOWN, np.float32(np.nan), values)
