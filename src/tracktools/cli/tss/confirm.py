"""``tracktools tss confirm``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.config import TssConfig


@click.command()
@click.argument("predicted", metavar="PREDICTED", type=options.PATH)
@click.argument("measured", metavar="MEASURED...", nargs=-1, required=True, callback=options.read_sets)
@options.genome()
@options.output
@click.option(
    "--window", "window_bp", type=click.IntRange(0), default=TssConfig.window_bp, show_default=True,
    help="Greatest distance between a prediction and the measured TSS that confirms it [nt].",
)  # fmt: skip
@options.reads
@options.circular
@options.rename
@options.only_genome
@options.force
def confirm(
    predicted: Path,
    measured: dict[str, Path],
    genome: Path,
    output: Path,
    window_bp: int,
    reads: list[Any],
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    force: bool,
) -> None:
    """Find which PREDICTED TSS are confirmed by MEASURED sets, one-to-one.

    MEASURED is BED or NAME=BED. Each prediction, the best score first, takes the nearest measured TSS on its strand
    within the window; each measured TSS is taken once. Status: confirmed, predicted_only or measured_only.

    \b
    Writes DIR/tss.tsv, .xlsx, .parquet   a row per TSS: status, distance, sets, reads
           DIR/candidates.tsv             predicted only, the best score first
           DIR/missed.tsv                 measured only, the best supported first
           DIR/bins.tsv                   precision and recall by score
           DIR/confirmation.svg, .png     the same as a figure
           DIR/confirmation.bed, DIR/tracks.tsv   coloured by status, for `tracktools hub build`

    \b
    Example:
      tracktools tss confirm predictions/genome.called_tss.bed rna=measured.bed --genome genome.fa -o confirmed
    """
    from tracktools.answers.confirm import ConfirmOptions, confirm_folder
    from tracktools.counting import count_line

    options = ConfirmOptions(window_bp, reads, circular, renames, only_genome)
    found = confirm_folder(predicted, measured, genome, output, options=options, force=force)
    for note in found.notes:
        click.echo(note)
    for name, left_out in found.left_out.items():
        click.echo(f"{name}: {count_line(found.taken[name], left_out, 'TSS')}")
    totals = ", ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in found.counts().items())
    click.echo(f"{output}: {totals}")
