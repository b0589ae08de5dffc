"""Say which genomes failed, and fail where any did, so that the exit status of the workflow tells.

Run by the rule ``check``: ``python check.py SUMMARY``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from records import read_table


def main(summary: Path) -> int:
    """Print a line for each failed genome on stderr; return the exit status."""
    rows = read_table(summary)
    failed = [row for row in rows if row["status"] == "failed"]
    for row in failed:
        print(f"Failed: {row['name']}: {row['reason']}", file=sys.stderr)
    if failed:
        hint = "hint their files, or `touch` them to try again, and give the same command"
        print(f"{len(failed)} of {len(rows)} genomes failed; the others are done ({hint})", file=sys.stderr)
        return 1
    print(f"{len(rows)} genomes are done")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
