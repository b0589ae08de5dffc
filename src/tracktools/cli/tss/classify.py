"""``tracktools tss classify``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import TssConfig


@click.command()
@click.argument("set_", metavar="SET", type=options.PATH)
@options.output
@options.annotation(default="the embedded E. coli genes")
@options.genome("Check the annotation against this genome: FASTA, 2bit or GenBank.", default="no check")
@options.rename
@options.only_genome
@options.circular
@click.option(
    "--utr",
    "utr_bp",
    type=int,
    default=TssConfig.utr_bp,
    show_default=True,
    help="Primary or secondary: at most so far upstream of a gene [bp].",
)
@click.option(
    "--antisense",
    "antisense_bp",
    type=int,
    default=TssConfig.antisense_bp,
    show_default=True,
    help="Antisense: at most so far from a gene on the other strand [bp].",
)
@options.force
def classify(
    set_: Path,
    output: Path,
    annotation: Path | None,
    genome: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    circular: tuple[str, ...],
    utr_bp: int,
    antisense_bp: int,
    force: bool,
) -> None:
    """Classify SET (measured, curated or called TSS) by the genes around it, in the classes of TSSpredator.

    \b
    primary    the strongest TSS at most --utr upstream of a gene, or on its first base
    secondary  another TSS there
    internal   in a gene, on its strand
    antisense  in a gene, or at most --antisense from it, on the other strand
    orphan     none of these

    \b
    Writes DIR/<set>.bed   the set with class, gene, and distance to the gene's first base (upstream negative)
           DIR/genes.tsv   a row per gene and TSS: class, distance, position (0-based); genes without TSS: none
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools tss classify curated/curated.bed --annotation NC_000913.3.gff3.gz -o classified
    """
    from tracktools.tss.classify import CLASSES
    from tracktools.tss.reports import classify_folder

    classified, annotation_counts = classify_folder(
        set_,
        output,
        annotation=annotation,
        genome=genome,
        renames=renames,
        circular=circular,
        only_genome=only_genome,
        utr_bp=utr_bp,
        antisense_bp=antisense_bp,
        force=force,
    )
    counts = classified.table["class"].value_counts()
    click.echo(f"{output}: {len(classified.table):,} TSS")
    for name in CLASSES:
        click.echo(f"  {name:<10}{counts.get(name, 0):>8,}")
    with_tss = classified.relations[classified.relations["class"] == "primary"]["locusTag"].nunique()
    click.echo(f"{with_tss:,} of {classified.relations['locusTag'].nunique():,} genes have a primary TSS")
    if annotation_counts:
        click.echo(annotation_counts)
    click.echo(classified.counts)
