"""Genes and pseudogenes as tracks, from GFF3, GTF or GenBank."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tracktools.formats.bed import write_bed
from tracktools.formats.bed_schemas import GENES
from tracktools.genome import Genome
from tracktools.palette import BLUE, PURPLE
from tracktools.regions import genes_to_bed, place_annotation
from tracktools.run import output_folder
from tracktools.tracks import Track, file_sha256, write_provenance, write_tracks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GeneTracks:
    """What `make_gene_tracks` made.

    Parameters
    ----------
    tracks : list of Track
        The rows of ``tracks.tsv``; a kind without any gene has none.
    genes, pseudogenes : int
        How many there are.
    count_line : str
        What was read, taken and left out.
    """

    tracks: list[Track]
    genes: int
    pseudogenes: int
    count_line: str


def make_gene_tracks(
    annotation: Path | str,
    output: Path | str,
    *,
    genome: Genome,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
    force: bool = False,
    more: Callable[[Path, pd.DataFrame, Mapping[str, int]], None] | None = None,
    inputs: Collection[Path] = (),
) -> GeneTracks:
    """Write the genes and pseudogenes of an annotation as a folder of tracks.

    Parameters
    ----------
    annotation : Path or str
        GFF3, GTF or GenBank, plain or gzip, see `tracktools.regions.read_annotation`.
    output : Path or str
        Folder that appears complete or not at all: ``genes.bed`` and ``pseudogenes.bed`` (schema ``GENES``, a row a
        gene, or a row per part where it is interrupted or crosses the origin), ``tracks.tsv``, ``provenance.json``.
    genome : Genome
        The annotation is checked against it and gets its names. A sequence is taken for circular if the genome, the
        annotation or `circular` says so.
    renames : mapping of str to str, optional
        Name of a sequence in the annotation to its name in the genome.
    circular : collection of str
        Names of circular sequences, or ``all``.
    only_genome : bool
        Leave out, and count, rows on sequences that the genome does not have.
    force : bool
        Replace a folder that contains files.
    more : callable, optional
        Writes more into the folder; it is given the folder, the genes (see `tracktools.regions`), and the lengths of
        the circular sequences by name.
    inputs : collection of Path
        Files that `more` reads: never replaced, and named in the provenance.

    Raises
    ------
    InputError
        If the file is no annotation or contains no genes.
    GenomeMismatchError
        If it is the annotation of another genome.
    OutputError
        If the folder contains files and `force` is not set.
    """
    started = time.time()
    annotation, output = Path(annotation), Path(output)
    sizes = genome.chrom_sizes
    rings = [contig.name for contig in genome if contig.circular]
    placed = place_annotation(annotation, sizes, renames=renames, circular=[*rings, *circular], only_genome=only_genome)
    pseudo = placed.genes["is_pseudo"].astype(bool)
    chosen = {"genes": (BLUE, placed.genes[~pseudo]), "pseudogenes": (PURPLE, placed.genes[pseudo])}
    tracks = []
    with output_folder(output, force=force, inputs=[annotation, *inputs]) as folder:
        for kind, (color, table) in chosen.items():
            path = folder / f"{kind}.bed"
            write_bed(path, genes_to_bed(table, sizes), GENES, chrom_order=list(sizes))
            logger.info("%s: %s %s", annotation, f"{len(table):,}", kind)
            if len(table):
                tracks.append(_track(path, kind, color, annotation))
        write_tracks(folder, tracks)
        if more is not None:
            more(folder, placed.genes, placed.circles)
        counts = {kind: len(table) for kind, (_, table) in chosen.items()}
        parameters = {"annotation": str(annotation), "annotation_sha256": file_sha256(annotation), **counts}
        parameters |= {"circular": sorted(placed.circles), "rows_taken": placed.taken, "rows_left_out": placed.left_out}
        if inputs:
            parameters["inputs"] = {str(path): file_sha256(path) for path in inputs}
        of_genome = {"name": genome.name, "sha256": genome.sha256}
        write_provenance(folder, started=started, genome=of_genome, parameters=parameters)
    placed_tracks = [replace(track, path=output / track.path.name) for track in tracks]
    return GeneTracks(placed_tracks, counts["genes"], counts["pseudogenes"], placed.count_line)


def _track(path: Path, kind: str, color: str, annotation: Path) -> Track:
    return Track(
        name=kind,
        path=path,
        format="bed",
        group="annotation",
        short_label=kind.capitalize(),
        long_label=f"{kind.capitalize()} of {annotation.name}"[:76],
        color=color,
        visibility="pack",
        method="Rows of the annotation; blue + strand, vermillion - strand, green genes of an RNA, purple pseudogenes.",
        source=annotation.name,
    )
