"""The program ``tracktools``, also as ``python -m tracktools``."""

from __future__ import annotations

import signal
import threading


def main() -> None:
    """Run the command line. Until its modules are there, Ctrl-C ends the process at once: there is nothing to clean."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tracktools.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
