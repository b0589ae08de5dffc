"""Options that several commands have, defined once.

Put the decorator above the command's function and take the parameter it gives:

==================== ============================ =========================================================
decorator            parameter                    pass it on to
==================== ============================ =========================================================
rename_option        ``renames: dict[str, str]``  `tracktools.names.join_names`, or the verb's ``renames``
only_genome_option   ``only_genome: bool``        `tracktools.names.join_names`; count what it leaves out
circular_option      ``circular: tuple[str, ...]`` ``load_genome(path, circular=circular)``
force_option         ``force: bool``              `tracktools.run.Policy`, or the verb's ``force``
restart_option       ``restart: bool``            `tracktools.run.Policy`, or the verb's ``restart``
output_option        ``output: Path``             the verb's output folder
engine_option        ``engine: str``              `tracktools.config.PredictConfig`
device_option        ``device: str``              `tracktools.config.PredictConfig`
threads_option       ``threads: int``             `tracktools.config.PredictConfig`
==================== ============================ =========================================================

``--rename`` comes with ``--rename-file``; both end up in ``renames``. A command that reads rows ends with
``click.echo(count_line(...))`` of `tracktools.counting`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tracktools.config import PredictConfig
from tracktools.errors import InputError


def _parse_renames(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    renames: dict[str, str] = {}
    for value in values:
        name, separator, target = value.rpartition("=")
        if not (name and separator and target):
            raise click.BadParameter(f"{value!r} is not OLD=NEW")
        if any(letter.isspace() for letter in target):
            raise click.BadParameter(f"{target!r} is no name for a sequence: BED and bigWig want one without spaces")
        if renames.get(name, target) != target:
            raise click.BadParameter(f"{name!r} is renamed twice, to {renames[name]!r} and to {target!r}")
        renames[name] = target
    return renames


def rename_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--rename OLD=NEW`` and ``--rename-file``, and its function one parameter, ``renames``."""

    @functools.wraps(command)
    def with_renames(*args: Any, renames: dict[str, str], rename_file: Path | None, **options: Any) -> Any:
        from tracktools.names import Renames
        from tracktools.run import checked_before_publishing

        said = Renames(renames, _read_renames(rename_file), rename_file)
        with checked_before_publishing(said.refuse_unused):
            return command(*args, renames=said, **options)

    with_file = click.option(
        "--rename-file", type=click.Path(path_type=Path), help="Two-column file for --rename: old name, new name."
    )(with_renames)
    return click.option(
        "--rename",
        "renames",
        metavar="OLD=NEW",
        multiple=True,
        callback=_parse_renames,
        help="Read sequence OLD of the files as NEW of the genome; repeatable. Not needed for U00096.3, chr and "
        "Chromosome, which mean NC_000913.3.",
    )(with_file)


def _read_renames(path: Path | None) -> dict[str, str]:
    from tracktools.tss.spreadsheet import read_rows

    renames: dict[str, str] = {}
    for line, row in [] if path is None else read_rows(path):
        if len(row) != 2:
            raise InputError(f"has {len(row)} columns", path=path, line=line, hint="two are needed: OLD and NEW name")
        if renames.get(row[0], row[1]) != row[1]:
            raise InputError(f"{row[0]!r} is renamed twice", path=path, line=line, hint="leave one of the lines out")
        renames[row[0]] = row[1]
    return renames


only_genome_option = click.option(
    "--only-genome",
    is_flag=True,
    help="Skip and count what is on sequences that are not in the genome.  [default: stop with an error]",
)

circular_option = click.option(
    "--circular",
    multiple=True,
    metavar="NAME|all",
    help="Name of a circular sequence, or all; repeatable.  [default: all linear, unless a file says circular]",
)


force_option = click.option(
    "--force",
    is_flag=True,
    help="Replace the output of an earlier tracktools run. Stops if it contains any other or changed file.",
)

restart_option = click.option(
    "--restart",
    is_flag=True,
    help="Start again: delete the unfinished work in <output>.partial.  [default: continue it]",
)

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Output folder; it is created."
)

engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "native", "torch"]),
    default=PredictConfig.engine,
    show_default=True,
    help="What computes: native (compiled, CPU) or torch; auto takes the fastest, see `tracktools info`.",
)

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default=PredictConfig.device,
    show_default=True,
    help="Where torch computes; auto takes a GPU if there is one.",
)

threads_option = click.option(
    "-t",
    "--threads",
    type=click.IntRange(0),
    default=PredictConfig.threads,
    show_default=True,
    help="CPU threads; 0: all cores.",
)
