"""Saving figures so that the same figure gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the style of all figures: text stays text in SVG, and identifiers do not change from run to run."""
    import matplotlib as mpl

    style: dict[Any, Any] = {"svg.hashsalt": "tracktools", "svg.fonttype": "none", "font.size": 9}
    style |= {"font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(style):
        yield


def save_figure(figure: Figure, folder: Path, name: str, *, pdf: bool = False) -> list[Path]:
    """Write ``<name>.svg`` and ``<name>.png`` into a folder, without a date; call it within `figure_style`.

    With `pdf`, ``<name>.pdf`` too.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    paths = []
    metadata_of: dict[str, dict[str, str | None]] = {"svg": {"Date": None}, "png": {"Software": None}}
    if pdf:
        metadata_of["pdf"] = {"CreationDate": None, "Creator": None, "Producer": None}
    for kind, metadata in metadata_of.items():
        path = folder / f"{name}.{kind}"
        figure.savefig(path, metadata=metadata, dpi=_DOTS_PER_INCH, bbox_inches="tight")
        paths.append(path)
    return paths
