"""Command lines that correct what the check of a TSS set found."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tracktools.tss.check import CheckReport
    from tracktools.tss.folders import ImportResult

_FLIPPED = {"+": "-", "-": "+"}
_BASE_OF_SHIFTS = {  # what a position means, if the shifts by plus and minus strand hint how it was read
    ("1", 1, 1): "0",
    ("1", 1, 0): "border",
    ("0", -1, -1): "1",
    ("0", 0, -1): "border",
    ("border", -1, 0): "1",
    ("border", 0, 1): "0",
}


def import_hint(ctx: click.Context, result: ImportResult) -> str | None:
    """Return the command line that corrects an imported set; None if there is nothing to correct."""
    report, imported = result.report, result.imported
    if report is None or report.problem not in ("offset", "strand", "assembly"):
        return None
    output: Path = ctx.params["output"]
    if report.problem == "assembly":
        named = report.way.assembly in imported.table["chrom"].unique()
        return lift_hint(report, output / f"{ctx.params['name']}.bed", output, named)
    changes: dict[str, object] = {"force": True}
    shifts = report.shifts
    if report.problem == "strand":
        changes["swap_strands"] = not ctx.params["swap_strands"]
        # Which end of an interval is 5', and which side of a border the base is on, turn with the strand.
        moves = any(layout.end is None and layout.base != "border" for layout in imported.layouts)
        shifts = {strand: shifts[_FLIPPED[strand]] if moves else 0 for strand in "+-"}
    point = {layout.base for layout in imported.layouts if layout.end is None}
    base = _BASE_OF_SHIFTS.get((*point, shifts["+"], shifts["-"])) if len(point) == 1 else None  # type: ignore[arg-type]
    if base is not None and len(imported.formats) == 1:
        changes |= {"base": base, "format_": imported.formats[0]}
    else:
        changes |= {
            f"shift_{word}": ctx.params[f"shift_{word}"] + shifts[strand]
            for word, strand in (("plus", "+"), ("minus", "-"))
        }
    return command_line(ctx, changes)


def lift_hint(report: CheckReport, bed: Path, output: Path, named: bool) -> str:
    """Return the command line that brings a set from the assembly that it looks like."""
    words = ["tracktools", "tss", "lift", str(bed)]
    words += [] if named else ["--from", report.way.assembly]
    return shlex.join([*words, "--chain", report.way.chain, "-o", f"{output}_lifted"])


def command_line(ctx: click.Context, changes: dict[str, object]) -> str:
    """Return the command that runs, with some of its options changed."""
    values = ctx.params | changes
    words = ["tracktools", "tss", str(ctx.command.name)]
    for parameter in ctx.command.params:
        value = values[str(parameter.name)]
        if isinstance(value, dict):
            value = tuple(f"{left}={right}" for left, right in value.items())
        many = value if isinstance(value, tuple) else (value,)
        if isinstance(parameter, click.Argument):
            words += [str(item) for item in many]
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words += [parameter.opts[0]] if value else []
        elif value != parameter.get_default(ctx):
            words += [word for item in many if item is not None for word in (parameter.opts[0], str(item))]
    return shlex.join(words)
