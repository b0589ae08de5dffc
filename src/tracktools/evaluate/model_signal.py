"""A model as the signal to score: the one part of `evaluate` that needs torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tracktools.config import NetworkConfig, PredictConfig
from tracktools.engine import make_engine
from tracktools.engine.caveats import caveats_of
from tracktools.engine.devices import resolve_device
from tracktools.engine.grid import score_region
from tracktools.engine.host import set_to_host
from tracktools.evaluate.signals import Values
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.splits import Split


def network_of(name: str | Path) -> NetworkConfig:
    """Return the architecture of a shipped model or a checkpoint file."""
    return as_model(name).config


class ModelSignal:
    """The output of a model on a genome, computed where it is asked for, with the full context of the genome.

    Parameters
    ----------
    name : str or Path
        A shipped model or a checkpoint file.
    genome : Genome
        What it reads.
    config : PredictConfig
        Engine, precision, device, threads, block length.
    advance : callable
        Called with the number of positions of each finished piece.
    """

    def __init__(self, name: str | Path, genome: Genome, config: PredictConfig, advance: Callable[[int], None]) -> None:
        self.checkpoint: Checkpoint = set_to_host(
            as_model(name), genome, gene_context=config.gene_context, threads=config.threads
        )
        self._genome, self._config, self._advance = genome, config, advance
        self._numbers = {contig.name: number for number, contig in enumerate(genome)}
        self._engine = make_engine(
            config.engine,
            self.checkpoint.parameters,
            threads=config.threads or None,
            precision=config.precision,
            device=resolve_device(config.device),
        )

    def caveats(self) -> tuple[str, ...]:
        """Return what to doubt of the scores, a sentence each."""
        return caveats_of(self._genome, self.checkpoint)

    @property
    def calibration(self) -> Mapping[str, list[float]] | None:
        """The checkpoint's map from model output to probability; none on a genome that it was not made for."""
        metadata = self.checkpoint.metadata
        split = Split.from_records(metadata.split)
        known = any(split.regions_of(contig) for contig in self._genome)
        return metadata.calibration if known or metadata.expected_precision is None else None

    def values(self, chrom: str, start: int, end: int) -> Values:
        """Return both strands of [start, end) of a sequence, in plus-strand order; NaN where a base is unscored."""
        network, block_bp = self.checkpoint.config, self._config.block_bp
        pieces = []
        for at in range(start, end, block_bp):
            stop = min(at + block_bp, end)
            where = (self._genome, self._numbers[chrom], at, stop)
            pieces.append(score_region(*where, self._engine, network, block_bp, self.checkpoint.context))
            self._advance(2 * (stop - at))
        return {strand: np.concatenate([piece[strand] for piece in pieces]) for strand in STRANDS}
