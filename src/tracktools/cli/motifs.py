"""``tracktools motifs``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import MotifConfig


@click.command()
@click.argument("attention", metavar="DIR", type=options.PATH)
@options.output
@options.genome("FASTA, 2bit or GenBank that DIR was made from.", default="the embedded E. coli genome")
@click.option(
    "--collection", "collections", multiple=True, type=options.PATH,
    help="Known motifs to compare with, a MEME or TRANSFAC file; repeatable.  [default: none]",
)  # fmt: skip
@click.option(
    "--background", multiple=True, metavar="NAME",
    help="Set of `attention --at` that is the background, not TSS; repeatable.  [default: where the output is lowest]",
)  # fmt: skip
@click.option(
    "--top", type=click.IntRange(4), default=MotifConfig.top, show_default=True,
    help="Sites per head, the best attended first (the paper took 50).",
)  # fmt: skip
@click.option(
    "--window", "window_bp", type=click.IntRange(9, 401), default=MotifConfig.window_bp, show_default=True,
    help="Bases around the attended base, an odd number [nt].",
)  # fmt: skip
@click.option(
    "--min-sites", type=click.IntRange(4), default=MotifConfig.min_sites, show_default=True,
    help="Distinct sites that a motif needs at least.",
)  # fmt: skip
@click.option(
    "--max-q", type=click.FloatRange(0, 1, min_open=True), default=MotifConfig.max_q, show_default=True,
    help="Highest q-value of a motif: its enrichment in held-out sites, corrected over all heads.",
)  # fmt: skip
@click.option(
    "--min-times-uniform", type=click.FloatRange(0), default=MotifConfig.min_times_uniform, show_default=True,
    help="A site gets into the BED if its attention is at least this many times the uniform share.",
)  # fmt: skip
@options.rename
@options.force
def motifs(
    attention: Path,
    output: Path,
    genome: Path | None,
    collections: tuple[Path, ...],
    background: tuple[str, ...],
    top: int,
    window_bp: int,
    min_sites: int,
    max_q: float,
    min_times_uniform: float,
    renames: dict[str, str],
    force: bool,
) -> None:
    """Find motifs in what the attention heads look at. DIR is the output folder of `tracktools attention`.

    \b
    Writes in the output folder:
      index.html                   everything on one page: a row per head
      motifs.tsv, matches.tsv      a row per head; a row per match to a collection
      motifs.meme, motifs.jaspar   the matrices
      logos/, logo_sheet.*         logos, and one sheet of all heads
      beds/, tracks.tsv            sites upstream of the TSS of --at, for `hub build`
      elements.tsv, starts.tsv     the -35 and -10 hexamers at these TSS, and where they begin
      spacing.*                    their distances
      provenance.json              how it was made

    A head whose sites have nothing in common gets "no motif" and the reason.

    \b
    Example:
      tracktools motifs attention -o motifs --collection prodoric.meme
    """
    from tracktools.motifs import find_motifs

    config = MotifConfig(
        top=top, window_bp=window_bp, min_sites=min_sites, max_q=max_q, min_times_uniform=min_times_uniform
    )
    result = find_motifs(
        attention, output, genome=genome, collections=collections, background=background, config=config,
        renames=renames, force=force,
    )  # fmt: skip
    found = [one for one in result.motifs if one.pwm is not None]
    for one in found:
        assert one.pwm is not None
        click.echo(f"{one.head}\t{one.offsets[0]:+d}\t{one.pwm.consensus}")
    for sentence in result.verdicts:
        click.echo(sentence)
    click.echo(f"{len(found)} of {len(result.motifs)} heads have a motif: {result.folder / 'index.html'}")
