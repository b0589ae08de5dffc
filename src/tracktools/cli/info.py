"""``tracktools info``."""

from __future__ import annotations

import platform
from importlib.metadata import version

import click

_PACKAGES = ("tracktools", "torch", "numpy", "pysam", "pyBigWig")


@click.command()
def info() -> None:
    """Print versions, the processor, and every engine with the reason where it does not serve here.

    ``--engine auto`` takes the first engine of the table that serves and has the precision asked for.

    \b
    Example:
      tracktools info
    """
    from tracktools.engine import describe_engines
    from tracktools.engine.devices import available_threads, processor_name

    click.echo("  ".join(f"{name} {version(name)}" for name in _PACKAGES) + f"  Python {platform.python_version()}")
    click.echo(f"{processor_name()}, {available_threads()} threads\n")
    click.echo("engine\tinstruction_set\tprecision\tserves_here")
    for row in describe_engines():
        serves = "yes" if row.usable else f"no: {row.reason}"
        click.echo(f"{row.engine}\t{row.instruction_set}\t{row.precision}\t{serves}")
