"""A shipped model adapted to a genome whose TSS were measured as counts of 5' ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tracktools.errors import TracktoolsError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.train import TrainedFolds, TrainedModel, adapt_model
from tracktools.tss.call import call_folder


def adapt_to_counts(
    genome: Genome | Path | str,
    plus: Path | str,
    minus: Path | str,
    threshold: float,
    output: Path | str,
    *,
    model: Checkpoint | Path | str,
    circular: Collection[str] = (),
    renames: Mapping[str, str] | None = None,
    **settings: Any,
) -> TrainedModel | TrainedFolds:
    """Call TSS in a stranded pair of bigWigs as `call_tss` does, and adapt a model to them as `adapt_model` does.

    Parameters
    ----------
    genome, model
        See `adapt_model`.
    plus, minus : Path or str
        Counts of 5' ends in plus-strand coordinates; the minus file may be stored negative.
    threshold : float
        Lowest count of a TSS.
    output : Path or str
        Folder to make, as of `adapt_model`, and in it the called TSS: ``called.bed``.
    circular, renames
        See `call_tss`.
    **settings
        Others of `adapt_model`.

    Raises
    ------
    ConfigError, InputError, GenomeMismatchError
        See `call_tss` and `adapt_model`.
    """
    with TemporaryDirectory(prefix="tracktools-") as scratch:
        called = Path(scratch) / "called"
        call_folder(Path(plus), Path(minus), threshold, called, circular=circular, renames=renames)
        try:
            return adapt_model(genome, called / "called.bed", output, model=model, keep_tss=True, **settings)
        except TracktoolsError as error:
            error.name_place(called / "called.bed", Path(plus))
            raise
