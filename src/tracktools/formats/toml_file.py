"""TOML files: the one place where they are read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tracktools.errors import InputError
from tracktools.formats.input_file import read_text


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        If it is missing, no regular file, no text or no TOML, or nested too deep.
    """
    return parse_toml(read_text(path), path)


def parse_toml(text: str, path: Path | str) -> dict[str, Any]:
    """Return what a text of TOML says; `path` is for messages.

    Raises
    ------
    InputError
        If it is no TOML, or nested too deep.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("is nested too deep", path=path) from None
    except ValueError as error:  # not TOML; or a number of more digits, or a date of more months, than there are
        raise InputError(f"is not TOML: {error}", path=path) from None
