"""``tracktools annotation``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import rename_option


@click.command()
@click.argument("gff3", metavar="GFF3", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option(
    "--genome", required=True, type=click.Path(path_type=Path), help="The genome: FASTA (plain, gzip, bgzip) or 2bit."
)
@rename_option
@click.option("--force", is_flag=True, help="Replace a folder that holds files.")
def annotation(gff3: Path, output: Path, genome: Path, renames: dict[str, str], force: bool) -> None:
    """Write the genes and pseudogenes of GFF3 (RefSeq, GenBank, Ensembl, Prokka, Bakta) as tracks.

    \b
    Writes DIR/genes.bed         genes, BED9+: symbol, locus tag, biotype, product
           DIR/pseudogenes.bed   pseudogenes, the same columns; a row a part where one is interrupted
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools annotation NC_000913.3.gff3.gz --genome NC_000913.3.fa.gz -o genes/
    """
    from tracktools.annotation import make_gene_tracks
    from tracktools.genome import load_genome

    for track in make_gene_tracks(gff3, output, genome=load_genome(genome), renames=renames, force=force):
        click.echo(track.path)
