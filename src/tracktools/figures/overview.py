"""Small pictures of counts: bars, and bars of values by strand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tracktools.arrays import Float64
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, STRAND_COLORS, css

_BINS = 40
_DECADES = 100  # a span above which an axis is logarithmic
_WORDS = {"+": "plus strand", "-": "minus strand"}


def draw_bars(counts: Mapping[str, float], label: str, folder: Path, name: str, *, color: str = BLUE) -> list[Path]:
    """Draw ``<name>.svg`` and ``.png``: a bar a count, the first on top, each with its number.

    Parameters
    ----------
    counts : mapping of str to float
        By what is counted; may be empty.
    label : str
        What the numbers are.
    folder, name
        Where to write.
    color : str
        ``R,G,B`` of the bars.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with figure_style():
        figure = Figure(figsize=(6.4, 0.7 + 0.3 * max(len(counts), 1)), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(counts))
        bars = axes.barh(places, list(counts.values()), color=css(color), height=0.7)
        axes.bar_label(bars, [f"{value:,.0f}" for value in counts.values()], padding=3)
        axes.set_yticks(places, [_safe(text) for text in counts])
        axes.invert_yaxis()
        axes.set_xlabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.margins(x=0.12)
        return save_figure(figure, folder, name)


def draw_heights(
    values: Mapping[str, Float64], label: str, folder: Path, name: str, *, cut: float | None = None
) -> list[Path]:
    """Draw ``<name>.svg`` and ``.png``: how many calls have which height, by strand, and where they were cut.

    Parameters
    ----------
    values : mapping of str to array of float
        Heights by strand, ``+`` and ``-``.
    label : str
        What a height is.
    folder, name
        Where to write.
    cut : float, optional
        Lowest height of a call.
    """
    from matplotlib.figure import Figure

    everything = np.concatenate([np.zeros(0), *values.values()])
    everything = everything[np.isfinite(everything)]
    with figure_style():
        figure = Figure(figsize=(6.4, 2.8), layout="constrained")
        axes = figure.subplots()
        if len(everything):
            low, high = float(everything.min()), float(everything.max())
            wide = 0 < _DECADES * low < high
            edges = np.geomspace(low, high, _BINS + 1) if wide else np.linspace(low, max(high, low + 1e-9), _BINS + 1)
            axes.hist(
                list(values.values()), bins=list(edges), stacked=True,
                color=[css(STRAND_COLORS[strand]) for strand in values], label=[_WORDS[strand] for strand in values],
            )  # fmt: skip
            if wide:
                axes.set_xscale("log")
            elif low > 0:
                axes.set_xlim(left=0)
        if cut is not None and np.isfinite(cut):
            axes.axvline(cut, color="#555555", linestyle="dashed", label=f"called at or above {cut:.3g}")
        axes.set(xlabel=label, ylabel="called TSS")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.legend(loc="upper right", frameon=False)
        return save_figure(figure, folder, name)


def draw_ranks(values: Mapping[str, Float64], folder: Path, name: str) -> list[Path]:
    """Draw ``<name>.svg`` and ``.png``: model output by rank, a line per kind of place.

    Parameters
    ----------
    values : mapping of str to array of float
        By kind of place, all in the order of the ranks; NaN: no value.
    folder, name
        Where to write.
    """
    from matplotlib.figure import Figure

    with figure_style():
        figure = Figure(figsize=(6.4, 2.8), layout="constrained")
        axes = figure.subplots()
        for (kind, heights), color in zip(values.items(), (STRAND_COLORS["+"], STRAND_COLORS["-"]), strict=True):
            axes.plot(np.arange(1, len(heights) + 1), heights, ".", color=css(color), label=kind)
        axes.set(xlabel="rank", ylabel="highest model output", ylim=(0, 1))
        axes.legend(loc="upper right", frameon=False)
        return save_figure(figure, folder, name)


def _safe(text: str) -> str:
    """Return a label in which matplotlib sees no formula."""
    return text.replace("$", r"\$")
