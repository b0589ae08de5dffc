"""Join the shards of a large genome; write a table of what became of it.

Run by the rule ``merge``: ``python merge.py JOB TABLE SHARD_TABLE...``; JOB is JSON as `predict.main` takes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from isolated import Outcome, run_each
from predict import COLUMNS
from records import as_row, read_table, write_table
from tracktools.run import remove_output


def main(job: dict[str, Any], table: Path, shard_tables: list[Path]) -> None:
    """Join the shards next to their tables; if one failed, the genome failed for the same reason."""
    row = job["rows"][0]
    Path(job["output"]).mkdir(parents=True, exist_ok=True)
    reasons = [shard["reason"] for path in shard_tables for shard in read_table(path) if shard["reason"]]
    folders = [path.with_suffix("") for path in shard_tables]
    if reasons:
        outcome = Outcome(reason=reasons[0])
    else:
        [outcome] = run_each(("one_prediction", "merge_one"), [(row, job["output"], folders)], workers=1)
    write_table(table, COLUMNS, [as_row(row, outcome)])
    for folder in folders:
        remove_output(folder)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
