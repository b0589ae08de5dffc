"""Tables of what became of genomes: tab-separated, a row per genome, complete or absent."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isolated import Outcome
from tracktools.formats.atomic import atomic_file


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows with a header; a value that a row lacks is an empty cell."""
    with atomic_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", dialect="excel-tab", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table that `write_table` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))


def as_row(row: Mapping[str, str], outcome: Outcome) -> dict[str, Any]:
    """Return what became of a row of the sample sheet as a row of a table: `status` is ``done`` or ``failed``."""
    status = "failed" if outcome.reason else "done"
    return {"name": row["name"], "status": status, "reason": outcome.reason, **outcome.facts}
