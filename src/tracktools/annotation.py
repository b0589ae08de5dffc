"""Genes and pseudogenes as tracks, from GFF3."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tracktools.aliases import resolve_chrom
from tracktools.formats.bed import write_bed
from tracktools.formats.bed_schemas import GENES
from tracktools.formats.folder import atomic_folder
from tracktools.genome import Genome
from tracktools.palette import BLUE, PURPLE
from tracktools.regions import check_on_genome, circular_contigs, genes_to_bed, read_genes
from tracktools.tracks import Track, file_sha256, write_provenance, write_tracks

logger = logging.getLogger(__name__)


def make_gene_tracks(
    gff3: Path,
    output: Path,
    *,
    genome: Genome,
    renames: Mapping[str, str] | None = None,
    force: bool = False,
) -> list[Track]:
    """Write the genes and pseudogenes of a GFF3 file as a folder of tracks.

    Parameters
    ----------
    gff3 : Path
        GFF3, plain or gzip, see `tracktools.regions.read_genes`.
    output : Path
        Folder that appears complete or not at all: ``genes.bed`` and ``pseudogenes.bed`` (schema ``GENES``, a row a
        gene, or a row a part where it is interrupted or crosses the origin), ``tracks.tsv``, ``provenance.json``.
    genome : Genome
        The annotation is checked against it and gets its names. A sequence is taken for circular if the genome or the
        GFF3 says so.
    renames : mapping of str to str, optional
        Name of a sequence in the GFF3 to its name in the genome.
    force : bool
        Replace a folder that holds files.

    Returns
    -------
    list of Track
        The rows of ``tracks.tsv``; a kind without any gene has none.

    Raises
    ------
    InputError
        If the file is no GFF3 or holds no genes.
    GenomeMismatchError
        If it is the annotation of another genome.
    OutputError
        If the folder holds files and `force` is not set.
    """
    started = time.time()
    sizes = genome.chrom_sizes
    declared = {resolve_chrom(name, sizes, renames) for name in circular_contigs(gff3)} - {None}
    circular = {contig.name for contig in genome if contig.circular or contig.name in declared}
    genes = check_on_genome(read_genes(gff3), sizes, renames=renames, circular=circular, path=gff3)
    tracks = []
    with atomic_folder(output, force=force, inputs=[gff3]) as folder:
        for kind, color, chosen in (
            ("genes", BLUE, genes[~genes["is_pseudo"]]),
            ("pseudogenes", PURPLE, genes[genes["is_pseudo"]]),
        ):
            path = folder / f"{kind}.bed"
            write_bed(path, genes_to_bed(chosen, sizes), GENES, chrom_order=list(sizes))
            logger.info("%s: %s %s", gff3, f"{len(chosen):,}", kind)
            if len(chosen):
                tracks.append(_track(path, kind, color, gff3))
        write_tracks(folder, tracks)
        counts = {"genes": int((~genes["is_pseudo"]).sum()), "pseudogenes": int(genes["is_pseudo"].sum())}
        write_provenance(
            folder,
            started=started,
            genome={"name": genome.name, "sha256": genome.sha256},
            parameters={"gff3": str(gff3), "gff3_sha256": file_sha256(gff3), "circular": sorted(circular), **counts},
        )
    return [replace(track, path=output / track.path.name) for track in tracks]


def _track(path: Path, kind: str, color: str, gff3: Path) -> Track:
    return Track(
        name=kind,
        path=path,
        format="bed",
        group="annotation",
        short_label=kind.capitalize(),
        long_label=f"{kind.capitalize()} of {gff3.name}"[:76],
        color=color,
        visibility="pack",
        method="Rows of the GFF3 file; blue + strand, vermillion - strand, green genes of an RNA, purple pseudogenes.",
        source=gff3.name,
    )
