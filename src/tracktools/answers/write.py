"""Folders of answers, and writing tables: TSV, xlsx and Parquet."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tracktools.genome import Genome, load_genome
from tracktools.run import output_folder
from tracktools.tracks import file_sha256, write_provenance

log = logging.getLogger(__name__)

_WIDEST = 40  # characters of a column of the workbook
_CELL_CHARACTERS = 32_767  # a cell of a workbook has room for no more
_MOST_ROWS = 1_048_575  # a sheet has room for no more, next to the names of the columns
_ROWS_AT_ONCE = 10_000


class AnswerFolder(NamedTuple):
    """A folder that is being made: where, on which genome, and the settings that its provenance will tell."""

    path: Path
    genome: Genome
    parameters: dict[str, Any]


@contextmanager
def answer_folder(
    output: Path, genome: Path, inputs: Sequence[Path], *, circular: Collection[str], force: bool
) -> Iterator[AnswerFolder]:
    """Make a folder; when the block ends, it gets its ``provenance.json``, with the checksums of all inputs.

    Parameters
    ----------
    output : Path
        The folder.
    genome : Path
        FASTA, 2bit or GenBank; read once the folder is known to be free.
    inputs : sequence of Path
        The other files: no output may replace them.
    circular : collection of str
        See `load_genome`.
    force : bool
        Replace a folder that tracktools made.
    """
    started, inputs = time.time(), [genome, *inputs]
    with output_folder(output, force=force, inputs=inputs) as path:
        answer = AnswerFolder(path, load_genome(genome, circular=circular), {})
        yield answer
        write_provenance(
            path,
            started=started,
            genome={"name": answer.genome.name, "sha256": answer.genome.sha256},
            parameters={**answer.parameters, "inputs": {str(one): file_sha256(one) for one in inputs}},
        )


def write_tsv(path: Path, table: pd.DataFrame, digits: int = 6) -> None:
    """Write a table with numbers to so many digits."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table.to_csv(file, sep="\t", index=False, float_format=f"%.{digits}g", lineterminator="\n")


def write_tables(folder: Path, name: str, table: pd.DataFrame, descriptions: Mapping[str, str]) -> list[Path]:
    """Write ``<name>.tsv``, ``<name>.xlsx``, ``<name>.parquet`` and ``columns.tsv`` into a folder.

    A kind whose package is not installed is left out, and a line on stderr says so.

    Parameters
    ----------
    folder : Path
        Where to write.
    name : str
        Stem of the files.
    table : DataFrame
        Numbers stay numbers in every kind; a missing value is an empty cell.
    descriptions : mapping of str to str
        What each column holds.
    """
    paths = [folder / f"{name}.tsv", folder / "columns.tsv"]
    write_tsv(paths[0], table)
    lines = [f"{column}\t{' '.join(descriptions[column].split())}\n" for column in table.columns]
    paths[1].write_text("column\tdescription\n" + "".join(lines), encoding="utf-8")
    paths.append(_write_xlsx(folder / f"{name}.xlsx", table, descriptions))
    if find_spec("pyarrow") is None:
        log.warning("note: no %s.parquet: the package pyarrow is not installed (pip install pyarrow)", name)
    else:
        paths.append(folder / f"{name}.parquet")
        with paths[-1].open("wb") as file:
            table.to_parquet(file, engine="pyarrow", index=False)
    return paths


def _write_xlsx(path: Path, table: pd.DataFrame, descriptions: Mapping[str, str]) -> Path:
    """Write a workbook, row by row: the table with a frozen header, and a sheet that describes the columns."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)  # else each cell takes hundreds of bytes of memory
    if (more := len(table) - _MOST_ROWS) > 0:
        problem = f"{path.name} has room for {_MOST_ROWS:,} rows: the other {more:,} are in {path.stem}.tsv"
        log.warning("warning: %s", problem)
        descriptions = {**descriptions, "(left out)": problem}
    _add_sheet(book, path.stem, table.head(_MOST_ROWS))
    _add_sheet(book, "columns", pd.DataFrame(descriptions.items(), columns=["column", "description"]))
    book.save(path)
    return path


def _add_sheet(book: Any, title: str, rows: pd.DataFrame) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    last = get_column_letter(len(rows.columns))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{last}{len(rows) + 1}"
    for column, name in enumerate(rows.columns, start=1):
        longest = max([len(str(name)), *(len(str(value)) for value in rows[name].head(200))])
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, _WIDEST)
    names = [WriteOnlyCell(sheet, str(name)) for name in rows.columns]
    for cell in names:
        cell.font = Font(bold=True)
    sheet.append(names)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows.iloc[start : start + _ROWS_AT_ONCE]
        columns = [some[name].astype(object).where(some[name].notna(), None) for name in some]
        for row in zip(*columns, strict=True):
            sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: object) -> object:
    """Return what a cell holds; a text stays text, also one that a spreadsheet would take for a formula."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not isinstance(value, str):
        return value.item() if hasattr(value, "item") else value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:_CELL_CHARACTERS])
    cell.data_type = "s"
    return cell
