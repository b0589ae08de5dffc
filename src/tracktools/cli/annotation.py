"""``tracktools annotation``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import circular_option, force_option, only_genome_option, output_option, rename_option


@click.command()
@click.argument("file", metavar="ANNOTATION", type=click.Path(path_type=Path))
@output_option
@click.option(
    "--genome",
    type=click.Path(path_type=Path),
    help="The genome: FASTA, 2bit or GenBank.  [default: the sequence in ANNOTATION]",
)
@rename_option
@only_genome_option
@circular_option
@force_option
def annotation(
    file: Path,
    output: Path,
    genome: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    circular: tuple[str, ...],
    force: bool,
) -> None:
    """Write the genes and pseudogenes of ANNOTATION, a GFF3, GTF or GenBank file, as tracks.

    Genes are rows of type gene or pseudogene, and each CDS or RNA that belongs to no gene. The last line counts what is
    left out.

    \b
    Writes DIR/genes.bed         genes, BED9+: symbol, locus tag, biotype, product
           DIR/pseudogenes.bed   pseudogenes, same columns; an interrupted one has a row per part
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Examples:
      tracktools annotation NC_000913.3.gff3.gz --genome NC_000913.3.fa.gz -o genes/
      tracktools annotation prokka.gbk -o genes/
    """
    from tracktools.annotation import make_gene_tracks
    from tracktools.genome import load_genome

    made = make_gene_tracks(
        file,
        output,
        genome=load_genome(genome or file),
        renames=renames,
        circular=circular,
        only_genome=only_genome,
        force=force,
    )
    for track in made.tracks:
        click.echo(track.path)
    click.echo(made.count_line)
