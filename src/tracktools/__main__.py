"""``python -m tracktools`` is ``tracktools``."""

from tracktools.cli import main

main()
