"""The program ``tracktools``, also as ``python -m tracktools``."""

from __future__ import annotations

from tracktools.interrupts import end_at_once, ignore


def main() -> None:
    """Run the command line; until its modules are there, a signal ends the process at once."""
    end_at_once()
    from tracktools.cli import main as command_line

    try:
        command_line()
    finally:
        ignore()


if __name__ == "__main__":
    main()
