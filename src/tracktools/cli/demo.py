"""``tracktools demo``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import force_option, restart_option
from tracktools.config import PredictConfig


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of published TSS tables and reads to add, as `tracktools fetch NAME -o FOLDER` fills it.",
)
@click.option(
    "-t", "--threads", type=click.IntRange(0), default=PredictConfig.threads, show_default=True, help="0: all cores."
)
@force_option
@restart_option
def demo(output: Path, data: Path | None, threads: int, force: bool, restart: bool) -> None:
    """Do the whole main job on the embedded E. coli genome: predict, call TSS, find motifs, build the hub.

    \b
    Writes in the output folder:
      predictions/   bigWig pair of the model output, called TSS
      attended/      attention of the model at the best called TSS, and the motifs there
      genes/         genes and pseudogenes
      measured/      measured TSS sets, the curated set and Term-seq reads (with --data)
      hub/           the track hub with sessions for IGV and JBrowse

    A killed demo continues when the same command is given again; one that is complete is taken as it is.

    \b
    Example:
      tracktools demo -o demo
    """
    from tracktools.pipeline.demo import run_demo

    hub = run_demo(output, data=data, config=PredictConfig(threads=threads), force=force, restart=restart)
    click.echo(f"The hub is in {hub}. To look at it:")
    click.echo(f"  tracktools hub serve {hub}        in a browser on this machine")
    click.echo(f"  upload the folder {hub}, then give its hub.txt to UCSC (My Data > Track Hubs), IGV or JBrowse")
