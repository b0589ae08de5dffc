"""Pictures of signals around sites: the median with its band, and a heat map of the single sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tracktools.arrays import Float32
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, GREY, VERMILLION, css

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_MOST_COLUMNS = 3  # of panels
_ROWS = 400  # of a heat map; more sites are averaged by rank
_DECADES = 100  # a span above which an axis is logarithmic
_BRIGHTEST = 99  # percentile of the values that gets the darkest colour
_DIRECTIONS = (("sense", BLUE), ("antisense", VERMILLION))


class Matrices(NamedTuple):
    """Values around sites, along and against their strands; shapes (sites, offsets)."""

    sense: Float32
    antisense: Float32


@dataclass(frozen=True)
class DrawnProfile:
    """One signal around one set of sites.

    Parameters
    ----------
    signal, sites : str
        Names.
    n_sites : int
        Size of the set.
    sense, antisense : DataFrame
        `offset`, `median`, `medianLow`, `medianHigh`, `quartile1`, `quartile3`.
    matrix : tuple of ndarray, each of shape (sites, offsets)
        The values along and against the strand of each site.
    baseline : float
        Median of the whole signal.
    """

    signal: str
    sites: str
    n_sites: int
    sense: pd.DataFrame
    antisense: pd.DataFrame
    matrix: tuple[Float32, Float32]
    baseline: float


def draw_profiles(panels: Sequence[DrawnProfile], folder: Path) -> list[Path]:
    """Draw ``profile.svg``, ``.png`` and ``.pdf``: a row per signal, a column per set of sites."""
    with figure_style():
        figure, grid = _grid(panels, height=2.6)
        for panel, axes in zip(panels, grid, strict=True):
            for direction, color in _DIRECTIONS:
                table = getattr(panel, direction)
                offsets = table["offset"]
                axes.fill_between(offsets, table["quartile1"], table["quartile3"], color=css(color), alpha=0.12, lw=0)
                axes.fill_between(offsets, table["medianLow"], table["medianHigh"], color=css(color), alpha=0.4, lw=0)
                axes.plot(offsets, table["median"], color=css(color), linewidth=1, label=direction)
            axes.axhline(panel.baseline, color=css(GREY), linewidth=0.8, linestyle="--", label="median of the genome")
            axes.axvline(0, color=css(GREY), linewidth=0.5, linestyle=":")
            if spans_decades(panel):
                axes.set_yscale("log")
            axes.set(title=f"{panel.sites} (n = {panel.n_sites:,})", xlabel="offset [nt]", ylabel=panel.signal)
            axes.title.set_fontsize(9)
        lines, names = grid[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside upper center", ncols=len(names), frameon=False, fontsize=7)
        figure.supxlabel("line: median; dark: its 95 % bootstrap interval; pale: quartiles", fontsize=7)
        return save_figure(figure, folder, "profile", pdf=True)


def spans_decades(panel: DrawnProfile) -> bool:
    """Return whether the medians of a panel are so far apart that only a logarithmic axis shows them; all positive."""
    medians = np.concatenate([table["median"].to_numpy(dtype=np.float64) for table in (panel.sense, panel.antisense)])
    known = np.append(medians[~np.isnan(medians)], panel.baseline)
    return bool(0 < _DECADES * known.min() < known.max())


def draw_heat_maps(panels: Sequence[DrawnProfile], folder: Path) -> list[Path]:
    """Draw ``heat_map.svg``, ``.png`` and ``.pdf``: sites by rows, the strongest mean signal on top; sense alone."""
    from matplotlib.colors import LogNorm, Normalize

    with figure_style():
        figure, grid = _grid(panels, height=3.2)
        for panel, axes in zip(panels, grid, strict=True):
            if not panel.n_sites:
                axes.set_axis_off()
                axes.set_title(f"{panel.sites}: no site", fontsize=9)
                continue
            rows = ranked_rows(panel.matrix[0])
            known = rows[~np.isnan(rows)]
            bottom, top = np.percentile(known, [50, _BRIGHTEST]) if len(known) else (0.0, 1.0)
            wide = 0 < _DECADES * bottom < top
            norm = LogNorm(bottom, top) if wide else Normalize(0, top or 1.0)
            flank = panel.matrix[0].shape[1] // 2
            extent = (-flank - 0.5, flank + 0.5, panel.n_sites + 0.5, 0.5)
            image = axes.imshow(rows, aspect="auto", cmap="Blues", norm=norm, extent=extent, interpolation="nearest")
            figure.colorbar(image, ax=axes, fraction=0.05, label=panel.signal)
            axes.set(
                title=f"{panel.sites} (n = {panel.n_sites:,})", xlabel="offset [nt]", ylabel="sites by mean signal"
            )
            axes.title.set_fontsize(9)
        return save_figure(figure, folder, "heat_map", pdf=True)


def ranked_rows(matrix: Float32) -> Float32:
    """Return the rows of a matrix by descending mean, at most 400: of more, means of rows of neighbouring rank.

    Rows without any value come last; an all-NaN group stays NaN.
    """
    known = ~np.isnan(matrix)
    totals, counts = np.where(known, matrix, 0).sum(axis=1, dtype=np.float64), known.sum(axis=1)
    means = np.where(counts > 0, totals / np.maximum(counts, 1), -np.inf)
    ordered = matrix[np.argsort(-means, kind="stable")]
    if len(ordered) <= _ROWS:
        return ordered
    groups = np.array_split(ordered, _ROWS)
    sums = np.array([np.nansum(group, axis=0) for group in groups])
    sizes = np.array([(~np.isnan(group)).sum(axis=0) for group in groups])
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan).astype(np.float32)


def _grid(panels: Sequence[DrawnProfile], *, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    columns = len({panel.sites for panel in panels})
    if len(panels) == columns > _MOST_COLUMNS:  # one signal: its panels go on in the next row
        columns = -(-columns // -(-columns // _MOST_COLUMNS))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.2 * columns + 0.4, height * rows + 0.4), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for spare in axes[len(panels) :]:
        spare.set_axis_off()
    return figure, axes[: len(panels)]
