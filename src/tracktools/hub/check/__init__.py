"""``hub check``: what keeps a hub from being drawn, or drawn right.

- `ra` reads the text by UCSC's rules, `places` finds and fetches files, `load` follows them from ``hub.txt``; `model`
  is what they make: a hub, its genomes, their tracks with parents and children.
- Rules on the text: `labels`, `values` (a table, a row per setting), `families`, `settings` (what UCSC knows).
- Rules on files: `files` (a table, a row per setting), `genome`, `pages`, `contents` with `features`, `items`, `trix`
  and `zooms`, `server`.
- `report` contains what is found; `run` does it all.
"""

from __future__ import annotations

from tracktools.hub.check.report import Finding, Level, summary
from tracktools.hub.check.run import check_hub

__all__ = ["Finding", "Level", "check_hub", "summary"]
