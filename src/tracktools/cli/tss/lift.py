"""``tracktools tss lift``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from tracktools.cli import options


@click.command()
@click.argument("set_", metavar="SET", type=options.PATH)
@click.option(
    "--chain",
    required=True,
    help="UCSC chain file (gzip too), or one of the built-in: NC_000913.2_to_3, NC_000913.3_to_2.",
)
@options.output
@click.option(
    "--from", "source", metavar="NAME", help="Sequence of the chain that SET is on.  [default: the name in SET]"
)
@options.genome("Target genome, FASTA, 2bit or GenBank: check the lifted set against it.", default="no check")
@options.rename
@options.force
def lift(
    set_: Path, chain: str, output: Path, source: str | None, genome: Path | None, renames: dict[str, str], force: bool
) -> None:
    """Lift SET, a BED file of single bases, to another assembly.

    \b
    Writes DIR/<set>.bed      the set on the other assembly
           DIR/unlifted.tsv   positions without a counterpart, or on the base of another one, with the reason
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools tss lift imported/cappable.bed --chain NC_000913.2_to_3 -o lifted
    """
    from tracktools.genome import load_genome
    from tracktools.tss.folders import lift_folder

    target = load_genome(genome) if genome else None
    lifted, report = lift_folder(set_, chain, output, source=source, genome=target, renames=renames, force=force)
    click.echo(f"{output}: {len(lifted.table):,} positions lifted, {len(lifted.left_out):,} left out")
    reasons = Counter(str(reason).split(":")[0] for reason in lifted.left_out["reason"])
    for reason, count in reasons.most_common():
        click.echo(f"  {count:,} {reason}")
    if report is not None:
        click.echo(f"check: {report.verdict}")
    click.echo(lifted.counts)
