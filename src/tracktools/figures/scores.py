"""Pictures of how a signal agrees with measured TSS: precision by recall, and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tracktools.arrays import Float64
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, GREEN, GREY, PURPLE, VERMILLION, css

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = [css(color) for color in (BLUE, VERMILLION, GREEN, PURPLE, GREY)]
_STYLES = ("-", "--", ":")
_COLUMNS = 3


@dataclass(frozen=True)
class DrawnCurve:
    """A line of a panel.

    Parameters
    ----------
    panel : str
        Title of the panel; panels come in the order of their first curves.
    label : str
        For the legend.
    precision, recall : ndarray, shape (n,)
        From the highest threshold down.
    chance : float, optional
        Precision of a signal that knows nothing, drawn as a dotted line.
    """

    panel: str
    label: str
    precision: Float64
    recall: Float64
    chance: float | None = None


def draw_precision_recall(curves: Sequence[DrawnCurve], folder: Path, title: str) -> list[Path]:
    """Draw ``pr.svg`` and ``pr.png`` into a folder, a panel for each name in `curves`."""
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys(curve.panel for curve in curves))
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // columns)
    with figure_style():
        figure = Figure(figsize=(3.6 * columns + 0.4, 3.4 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel, axes in zip(panels, grid, strict=False):
            for number, curve in enumerate(curve for curve in curves if curve.panel == panel):
                color = _line(axes, curve, number)
                if curve.chance is not None:
                    axes.axhline(curve.chance, color=color, linestyle=":", linewidth=0.8)
            axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
            axes.set_title(panel, fontsize=9)
            axes.legend(fontsize=7, frameon=False, loc="best")  # where no curve is
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, "pr")


def _line(axes: Axes, curve: DrawnCurve, number: int) -> str:
    color, style = _COLORS[number % len(_COLORS)], _STYLES[number // len(_COLORS) % len(_STYLES)]
    recall = np.concatenate(([0.0], curve.recall))
    precision = np.concatenate((curve.precision[:1], curve.precision))
    axes.plot(recall[: len(precision)], precision, color=color, linestyle=style, linewidth=1.2, label=curve.label)
    return color


def draw_calibration(table: pd.DataFrame, folder: Path, title: str) -> list[Path]:
    """Draw ``calibration.svg`` and ``calibration.png``: share of TSS by value, and by calibrated value if known.

    Parameters
    ----------
    table : DataFrame
        `set`, `mean`, `calibrated`, `share`, `share_low`, `share_high`; a row per bin.
    folder : Path
        Where to write.
    title : str
        Above the panels.
    """
    from matplotlib.figure import Figure

    panels = [("mean", "value (mean of the bin)")]
    if table["calibrated"].notna().any():
        panels.append(("calibrated", "calibrated probability (mean of the bin)"))
    with figure_style():
        figure = Figure(figsize=(4.4 * len(panels) + 0.2, 4.0), layout="constrained")
        for (column, label), axes in zip(panels, figure.subplots(1, len(panels), squeeze=False).ravel(), strict=True):
            for number, (name, rows) in enumerate(table.groupby("set", sort=False)):
                rows = rows[(rows[column] > 0) & (rows["share"] > 0)]
                color = _COLORS[number % len(_COLORS)]
                bars = (
                    (rows["share"] - rows["share_low"]).clip(lower=0),
                    (rows["share_high"] - rows["share"]).clip(lower=0),
                )
                axes.errorbar(
                    rows[column], rows["share"], yerr=bars, color=color, marker="o", markersize=3, linewidth=1,
                    elinewidth=0.7, label=str(name),
                )  # fmt: skip
            shown = table[table["share"] > 0]
            if len(shown) and 0 < shown[column].max() <= 1:
                low = max(float(shown[shown[column] > 0][column].min()), 1e-7)
                axes.plot([low, 1], [low, 1], color="#999999", linewidth=0.8, linestyle="--", label="share = value")
            axes.set(xlabel=label, ylabel="share of bases that are a TSS")
            if (shown[column] > 0).any():
                axes.set(xscale="log", yscale="log")
            else:
                axes.set(xticks=[], yticks=[])
                axes.text(0.5, 0.5, "no TSS on a base with a value above 0", ha="center", transform=axes.transAxes)
            axes.legend(fontsize=7, frameon=False)
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, "calibration")
