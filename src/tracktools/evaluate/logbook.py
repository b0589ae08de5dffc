"""The log of the test region: a line for each scoring, so that it is not used for choosing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from tracktools.errors import OutputError, OutputLocked
from tracktools.formats.input_file import read_text
from tracktools.run import output_file

_COLUMNS = "| date | model sha256 | label set | positives / positions | ROC AUC | AP |"
_HEAD = f"# Test log\n\nEvery scoring of the test region is a line here.\n\n{_COLUMNS}\n|---|---|---|---|---|---|\n"


def check_log(path: Path) -> None:
    """Refuse a log that could not be written to, before any work is done.

    Raises
    ------
    OutputError
        If the file is no test log, or its folder does not exist.
    """
    if path.is_file() and _COLUMNS not in read_text(path):
        raise OutputError("is no test log", path=path, hint=f"it needs the table {_COLUMNS}")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError("cannot be written", path=path, hint="name a file in a folder that exists")


def append_log(path: Path, table: pd.DataFrame, model: str, label: str) -> None:
    """Append a line for each set to the log; a new log gets its heading.

    Parameters
    ----------
    path : Path
        The log, in Markdown; its last table is continued.
    table : DataFrame
        Scores, see `score_table`.
    model : str
        SHA-256 of the model, or what is known instead.
    label : str
        The bases that were scored.
    """
    date = time.strftime("%Y-%m-%d", time.gmtime())
    with _alone(path) as partial:
        text = read_text(path) if path.is_file() else _HEAD
        for row in table[table["level"] == "base"].to_dict("records"):
            name = row["set"] if label == "test" else f"{row['set']} ({label})"
            scores = f"{row['positives']} / {row['positions']} | {row['roc_auc']:.4f} | {row['ap']:.4f}"
            text = text.rstrip("\n") + f"\n| {date} | {model} | {name} | {scores} |\n"
        partial.write_text(text, encoding="utf-8")


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Yield the path to write the longer log at; wait while another run writes its lines."""
    for pause_s in (*[0.1] * 100, 0.0):
        try:
            with output_file(path, force=True) as partial:
                yield partial
                return
        except OutputLocked:
            if not pause_s:
                raise
            time.sleep(pause_s)
