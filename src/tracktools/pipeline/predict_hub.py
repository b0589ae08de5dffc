"""FASTA to tracks, or to one shard of them, and on to a hub: `tracktools predict`."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from tracktools.circles import load_joined
from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine.host import read_host
from tracktools.errors import OutputNotEmpty
from tracktools.genome import Genome, genome_name
from tracktools.hub.build import build_hub
from tracktools.model.registry import DEFAULT_MODEL, as_model
from tracktools.predict import (
    Models,
    Prediction,
    Selection,
    Shard,
    ShardResult,
    check_folds,
    load_folds,
    predict_genome,
    predict_shard,
    read_selection,
)
from tracktools.regions import Annotation, PlacedAnnotation, own_annotation, place_annotation
from tracktools.report import report_text
from tracktools.run import check_disjoint, check_output

log = logging.getLogger(__name__)


class InputData(NamedTuple):
    """What was read: the genome and its host, the models, what to score, and the genes of the hub."""

    genome: Genome
    host: Genome | Descriptor | None
    models: Models
    regions: Selection | None
    genes: PlacedAnnotation | None


@dataclass(frozen=True)
class Inputs:
    """What `tracktools predict` is given to read.

    Parameters
    ----------
    genome : Path
        FASTA (plain, gzip, bgzip), 2bit, GenBank, or GFF3 with its sequence.
    name : str, optional
        Stem of the output files; by default that of the genome file.
    model : str, optional
        A shipped model or a checkpoint file.
    circular : collection of str
        Circular contigs, or ``all``; those that `annotation` calls circular are added.
    annotation : Path, optional
        GFF3, GTF or GenBank: says which contigs are circular, and brings the hub its genes and pseudogenes. Without it
        the hub has the genes that the genome file itself holds.
    regions : Path, optional
        BED: only these bases are scored.
    renames, only_genome
        Of the annotation, see `tracktools.regions.place_annotation`.
    folds : Path, optional
        Folder of `tracktools train --folds`, instead of `model`: each base is scored by the model that never saw it.
    descriptor_of : Path, optional
        FASTA, 2bit or a folder of predictions: the genome that this one is a part of (`read_host`).
    """

    genome: Path
    name: str | None = None
    model: str | None = None
    circular: Collection[str] = ()
    annotation: Path | None = None
    regions: Path | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    only_genome: bool = False
    descriptor_of: Path | None = None
    folds: Path | None = None

    @property
    def files(self) -> list[Path]:
        """The files that no output may replace."""
        named = (self.genome, self.annotation, self.model, self.regions, self.descriptor_of, self.folds)
        return [Path(path) for path in named if path is not None]

    def read(self) -> InputData:
        """Read each file once.

        Raises
        ------
        TracktoolsError
            If any of them is not what it should be.
        """
        models = load_folds(self.folds) if self.folds else Models((as_model(self.model or DEFAULT_MODEL),))
        genome = load_joined(self.genome, self.circular, models.checkpoints[0].config, name=self.name)
        genes = None
        if self.annotation is not None:
            genes = self._placed(self.annotation, genome)
            genome = genome.with_circular(genes.circles)
            log.info("%s", genes.count_line)
        host = None if self.descriptor_of is None else read_host(self.descriptor_of)
        if self.folds:
            check_folds(models, genome, self.folds)
        regions = None if self.regions is None else read_selection(self.regions, genome, self.renames)
        return InputData(genome, host, models, regions, genes)

    def genes_of(self, genome: Genome) -> PlacedAnnotation | None:
        """Return the genes that the genome file itself holds; None where it contains none."""
        own = own_annotation(self.genome)
        return None if own is None else self._placed(own, genome)

    def _placed(self, annotation: Annotation | Path, genome: Genome) -> PlacedAnnotation:
        rings = [contig.name for contig in genome if contig.circular]
        return place_annotation(
            annotation, genome.chrom_sizes, renames=self.renames, circular=rings, only_genome=self.only_genome
        )


def predict_and_build(
    inputs: Inputs,
    output: Path,
    *,
    hub: Path | None = None,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> Prediction:
    """Predict the tracks of a genome file and, where `hub` is given, build a hub of them.

    Parameters
    ----------
    inputs : Inputs
        What to read.
    output : Path
        Folder of the tracks, see `predict_genome`.
    hub : Path, optional
        Folder of the hub. If the tracks are in `output` already, made from the same, only the hub is built.
    config, force, restart
        See `predict_genome`; `force` replaces the hub, too.

    Raises
    ------
    TracktoolsError
        Before the long work begins, if any input is not what it should be or an output is in the way.
    """
    keep = hub is not None
    check_output(output, force=force, inputs=inputs.files, keep=keep)
    if hub is not None:
        check_disjoint(hub, output)
        _check_hub(hub, output, force=force, inputs=inputs.files)
    given = inputs.read()
    prediction = predict_genome(
        given.genome, output, model=given.models, config=config, regions=given.regions, host=given.host, force=force,
        restart=restart, keep=keep,
    )  # fmt: skip
    if hub is not None:
        built = build_hub(
            [prediction.folder],
            hub,
            genome=replace(given.genome, name=genome_name(inputs.genome)),  # `inputs.name` is that of the tracks
            genes=given.genes or inputs.genes_of(given.genome),
            renames=inputs.renames,
            only_genome=inputs.only_genome,
            report=report_text([prediction.folder]),
            force=force,
        )
        if inputs.annotation is None:
            for line in built.counts:
                log.info("%s", line)
    return prediction


def _check_hub(hub: Path, output: Path, *, force: bool, inputs: Collection[Path]) -> None:
    """Refuse a hub that is in the way; where its tracks are gone, --force does more than to build it again."""
    try:
        check_output(hub, force=force, inputs=inputs)
    except OutputNotEmpty:
        if output.exists():
            raise
        hint = f"--force predicts again and replaces it; if {output} was moved, put it back first, or use hub build"
        raise OutputNotEmpty(f"is not empty, and {output} is not there", path=hub, hint=hint) from None


def predict_one_shard(
    inputs: Inputs,
    output: Path,
    shard: Shard,
    *,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> ShardResult:
    """Compute one of several shards of the tracks of a genome file; see `predict_shard`."""
    check_output(output, force=force, inputs=inputs.files)
    given = inputs.read()
    return predict_shard(
        given.genome, output, shard, model=given.models, config=config, regions=given.regions, host=given.host,
        force=force, restart=restart,
    )  # fmt: skip
