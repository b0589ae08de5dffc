"""Where igv.js comes from: an installed package, or a file that the user names. It is never part of this package."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.input_file import read_text

MISSING = "igv.js is not installed: pip install igv-notebook, or npm install igv, or pass --igv-js FILE"
_RIGHT_FILE = "give igv.min.js of the npm package igv"


@dataclass(frozen=True)
class IgvJs:
    """The script of igv.js: one file that defines `igv`."""

    path: Path
    text: str

    @property
    def draws_labels(self) -> bool:
        """Whether it prints a column of its own choice next to an item; older ones print the name alone."""
        return "labelField" in self.text


def find_igv_js(path: Path | None = None) -> IgvJs | None:
    """Return igv.js, or None if there is none.

    Parameters
    ----------
    path : Path, optional
        ``igv.min.js``; by default the npm package ``igv`` in the working folder or one above it, else the file that
        the Python package ``igv-notebook`` brings.

    Raises
    ------
    InputError
        If `path` cannot be read or is not igv.js.
    """
    if path is not None:
        return _read(path)
    here = Path.cwd()
    candidates = [folder / "node_modules/igv/dist/igv.min.js" for folder in (here, *here.parents)]
    package = importlib.util.find_spec("igv_notebook")
    if package is not None and package.submodule_search_locations:
        candidates += [Path(folder) / "js/igv.min.js" for folder in package.submodule_search_locations]
    return next((_read(candidate) for candidate in candidates if candidate.is_file()), None)


def _read(path: Path) -> IgvJs:
    text = read_text(path)
    if "createBrowser" not in text:
        raise InputError("is not igv.js", path=path, hint=_RIGHT_FILE)
    return IgvJs(path, text)
