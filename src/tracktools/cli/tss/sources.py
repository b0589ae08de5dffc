"""The option ``--source NAME=BED``, which several commands have."""

from __future__ import annotations

from pathlib import Path

import click


def _parse(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    sources: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not (name and equals and path):
            raise click.BadParameter(f"{value!r} is not NAME=BED")
        if name in sources:
            raise click.BadParameter(f"{name!r} is named twice: each set needs a name of its own")
        sources[name] = Path(path)
    return sources


source_option = click.option(
    "--source",
    "sources",
    metavar="NAME=BED",
    multiple=True,
    required=True,
    callback=_parse,
    help="A TSS set; repeat for each. The names cappable, sendseq, smrt and regulondb have colours and labels.",
)
