"""Text and Excel tables: tab, comma or semicolon, gzip, Windows line ends, byte-order marks, Excel."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracktools.errors import InputError
from tracktools.formats.input_file import open_maybe_gzip, too_large, unpacked_limit

Rows = list[tuple[int, list[str]]]
"""Rows with their line in the file, counted from 1."""


@dataclass(frozen=True)
class Sheet:
    """One table.

    Parameters
    ----------
    rows : Rows
        Lines (rows of the sheet), and their cells without surrounding spaces and quotes.
    name : str
        Of the sheet of a workbook; empty for text.
    separator : str
        Between the cells of text; empty in a workbook.
    """

    rows: Rows
    name: str = ""
    separator: str = ""


_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"(?i)sep=.")  # which tells Excel the separator of a CSV
_MOST_ROWS = 1_048_576  # of a sheet of Excel
_MOST_CELLS = 20_000_000  # of a sheet, with the empty ones before the last in each row
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1b]")


def read_rows(path: Path) -> Rows:
    """Read the rows of a text table or of the first sheet with rows of a workbook; see `read_sheets`."""
    return read_sheets(path)[0].rows


def read_sheets(path: Path) -> list[Sheet]:
    """Read a text table, or every sheet of an Excel workbook that contains rows.

    Parameters
    ----------
    path : Path
        Tab-, comma- or semicolon-separated text, or xlsx; plain or gzip; UTF-8 or UTF-16; any line ends; cells quoted
        or not. Recognised by the content, not by the name.

    Returns
    -------
    list of Sheet
        In the order of the workbook; of text, one. Empty lines are left out; comment lines are kept, since some sources
        write their header in one.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged, or neither text nor xlsx.
    """
    data = _read_bytes(path)
    if not data:
        raise InputError("is empty (0 bytes)", path=path, hint="was the download or the export cut short?")
    if b"xl/" not in data and zipfile.is_zipfile(io.BytesIO(data)):
        raise InputError("is a zip archive, not a table", path=path, hint="unpack it, and name the table in it")
    if data.startswith(b"PK\x03\x04"):
        return _read_workbook(data, path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("is an old Excel workbook (.xls)", path=path, hint="save it as .xlsx or as tab-separated text")
    text = _decode(data, path)
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text, re.IGNORECASE):
        raise InputError(
            "is a web page or XML, not a table", path=path, hint="download the table itself, or save it again"
        )
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), start=1) if line.strip()]
    if not lines:
        raise InputError("contains no line", path=path, hint="a table with a row per TSS is needed")
    delimiter = _delimiter([line for _, line in lines])
    rows = [(number, _split(line, delimiter)) for number, line in lines if not _SEPARATOR_LINE.fullmatch(line.strip())]
    return [Sheet(rows, separator=delimiter)]


def _read_bytes(path: Path) -> bytes:
    with open_maybe_gzip(path) as file:
        return file.read()


def _decode(data: bytes, path: Path) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in data:
            raise InputError("is not text but binary", path=path, hint="a table or an xlsx file is needed") from None
        text = data.decode("cp1252", errors="replace")  # names with accents, saved by Excel on Windows
    if _CONTROL.search(text):
        raise InputError("is not text but binary", path=path, hint="a table or an xlsx file is needed")
    return text


def _delimiter(lines: list[str]) -> str:
    """Return what separates the cells: that which cuts all lines alike; of several, tab, then semicolon, then comma."""
    data = [line for line in lines if not line.startswith("#") and not _SEPARATOR_LINE.fullmatch(line.strip())] or lines
    sample = data[: 1 + len(data) // 2][:200]
    for mark in "\t;,":
        widths = {len(_split(line, mark)) for line in sample}
        if len(widths) == 1 and widths != {1}:
            return mark
    shares = {mark: (sum(mark in line for line in sample) / len(sample), sample[0].count(mark)) for mark in "\t,;"}
    best = max(shares, key=lambda mark: shares[mark])  # of equals the first: a tab is never part of a value
    return best if shares[best][0] >= 0.5 else " "


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if delimiter == "\t":  # a quote inside a cell is a letter (5" end, GTF); around it, it is none of it (R, Excel)
        return [_unquoted(cell.strip()) for cell in line.split("\t")]
    if len(line) > csv.field_size_limit():
        csv.field_size_limit(len(line))
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1].replace('""', ""):
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _read_workbook(data: bytes, path: Path) -> list[Sheet]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions and styles, which do not matter here
            _check_size(data, path)
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            tables = {sheet.title: _read_rows(sheet, path) for sheet in workbook.worksheets}
            workbook.close()
    except (InputError, MemoryError):
        raise
    except Exception as error:  # of zip, XML, dates: openpyxl lets through whatever a damaged workbook causes
        reason = f"is no readable xlsx file: {_reason(error)}"
        raise InputError(reason, path=path, hint="save it again from Excel") from None
    sheets = [Sheet(rows, title) for title, rows in tables.items() if rows]
    if not sheets:
        raise InputError("contains no row in any sheet", path=path, hint="a table with a row per TSS is needed")
    return sheets


def _reason(error: Exception) -> str:
    """Return what openpyxl says, without the name of the file that it does not know, and the advice after that."""
    return " ".join(str(error).split()).partition(" from None")[0] or type(error).__name__


def _check_size(data: bytes, path: Path) -> None:
    """Refuse a workbook that unpacks to more than is allowed; zipfile reads no more than the sizes it tells."""
    limit = unpacked_limit(len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > limit:
            raise too_large(path, limit)


def _read_rows(sheet: Any, path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each as wide as its last cell, whatever dimension the sheet claims."""
    sheet.reset_dimensions()
    rows, cells = [], 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > _MOST_ROWS:
            raise InputError(f"has a row beyond {_MOST_ROWS:,}, which Excel does not have", path=path)
        row = [_cell(value) for value in values]
        if any(row):
            cells += len(row)
            if cells > _MOST_CELLS:
                hint = "save the sheet that is needed as tab-separated text"
                raise InputError(f"has more than {_MOST_CELLS:,} cells in sheet {sheet.title!r}", path=path, hint=hint)
            rows.append((number, row))
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
