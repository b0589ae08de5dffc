"""Which sheets of a workbook are read, and how."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.tss.layouts import Layout, detect_layout
from tracktools.tss.row_parser import check_columns
from tracktools.tss.spreadsheet import Sheet, read_sheets


@dataclass(frozen=True)
class ChosenSheet:
    """A table that is read: its rows, where its columns are, and its file (and sheet) for messages."""

    sheet: Sheet
    layout: Layout
    path: str


def choose_sheets(
    path: Path, wanted: str | None, layout: Layout | None
) -> tuple[list[ChosenSheet], dict[str, list[str]]]:
    """Return the tables of a file that are read, and the names of the sheets that are and are not.

    Parameters
    ----------
    path : Path
        Text, or a workbook.
    wanted : str or None
        Name of a sheet; ``all`` that have the columns; None: the first.
    layout : Layout or None
        Where the columns are; None: found by content.

    Returns
    -------
    chosen : list of ChosenSheet
        One or more.
    names : dict of str to list of str
        ``read`` and ``not_read``; empty for text and for a workbook of one sheet.

    Raises
    ------
    InputError
        If there is no such sheet, or it does not have the columns; names the sheets that do.
    """
    sheets = read_sheets(path)
    titles = [sheet.name for sheet in sheets]
    if wanted is not None and not sheets[0].name:
        raise InputError("is no workbook: it has no sheets", path=path, hint="leave out --sheet")
    if wanted == "all" and "all" not in titles:
        chosen = [sheet for sheet in sheets if _fits(sheet, layout, path)] or sheets[:1]
    elif wanted is not None:
        chosen = [sheet for sheet in sheets if sheet.name == wanted]
        if not chosen:
            hint = f"it has {_quoted(titles)}: say --sheet {shlex.quote(_best(sheets, layout, path))}"
            raise InputError(f"has no sheet {wanted!r}", path=path, hint=hint)
    else:
        chosen = sheets[:1]
    several = len(sheets) > 1
    read = []
    for sheet in chosen:
        where = f"{path}[{sheet.name}]" if several else str(path)
        try:
            found = layout or detect_layout(sheet.rows, where)
            check_columns(sheet, found, where)
        except InputError as error:
            if not several:
                raise
            raise _with_sheets(error, sheets, layout, path) from None
        read.append(ChosenSheet(sheet, found, where))
    taken = [one.sheet.name for one in read]
    names = {"read": taken, "not_read": [title for title in titles if title not in taken]}
    return read, names if several else {}


def _fits(sheet: Sheet, layout: Layout | None, path: Path) -> bool:
    try:
        check_columns(sheet, layout or detect_layout(sheet.rows, path), path)
    except InputError:
        return False
    return True


def _best(sheets: Sequence[Sheet], layout: Layout | None, path: Path) -> str:
    return next((sheet for sheet in sheets if _fits(sheet, layout, path)), sheets[0]).name


def _with_sheets(error: InputError, sheets: Sequence[Sheet], layout: Layout | None, path: Path) -> InputError:
    """Return the error with the sheets there are, and the one to take if any has the columns."""
    held = f"the workbook has the sheets {_quoted([sheet.name for sheet in sheets])}"
    good = [sheet for sheet in sheets if _fits(sheet, layout, path)]
    hint = f"{held}: say --sheet {shlex.quote(good[0].name)}" if good else f"{error.hint}; {held}: choose with --sheet"
    return InputError(error.problem, path=error.file, line=error.line, hint=hint)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
