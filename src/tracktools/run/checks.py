"""What must be true before any output is published, whichever command makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CHECKS: ContextVar[tuple[Callable[[], None], ...]] = ContextVar("checks", default=())


@contextmanager
def checked_before_publishing(check: Callable[[], None]) -> Iterator[None]:
    """Call a function before each output that is published within the `with` block.

    Parameters
    ----------
    check : function
        Raises a `TracktoolsError` where the output must not appear. It is also called before the work of a run with an
        identity begins, since such a run has read its inputs by then, and may take hours.
    """
    token = _CHECKS.set((*_CHECKS.get(), check))
    try:
        yield
    finally:
        _CHECKS.reset(token)


def call_checks() -> None:
    """Call the functions of all `checked_before_publishing` blocks around."""
    for check in _CHECKS.get():
        check()
