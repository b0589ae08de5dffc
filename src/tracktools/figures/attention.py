"""Pictures of what attention heads look at: heat maps of all heads, and a sheet of profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tracktools.arrays import Float64, Int64
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, GREEN, GREY, PURPLE, VERMILLION, css

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_COLORS = [css(color) for color in (GREY, VERMILLION, BLUE, GREEN, PURPLE)]
MOST_DRAWN = len(_COLORS)  # groups in a sheet of profiles
_NEAR = 120  # offsets of the near part of a heat map
_LANDMARKS = (0, -10, -35)  # the TSS, and where sigma-70 binds


@dataclass(frozen=True)
class Map:
    """A number for each head and offset.

    Parameters
    ----------
    heads : sequence of str
        Rows.
    offsets : ndarray of int64, shape (W,)
        TSS offsets, the nearest first, as in ``profiles.tsv``.
    values : ndarray of float64, shape (heads, W)
        NaN where there is none.
    """

    heads: Sequence[str]
    offsets: Int64
    values: Float64


def map_of(profiles: pd.DataFrame, group: str, column: str) -> Map:
    """Take a column of ``profiles.tsv`` for one group as a map."""
    rows = profiles[profiles["group"] == group]
    heads = [str(head) for head in rows["head"].unique()]
    values = rows[column].to_numpy(dtype=np.float64).reshape(len(heads), -1)
    return Map(heads, rows["tssOffset"].to_numpy(dtype=np.int64)[: values.shape[1]], values)


def draw_mean_attention(drawn: Map, folder: Path, title: str) -> list[Path]:
    """Draw ``mean_attention.svg`` and ``.png``: mean attention of all heads, scaled per head from 0 to 1.

    The upper panel shows all offsets, the lower one the nearest 120.
    """
    lowest = np.nanmin(drawn.values, axis=1, keepdims=True)
    spread = np.nanmax(drawn.values, axis=1, keepdims=True) - lowest
    scaled = np.divide(drawn.values - lowest, spread, out=np.zeros_like(drawn.values), where=spread > 0)
    return _draw_maps(Map(drawn.heads, drawn.offsets, scaled), folder, "mean_attention", title, "viridis", 0.0)


def draw_spearman(drawn: Map, folder: Path, title: str) -> list[Path]:
    """Draw ``spearman.svg`` and ``.png``: Spearman's rho of attention and model output; grey where undefined."""
    return _draw_maps(drawn, folder, "spearman", title, "RdBu_r", -1.0)


def _draw_maps(drawn: Map, folder: Path, name: str, title: str, colors: str, low: float) -> list[Path]:
    from matplotlib.figure import Figure

    with figure_style():
        figure = Figure(figsize=(11, 1.6 + 0.26 * len(drawn.heads)), layout="constrained")
        panels = figure.subplots(2, 1)
        for axes, width in zip(panels, (len(drawn.offsets), min(_NEAR, len(drawn.offsets))), strict=True):
            part = Map(drawn.heads, drawn.offsets[:width], drawn.values[:, :width])
            image = _heat_map(axes, part, colors, low)
        panels[0].set_title(title, fontsize=10)
        panels[1].set_xlabel("offset from the TSS [nt]; minus is upstream")
        figure.colorbar(image, ax=panels, shrink=0.4, aspect=30, pad=0.01)
        return save_figure(figure, folder, name)


def _heat_map(axes: Axes, drawn: Map, colors: str, low: float) -> AxesImage:
    import matplotlib as mpl

    shown = np.ma.masked_invalid(drawn.values[:, ::-1])  # upstream on the left
    right, left = float(drawn.offsets[0]), float(drawn.offsets[-1])
    palette = mpl.colormaps[colors].with_extremes(bad="#bbbbbb")
    borders = (left - 0.5, right + 0.5, len(drawn.heads) - 0.5, -0.5)
    image = axes.imshow(
        shown, aspect="auto", interpolation="nearest", cmap=palette, vmin=low, vmax=1, extent=borders, rasterized=True
    )
    axes.set_yticks(range(len(drawn.heads)), drawn.heads, fontsize=6)
    for offset in _LANDMARKS:
        if left <= offset <= right:
            axes.axvline(offset, color="white" if low == 0 else "#444444", linewidth=0.6, linestyle=":")
    return image


def draw_profiles(
    profiles: pd.DataFrame,
    column: Literal["mean", "max"],
    groups: Sequence[str],
    columns: int,
    folder: Path,
    title: str,
) -> list[Path]:
    """Draw ``profiles_<column>.svg`` and ``.png``: attention by offset, a panel per head, a line per group.

    Parameters
    ----------
    profiles : DataFrame
        Rows of ``profiles.tsv``.
    column : {"mean", "max"}
        What to draw.
    groups : sequence of str
        Groups to draw, up to `MOST_DRAWN`.
    columns : int
        Panels in a row: the heads of a layer.
    folder : Path
        Where to write.
    title : str
        Above the panels.
    """
    from matplotlib.figure import Figure

    maps = [map_of(profiles, group, column) for group in groups]
    rows = -(-len(maps[0].heads) // columns)
    with figure_style():
        figure = Figure(figsize=(2.4 * columns + 0.4, 1.6 * rows + 0.8))
        figure.subplots_adjust(left=0.05, right=0.99, top=0.93, bottom=0.08, wspace=0.22, hspace=0.3)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
        for number, head in enumerate(maps[0].heads):
            for color, drawn in zip(_COLORS, maps, strict=False):
                grid[number].plot(drawn.offsets, drawn.values[number], color=color, linewidth=0.7)
            grid[number].set_ylim(bottom=0)
            grid[number].locator_params(nbins=3)
            grid[number].set_title(head, fontsize=8, pad=2)
            grid[number].tick_params(labelsize=5, length=2)
        for axes in grid[len(maps[0].heads) :]:
            axes.set_visible(False)
        _legend(figure, groups)
        figure.suptitle(title, fontsize=10)
        figure.supxlabel("offset from the TSS [nt]; minus is upstream", fontsize=8, y=0.01)
        figure.supylabel(f"{column} attention, each panel to its own scale", fontsize=8, x=0.005)
        return save_figure(figure, folder, f"profiles_{column}")


def _legend(figure: Figure, groups: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=color, label=group) for color, group in zip(_COLORS, groups, strict=False)]
    figure.legend(handles=lines, loc="lower right", ncols=len(lines), fontsize=8, frameon=False)
