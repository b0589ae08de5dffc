"""Tables as people have them: tab, comma or semicolon, gzip, Windows line ends, byte-order marks, Excel."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from tracktools.errors import InputError, MissingDependencyError
from tracktools.formats.fasta import open_maybe_gzip

Rows = list[tuple[int, list[str]]]
"""Rows with their line in the file, counted from 1."""

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1b]")


def read_rows(path: Path) -> Rows:
    """Read the rows of a text table or of the first sheet of an Excel workbook.

    Parameters
    ----------
    path : Path
        Tab-, comma- or semicolon-separated text, or xlsx; plain or gzip; UTF-8 or UTF-16; any line ends. Recognised by
        the content, not by the name.

    Returns
    -------
    list of (int, list of str)
        Line (row of the sheet), and its cells without surrounding spaces. Empty lines are left out; comment lines
        are kept, since some sources write their header in one.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged, or neither text nor xlsx.
    """
    data = _read_bytes(path)
    if not data:
        raise InputError("is empty (0 bytes)", path=path, mend="was the download or the export cut short?")
    if data.startswith(b"PK\x03\x04"):
        return _read_sheet(data, path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("is an old Excel workbook (.xls)", path=path, mend="save it as .xlsx or as tab-separated text")
    text = _decode(data, path)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise InputError("holds no line", path=path, mend="a table with a row a TSS is needed")
    delimiter = _delimiter([line for _, line in lines])
    return [(number, _split(line, delimiter)) for number, line in lines]


def _read_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise InputError("is a folder", path=path, mend="name a file in it")
    try:
        with open_maybe_gzip(path) as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is damaged: {error}", path=path, mend="download or compress it again") from None


def _decode(data: bytes, path: Path) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in data:
            raise InputError("is not text but binary", path=path, mend="a table or an xlsx file is needed") from None
        text = data.decode("cp1252", errors="replace")  # names with accents, saved by Excel on Windows
    if _CONTROL.search(text):
        raise InputError("is not text but binary", path=path, mend="a table or an xlsx file is needed")
    return text


def _delimiter(lines: list[str]) -> str:
    data = [line for line in lines if not line.startswith("#")] or lines
    sample = data[: 1 + len(data) // 2][:200]
    shares = {mark: sum(mark in line for line in sample) / len(sample) for mark in ("\t", ",", ";")}
    best = max(shares, key=lambda mark: shares[mark])  # of equals the first: a tab is never part of a value
    return best if shares[best] >= 0.5 else " "


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    quoting: Literal[0, 3] = (
        csv.QUOTE_NONE if delimiter == "\t" and '"' not in line.split("\t", 1)[0][:1] else csv.QUOTE_MINIMAL
    )
    if len(line) > csv.field_size_limit():
        csv.field_size_limit(len(line))
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, quoting=quoting))]


def _read_sheet(data: bytes, path: Path) -> Rows:
    try:
        import openpyxl
    except ImportError:
        mend = "pip install 'tracktools[xlsx]', or save the sheet as tab-separated text"
        raise MissingDependencyError(f"{path}: reading xlsx needs the package openpyxl ({mend})") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions and styles, which do not matter here
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            values = list(workbook.worksheets[0].iter_rows(values_only=True))
            workbook.close()
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, LookupError, ValueError, OSError) as error:
        raise InputError(f"is no readable xlsx file: {error}", path=path, mend="save it again from Excel") from None
    rows = [(number, [_cell(value) for value in row]) for number, row in enumerate(values, start=1)]
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise InputError("holds no row in its first sheet", path=path, mend="move the table to the first sheet")
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
