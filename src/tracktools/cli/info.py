"""``tracktools info``."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tracktools.engine import EngineStatus

_PACKAGES = ("tracktools", "torch", "numpy", "pysam", "pyBigWig")


@click.command()
def info() -> None:
    """Print versions, the processor, and every engine: whether it works here, and if not, why.

    `--engine auto` takes a GPU if torch finds one, else the first engine in the table that works here and has the
    requested precision.

    \b
    Example:
      tracktools info
    """
    from tracktools.engine import automatic_engine, describe_engines
    from tracktools.engine.devices import available_threads, processor_name
    from tracktools.versions import package_versions

    versions = package_versions(_PACKAGES) | {"Python": platform.python_version()}
    click.echo("  ".join(f"{name} {version}" for name, version in versions.items()))
    click.echo(f"{processor_name()}, {available_threads()} threads\n")
    click.echo("engine\tinstruction_set\tprecision\tserves_here\tnetworks")
    rows = describe_engines()
    for row in rows:
        serves = "yes" if row.usable else f"no: {row.reason}"
        click.echo(f"{row.engine}\t{row.instruction_set}\t{row.precision}\t{serves}\t{', '.join(row.networks)}")
    exact = automatic_engine(rows, "exact", "dilated")  # of the default model
    fast = automatic_engine(rows, "fast", "dilated")
    click.echo(f"\n--engine auto takes {exact.engine} {exact.instruction_set}: {_why(exact)}")
    if fast != exact:
        click.echo(f"With --precision fast it takes {fast.engine} {fast.instruction_set}")


def _why(chosen: EngineStatus) -> str:
    if chosen.instruction_set == "cuda":
        return "torch finds a GPU"
    return "the first of the table that is exact and works here"
