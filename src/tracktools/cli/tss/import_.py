"""``tracktools tss import``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tracktools.cli import options
from tracktools.cli.tss.suggestions import import_hint
from tracktools.errors import ConfigError

if TYPE_CHECKING:
    from tracktools.tss.folders import ImportResult
    from tracktools.tss.layouts import Layout

_log = logging.getLogger(__name__)
_FORMATS = (
    "auto", "cappable", "sendseq", "smrt", "regulondb", "tsspredator", "annogesic", "reademption",
    "bed", "gff", "table",
)  # fmt: skip


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=options.PATH)
@options.output
@click.option("--name", required=True, help="Name of the set: letters, digits, _ and -.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="auto",
    show_default=True,
    help="Kind of file; auto: recognised by its content.",
)
@options.genome(default="the embedded E. coli genome, if FILES name it")
@click.option(
    "--sheet",
    metavar="NAME|all",
    help="Sheet of a workbook, or all sheets with such a table.  [default: the first sheet]",
)
@click.option("--chrom", help="Sequence name, for files without one; not together with --chrom-column.")
@options.rename
@click.option(
    "--base",
    type=click.Choice(("0", "1", "border")),
    help="What a position means, see above.  [default: that of --format]",
)
@click.option("--position-column", help="Table: column of the position, or of the left end.")
@click.option("--end-column", help="Table: column of the right end, for intervals; the TSS is the 5' end.")
@click.option("--strand-column", help="Table: column of the strand.")
@click.option("--chrom-column", help="Table: column of the sequence name.")
@click.option(
    "--fill-down",
    is_flag=True,
    help="Table: fill an empty cell of --chrom-column from the row above.  [default: such a row is refused]",
)
@click.option("--score-column", help="Table: column of the score; higher is better.")
@click.option("--condition-column", multiple=True, help="Table: column of the condition; repeatable.")
@click.option("--feature", help="GFF3, GTF: feature type to take.")
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE,…",
    help="Take only rows with one of these values in this column; repeatable.",
)
@click.option(
    "--shift-plus", type=int, default=0, show_default=True, help="Add this to positions on the plus strand [bp]."
)
@click.option(
    "--shift-minus", type=int, default=0, show_default=True, help="Add this to positions on the minus strand [bp]."
)
@click.option("--swap-strands", is_flag=True, help="Read + as -, and - as +.")
@click.option("--by-condition", is_flag=True, help="Also write a BED file per condition.")
@click.option("--color", metavar="R,G,B", help="Colour of the track.  [default: that of the source]")
@click.option(
    "--strict",
    is_flag=True,
    help="Stop at the first row that cannot be read.  [default: list such rows in refused.tsv]",
)
@options.force
@click.pass_context
def import_(ctx: click.Context, /, **options: Any) -> None:
    """Read TSS tables of any shape into one sorted set of single bases, and check it against the genome.

    FILES are the published tables of Cappable-seq (GTF), SEnd-seq (tsv, xlsx), SMRT-Cappable-seq or RegulonDB, the
    MasterTable of TSSpredator, GFF3 of ANNOgesic, gene-wise tables of READemption, BED, GFF3, GTF, or any table whose
    columns you name: xlsx, or text with tabs, commas or semicolons, quoted or not; gzip too. Several files make one
    set.

    A score never rejects a position: >100 is read as 100, 2,5 as 2.5; a score that is no finite number is dropped.

    \b
    --base says what a position means:
      1       the first base of the sequence is 1 (GFF3, RegulonDB); intervals are closed
      0       the first base is 0 (BED); intervals are half-open
      border  the border left of the base on +, right of it on - (SEnd-seq)

    \b
    Writes DIR/NAME.bed      a row per base: BED6 and the source's score, condition, evidence, sigma factor, line
           DIR/refused.tsv   rows that could not be read, with the reason
           DIR/check.tsv     shares of purines and of -10 hexamers at offsets -2 to +2, strands as given and exchanged,
                             on each known assembly
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Example:
      tracktools tss import M9_longestRead Rich_longestRead -o smrt --name smrt --genome NC_000913.3.fa.gz
      tracktools tss import mine.csv -o mine --name mine --genome g.fa --format table \\
          --position-column TSS_start --strand-column strand --base border
    """
    from tracktools.genome import load_genome
    from tracktools.tss.folders import import_folder
    from tracktools.tss.importing import ImportRequest

    request = ImportRequest(
        name=options["name"],
        layout=_layout(options),
        chrom=options["chrom"],
        renames=options["renames"],
        shift_plus=options["shift_plus"],
        shift_minus=options["shift_minus"],
        swap_strands=options["swap_strands"],
        feature=options["feature"],
        where={column: tuple(values.split(",")) for column, values in map(_pair, options["where"])},
        strict=options["strict"],
        sheet=options["sheet"],
    )
    result = import_folder(
        options["files"],
        request,
        options["output"],
        genome=load_genome(options["genome"]) if options["genome"] else None,
        by_condition=options["by_condition"],
        color=options["color"],
        force=options["force"],
    )
    _report(ctx, result)


def _layout(options: Mapping[str, Any]) -> Layout | None:
    """Return the layout that the options name; None: found by content."""
    from tracktools.tss.layouts import LAYOUTS, Layout

    name = options["format_"]
    if name == "auto" and not options["position_column"]:
        if options["base"]:
            raise ConfigError("--base needs --format: what a position means depends on the kind of file")
        return None
    if name in ("auto", "table"):
        if not (options["position_column"] and options["strand_column"] and options["base"]):
            raise ConfigError("a table needs --position-column, --strand-column and --base 0|1|border")
        return Layout(
            "table",
            position=options["position_column"],
            strand=options["strand_column"],
            base=options["base"],
            end=options["end_column"],
            chrom=options["chrom_column"],
            score=options["score_column"],
            conditions=options["condition_column"],
            fill_down=options["fill_down"],
        )
    layout = LAYOUTS[name]
    return replace(layout, base=options["base"]) if options["base"] else layout


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise ConfigError(f"{text!r} is not of the form NAME=VALUE")
    return left, right


def _report(ctx: click.Context, result: ImportResult) -> None:
    imported, output = result.imported, ctx.params["output"]
    bed = output / f"{ctx.params['name']}.bed"
    click.echo(f"{bed}: {len(imported.table):,} positions ({', '.join(imported.formats)})")
    joined = imported.n_rows - len(imported.table)
    if joined:
        _log.info("%s rows name a base that another row names too: joined", f"{joined:,}")
    if imported.refused:
        first = imported.refused[0]
        _log.warning(
            "%s rows refused, see %s; the first: %s:%d: %s",
            f"{len(imported.refused):,}",
            output / "refused.tsv",
            first.path,
            first.line,
            first.reason,
        )
    for note in imported.notes:
        _log.warning("warning: %s", note)
    if imported.scores:
        click.echo("scores: " + ", ".join(f"{n:,} {remark}" for remark, n in imported.scores.items()))
    _report_check(ctx, result)
    click.echo(imported.counts)


def _report_check(ctx: click.Context, result: ImportResult) -> None:
    if result.report is None:
        _log.warning("not checked against a genome: add --genome FASTA")
        return
    if ctx.params["genome"] is None and result.imported.genome is not None:
        _log.info("checked against the embedded genome %s", result.imported.genome.name)
    click.echo(f"check: {result.report.verdict}")
    hint = import_hint(ctx, result)
    if hint is not None:
        click.echo(f"hint: {hint}")
