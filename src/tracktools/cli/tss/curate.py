"""``tracktools tss curate``."""

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
@click.option(
    "--min-support",
    type=int,
    default=TssConfig.min_support,
    show_default=True,
    help="Number of sources that must agree.",
)
@click.option("--name", default="curated", show_default=True, help="Name of the curated set.")
@options.rename
@options.force
def curate(
    sources: dict[str, Path],
    output: Path,
    window_bp: int,
    min_support: int,
    name: str,
    renames: dict[str, str],
    force: bool,
) -> None:
    """Find the positions on which several TSS sets agree.

    On each strand, the base with most sources within the window is taken first and absorbs the positions within the
    window; ties go to the base with most sources exactly on it, then the better mean rank of score, then the 5'-most.
    So curated positions are more than a window apart, and the order of sources and rows does not matter.

    \b
    Writes DIR/<name>.bed     BED9 with support, sources, position and score in each source, span; darker: more sources
           DIR/sources.tsv    each source: positions, and how many are within the window of another source's
           DIR/support.tsv    curated positions by number of sources
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools tss curate --source cappable=lifted/cappable.bed --source smrt=smrt/smrt.bed -o curated
    """
    from tracktools.tss.folders import curate_folder

    curated = curate_folder(
        sources, output, window_bp=window_bp, min_support=min_support, name=name, renames=renames, force=force
    )
    click.echo(f"{output / f'{name}.bed'}: {len(curated.table):,} curated positions")
    click.echo("\nsource\tpositions\tshared\tshare")
    for row in curated.sources.itertuples(index=False):
        click.echo(f"{row.source}\t{row.positions}\t{row.shared}\t{row.share:.4f}")
    click.echo("\nsupport\tcurated\tat least")
    for row in curated.support.itertuples(index=False):
        click.echo(f"{row.support}\t{row.curated}\t{row.at_least}")
    click.echo(curated.counts)
