"""Child processes as a terminal starts them."""

from __future__ import annotations

import signal


def from_a_terminal() -> None:
    """Take interrupts, for `preexec_fn`: a job in the background hands on that it ignores them, as tests may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
