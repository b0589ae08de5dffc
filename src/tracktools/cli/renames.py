"""The option ``--rename``, which several commands have."""

from __future__ import annotations

import click


def _parse(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    renames = {}
    for value in values:
        name, separator, target = value.rpartition("=")
        if not (name and separator and target):
            raise click.BadParameter(f"{value!r} is not OLD=NEW")
        renames[name] = target
    return renames


rename_option = click.option(
    "--rename",
    "renames",
    metavar="OLD=NEW",
    multiple=True,
    callback=_parse,
    help="Name of a sequence in the file, and in the genome. Known without: NC_000913.3 is U00096.3, chr, Chromosome.",
)
