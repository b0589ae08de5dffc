"""Write one table over all genomes, as TSV and as a page.

Run by the rule ``summary``: ``python summarise.py TSV HTML TABLE...``, the tables being those of predictions and hubs.
"""

from __future__ import annotations

import sys
from collections import Counter
from html import escape
from pathlib import Path

from records import read_table, write_table
from tracktools.formats.atomic import atomic_file

COLUMNS = (
    *("name", "status", "contigs", "bp", "gc", "scored_positions", "called_tss", "called_tss_per_mb"),
    *("measured_tss", "recall", "wall_s", "cpu_s", "peak_mb", "reason"),
)
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #ddd; padding: .2em .7em; text-align: right; white-space: nowrap; }
th { background: #f5f5f5; position: sticky; top: 0; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2), th:last-child, td:last-child { text-align: left; }
td:last-child { white-space: normal; }
tr.failed td { background: #fdecea; }
"""
_MEANING = (
    "Scored positions count both strands. Called TSS per million bases of the genome. Recall: share of the measured "
    "TSS that a call found, one-to-one, at most 5 bp away. Wall and CPU time and peak memory are those of the "
    "prediction, shards summed (memory: the largest)."
)


def main(tsv: Path, html: Path, tables: list[Path]) -> None:
    """Join the tables and write the summary."""
    rows = summary_rows([row for path in tables for row in read_table(path)])
    write_table(tsv, COLUMNS, rows)
    with atomic_file(html) as partial:
        partial.write_text(page(rows), encoding="utf-8")


def summary_rows(records: list[dict[str, str]]) -> list[dict[str, str]]:
    """Join what is known of each genome; an error in any step makes its status ``failed``."""
    joined: dict[str, dict[str, str]] = {}
    for record in records:
        row = joined.setdefault(record["name"], {"status": "done", "reason": ""})
        failed = "failed" in (row["status"], record["status"])
        reason = row["reason"] or record["reason"]
        row.update(record, status="failed" if failed else "done", reason=reason)
    return [with_ratios(row) for row in joined.values()]


def with_ratios(row: dict[str, str]) -> dict[str, str]:
    """Add the columns that follow from others, where these are known; keep those of the summary."""
    if int(row.get("bp") or 0):
        row["called_tss_per_mb"] = f"{int(row['called_tss']) / int(row['bp']) * 1e6:.1f}"
    if int(row.get("measured_tss") or 0):
        row["recall"] = f"{int(row['found_tss']) / int(row['measured_tss']):.3f}"
    return {column: row[column] for column in COLUMNS if row.get(column)}


def page(rows: list[dict[str, str]]) -> str:
    """Return the summary as one HTML page without scripts or links to other places than the hubs next to it."""
    counts = Counter(row["status"] for row in rows)
    head = "".join(f"<th>{column.replace('_', ' ')}</th>" for column in COLUMNS)
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>tracktools: {len(rows)} genomes</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{len(rows)} genomes: {counts['done']} done, {counts['failed']} failed</h1>\n"
        f"<p>{_MEANING}</p>\n<table>\n<tr>{head}</tr>\n{body}\n</table>\n</html>\n"
    )


def _row(row: dict[str, str]) -> str:
    cells = {column: escape(_grouped(row.get(column, ""))) for column in COLUMNS}
    if row["status"] == "done":
        cells["name"] = f'<a href="hubs/{row["name"]}/index.html">{cells["name"]}</a>'
    return f'<tr class="{row["status"]}">' + "".join(f"<td>{cell}</td>" for cell in cells.values()) + "</tr>"


def _grouped(text: str) -> str:
    return f"{int(text):,}" if text.isascii() and text.isdigit() else text


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
