"""``--config FILE``: one TOML table per command, unknown keys refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tracktools.errors import InputError, shown
from tracktools.formats.input_file import read_text
from tracktools.formats.toml_file import parse_toml


def read_config_file(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Make a TOML file the source of defaults for every command.

    Raises
    ------
    InputError
        If the file cannot be read.
    click.UsageError
        If it is not TOML, or contains a table or key that no command has.
    """
    if value is None:
        return
    text = read_text(Path(value))
    try:
        table = parse_toml(text, value)
    except InputError as error:
        raise click.UsageError(str(error), ctx) from None
    assert isinstance(ctx.command, click.Group)
    ctx.default_map = _checked(table, ctx.command, ctx, value, ())


def _checked(
    table: Mapping[str, Any], command: click.Command, ctx: click.Context, path: str, names: tuple[str, ...]
) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    if isinstance(command, click.Group):
        known = command.list_commands(ctx)
        for key, value in table.items():
            child = command.get_command(ctx, key)
            if child is None or not isinstance(value, Mapping):
                raise click.UsageError(f"{path}: {_unknown((*names, key), known)}", ctx)
            defaults[key] = _checked(value, child, ctx, path, (*names, key))
        return defaults
    flags = {
        flag.removeprefix("--"): option
        for option in command.params
        if isinstance(option, click.Option) and option.name
        for flag in option.opts
        if flag.startswith("--")
    }
    for key, value in table.items():
        option = flags.get(key.replace("_", "-"))
        if option is None:
            raise click.UsageError(f"{path}: {_unknown((*names, key), list(flags))}", ctx)
        assert option.name is not None
        defaults[option.name] = _checked_value(value, option, f"{path}: {'.'.join((*names, key))}", ctx)
    return defaults


def _checked_value(value: Any, option: click.Option, where: str, ctx: click.Context) -> Any:
    if option.is_flag and not isinstance(value, bool):
        raise click.UsageError(f"{where} is {shown(value)} (write true or false)", ctx)
    several = option.multiple or option.nargs > 1
    values = value if several and isinstance(value, list) else [value]
    fits = option.multiple or option.nargs == len(values)
    if not fits or not all(isinstance(item, str | int | float) for item in values):
        wanted = "a list of values" if option.multiple else f"{option.nargs} values" if several else "one value"
        raise click.UsageError(f"{where} is {shown(value)} ({wanted})", ctx)
    return values if several else value


def _unknown(names: tuple[str, ...], known: list[str]) -> str:
    close = difflib.get_close_matches(names[-1], known, n=1)
    return f"unknown setting {'.'.join(names)}" + (f", did you mean {close[0]!r}?" if close else "")
