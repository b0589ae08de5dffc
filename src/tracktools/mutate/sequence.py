"""All single substitutions of one sequence, and what each does to the output at one base."""

from __future__ import annotations

from pathlib import Path

from tracktools.arrays import Float64, Letters
from tracktools.blocks import scored_range
from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine import engine_for
from tracktools.engine.host import read_host, set_to_host
from tracktools.engine.substitutions import substitution_effects
from tracktools.errors import InputError
from tracktools.genome import UNKNOWN, Contig, Genome
from tracktools.interval import STRANDS, Strand
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.predict.scorer import read_letters


def mutate_sequence(
    sequence: str | bytes | Letters,
    position: int,
    strand: Strand,
    *,
    model: Checkpoint | Path | str | None = None,
    circular: bool = False,
    host: Genome | Descriptor | Path | str | None = None,
    config: PredictConfig | None = None,
) -> Float64:
    """Return what every single substitution does to the log-odds of a TSS at one base; exact, by prediction.

    Only bases that the model sees from there are tried: 77 to each side with ``ecoli-tss-dilated``, a second of work.
    ``ecoli-tss`` sees 3 kb, so that a long sequence costs as much as predicting 30 million bases.

    Parameters
    ----------
    sequence : str, bytes or ndarray of uint8
        As `predict_sequence` takes it.
    position : int
        The base whose output is asked for, 0-based on the plus strand.
    strand : {"+", "-"}
        Its strand.
    model, circular, config : optional
        See `predict_sequence`.
    host : Genome, Descriptor, Path or str, optional
        The genome that the sequence belongs to, see `Scorer`; by default the sequence before any change.

    Returns
    -------
    ndarray of float64, shape (length, 4)
        Change of the log-odds, natural logarithm, by base and new letter (A, C, G, T), both of the plus strand on
        either strand. 0 for the letter that is there and for bases out of sight; NaN for bases other than A, C, G, T.
        Output is clipped to 1e-6 ... 1 - 1e-6 first, so that log-odds stay within ±13.8.

    Raises
    ------
    InputError
        If the sequence is none, or the base is outside it or unscored.

    Examples
    --------
    >>> promoter = "GCTAGC" * 5 + "TTGACA" + 17 * "C" + "TATAAT" + "GCGCGC" + "A" + "CGTGC" * 12
    >>> mutate_sequence(promoter, promoter.index("TATAAT") + 12, "+").shape
    (126, 4)
    """
    letters = read_letters(sequence)
    contig = Contig("sequence", letters, circular)
    if strand not in STRANDS:
        raise InputError(f"the strand is {strand!r}", hint="it is + or -")
    settings, unset = config or PredictConfig(), as_model(model)
    _check_position(contig, position, strand, unset.config.label_shift_bp)
    whose = read_host(Path(host)) if isinstance(host, str | Path) else host
    genome = Genome("sequence", (contig,))
    ready = set_to_host(unset, genome, whose, gene_context=settings.gene_context, threads=settings.threads)
    engine = engine_for(ready, settings)
    return substitution_effects(contig, position, strand, engine, ready.config, settings.block_bp, ready.context)


def _check_position(contig: Contig, position: int, strand: Strand, label_shift_bp: int) -> None:
    """Refuse a base that has no output."""
    if not 0 <= position < len(contig):
        raise InputError(
            f"position {position} is outside the sequence", hint=f"positions are 0 to {len(contig) - 1}, 0-based"
        )
    first, last = scored_range(contig, strand, label_shift_bp)
    if not first <= position < last:
        problem = f"position {position} on {strand} is unscored: the model looks {label_shift_bp} bases past a TSS"
        raise InputError(problem, hint="add sequence downstream, or say circular=True if its ends are joined")
    if contig.codes[position] == UNKNOWN:
        raise InputError(f"position {position} is {chr(contig.letters[position])}, which is unscored (not A, C, G, T)")
