"""A genome FASTA in, browser tracks out.

The names are listed in ``__init__.pyi``, for people, editors and type checkers alike; docs/python.md shows their use.
"""

from importlib.metadata import version
from typing import Any

from lazy_loader import attach_stub

_get, __dir__, __all__ = attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    return version("tracktools") if name == "__version__" else _get(name)
