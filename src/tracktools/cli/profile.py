"""``tracktools profile``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.config import ProfileConfig


def _parse_sites(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Any]:
    from tracktools.profile.sites import SiteSource

    try:
        return [SiteSource.parse(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _parse_regions(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Any]:
    from tracktools.interval import Interval

    try:
        return [Interval.from_ucsc(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@options.signals(
    "--signal",
    "Stranded signal: two bigWigs, or a folder of `predict` or `reads`; repeatable. MINUS.bw may be negative.",
    "signals",
    required=True,
)
@click.option(
    "--sites", metavar="NAME=BED|GFF3:TYPE", multiple=True, callback=_parse_sites,
    help="Sites: the 5' ends of the items of a BED, or of the GFF3 rows of one type (genes.gff3:gene). Add :3prime for "
    "the 3' ends. Repeatable.",
)  # fmt: skip
@options.output
@click.option(
    "--flank", type=click.IntRange(1), default=ProfileConfig.flank_bp, show_default=True,
    help="Bases on each side of a site [nt].",
)  # fmt: skip
@options.absent
@click.option(
    "--within", metavar="CHROM:FIRST-LAST", multiple=True, callback=_parse_regions,
    help="Use only these bases (1-based, closed); repeatable.  [default: all]",
)  # fmt: skip
@click.option("--levels", type=options.PATH, metavar="GFF3", help="Also write levels.tsv, by the genes of this file.")
@options.operons("With --levels: operons, a BED or RegulonDB's OperonSet.tsv.")
@options.circular
@options.rename
@options.only_genome
@options.force
def profile(
    signals: list[Any],
    sites: list[Any],
    output: Path,
    flank: int,
    absent: str,
    within: list[Any],
    levels: Path | None,
    operons: Path | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    force: bool,
) -> None:
    """Draw stranded signals around sites: TSS, gene starts, pseudogenes, terminators.

    At each offset: the median over the sites with its 95 % bootstrap interval, mean and quartiles, along the strand of
    the site (sense) and against it (antisense).

    \b
    Writes DIR/profile.tsv     a row per signal, set, direction and offset
           DIR/baseline.tsv    median and mean of each signal over all bases
           DIR/levels.tsv      with --levels: in CDS, outside, between the genes of operons
           DIR/profile.svg, .png, .pdf, DIR/heat_map.svg, .png, .pdf, DIR/provenance.json

    \b
    Example:
      tracktools profile --signal model=predictions --sites TSS=curated.bed --sites genes=genes.gff3:gene -o profile
    """
    from tracktools.counting import count_line
    from tracktools.profile import ProfileOptions, profile_sites

    result = profile_sites(
        signals,
        sites,
        output,
        options=ProfileOptions(circular, renames, only_genome, within, levels, operons),
        config=ProfileConfig(flank_bp=flank, absent=absent),  # type: ignore[arg-type]  # click has checked the choices
        force=force,
    )
    for one in result.sites:
        click.echo(f"{one.name}: {count_line(len(one.table), one.left_out, 'sites')}")
    if result.levels is not None:
        click.echo(result.levels.to_csv(sep="\t", index=False, float_format="%.4g", lineterminator="\n"), nl=False)
