"""``tracktools tss call``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import CallConfig


@click.command()
@click.argument("plus", type=options.PATH)
@click.argument("minus", type=options.PATH)
@click.option("--threshold", type=float, required=True, help="Lowest value of a call, in units of the signal.")
@options.output
@click.option("--name", default="called", show_default=True, help="Name of the set.")
@options.circular
@options.rename
@click.option(
    "--min-distance",
    "min_distance_bp",
    type=int,
    default=CallConfig.min_distance_bp,
    show_default=True,
    help="Lowest distance between two calls on one strand [bp].",
)
@options.force
def call(
    plus: Path,
    minus: Path,
    threshold: float,
    output: Path,
    name: str,
    circular: tuple[str, ...],
    renames: dict[str, str],
    min_distance_bp: int,
    force: bool,
) -> None:
    """Call TSS in PLUS and MINUS, a stranded pair of bigWigs, by the rule of `tracktools predict`.

    A call is a local maximum at or above the threshold: of a plateau its 5'-most base, of two that are too close the
    higher one. MINUS may be stored negative; all values of a file have one sign. Calls in the output of
    `tracktools predict` keep their calibration and split.

    \b
    Writes DIR/<name>.bed   BED6 and the value; input of `tss compare` and `tss classify`
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools tss call reads.plus.bw reads.minus.bw --threshold 20 -o called
    """
    from tracktools.tss.call import call_folder

    called = call_folder(
        plus,
        minus,
        threshold,
        output,
        name=name,
        circular=circular,
        min_distance_bp=min_distance_bp,
        renames=renames,
        force=force,
    )
    counts = called.table["strand"].value_counts()
    strands = f"{counts.get('+', 0):,} on +, {counts.get('-', 0):,} on -"
    click.echo(f"{output / f'{name}.bed'}: {len(called.table):,} TSS at or above {threshold:g} ({strands})")
    if called.kept:
        click.echo(called.kept)
    click.echo(called.counts)
