"""Pictures of TSS sets: which sets share positions (UpSet), and how far apart these are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tracktools.palette import css
from tracktools.tss.compare import Comparison
from tracktools.tss.curate import SUPPORT_COLORS
from tracktools.tss.published_sets import credit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN_BP = 15  # of the histogram: beyond, counts are those of chance
_MOST_COMBINATIONS = 30
_ALL_SIDES = ("top", "right", "bottom", "left")
_DOTS_PER_INCH = 150


def draw_comparison(comparison: Comparison, folder: Path, window_bp: int) -> list[Path]:
    """Draw ``upset`` and ``distances``, each as SVG and PNG, into a folder."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    files = []
    style: dict[Any, Any] = {"svg.hashsalt": "tracktools", "svg.fonttype": "none", "font.size": 9}
    style["font.family"] = "DejaVu Sans"
    with mpl.rc_context(style):
        for name, figure in (("upset", _upset(comparison, window_bp)), ("distances", _distances(comparison))):
            FigureCanvasAgg(figure)
            for kind, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
                path = folder / f"{name}.{kind}"
                figure.savefig(path, metadata=metadata, dpi=_DOTS_PER_INCH, bbox_inches="tight")
                files.append(path)
    return files


def _colors(names: list[str]) -> Mapping[str, str]:
    return {name: css(credit_of(name, name).color) for name in names}


def _labels(names: list[str]) -> Mapping[str, str]:
    return {name: credit_of(name, name).label for name in names}


def _upset(comparison: Comparison, window_bp: int) -> Figure:
    """Draw an UpSet plot (Lex et al. 2014): a column per combination of sets, filled dots for the sets in it."""
    from matplotlib.figure import Figure

    shown = comparison.memberships.head(_MOST_COMBINATIONS)
    sizes = comparison.curated.sources.set_index("source")["positions"].sort_values()
    names = list(sizes.index)
    labels, colors = _labels(names), _colors(names)
    held = np.array([[name in sets.split(",") for name in names] for sets in shown["sets"]])
    figure = Figure(figsize=(3.4 + 0.42 * len(shown), 2.6 + 0.3 * len(names)), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(2.0, 0.36 * len(shown)), height_ratios=(2.4, 0.3 * len(names)))
    bars, matrix = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    totals = figure.add_subplot(grid[1, 0])
    at = np.arange(len(shown))
    shades = [css(SUPPORT_COLORS[min(n, len(SUPPORT_COLORS)) - 1]) for n in held.sum(axis=1)]
    drawn = bars.bar(at, shown["curated"], color=shades, width=0.7, edgecolor="#555555", linewidth=0.4)
    bars.bar_label(drawn, labels=[f"{count:,}" for count in shown["curated"]], fontsize=7, padding=2)
    bars.set(ylabel="curated TSS", xlim=(-0.6, len(shown) - 0.4))
    bars.tick_params(bottom=False, labelbottom=False)
    column, row = np.nonzero(np.ones_like(held))
    matrix.scatter(column, row, s=42, color=["#222222" if on else "#dddddd" for on in held.ravel()], zorder=2)
    matrix.vlines(
        at, held.argmax(axis=1), len(names) - 1 - held[:, ::-1].argmax(axis=1), color="#222222", linewidth=1.4
    )
    matrix.set(yticks=range(len(names)), yticklabels=[labels[name] for name in names], xlim=bars.get_xlim())
    matrix.tick_params(left=False, bottom=False, labelbottom=False)
    totals.barh(range(len(names)), sizes, color=[colors[name] for name in names], height=0.6)
    for place, size in enumerate(sizes):
        totals.text(size + 0.02 * sizes.max(), place, f"{size:,}", fontsize=7, ha="right", va="center")
    totals.set(xlabel="positions of the set", xlim=(1.35 * max(sizes.max(), 1), 0))
    totals.tick_params(left=False, labelleft=False)
    for panel, hidden in ((bars, ("top", "right")), (matrix, _ALL_SIDES), (totals, ("top", "left"))):
        panel.spines[list(hidden)].set_visible(False)
        panel.set_ylim(*((-0.5, len(names) - 0.5) if panel is not bars else bars.get_ylim()))
    figure.suptitle(f"Curated TSS by the sets that agree on them, within {window_bp} nt", fontsize=10)
    return figure


def _distances(comparison: Comparison) -> Figure:
    from matplotlib.figure import Figure

    sizes = comparison.curated.sources.set_index("source")["positions"]
    names = list(sizes.index)
    labels, colors = _labels(names), _colors(names)
    figure = Figure(figsize=(2.2 * len(names) + 0.6, 1.9 * len(names) + 0.6), layout="constrained")
    axes = figure.subplots(len(names), len(names), sharex=True, squeeze=False)
    by_pair = comparison.distances.groupby(["set", "other"])
    for row, name in enumerate(names):
        for column, other in enumerate(names):
            panel = axes[row, column]
            panel.spines[["top", "right"]].set_visible(False)
            if row == 0:
                panel.set_title(f"to {labels[other]}", fontsize=9)
            if column == 0:
                panel.set_ylabel(f"{labels[name]}\n% of positions", fontsize=8)
            if name == other:
                panel.spines[["left", "bottom"]].set_visible(False)
                panel.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
                text = f"{sizes[name]:,}\npositions"
                panel.text(0.5, 0.5, text, ha="center", va="center", transform=panel.transAxes)
            else:
                pair = by_pair.get_group((name, other))
                panel.bar(pair["distance"], 100 * pair["positions"] / max(sizes[name], 1), color=colors[name])
            panel.set_xlim(-_SHOWN_BP - 0.5, _SHOWN_BP + 0.5)
    axes[-2, -1].tick_params(labelbottom=True)  # the lowest panel of its column that shows anything
    figure.supxlabel("distance to the nearest position, downstream positive [nt]", fontsize=9)
    return figure


def share_text(shares: pd.DataFrame, tolerance_bp: int) -> list[str]:
    """Return the matrix of shares at one tolerance, in per cent, as lines for a terminal."""
    here = shares[shares["tolerance"] == tolerance_bp]
    matrix = 100 * here.pivot(index="set", columns="other", values="share")
    columns = [*matrix.index, "any"]
    lines = ["".join([f"{'':<16}", *(f"{name[:12]:>13}" for name in columns)])]
    for name, row in matrix.iterrows():
        cells = [f"{'·':>13}" if other == name else f"{row[other]:>13.2f}" for other in columns]
        lines.append("".join([f"{str(name)[:15]:<16}", *cells]))
    return lines
