from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tracktools import cli


def commands(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield names
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*names, name))


@pytest.mark.parametrize("names", list(commands(cli.tracktools)), ids=" ".join)
def test_help_keeps_its_lines(names: tuple[str, ...]) -> None:
    """A raw docstring would show ``\\b`` and fold the list of files and the example into one paragraph."""
    result = CliRunner().invoke(cli.tracktools, [*names, "-h"])
    assert result.exit_code == 0
    assert "\\b" not in result.output
    assert "\b" not in result.output
