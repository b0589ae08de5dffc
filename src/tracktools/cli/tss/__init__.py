"""``tracktools tss``: measured start sites, from tables of any shape to one curated set."""

from __future__ import annotations

import click

from tracktools.cli.suggesting import SuggestingGroup
from tracktools.cli.tss.call import call
from tracktools.cli.tss.classify import classify
from tracktools.cli.tss.compare import compare
from tracktools.cli.tss.confirm import confirm
from tracktools.cli.tss.curate import curate
from tracktools.cli.tss.import_ import import_
from tracktools.cli.tss.lift import lift
from tracktools.cli.tss.promoters import promoters
from tracktools.cli.tss.table import table


@click.group(cls=SuggestingGroup)
def tss() -> None:
    """Work with sets of transcription start sites (TSS).

    A set is a BED file; each item is one base. The usual order:

    \b
      tracktools tss import TSS.gtf.gz -o imported --name cappable --genome GENOME.fa
      tracktools tss lift imported/cappable.bed --chain NC_000913.2_to_3 -o lifted
      tracktools tss curate --source cappable=lifted/cappable.bed --source smrt=smrt/smrt.bed -o curated
    """


tss.add_command(import_, "import")
tss.add_command(lift)
tss.add_command(curate)
tss.add_command(classify)
tss.add_command(compare)
tss.add_command(call)
tss.add_command(table)
tss.add_command(confirm)
tss.add_command(promoters)
