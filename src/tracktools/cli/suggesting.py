"""Groups of commands: a misspelt one is answered with the nearest one, and no sentence of their list is cut."""

from __future__ import annotations

from difflib import get_close_matches

import click

_WHOLE = 1000  # characters: more than any first sentence has


class SuggestingGroup(click.Group):
    """A group that names the command which a misspelt word is nearest to, and cuts no sentence of its list."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first word."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not near or "Did you mean" in error.message:
                raise
            raise click.UsageError(f"{error.message} (Did you mean {near[0]!r}?)", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with the first sentence of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(_WHOLE)) for name, one in commands if one is not None])
