"""Build the hubs of a batch, with measured TSS, reads and genes where the sheet has them; write a table of each.

Run by the rule ``hub``: ``python hub.py JOB THREADS TABLE PREDICTED``; JOB is JSON as `predict.main` takes it, and
PREDICTED the table of the predictions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from isolated import run_each
from records import as_row, read_table, write_table

COLUMNS = ("name", "status", "reason", "measured_tss", "found_tss")


def main(job: dict[str, Any], threads: int, table: Path, predicted: Path) -> None:
    """Build the hub of each genome that was predicted; the others have no row."""
    done = {row["name"] for row in read_table(predicted) if row["status"] == "done"}
    rows = [row for row in job["rows"] if row["name"] in done]
    arguments = [(row, job["output"]) for row in rows]
    workers = max(1, min(threads, len(rows)))
    outcomes = run_each(("one_hub", "hub_one"), arguments, workers=workers)
    write_table(table, COLUMNS, [as_row(*each) for each in zip(rows, outcomes, strict=True)])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
