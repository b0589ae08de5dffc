"""What every kind of mutation run needs: the model set to the genome, its engine, its threshold, and how fast it is."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tracktools.arrays import Float32
from tracktools.config import NetworkConfig, PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine import engine_for
from tracktools.engine.caveats import caveats_of
from tracktools.engine.host import read_host, set_to_host
from tracktools.engine.interface import Engine
from tracktools.engine.speed import bases_per_second
from tracktools.engine.strand_spans import StrandSpan, score_spans
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.predict.run_model import RunModel
from tracktools.progress import format_duration

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scoring:
    """A model, set to a genome once: a mutation changes the sequence, not the composition of the genome, nor its genes.

    Parameters
    ----------
    genome : Genome
    model : Checkpoint
        Set to the genome, or to its host.
    config : PredictConfig
        Engine, device, threads, bases at once.
    genes_matter : bool
        Whether the gene context would make a difference to what is computed.
    """

    genome: Genome
    model: Checkpoint
    config: PredictConfig
    genes_matter: bool = True

    @classmethod
    def of(
        cls,
        genome: Genome,
        model: Checkpoint | Path | str | None = None,
        config: PredictConfig | None = None,
        host: Genome | Descriptor | Path | str | None = None,
    ) -> Self:
        """Set a model to a genome, or to the host that this is a part of; see `set_to_host`."""
        whose = read_host(Path(host)) if isinstance(host, str | Path) else host
        settings = config or PredictConfig()
        ready = set_to_host(
            as_model(model), genome, whose, gene_context=settings.gene_context, threads=settings.threads
        )
        return cls(genome, ready, settings)

    @property
    def network(self) -> NetworkConfig:
        """Architecture of the model."""
        return self.model.config

    @cached_property
    def engine(self) -> Engine:
        """What computes; made when it is first asked for."""
        return engine_for(self.model, self.config)

    def outputs(self, spans: Iterable[StrandSpan]) -> list[Float32]:
        """Return the model output of spans, see `score_spans`."""
        return score_spans(spans, self.engine, self.network, self.config.block_bp, self.model.context)

    @cached_property
    def threshold(self) -> float:
        """The output from which on TSS are called: what was asked for, or the model's own.

        On a genome of which the model knows no TSS, the output from which on `tracktools predict` calls TSS.
        """
        asked = self.config.threshold
        if asked is not None:
            if not 0 < asked <= 1:
                raise ConfigError(f"threshold is {asked:g}: model output is above 0 and at most 1")
            return asked
        return RunModel.of(self.model, self.genome, self.engine, doubting=False).lowest_output

    def identity(self, verb: str, **inputs: Any) -> dict[str, Any]:
        """Return what the result of a run depends on; see `tracktools.run.Run`."""
        descriptor, context = self.model.descriptor, self.model.context
        return {
            "verb": verb,
            "genome_sha256": self.genome.sha256,
            "circular": [contig.name for contig in self.genome if contig.circular],
            "model_sha256": self.model.sha256,
            "descriptor": None if descriptor is None else descriptor.to_record(),
            "gene_context": None if context is None else context.sha256,
            "network": asdict(self.network),
            "engine": [self.engine.name, self.engine.instruction_set, self.engine.precision],
            **inputs,
        }

    def provenance(self) -> dict[str, Any]:
        """Return what ``provenance.json`` says of genome and model, and what to doubt."""
        genome = {"name": self.genome.name, "sha256": self.genome.sha256, "bp": len(self.genome)}
        model: dict[str, Any] = {"name": self.model.metadata.name, "sha256": self.model.sha256}
        if self.model.metadata.gene_context is not None:
            context = self.model.context
            model["gene_context"] = None if context is None else {
                "genes": context.genes, "sha256": context.sha256, "finder": context.finder
            }  # fmt: skip
        return {"genome": genome, "model": model, "warnings": self.warnings}

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to doubt of the outputs, a sentence each; see `caveats_of`."""
        return caveats_of(self.genome, self.model, genes_matter=self.genes_matter)

    def announce(self, what: str, seconds: float) -> None:
        """Log what will be computed, and about how long it takes: the user can still stop it."""
        log.info("model    %s (sha256 %s)", self.model.metadata.name, self.model.sha256[:12])
        log.info("engine   %s, %s, %s", self.engine.name, self.engine.instruction_set, self.engine.precision)
        log.info("work     %s: about %s", what, format_duration(seconds))
        self.warn()

    def warn(self) -> None:
        """Log what to doubt of the outputs."""
        for sentence in self.warnings:
            log.warning("warning: %s", sentence)

    def seconds_to_read(self, codes_bp: float) -> float:
        """Return about how long the network takes to read so many bases, found by trying."""
        return codes_bp / bases_per_second(self.network, self.engine)
