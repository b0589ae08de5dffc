"""Progress with rate and time left: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def show_progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show how far a piece of work is, on stderr.

    Parameters
    ----------
    what : str
        The work, as a participle: "predicting".
    total : int
        Its size.
    unit : str
        What is counted: "bp".

    Yields
    ------
    callable
        To be called with the size of each finished part.
    """
    if sys.stderr.isatty() and log.isEnabledFor(logging.INFO):
        with _bar(what, total, unit) as advance:
            yield advance
    else:
        yield _lines(what, total, unit)


@contextmanager
def _bar(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started, done = time.monotonic(), 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total, rate="")

        def advance(size: int) -> None:
            nonlocal done
            done += size
            rate = done / max(time.monotonic() - started, 1e-9)
            progress.update(task, advance=size, rate=f"{format_rate(rate)} {unit}/s")

        yield advance


def _lines(what: str, total: int, unit: str) -> Callable[[int], None]:
    started = last_line = time.monotonic()
    done = 0

    def advance(size: int) -> None:
        nonlocal done, last_line
        done += size
        now = time.monotonic()
        if now - last_line >= _SECONDS_BETWEEN_LINES and done < total:
            last_line = now
            rate = done / (now - started)
            share, left = f"{done / total:.0%}", format_duration((total - done) / rate)
            speed = f"{format_rate(rate)} {unit}/s"
            log.info("%s: %s of %s %s, %s, %s left", what, share, f"{total:,}", unit, speed, left)

    return advance


def format_rate(rate: float) -> str:
    """Return a rate with two digits where it is small.

    Examples
    --------
    >>> format_rate(28778.3), format_rate(1.234)
    ('28,778', '1.2')
    """
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def format_duration(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> format_duration(42), format_duration(600), format_duration(9000)
    ('42 s', '10 min', '2 h 30 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
