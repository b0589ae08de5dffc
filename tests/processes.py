"""Child processes as a terminal starts them."""

from __future__ import annotations

import signal


def from_a_terminal() -> None:
    """Take interrupts, for `preexec_fn`: a job in the background, as which tests may run, hands on that it ignores them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
