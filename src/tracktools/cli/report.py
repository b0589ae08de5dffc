"""``tracktools report``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import force_option


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Page to make, *.html.")
@click.option("--title", help="Heading of the page.  [default: names the genome]")
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    help="Folder whose report.html or style.css replaces the packaged one.",
)
@force_option
def report(folders: tuple[Path, ...], output: Path, title: str | None, templates: Path | None, force: bool) -> None:
    """Write one page from the folders DIR... that other commands wrote.

    The page needs no other file and no network: what was run, called TSS and how many are expected to be right,
    measured sets, confirmation, classes, promoters, profiles, attention heads, pseudogenes. What no folder holds is not
    in it. A folder of folders, such as that of `tracktools demo`, is looked through.

    \b
    Writes OUTPUT            the page
           STEM_mqc.json     next to it: its figures, for MultiQC (custom content)

    \b
    Example:
      tracktools report predictions confirmed profile -o report.html
    """
    from tracktools.report import make_report

    made = make_report(folders, output, title=title, templates=templates, force=force)
    for path in made.unknown:
        click.echo(f"{path}: no tracktools command wrote this; it is left out")
    click.echo(f"{made.page}: {len(made.sections)} sections ({', '.join(made.sections)})")
    click.echo(made.multiqc)
