"""What the substitutions of every base of a block do to the output of both strands around it."""

from __future__ import annotations

import numpy as np

from tracktools.arrays import Bool, Float32, Int64
from tracktools.blocks import Block, Piece, RegionMask, scored_range
from tracktools.engine.changes import changed_outputs
from tracktools.engine.grid import window_of
from tracktools.engine.interface import Changes
from tracktools.engine.substitutions import places_of, substituted_outputs
from tracktools.gene_context import shift_probabilities
from tracktools.genome import ALPHABET, UNKNOWN, Contig
from tracktools.interval import STRANDS, Strand
from tracktools.mutate.scoring import Scoring

PLANES = ("gain", "loss", "mean_gain", "mean_loss")  # what is kept of a base; losses without their sign
_OTHERS = len(ALPHABET) - 1


def block_effects(block: Block, scoring: Scoring, chosen: RegionMask | None = None) -> Float32:
    """Return the strongest changes of the output by the substitutions of each base.

    Parameters
    ----------
    block : Block
        Of pieces of the plus strand: the bases that are changed.
    scoring : Scoring
        What predicts.
    chosen : mapping, optional
        The bases that are wanted, see `plan_blocks`; the others are not computed.

    Returns
    -------
    ndarray of float32, shape (4, len(block))
        `PLANES`: over the outputs of both strands that see the base, the largest gain and the largest loss, 0 to 1, by
        the substitution that gives the most; and the means of its three substitutions. NaN at bases other than
        A, C, G, T, and at those that are not wanted.
    """
    values = np.full((len(PLANES), len(block)), np.nan, dtype=np.float32)
    at = 0
    for piece in block.pieces:
        contig = scoring.genome.contigs[piece.contig]
        wanted = _wanted(piece, contig, chosen)
        rows = np.flatnonzero(wanted)
        if len(rows):
            gains, losses = _both_strands(piece, rows, contig, scoring)
            of_rows = (gains.max(axis=1), losses.max(axis=1), _mean(gains), _mean(losses))
            values[:, at + rows] = np.stack(of_rows)
        at += len(piece)
    return values


def _mean(values: Float32) -> Float32:
    """Return the mean of three substitutions; the fourth column, of the letter that is there, is 0."""
    means: Float32 = (values.astype(np.float64).sum(axis=1) / _OTHERS).astype(np.float32)
    return means


def _wanted(piece: Piece, contig: Contig, chosen: RegionMask | None) -> Bool:
    wanted: Bool = contig.strand_codes(piece.start, piece.end, "+") != UNKNOWN
    if chosen is not None:
        inside = np.zeros(len(piece), dtype=bool)
        for start, end in chosen.get((piece.contig, piece.strand), ()):
            inside[max(start - piece.start, 0) : max(end - piece.start, 0)] = True
        wanted &= inside
    return wanted


def _both_strands(piece: Piece, rows: Int64, contig: Contig, scoring: Scoring) -> tuple[Float32, Float32]:
    """Return the gain and the loss of each row by new letter of the plus strand, shapes (len(rows), 4)."""
    bases = piece.start + rows
    gains, losses = (np.zeros((len(rows), len(ALPHABET)), dtype=np.float32) for _ in range(2))
    network = scoring.network
    sees_itself = contig.circular and len(contig) <= network.halo_upstream_bp + network.halo_downstream_bp
    for strand in STRANDS:
        found = (_small_circle if sees_itself else _one_strand)(bases, contig, strand, scoring)
        for total, of_strand in zip((gains, losses), found, strict=True):
            np.maximum(total, of_strand if strand == "+" else of_strand[:, ::-1], out=total)
    return gains, losses


def _one_strand(bases: Int64, contig: Contig, strand: Strand, scoring: Scoring) -> tuple[Float32, Float32]:
    network, length = scoring.network, len(contig)
    up = network.halo_upstream_bp - network.label_shift_bp  # bases upstream of an output that it sees
    down = network.halo_downstream_bp + network.label_shift_bp
    before, behind = (down, up) if strand == "+" else (up, down)
    start, end = int(bases[0]) - before, int(bases[-1]) + 1 + behind  # outputs that see any of the bases
    if not contig.circular:
        first, last = scored_range(contig, strand, network.label_shift_bp)
        start, end = max(start, first), min(end, last)
    if start >= end:
        nothing = np.zeros((len(bases), len(ALPHABET)), dtype=np.float32)
        return nothing, nothing
    window = window_of(Piece(0, strand, start, end), contig, network, scoring.engine.alignment_bp)
    origin = (start if strand == "+" else length - end) + network.label_shift_bp - window.first
    offsets = (bases if strand == "+" else length - 1 - bases) - origin
    firsts = np.maximum(offsets - network.halo_downstream_bp, window.first)
    lasts = np.maximum(np.minimum(offsets + network.halo_upstream_bp + 1, window.last), firsts)
    seen = np.flatnonzero(lasts > firsts)
    changes = Changes(window.codes, offsets[seen], firsts[seen], lasts[seen])
    (outputs,) = changed_outputs([changes], scoring.engine, network, scoring.config.block_bp)
    scored = window.codes[np.arange(window.first, window.last) - network.label_shift_bp] != UNKNOWN
    gains, losses = (np.zeros((len(bases), len(ALPHABET)), dtype=np.float32) for _ in range(2))
    context = scoring.model.context
    added = None if context is None else context.along(contig.name, strand, start, end)
    gains[seen], losses[seen] = _extremes(outputs, changes, scored, added, window.first)
    return gains, losses


def _extremes(
    outputs: Float32, changes: Changes, scored: Bool, added: Float32 | None, first: int
) -> tuple[Float32, Float32]:
    """Return the largest gain and loss of any scored output, by place and new letter.

    `scored` and `added`, what the gene context adds, are by output of the window, `first` the first of them.
    """
    widths = changes.lasts - changes.firsts
    starts = np.cumsum(len(ALPHABET) * widths) - len(ALPHABET) * widths
    present = changes.codes[changes.offsets]
    gains, losses = (np.zeros((len(widths), len(ALPHABET)), dtype=np.float32) for _ in range(2))
    for width in np.unique(widths):
        rows = np.flatnonzero(widths == width)
        values = outputs[starts[rows, None] + np.arange(len(ALPHABET) * width)].reshape(len(rows), len(ALPHABET), width)
        seen = changes.firsts[rows, None] - first + np.arange(width)
        if added is not None:
            values = shift_probabilities(values, added[seen][:, None, :])
        values -= values[np.arange(len(rows)), present[rows]][:, None, :]
        counted = scored[seen]
        if not counted.all():
            values *= counted[:, None, :]  # an output that is no output changes nothing
        gains[rows] = values.max(axis=2).clip(min=0)
        losses[rows] = -values.min(axis=2).clip(max=0)
    return gains, losses


def _small_circle(bases: Int64, contig: Contig, strand: Strand, scoring: Scoring) -> tuple[Float32, Float32]:
    """Do the same on a circle so short that an output sees a base more than once."""
    whole = (0, len(contig))
    alignment_bp, context = scoring.engine.alignment_bp, scoring.model.context
    places = places_of(contig, strand, whole, bases, scoring.network, alignment_bp, context)
    (outputs,) = substituted_outputs([places], scoring.engine, scoring.network, scoring.config.block_bp)
    outputs = outputs[:, :, contig.strand_codes(*whole, strand) != UNKNOWN]
    if not outputs.shape[2]:
        outputs = np.zeros((*outputs.shape[:2], 1), dtype=np.float32)
    present = places.window.codes[places.offsets]
    changed = outputs - outputs[np.arange(len(bases)), present][:, None, :]
    return changed.max(axis=2).clip(min=0), -changed.min(axis=2).clip(max=0)
