"""The sample sheet and the settings: read, checked, and laid out into jobs."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

SCHEMAS = Path(__file__).parents[1] / "schemas"
COLUMNS = ("name", "fasta", "gff3", "tss", "bam", "library", "circular")
_MEGA = 1_000_000
_MOST_TEXT = 60_000  # characters of a batch's rows: they are an argument of a command, which takes 128 KiB
_BASES_A_BYTE = 4  # of gzip and 2bit, about; a plain FASTA has one

Row = dict[str, str]


class SheetError(Exception):
    """A sample sheet or a setting that the user can hint; its text is one line."""


@dataclass(frozen=True)
class Batch:
    """Genomes that are predicted and made into hubs together.

    Parameters
    ----------
    key : str
        Names the batch's files; other where anything differs that its results depend on.
    rows : tuple of dict
        Rows of the sample sheet.
    shards : int
        Shards that the one genome of the batch is computed in; 0 for a batch of small genomes.
    """

    key: str
    rows: tuple[Row, ...]
    shards: int = 0


def check_settings(settings: dict[str, Any]) -> None:
    """Fill in defaults and refuse settings that the schema does not allow.

    Raises
    ------
    SheetError
        Naming the setting and what it should be.
    """
    try:
        validate(settings, str(SCHEMAS / "config.schema.yaml"))
    except WorkflowError as error:
        raise SheetError(f"config: {_problem(error)}") from None


def read_samples(path: Path) -> list[Row]:
    """Return the rows of a sample sheet: tab-separated, empty cells left out, any line ends.

    Raises
    ------
    SheetError
        Naming the line, if a column or cell is missing, unknown or not what the schema allows, or a name is used twice.
    """
    lines = _read_lines(path)
    header = _header(lines, path)
    numbers, rows = [], []
    for number, cells in lines[1:]:
        if len(cells) > len(header):
            raise SheetError(f"{path}:{number}: has {len(cells)} cells, and the header {len(header)} columns")
        numbers.append(number)
        rows.append({column: cell for column, cell in zip(header, cells, strict=False) if cell})
    if not rows:
        raise SheetError(f"{path}: contains no genome (write a line for each: {', '.join(header)}, tabs between)")
    _check_rows(rows, numbers, path)
    return rows


def plan_batches(rows: Iterable[Row], settings: Mapping[str, Any]) -> list[Batch]:
    """Put small genomes together in the order of the sheet; a large one is a batch of its own, in shards.

    What a genome contains is estimated from the size of its file, so that no file is read before its job runs.
    """
    batches: list[Batch] = []
    small: list[Row] = []
    held, text = 0.0, 0
    for row in rows:
        size_mb, length = estimate_bases(Path(row["fasta"])) / _MEGA, len(json.dumps(row))
        if size_mb > settings["large_mb"]:
            batches.append(_batch([row], settings, max(2, math.ceil(size_mb / settings["shard_mb"]))))
            continue
        if small and (held + size_mb > settings["batch_mb"] or text + length > _MOST_TEXT):
            batches.append(_batch(small, settings))
            small, held, text = [], 0.0, 0
        small.append(row)
        held, text = held + size_mb, text + length
    return [*batches, _batch(small, settings)] if small else batches


def estimate_bases(path: Path) -> int:
    """Return about how many bases a file holds; 0 where there is none."""
    if not path.is_file():
        return 0
    packed = path.suffix in (".gz", ".bgz", ".2bit")
    return path.stat().st_size * (_BASES_A_BYTE if packed else 1)


def _batch(rows: Sequence[Row], settings: Mapping[str, Any], shards: int = 0) -> Batch:
    facts = {key: settings[key] for key in ("model", "engine", "precision")}
    digest = hashlib.sha256(json.dumps([rows, facts, shards], sort_keys=True).encode()).hexdigest()[:8]
    more = f"-and-{len(rows) - 1}-more" if len(rows) > 1 else ""
    return Batch(f"{'large' if shards else 'small'}-{rows[0]['name']}{more}-{digest}", tuple(rows), shards)


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines that hold anything, with their numbers, as cells without the spaces around them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file.read().splitlines(), dialect="excel-tab")
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except UnicodeDecodeError:
        raise SheetError(f"{path}: is not UTF-8 text (a spreadsheet? save it as tab-separated text)") from None
    except OSError as error:
        raise SheetError(f"{path}: cannot be read: {error.strerror} (config: samples)") from None
    return [(number, cells) for number, cells in lines if any(cells)]


def _header(lines: Sequence[tuple[int, list[str]]], path: Path) -> list[str]:
    if not lines:
        raise SheetError(f"{path}: is empty (its first line names columns: {', '.join(COLUMNS)})")
    number, header = lines[0]
    for column in ("name", "fasta"):
        if column not in header:
            hint = "with tabs between columns" if len(header) == 1 else "as the first line"
            raise SheetError(f"{path}:{number}: there is no column {column!r} (write {', '.join(COLUMNS)}, {hint})")
    for column in header:
        if column not in COLUMNS:
            raise SheetError(f"{path}:{number}: column {column!r} is unknown (known are {', '.join(COLUMNS)})")
        if header.count(column) > 1:
            raise SheetError(f"{path}:{number}: column {column!r} is there twice")
    return header


def _check_rows(rows: Sequence[Row], numbers: Sequence[int], path: Path) -> None:
    try:
        validate(pd.DataFrame(rows, columns=list(COLUMNS)), str(SCHEMAS / "samples.schema.yaml"), set_default=False)
    except WorkflowError as error:
        found = re.search(r"validating row (\d+)", str(error))
        where = f":{numbers[int(found[1])]}" if found else ""
        raise SheetError(f"{path}{where}: {_problem(error)}") from None
    seen: dict[str, int] = {}
    for row, number in zip(rows, numbers, strict=True):
        folded = row["name"].casefold()  # some disks keep no two names that differ in case alone
        if folded in seen:
            raise SheetError(f"{path}:{number}: the name {row['name']!r} is in line {seen[folded]}, too (rename one)")
        seen[folded] = number


def _problem(error: WorkflowError) -> str:
    """Return in one line what a schema refuses: where, the value, and what the schema says of it."""
    cause = error.__context__
    message = str(getattr(cause, "message", error))
    where = ".".join(map(str, getattr(cause, "absolute_path", ())))
    schema = getattr(cause, "schema", {})
    said = schema.get("description") if where and isinstance(schema, dict) else None
    text = (f"{where}: " if where else "") + message + (f" (wanted: {said})" if said else "")
    return " ".join(text.split())
