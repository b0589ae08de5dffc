"""The folders of ``tss classify`` and ``tss compare``: a module of its own, because what they import is slow."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tracktools.bundle import CHROM, load_bundle
from tracktools.config import TssConfig
from tracktools.errors import ConfigError
from tracktools.formats.bed import CLASSIFIED_TSS, write_bed
from tracktools.genome import load_genome
from tracktools.regions import PlacedAnnotation, place_annotation, place_without_genome
from tracktools.run import output_folder
from tracktools.tracks import write_provenance, write_tracks
from tracktools.tss.classify import ClassifiedSet, classify_tss
from tracktools.tss.compare import Comparison, compare_tss
from tracktools.tss.folders import derived_track, stem_of, write_tsv
from tracktools.tss.paper import compare_with_paper
from tracktools.tss.plots import draw_comparison
from tracktools.tss.table import read_tss_set

log = logging.getLogger(__name__)


def classify_folder(
    path: Path | str,
    output: Path | str,
    *,
    annotation: Path | str | None = None,
    genome: Path | str | None = None,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
    utr_bp: int = TssConfig.utr_bp,
    antisense_bp: int = TssConfig.antisense_bp,
    force: bool = False,
) -> tuple[ClassifiedSet, str]:
    """Classify a set and write it under its own name, with ``genes.tsv``, into a new folder; see `classify_tss`.

    Parameters
    ----------
    path, output : Path or str
        The set, and the folder.
    annotation : Path or str, optional
        GFF3, GTF or GenBank; without it the genes of the embedded *E. coli* K-12 MG1655 are taken.
    genome : Path or str, optional
        The genome, against which the annotation is checked; without it the lengths that the annotation gives are taken.
    renames, circular, only_genome
        See `tracktools.regions.place_annotation`; they need an annotation, and `only_genome` the genome.
    utr_bp, antisense_bp, force
        See `classify_tss` and `output_folder`.

    Returns
    -------
    classified : ClassifiedSet
        The set and its genes.
    count_line : str
        What of the annotation was left out; empty for the embedded one.
    """
    started = time.time()
    path, output = Path(path), Path(output)
    table, schema = read_tss_set(path)
    table["chrom"] = [(renames or {}).get(name, name) for name in table["chrom"].astype(str)]
    placed = _place(annotation, genome, renames, circular, only_genome)
    genes, sizes = _embedded_genes() if placed is None else (placed.genes, placed.circles)
    classified = classify_tss(table, genes, utr_bp=utr_bp, antisense_bp=antisense_bp, circular_sizes=sizes)
    inputs = [path, *(Path(file) for file in (annotation, genome) if file is not None)]
    with output_folder(output, force=force, inputs=inputs) as folder:
        file = folder / f"{stem_of(path)}.bed"
        fields = CLASSIFIED_TSS.fields[-3:]
        write_bed(file, classified.table, schema.with_fields(f"{schema.name}Classified", schema.description, fields))
        write_tsv(folder / "genes.tsv", classified.relations)
        write_tracks(folder, [derived_track(path, file, "Classified by annotation (TSSpredator's classes).")])
        parameters: dict[str, Any] = {"set": str(path), "annotation": str(annotation or "embedded"), "utr_bp": utr_bp}
        parameters |= {"antisense_bp": antisense_bp, "circular": sorted(sizes), "renames": renames or {}}
        parameters |= {} if placed is None else {"rows_taken": placed.taken, "rows_left_out": placed.left_out}
        parameters |= {"counts": classified.counts, "warnings": classified.notes}
        write_provenance(folder, started=started, parameters=parameters)
    for note in classified.notes:
        log.warning("warning: %s", note)
    return classified, "" if placed is None else placed.count_line


def compare_folder(
    sources: Mapping[str, Path],
    output: Path,
    *,
    window_bp: int = TssConfig.window_bp,
    renames: Mapping[str, str] | None = None,
    force: bool = False,
) -> tuple[Comparison, pd.DataFrame]:
    """Compare sets and write tables and pictures into a new folder; return them and the rows on the paper."""
    started = time.time()
    with output_folder(output, force=force, inputs=sources.values()) as folder:
        comparison = compare_tss(sources, window_bp=window_bp, renames=renames)
        paper = compare_with_paper(comparison, window_bp)
        for name, table in (
            ("shares", comparison.shares),
            ("distances", comparison.distances),
            ("memberships", comparison.memberships),
            ("agreement", comparison.agreement),
            ("support", comparison.curated.support),
            ("paper", paper),
        ):
            if name != "paper" or len(table):
                write_tsv(folder / f"{name}.tsv", table)
        draw_comparison(comparison, folder, window_bp)
        parameters: dict[str, Any] = {"window_bp": window_bp, "renames": renames or {}}
        parameters |= {"sources": {name: str(path) for name, path in sources.items()}}
        parameters |= {"counts": comparison.curated.counts, "warnings": comparison.curated.notes}
        write_provenance(folder, started=started, parameters=parameters)
    for note in comparison.curated.notes:
        log.warning("warning: %s", note)
    return comparison, paper


def _place(
    annotation: Path | str | None,
    genome: Path | str | None,
    renames: Mapping[str, str] | None,
    circular: Collection[str],
    only_genome: bool,
) -> PlacedAnnotation | None:
    if annotation is None:
        if genome is not None or renames or circular or only_genome:
            raise ConfigError("--genome, --rename, --circular and --only-genome need --annotation")
        return None
    if genome is not None:
        loaded = load_genome(genome)
        rings = [contig.name for contig in loaded if contig.circular]
        return place_annotation(
            annotation, loaded.chrom_sizes, renames=renames, circular=[*rings, *circular], only_genome=only_genome
        )
    if only_genome:
        raise ConfigError("--only-genome needs --genome")
    return place_without_genome(annotation, renames=renames, circular=circular)


def _embedded_genes() -> tuple[pd.DataFrame, dict[str, int]]:
    bundle = load_bundle()
    return bundle.load_genes(), {CHROM: len(bundle.load_genome())}
