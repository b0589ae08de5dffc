"""``--config FILE``: one TOML table a command, unknown keys refused."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


def read_config_file(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Make a TOML file the source of defaults for every command.

    Raises
    ------
    click.UsageError
        If the file cannot be read, is not TOML, or holds a table or key that no command has.
    """
    if value is None:
        return
    try:
        table = tomllib.loads(Path(value).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"{value}: cannot be read: {error.strerror}", ctx) from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{value}: is not text (a TOML file is needed)", ctx) from None
    except tomllib.TOMLDecodeError as error:
        raise click.UsageError(f"{value}: {error}", ctx) from None
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
        raise click.UsageError(f"{where} is {value!r} (write true or false)", ctx)
    several = option.multiple or option.nargs > 1
    values = value if several and isinstance(value, list) else [value]
    fits = option.multiple or option.nargs == len(values)
    if not fits or not all(isinstance(item, str | int | float) for item in values):
        wanted = "a list of values" if option.multiple else f"{option.nargs} values" if several else "one value"
        raise click.UsageError(f"{where} is {value!r} ({wanted})", ctx)
    return values if several else value


def _unknown(names: tuple[str, ...], known: list[str]) -> str:
    close = difflib.get_close_matches(names[-1], known, n=1)
    return f"unknown setting {'.'.join(names)}" + (f", did you mean {close[0]!r}?" if close else "")
