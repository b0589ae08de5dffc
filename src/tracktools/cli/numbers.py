"""Numbers on the command line that no computation can hold, refused for every option in one place."""

from __future__ import annotations

import math
from typing import Any

import click

MOST = 2**31 - 1  # more bases, positions, steps or threads than anything has; arithmetic with them does not overflow


def bound_numbers(command: click.Command) -> None:
    """Let a command, and those below it, refuse numbers beyond `MOST`, infinities and nan."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            bound_numbers(below)
    for parameter in command.params:
        callback = parameter.callback

        def bounded(ctx: click.Context, param: click.Parameter, value: Any, callback: Any = callback) -> Any:
            for one in value if isinstance(value, tuple | list) else (value,):
                if isinstance(one, int | float) and not (math.isfinite(one) and abs(one) <= MOST):
                    raise click.BadParameter(f"{one} is not a number between -{MOST} and {MOST}.", ctx, param)
            return value if callback is None else callback(ctx, param, value)

        if getattr(callback, "__name__", "") != "bounded":
            parameter.callback = bounded
