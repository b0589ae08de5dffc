"""A picture of a stranded signal over a region, plus strand above the line and minus strand below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Int64
from tracktools.figures.canvas import figure_style
from tracktools.interval import Interval
from tracktools.palette import STRAND_COLORS, css

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_POINTS = 4000  # of a longer region the highest value of each of so many bins is drawn


def draw_region(region: Interval, plus: Float32, minus: Float32, calls: pd.DataFrame) -> Figure:
    """Draw both strands of a signal, and calls as triangles at their values.

    Parameters
    ----------
    region : Interval
        Where.
    plus, minus : ndarray, shape (len(region),)
        Positive values in plus-strand order; NaN leaves a gap.
    calls : DataFrame
        `chromStart` (0-based), `strand`, `modelOutput`.
    """
    from matplotlib.figure import Figure

    with figure_style():
        figure = Figure(figsize=(8, 2.6), layout="constrained")
        axes = figure.subplots()
        for strand, sign, values in (("+", 1, plus), ("-", -1, minus)):
            at, heights = _highest(values)
            color = css(STRAND_COLORS[strand])
            axes.fill_between(region.start + 1 + at, sign * heights, color=color, lw=0, step="mid", label=strand)
            own = calls[calls["strand"] == strand]
            marker = "v" if sign > 0 else "^"
            axes.scatter(own["chromStart"] + 1, sign * own["modelOutput"], color=color, marker=marker, s=16)
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set(xlim=(region.start + 0.5, region.end + 0.5), xlabel=f"{region.chrom}, 1-based", ylabel="model output")
        axes.ticklabel_format(axis="x", style="plain", useOffset=False)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        axes.legend(frameon=False, fontsize=7, ncols=2)
    return figure


def _highest(values: Float32) -> tuple[Int64, Float32]:
    """Return offsets and values to draw: all, or the highest of each bin; NaN where a bin has none."""
    step = -(-len(values) // _MOST_POINTS) or 1
    starts = np.arange(0, len(values), step)
    highest = np.fmax.reduceat(values, starts) if len(values) else values
    return starts, highest
