"""``tracktools tss promoters``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options


@click.command()
@click.argument("set_", metavar="SET", type=options.PATH)
@options.genome()
@options.output
@click.option(
    "--learn",
    is_flag=True,
    help="Learn the matrices from SET itself (at least 50 TSS; of many the 1,000 with the best score).",
)
@click.option(
    "--model", type=options.PATH,
    help="model.json of an earlier run with --learn.  [default: the matrices of E. coli]",
)  # fmt: skip
@options.circular
@options.rename
@options.only_genome
@options.force
def promoters(
    set_: Path,
    genome: Path,
    output: Path,
    learn: bool,
    model: Path | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    force: bool,
) -> None:
    """Find the -35 and -10 hexamers upstream of each TSS of SET.

    Two weight matrices and the distance between them give the best pair of each TSS; its -10 begins 20 to 7 bases
    upstream. Every TSS gets a pair, good or bad: promoter_by_chance is the share of random places of the genome that
    score as high.

    \b
    Writes DIR/promoters.tsv               a row per TSS: hexamers, distances, scores
           DIR/promoters.bed, tracks.tsv   a track of both elements, for `tracktools hub build`
           DIR/elements.svg, .png          logos of the matrices
           DIR/model.json                  the matrices, for --model

    \b
    Example:
      tracktools tss promoters curated.bed --genome genome.fa -o promoters
    """
    from tracktools.answers.promoter_folder import PromoterOptions, promoter_folder
    from tracktools.counting import count_line

    options = PromoterOptions(model, learn, circular, renames, only_genome)
    found = promoter_folder(set_, genome, output, options=options, force=force)
    click.echo(count_line(len(found.table), found.left_out, "TSS"))
    share = f" ({found.n_rare / len(found.table):.0%})" if len(found.table) else ""
    click.echo(f"{found.n_rare:,} TSS{share} score higher than 95 % of random places of the genome")
    click.echo(f"{output}: matrices of {found.model.n:,} TSS ({found.model.source})")
