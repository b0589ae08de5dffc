"""A genome FASTA in, browser tracks out."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracktools.hub.build import build_hub
    from tracktools.tss.curate import curate_tss

__version__ = version("tracktools")

_LAZY: dict[str, str] = {
    "build_hub": "tracktools.hub.build",
    "curate_tss": "tracktools.tss.curate",
}

__all__ = ["__version__", "build_hub", "curate_tss"]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used, so that importing the package costs nothing."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
