"""Every error that a user can fix.

::

    TracktoolsError
    ├── InputError              a file, or a line of it, is not what it should be
    │   ├── CheckpointError         a model file is damaged, or of another kind
    │   └── GenomeMismatchError     two inputs are of different genomes
    ├── OutputError             a result cannot be written where it was asked for
    │   ├── OutputNotEmpty          there are files already, and --force was not given
    │   ├── OutputForeign           there are files that tracktools did not make, or that were changed since
    │   ├── OutputLocked            another run is writing there
    │   └── UnfinishedRunDiffers    an unfinished run there has other inputs or settings
    ├── ConfigError             a setting is unknown, out of range or contradicts another
    ├── MissingDependencyError  an optional package or program is needed and absent
    └── DownloadError           a data set could not be fetched

The command line turns any of them into one line on stderr and exit status 1. Everything else is a bug and keeps its
traceback. What a program needs to know of an error is its type and its fields, never the words of its message.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_SHOWN_CHARACTERS = 200  # of a value in a message
_MESSAGE_CHARACTERS = 1000
_LONG_WORD = re.compile(r"\S{400,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them


class TracktoolsError(Exception):
    """An error that the user can fix; its text is one line.

    Parameters
    ----------
    problem : str
        What is wrong, with the offending value.
    path : Path or str, optional
        The file or folder.
    line : int, optional
        Line of the file, counted from 1.
    value : object, optional
        The offending value, for programs; `problem` already shows it.
    hint : str, optional
        What the user can do about it; the field `hint`.

    Examples
    --------
    >>> error = TracktoolsError("strand is 'x'", path="tss.bed", line=3, value="x", hint="write + or -")
    >>> print(error)
    tss.bed:3: strand is 'x' (write + or -)
    >>> error.file, error.line, error.value, error.hint
    ('tss.bed', 3, 'x', 'write + or -')
    """

    def __init__(
        self,
        problem: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        text = where + shortened(problem) + ("" if hint is None else f" ({shortened(hint)})")
        super().__init__(_CONTROL.sub(_escaped, " ".join(text.splitlines())))
        self.problem, self.file, self.line, self.value, self.hint = problem, path, line, value, hint

    def name_place(self, work: Path, shown: Path) -> None:
        """Name a place that the user knows, instead of the folder in which it is being made."""
        if str(work) in str(self):
            self.args = (str(self).replace(str(work), str(shown)),)
            self.problem = self.problem.replace(str(work), str(shown))
            self.file = None if self.file is None else str(self.file).replace(str(work), str(shown))


class InputError(TracktoolsError):
    """A file, or a line of it, is not what it should be."""


class CheckpointError(InputError):
    """A model file is damaged, or of another kind."""


class GenomeMismatchError(InputError):
    """Two inputs are of different genomes."""


class OutputError(TracktoolsError):
    """A result cannot be written where it was asked for."""


class OutputNotEmpty(OutputError):
    """There are files already, and the user did not say that they may be replaced."""


class OutputForeign(OutputError):
    """There are files that tracktools did not make, or that were changed since; nothing of them is deleted."""


class OutputLocked(OutputError):
    """Another run is writing there."""


class UnfinishedRunDiffers(OutputError):
    """An unfinished run there has other inputs or settings."""


class ConfigError(TracktoolsError):
    """A setting is unknown, out of range or contradicts another."""


class MissingDependencyError(TracktoolsError):
    """An optional package or program is needed and absent."""


class DownloadError(TracktoolsError):
    """A data set could not be fetched."""


def shortened(text: str) -> str:
    """Return a message in which long values are cut, and which as a whole is not too long for a screen.

    Examples
    --------
    >>> shortened("start is '" + "9" * 5000 + "'")[:40], len(shortened("ab " * 100_000))
    ("start is '999999999999999999999999999999", 1001)
    """
    text = _LONG_WORD.sub(lambda match: f"{match[0][:_SHOWN_CHARACTERS]}…", text)
    return text if len(text) <= _MESSAGE_CHARACTERS else f"{text[: _MESSAGE_CHARACTERS - 200]}…{text[-200:]}"


def _escaped(match: re.Match[str]) -> str:
    return repr(match[0])[1:-1]


def shown(value: object, most: int = _SHOWN_CHARACTERS) -> str:
    """Return a value as a message shows it: on one line, as a file has it, and cut where it is long.

    Examples
    --------
    >>> shown("a" * 300, most=10), shown(3), shown([None, "a"])
    ("'aaaaaaaaa…", '3', '[null, "a"]')
    """
    text = _as_json(value) if value is None or isinstance(value, bool | list | dict) else repr(value)
    return text if len(text) <= most else text[:most] + "…"


def _as_json(value: object) -> str:
    """Return what JSON calls null, true and false by these names, also inside of lists and objects."""
    try:
        return json.dumps(value, ensure_ascii=False, default=repr).encode(errors="backslashreplace").decode()
    except (ValueError, RecursionError):
        return repr(value)
