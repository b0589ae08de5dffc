"""Every fault that a user can mend.

::

    TracktoolsError
    ├── InputError          a file, or a line of it, is not what it should be
    │   ├── CheckpointError     a model file is damaged, or of another kind
    │   ├── GenomeMismatchError two inputs speak of different genomes
    │   └── OutputError         a result cannot be written where it was asked for
    ├── ConfigError         a setting is unknown, out of range or contradicts another
    ├── MissingDependencyError  an optional package or program is needed and absent
    └── DownloadError       a data set could not be fetched

The command line turns any of them into one line on stderr and exit status 1. Everything else is a bug and keeps its
traceback.
"""

from __future__ import annotations

from pathlib import Path


class TracktoolsError(Exception):
    """A fault that the user can mend; its text is one line."""


class InputError(TracktoolsError):
    """A file, or a line of it, is not what it should be.

    Parameters
    ----------
    problem : str
        What is wrong, with the offending value.
    path : Path or str, optional
        The file.
    line : int, optional
        Line of the file, counted from 1.
    mend : str, optional
        What the user can do about it.

    Examples
    --------
    >>> print(InputError("strand is 'x'", path="tss.bed", line=3, mend="write + or -"))
    tss.bed:3: strand is 'x' (write + or -)
    """

    def __init__(
        self, problem: str, *, path: Path | str | None = None, line: int | None = None, mend: str | None = None
    ) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        text = where + problem + ("" if mend is None else f" ({mend})")
        super().__init__(" ".join(text.splitlines()))
        self.problem, self.path, self.line, self.mend = problem, path, line, mend


class CheckpointError(InputError):
    """A model file is damaged, or of another kind."""


class GenomeMismatchError(InputError):
    """Two inputs speak of different genomes."""


class OutputError(InputError):
    """A result cannot be written where it was asked for."""


class ConfigError(TracktoolsError):
    """A setting is unknown, out of range or contradicts another."""


class MissingDependencyError(TracktoolsError):
    """An optional package or program is needed and absent."""


class DownloadError(TracktoolsError):
    """A data set could not be fetched."""
