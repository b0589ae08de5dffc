"""``tracktools annotation``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.errors import ConfigError


@click.command()
@click.argument("file", metavar="ANNOTATION", type=options.PATH)
@options.output
@options.genome(default="the sequence in ANNOTATION")
@click.option(
    "--rank-pseudogenes", "prediction", type=options.PATH, metavar="PREDICTION",
    help="Output folder of `tracktools predict`: also rank pseudogenes by the model output upstream.  [default: none]",
)  # fmt: skip
@options.sets("--measured", "Set of measured TSS for the ranking; repeatable.  [default: none]", needs_name=False)
@options.rename
@options.only_genome
@options.circular
@options.force
def annotation(
    file: Path,
    output: Path,
    genome: Path | None,
    prediction: Path | None,
    measured: dict[str, Path],
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
           DIR/pseudogenes.tsv, .svg, .png   with --rank-pseudogenes: the likeliest transcribed first
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Examples:
      tracktools annotation NC_000913.3.gff3.gz --genome NC_000913.3.fa.gz -o genes/
      tracktools annotation prokka.gbk -o genes/
      tracktools annotation prokka.gbk --rank-pseudogenes predictions -o ranked/
    """
    from tracktools.annotation import make_gene_tracks
    from tracktools.answers.pseudogenes import Evidence, rank_folder
    from tracktools.genome import load_genome

    if measured and prediction is None:
        raise ConfigError("--measured is for the ranking: name the predictions with --rank-pseudogenes")
    loaded = load_genome(genome or file)
    options: dict[str, Any] = {
        "genome": loaded, "renames": renames, "circular": circular, "only_genome": only_genome, "force": force,
    }  # fmt: skip
    if prediction is None:
        made = make_gene_tracks(file, output, **options)
    else:
        made, ranked = rank_folder(file, output, Evidence.of_folder(prediction, measured), **options)
    for track in made.tracks:
        click.echo(track.path)
    click.echo(made.count_line)
    if prediction is not None:
        called = int(ranked["predicted_tss"].notna().sum())
        click.echo(f"{output / 'pseudogenes.tsv'}: {len(ranked):,} pseudogenes, {called:,} with a called TSS upstream")
