"""Score sequences in memory; a `Scorer` keeps the engine of its model for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracktools.arrays import Float32, Letters
from tracktools.blocks import plan_blocks
from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine import engine_for
from tracktools.engine.grid import score_block
from tracktools.engine.host import read_host, set_to_host
from tracktools.engine.interface import Engine
from tracktools.errors import InputError
from tracktools.formats.fasta import as_dna, check_nucleotides
from tracktools.genome import Contig, Genome
from tracktools.interval import STRANDS
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import DEFAULT_MODEL, as_model


@dataclass(frozen=True, eq=False, repr=False)
class Model(Checkpoint):
    """A checkpoint that scores sequences."""

    def scorer(self, *, threads: int = 0, host: Genome | Descriptor | Path | str | None = None) -> Scorer:
        """Return what scores sequences with this model and keeps its engine from one to the next; see `Scorer`.

        Parameters
        ----------
        threads : int
            CPU threads; 0 takes all.
        host : optional
            See `Scorer`.
        """
        return Scorer(self, host=host, config=PredictConfig(threads=threads))


def load_model(name: str | Path = DEFAULT_MODEL) -> Model:
    """Load a model by its shipped name or from a checkpoint file.

    Parameters
    ----------
    name : str or Path
        A name that ``tracktools models list`` prints, or the path of a ``.safetensors`` file.

    Raises
    ------
    ConfigError
        If there is neither such a model nor such a file.
    CheckpointError
        If the file is not a whole tracktools checkpoint.

    Examples
    --------
    >>> load_model().metadata.name
    'bacteria-tss'
    """
    found = as_model(name)
    return Model(found.network, found.metadata, found.path, found.sha256)


class StrandSignals(NamedTuple):
    """The values of both strands of one sequence, in plus-strand order, shapes (length,); NaN where unscored."""

    plus: Float32
    minus: Float32


class Scorer:
    """A model with its engine, for many sequences: from the second one on, nothing is laid out or tried anew.

    Parameters
    ----------
    model : Checkpoint, Path or str, optional
        From `load_model`, or the name or file that it takes; by default the shipped model.
    host : Genome, Descriptor, Path or str, optional
        The genome that the sequences belong to: a model that takes a descriptor is set to it. By default each sequence
        itself, which must then be long enough to describe a genome.
    config : PredictConfig, optional
        Block length, engine, precision, device, threads.

    Examples
    --------
    >>> scorer = Scorer()
    >>> scorer.predict_sequence("TTGACA" + 17 * "C" + "TATAAT" + 40 * "G").plus.shape
    (69,)
    """

    def __init__(
        self,
        model: Checkpoint | Path | str | None = None,
        *,
        host: Genome | Descriptor | Path | str | None = None,
        config: PredictConfig | None = None,
    ) -> None:
        self.model, self.config = as_model(model), config or PredictConfig()
        self.host = read_host(Path(host)) if isinstance(host, str | Path) else host
        self._engine: tuple[Descriptor | None, Engine] | None = None

    def __repr__(self) -> str:
        return f"Scorer({self.model.metadata.name!r}, {self.config.engine!r}, threads={self.config.threads})"

    def predict_sequence(self, sequence: str | bytes | Letters, *, circular: bool = False) -> StrandSignals:
        """Score every base of both strands of one sequence; see `tracktools.predict_sequence`."""
        letters = read_letters(sequence)
        genome = Genome("sequence", (Contig("sequence", letters, circular),))
        model = set_to_host(
            self.model, genome, self.host, gene_context=self.config.gene_context, threads=self.config.threads
        )
        engine, network = self._engine_of(model), model.config
        signals = {strand: np.full(len(letters), np.nan, dtype=np.float32) for strand in STRANDS}
        for block in plan_blocks(genome, self.config.block_bp, network):
            for piece, values in block.split(score_block(block, genome, engine, network, model.context)):
                signals[piece.strand][piece.start : piece.end] = values
        return StrandSignals(signals["+"], signals["-"])

    def _engine_of(self, model: Checkpoint) -> Engine:
        """Return the engine of the model as it is set now, the last one where that is the same."""
        if self._engine is None or self._engine[0] != model.descriptor:
            self._engine = model.descriptor, engine_for(model, self.config)
        return self._engine[1]


def predict_sequence(
    sequence: str | bytes | Letters,
    *,
    model: Checkpoint | Path | str | None = None,
    circular: bool = False,
    host: Genome | Descriptor | Path | str | None = None,
    config: PredictConfig | None = None,
) -> StrandSignals:
    """Score every base of both strands of one sequence; for many sequences, take ``load_model().scorer()``.

    Parameters
    ----------
    sequence : str, bytes or ndarray of uint8
        Letters (ASCII codes in an array), 5' to 3' on the plus strand, in any case: A, C, G, T, U (read as T) and the
        other IUPAC codes, which are unscored and enter their neighbours' context as the mean of the four.
    model : Checkpoint, Path or str, optional
        From `load_model`, or the name or file that it takes; by default the shipped model.
    circular : bool
        Whether the end of the sequence is joined to its start.
    host, config : optional
        See `Scorer`.

    Returns
    -------
    plus, minus : ndarray of float32, shape (length,)
        Raw model output at each base in plus-strand order; NaN where a base is unscored: letters other than A, C, G, T,
        and the last `label_shift_bp` bases of each strand of a linear sequence (20 of ``ecoli-tss``, none of
        ``ecoli-tss-dilated``).

    Raises
    ------
    InputError
        If the sequence is empty, or contains anything but IUPAC nucleotide codes: a space, a gap, a protein.

    Examples
    --------
    >>> plus, minus = predict_sequence("TTGACA" + 17 * "C" + "TATAAT" + 40 * "G")
    >>> plus.shape, int(np.isnan(plus).sum())
    ((69,), 0)
    """
    return Scorer(model, host=host, config=config).predict_sequence(sequence, circular=circular)


def read_letters(sequence: str | bytes | Letters) -> Letters:
    """Return a sequence as ASCII codes, U as T; refuse an empty one, and anything but IUPAC nucleotide codes."""
    if isinstance(sequence, str):
        foreign = next((letter for letter in sequence if not letter.isascii()), None)
        if foreign is not None:
            raise InputError(f"{foreign!r} is no nucleotide letter", hint="a sequence has A, C, G, T and IUPAC codes")
        sequence = sequence.encode("ascii")
    text = sequence if isinstance(sequence, bytes) else np.asarray(sequence, dtype=np.uint8).tobytes()
    if not text:
        raise InputError("the sequence is empty")
    check_nucleotides(text)
    return np.frombuffer(as_dna(text), dtype=np.uint8)
