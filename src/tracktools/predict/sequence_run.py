"""Score one sequence in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracktools.blocks import plan_blocks
from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine.grid import score_block
from tracktools.engine.host import set_to_host
from tracktools.errors import InputError
from tracktools.formats.fasta import as_dna, check_nucleotides
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.predict.preflight import engine_for

Signal = npt.NDArray[np.float32]


def predict_sequence(
    sequence: str | bytes | npt.NDArray[np.uint8],
    *,
    model: Checkpoint | Path | str | None = None,
    circular: bool = False,
    host: Genome | Descriptor | None = None,
    config: PredictConfig | None = None,
) -> tuple[Signal, Signal]:
    """Score every base of both strands of one sequence.

    Parameters
    ----------
    sequence : str, bytes or ndarray of uint8
        Letters (ASCII codes in an array), 5' to 3' on the plus strand, in any case: A, C, G, T, U (read as T) and the
        other IUPAC codes, which are unscored and enter their neighbours' context as the mean of the four.
    model : Checkpoint, Path or str, optional
        From `load_model`, or the name or file that it takes; by default the shipped model.
    circular : bool
        Whether the end of the sequence is joined to its start.
    host : Genome or Descriptor, optional
        The genome that the sequence belongs to: a model that takes a descriptor is set to it. By default the sequence
        itself, which must then be long enough to describe a genome.
    config : PredictConfig, optional
        Block length, engine, precision, device, threads.

    Returns
    -------
    plus, minus : ndarray of float32, shape (length,)
        Raw model output at each base in plus-strand order; NaN where a base is unscored: letters other than A, C, G, T,
        and the last `label_shift_bp` bases of each strand of a linear sequence (20 of `ecoli-tss`, none of others).

    Raises
    ------
    InputError
        If the sequence is empty, or holds anything but IUPAC nucleotide codes: a space, a gap, a protein.

    Examples
    --------
    >>> plus, minus = predict_sequence("TTGACA" + 17 * "C" + "TATAAT" + 40 * "G")
    >>> plus.shape, int(np.isnan(plus).sum())
    ((69,), 0)
    """
    letters = _letters(sequence)
    genome = Genome("sequence", (Contig("sequence", letters, circular),))
    model = set_to_host(as_model(model), genome, host)
    config = config or PredictConfig()
    engine = engine_for(model, config)
    signals = {strand: np.full(len(letters), np.nan, dtype=np.float32) for strand in ("+", "-")}
    network = model.config
    for block in plan_blocks(genome, config.block_bp, network):
        for piece, values in block.split(score_block(block, genome, engine, network)):
            signals[piece.strand][piece.start : piece.end] = values
    return signals["+"], signals["-"]


def _letters(sequence: str | bytes | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if isinstance(sequence, str):
        foreign = next((letter for letter in sequence if not letter.isascii()), None)
        if foreign is not None:
            raise InputError(f"{foreign!r} is no nucleotide letter", mend="a sequence has A, C, G, T and IUPAC codes")
        sequence = sequence.encode("ascii")
    text = sequence if isinstance(sequence, bytes) else np.asarray(sequence, dtype=np.uint8).tobytes()
    if not text:
        raise InputError("the sequence is empty")
    check_nucleotides(text)
    return np.frombuffer(as_dna(text), dtype=np.uint8)
