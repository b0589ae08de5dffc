"""``tracktools demo``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import PredictConfig


@click.command()
@options.output
@click.option(
    "--data",
    type=options.PATH,
    help="Folder with published TSS tables and reads, from `tracktools fetch NAME -o FOLDER`.  [default: none]",
)
@options.threads
@options.force
@options.restart
def demo(output: Path, data: Path | None, threads: int, force: bool, restart: bool) -> None:
    """Do the whole job on the embedded E. coli genome: predict, call TSS, find motifs, build the hub.

    \b
    Writes in the output folder:
      predictions/   bigWig pair of the model output, called TSS
      attended/      attention of the transformer at the best called TSS, and the motifs there
      genes/         genes and pseudogenes
      measured/      measured TSS sets, the curated set and Term-seq reads (with --data)
      mutated/       what each letter around the best called TSS does
      hub/           the track hub with sessions for IGV and JBrowse

    After a kill, give the same command again: it continues. A complete demo is kept as it is.

    \b
    Example:
      tracktools demo -o demo
    """
    from tracktools.pipeline.demo import run_demo

    hub = run_demo(output, data=data, config=PredictConfig(threads=threads), force=force, restart=restart)
    click.echo(f"The hub is in {hub}. To look at it:")
    click.echo(f"  tracktools hub serve {hub}        in a browser on this machine")
    click.echo(f"  upload the folder {hub}, then give its hub.txt to UCSC (My Data > Track Hubs), IGV or JBrowse")
