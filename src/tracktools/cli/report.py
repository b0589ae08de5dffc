"""``tracktools report``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=options.PATH)
@options.output_file("Output page, NAME.html.")
@click.option("--title", help="Title of the page.  [default: from the name of the genome]")
@options.templates("Folder with your own report.html or style.css.")
@options.force
def report(folders: tuple[Path, ...], output: Path, title: str | None, templates: Path | None, force: bool) -> None:
    """Write one page from the output folders DIR... of other commands.

    The page is one file and needs no network. It has a section for each kind of output: called TSS and how many are
    expected to be right, measured sets, confirmation, classes, promoters, profiles, attention heads, pseudogenes.
    Folders of folders, such as that of `tracktools demo`, are searched.

    \b
    Writes NAME.html       the page
           NAME_mqc.json   next to it: its figures, for MultiQC (custom content)

    \b
    Example:
      tracktools report predictions confirmed profile -o report.html
    """
    from tracktools.report import make_report

    made = make_report(folders, output, title=title, templates=templates, force=force)
    for path in made.unknown:
        known = (path / "provenance.json").is_file()
        why = "a report has no section for this kind of folder" if known else "no tracktools command wrote this"
        click.echo(f"{path}: {why}; it is left out")
    click.echo(
        f"{made.page}: {len(made.sections)} section{'s' * (len(made.sections) != 1)} ({', '.join(made.sections)})"
    )
    click.echo(made.multiqc)
