"""``tracktools tss table``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.config import TssConfig


@click.command()
@click.argument("sets", metavar="SET...", nargs=-1, required=True, callback=options.read_sets)
@options.genome()
@options.output
@options.annotation(default="no genes")
@options.operons("With --annotation: operons, a BED or RegulonDB's OperonSet.tsv, for the column operon.")
@options.reads
@click.option(
    "--window", "window_bp", type=click.IntRange(0), default=TssConfig.window_bp, show_default=True,
    help="Positions up to this distance apart are one TSS [nt].",
)  # fmt: skip
@click.option(
    "--export", multiple=True, type=click.Choice(["gff3", "genbank"]),
    help="Also write TSS and promoters as DIR/tss.gff3, or as DIR/tss.gbk with the sequence; repeatable.",
)  # fmt: skip
@click.option(
    "--merge-into", type=options.PATH, metavar="GFF3|GENBANK",
    help="Also write a copy of this annotation with TSS and promoters added; its own lines stay unchanged.",
)  # fmt: skip
@options.circular
@options.rename
@options.only_genome
@options.force
def table(
    sets: dict[str, Path],
    genome: Path,
    output: Path,
    annotation: Path | None,
    operons: Path | None,
    reads: list[Any],
    window_bp: int,
    export: tuple[str, ...],
    merge_into: Path | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    force: bool,
) -> None:
    """Put TSS sets (called, measured or curated) into one table, a row per TSS.

    SET is BED or NAME=BED. Each TSS of the first set is a row; a TSS of a further set supports the nearest row,
    one-to-one, or becomes a row. Columns: position (1-based), class, the gene that the TSS can start, 5' UTR, the gene
    it lies in, score and distance in each set, reads, sequence.

    \b
    Writes DIR/tss.tsv, DIR/tss.xlsx, DIR/tss.parquet   the table (Parquet needs pyarrow)
           DIR/columns.tsv                              what each column means
           DIR/tss.gff3, DIR/tss.gbk                    with --export
           DIR/merged.gff3 or DIR/merged.gbk            with --merge-into
           DIR/provenance.json

    \b
    Example:
      tracktools tss table called=predictions/genome.called_tss.bed --genome genome.fa --annotation genes.gff3 -o table
    """
    from tracktools.answers import TableOptions, write_tss_table
    from tracktools.counting import count_line

    options = TableOptions(
        annotation,
        reads,
        window_bp,
        circular,
        renames,
        only_genome,
        export=export,
        merge_into=merge_into,
        operons=operons,
    )
    made = write_tss_table(sets, genome, output, options=options, force=force)
    for note in made.notes:
        click.echo(note)
    for name, left_out in made.left_out.items():
        taken = int(made.table[f"{name}_distance"].notna().sum())
        click.echo(f"{name}: {count_line(taken, left_out, 'TSS')}")
    click.echo(f"{output}: {len(made.table):,} TSS, {int((made.table['support'] > 1).sum()):,} in two sets or more")
