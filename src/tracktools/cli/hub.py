"""``tracktools hub``: build, check, serve and view track hubs."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.config import HubConfig

_FILE = click.Path(exists=False, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def hub() -> None:
    """Track hubs for UCSC, IGV and JBrowse: build, check, serve, view."""


@hub.command()
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=_FOLDER, help="Folder to write: the hub.")
@click.option("--genome", required=True, type=_FILE, help="The genome: FASTA (plain, gzip, bgzip) or 2bit.")
@click.option("--gff", type=_FILE, help="GFF3 with genes and pseudogenes.")
@click.option("--bam", "bams", multiple=True, type=_FILE, help="Alignments with their index; may be given often.")
@click.option("--attach", metavar="NAME", help="Add the tracks to this genome of UCSC (hg38, GCF_000005845.2).")
@click.option("--templates", type=_FOLDER, help="Folder whose files override packaged templates.")
@click.option("--email", default=HubConfig.email, show_default=True, help="Whom the hub names.")
@click.option("--force", is_flag=True, help="Replace the output folder.")
def build(
    folders: tuple[Path, ...],
    output: Path,
    genome: Path,
    gff: Path | None,
    bams: tuple[Path, ...],
    attach: str | None,
    templates: Path | None,
    email: str,
    force: bool,
) -> None:
    """Build a hub from folders that hold a tracks.tsv.

    DIR is a folder that a tracktools command wrote, or a tracks.tsv written by hand.

    \b
    Writes in the output folder:
      hub.txt, groups.txt, <assembly>.2bit, chrom.sizes, chromAlias.bb   for UCSC and IGV
      <track>.bw, <track>.bb, <track>.bam                                the data, as browsers read it
      pages/*.html                                                       a description of each track
      igv/session.json                                                   a session for igv.js

    \b
    Example:
      tracktools hub build predictions/ tss/ --genome NC_000913.3.fa.gz --gff genes.gff3 -o hub/
    """
    from tracktools.hub.build import build_hub

    built = build_hub(
        folders,
        output,
        genome=genome,
        gff=gff,
        bams=bams,
        attach=attach,
        templates=templates,
        email=email,
        force=force,
    )
    for track in built.hub:
        click.echo(f"{track.file}\t{track.contents.count}\t{track.contents.size_bytes}")
    click.echo(f"{built.folder}: {built.size_bytes / 1e6:.1f} MB, opens at {built.hub.assembly.default_position}")
