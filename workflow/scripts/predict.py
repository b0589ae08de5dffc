"""Predict the genomes of a batch, or one shard of a large one; write a table of what became of each.

Run by the rules ``predict`` and ``shard``: ``python predict.py JOB THREADS TABLE``; JOB is JSON, see `main`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from isolated import run_each
from records import as_row, write_table

COLUMNS = (
    *("name", "status", "reason", "contigs", "bp", "gc", "scored_positions", "called_tss"),
    *("wall_s", "cpu_s", "peak_mb"),
)


def main(job: dict[str, Any], threads: int, table: Path) -> None:
    """Do a job and write its table.

    Parameters
    ----------
    job : dict
        `rows` of the sample sheet; `output`, the folder of all predictions; `settings`; `shard`, such as ``1/4``,
        where the job is only a part of its one genome.
    threads : int
        So many genomes at once; where there are fewer, each with its part of the threads.
    table : Path
        File to write.
    """
    Path(job["output"]).mkdir(parents=True, exist_ok=True)
    workers = min(threads, len(job["rows"]))
    config = {"engine": job["settings"]["engine"], "precision": job["settings"]["precision"]}
    config["threads"] = threads // workers
    arguments = [(row, job["output"], job["settings"]["model"], config, job["shard"]) for row in job["rows"]]
    outcomes = run_each(("one_prediction", "predict_one"), arguments, workers=workers)
    rows = [as_row(row, outcome) for row, outcome in zip(job["rows"], outcomes, strict=True)]
    for row in rows:
        print(*(f"{key}={value}" for key, value in row.items() if value != ""))
    write_table(table, COLUMNS, rows)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
