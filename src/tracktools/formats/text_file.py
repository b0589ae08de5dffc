"""Text files as people have them: gzip, byte order marks, UTF-16, Latin-1, and the line ends of any system."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.formats.input_file import open_maybe_gzip

_LATIN_1 = "tracktools.latin1"
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that are no UTF-8 as Latin-1: no letter is lost, and no line is refused for an umlaut."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_LATIN_1, _as_latin_1)


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open a text file: gzip is recognised by its content, UTF-16 by its byte order mark; lines end in ``\\n``.

    Raises
    ------
    InputError
        If the file is missing, cannot be opened, or is damaged.
    """
    path = Path(path)
    with open_maybe_gzip(path) as probe:
        marked = probe.read(2) in _UTF_16_MARKS
    encoding, errors = ("utf-16", "replace") if marked else ("utf-8-sig", _LATIN_1)
    with io.TextIOWrapper(open_maybe_gzip(path), encoding=encoding, errors=errors) as file:
        yield file


def first_line(path: Path) -> str:
    """Return the first line that is not blank, up to 4,096 characters; empty if there is none.

    Raises
    ------
    InputError
        As `open_text`.
    """
    with open_text(path) as file:
        return file.read(4096).lstrip().split("\n", 1)[0]
