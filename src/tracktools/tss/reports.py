"""The folders of ``tss classify`` and ``tss compare``: apart from the others for what they import, which is slow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tracktools.bundle import CHROM, load_bundle
from tracktools.config import TssConfig
from tracktools.formats.bed import CLASSIFIED_TSS, read_bed, write_bed
from tracktools.formats.folder import atomic_folder
from tracktools.formats.gff3 import read_gff3
from tracktools.regions import circular_contigs, read_genes
from tracktools.tracks import write_provenance, write_tracks
from tracktools.tss.classify import ClassifiedSet, classify_tss
from tracktools.tss.compare import Comparison, compare_tss
from tracktools.tss.folders import derived_track, stem_of, write_tsv
from tracktools.tss.paper import beside_the_paper
from tracktools.tss.plots import draw_comparison
from tracktools.tss.table import read_tss_set


def classify_folder(
    path: Path,
    output: Path,
    *,
    annotation: Path | None = None,
    utr_bp: int = TssConfig.utr_bp,
    antisense_bp: int = TssConfig.antisense_bp,
    force: bool = False,
) -> ClassifiedSet:
    """Classify a set and write it under its own name, with ``genes.tsv``, into a new folder; see `classify_tss`.

    Without an annotation the genes of the embedded *E. coli* K-12 MG1655 are taken.
    """
    started = time.time()
    table, schema = read_bed(path)
    read_tss_set(path)
    genes, sizes = _embedded_genes() if annotation is None else (read_genes(annotation), _circular_sizes(annotation))
    classified = classify_tss(table, genes, utr_bp=utr_bp, antisense_bp=antisense_bp, circular_sizes=sizes)
    inputs = [path] if annotation is None else [path, annotation]
    with atomic_folder(output, force=force, inputs=inputs) as folder:
        file = folder / f"{stem_of(path)}.bed"
        fields = CLASSIFIED_TSS.fields[-3:]
        write_bed(file, classified.table, schema.with_fields(f"{schema.name}Classified", schema.description, fields))
        write_tsv(folder / "genes.tsv", classified.relations)
        write_tracks(folder, [derived_track(path, file, "Classified by annotation (TSSpredator's classes).")])
        parameters = {"set": str(path), "annotation": str(annotation or "embedded"), "utr_bp": utr_bp}
        write_provenance(folder, started=started, parameters=parameters | {"antisense_bp": antisense_bp})
    return classified


def compare_folder(
    sources: Mapping[str, Path], output: Path, *, window_bp: int = TssConfig.window_bp, force: bool = False
) -> tuple[Comparison, pd.DataFrame]:
    """Compare sets and write tables and pictures into a new folder; return them with the rows beside the paper."""
    started = time.time()
    with atomic_folder(output, force=force, inputs=sources.values()) as folder:
        comparison = compare_tss(sources, window_bp=window_bp)
        paper = beside_the_paper(comparison, window_bp)
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
        parameters = {"window_bp": window_bp, "sources": {name: str(path) for name, path in sources.items()}}
        write_provenance(folder, started=started, parameters=parameters)
    return comparison, paper


def _circular_sizes(gff3: Path) -> dict[str, int]:
    """Return the lengths of the sequences that a GFF3 file declares circular [bp]."""
    names = circular_contigs(gff3)
    rows = (row for row in read_gff3(gff3) if row.chrom in names and row.start == 0)
    return {row.chrom: row.end for row in rows if row.attributes.get("Is_circular", "").lower() == "true"}


def _embedded_genes() -> tuple[pd.DataFrame, dict[str, int]]:
    bundle = load_bundle()
    return bundle.load_genes(), {CHROM: len(bundle.load_genome())}
