"""``tracktools fetch``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import FetchConfig


@click.command()
@click.argument("name", required=False)
@click.option("-o", "--output", type=options.PATH, help="Folder for copies.  [default: files stay in the cache]")
@click.option("--mirror", default=FetchConfig.mirror, show_default=True, help="Other server with the same layout.")
def fetch(name: str | None, output: Path | None, mirror: str) -> None:
    """Download the public data set NAME, check it, print its licence and citation; without NAME, list all data sets.

    Files are downloaded once and kept in $TRACKTOOLS_CACHE or the user's cache. A broken download is resumed. The only
    other command that uses the network is `hub check`, for files on the web.

    \b
    Example:
      tracktools fetch cappable -o data
    """
    from tracktools.fetch import DATA_SETS, fetch_data_set
    from tracktools.tracks import file_sha256

    if name is None:
        for key, data_set in DATA_SETS.items():
            click.echo(f"{key:<10}{data_set.what} ({data_set.licence})")
        return
    paths = fetch_data_set(name, folder=output, mirror=mirror)
    data_set = DATA_SETS[name]
    for path in paths:
        click.echo(f"{path}\tsha256 {file_sha256(path)}")
    click.echo(f"licence: {data_set.licence}\ncite: {data_set.citation}")
    click.echo(f"use: {data_set.use.format(files=shlex.join(map(str, paths)))}")
