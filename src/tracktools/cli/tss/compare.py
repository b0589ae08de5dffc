"""``tracktools tss compare``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import TssConfig


@click.command()
@options.source
@options.output
@click.option(
    "--window",
    "window_bp",
    type=int,
    default=TssConfig.window_bp,
    show_default=True,
    help="Positions up to this distance apart can be one TSS [bp].",
)
@options.rename
@options.force
def compare(sources: dict[str, Path], output: Path, window_bp: int, renames: dict[str, str], force: bool) -> None:
    """Show how well TSS sets agree, in tables and figures.

    \b
    Writes DIR/shares.tsv       share of each set's positions that are near a position of another set, 0 to 10 nt
           DIR/distances.tsv    distances to the nearest position of each other set
           DIR/memberships.tsv  curated positions by the sets that contain them
           DIR/support.tsv      curated positions by number of sets
           DIR/agreement.tsv    average precision of each set, by its scores, as a prediction of each other set
           DIR/paper.tsv        the figures of the paper next to ours, if its four sets are compared
           DIR/upset.svg, .png, DIR/distances.svg, .png, DIR/provenance.json

    \b
    Example:
      tracktools tss compare --source cappable=lifted/cappable.bed --source smrt=smrt/smrt.bed -o compared
    """
    from tracktools.tss.paper import as_text
    from tracktools.tss.plots import share_text
    from tracktools.tss.reports import compare_folder

    comparison, paper = compare_folder(sources, output, window_bp=window_bp, renames=renames, force=force)
    click.echo(f"{output}: {len(comparison.curated.table):,} curated positions of {len(sources)} sets")
    click.echo(f"\npositions within {min(window_bp, 10)} nt of another set [%]")
    click.echo("\n".join(share_text(comparison.shares, min(window_bp, 10))))
    if len(paper):
        click.echo(f"\n{'figure':<34}{'here':>10}{'paper':>12}")
        click.echo("\n".join(as_text(paper)))
        click.echo(f"why they differ: {output / 'paper.tsv'}")
    click.echo(comparison.curated.counts)
