"""FASTA to hub in one go: `tracktools predict --hub`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tracktools.aliases import resolve_chrom
from tracktools.config import PredictConfig
from tracktools.formats.folder import check_disjoint
from tracktools.genome import load_genome
from tracktools.hub.build import build_hub
from tracktools.model.registry import DEFAULT_MODEL, load_model
from tracktools.predict import Prediction, check_output, predict_genome
from tracktools.regions import check_on_genome, circular_contigs, read_genes


def predict_and_build(
    genome_path: Path,
    output: Path,
    *,
    name: str | None = None,
    model: str | None = None,
    circular: Collection[str] = (),
    annotation: Path | None = None,
    hub: Path | None = None,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> Prediction:
    """Predict the tracks of a genome file and, where `hub` is given, build a hub of them.

    Parameters
    ----------
    genome_path : Path
        FASTA (plain, gzip, bgzip) or 2bit.
    output : Path
        Folder of the tracks, see `predict_genome`.
    name : str, optional
        Stem of the output files; by default that of the genome file.
    model : str, optional
        A shipped model or a checkpoint file.
    circular : collection of str
        Circular contigs, or ``all``; those that `annotation` calls circular are added.
    annotation : Path, optional
        GFF3: says which contigs are circular, and brings the hub its genes and pseudogenes.
    hub : Path, optional
        Folder of the hub.
    config, force, restart
        See `predict_genome`; `force` replaces the hub, too.

    Raises
    ------
    TracktoolsError
        Before the long work begins, if any input is not what it should be or an output is in the way.
    """
    inputs = [Path(path) for path in (genome_path, annotation, model) if path is not None]
    check_output(output, force=force, inputs=inputs)
    if hub is not None:
        check_disjoint(hub, output)
        check_output(hub, force=force, inputs=inputs)
    checkpoint = load_model(model or DEFAULT_MODEL)
    genome = load_genome(genome_path, circular=circular, name=name)
    if annotation is not None:
        declared = {resolve_chrom(chrom, genome.chrom_sizes) for chrom in circular_contigs(annotation)}
        genome = load_genome(genome_path, circular={*circular, *filter(None, declared)}, name=name)
        rings = [contig.name for contig in genome if contig.circular]
        check_on_genome(read_genes(annotation), genome.chrom_sizes, circular=rings, path=annotation)
    prediction = predict_genome(genome, output, model=checkpoint, config=config, force=force, restart=restart)
    if hub is not None:
        build_hub([prediction.folder], hub, genome=genome_path, gff=annotation, force=force)
    return prediction
