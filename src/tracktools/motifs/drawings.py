"""Pictures: a logo of each motif, the sheet of all heads, the spacing of -35 and -10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tracktools.arrays import Float64
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.motifs.discover import HeadMotif
from tracktools.motifs.promoter import CANONICAL_SPACING_BP
from tracktools.palette import BLUE, GREEN, GREY, VERMILLION, css

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTER_COLORS = {"A": css(GREEN), "C": css(BLUE), "G": "#e69f00", "T": css(VERMILLION)}
_INCH_A_COLUMN = 0.16
_MOST_TICKS = 5


def draw_logo(one: HeadMotif, folder: Path) -> list[Path]:
    """Draw ``<head>.svg`` and ``.png``: information [bits] by offset from the TSS, at the head's best offset."""
    from matplotlib.figure import Figure

    assert one.pwm is not None
    with figure_style():
        figure = Figure(figsize=(1.0 + _INCH_A_COLUMN * len(one.pwm), 1.3), layout="constrained")
        axes = figure.subplots()
        _logo(axes, one)
        axes.set(xlabel="offset from the TSS", ylabel="bits")
        return save_figure(figure, folder, one.head)


def draw_sheet(motifs: Sequence[HeadMotif], n_heads: int, folder: Path, title: str) -> list[Path]:
    """Draw ``logo_sheet.svg`` and ``.png``: a row per layer, a column per head; what has no motif says why.

    Parameters
    ----------
    motifs : sequence of HeadMotif
        In order of layer and head.
    n_heads : int
        Heads of a layer.
    folder : Path
        Where to write.
    title : str
        Above the sheet.
    """
    from matplotlib.figure import Figure

    n_layers = -(-len(motifs) // n_heads)
    with figure_style():
        figure = Figure(figsize=(2.3 * n_heads + 0.3, 1.25 * n_layers + 0.5), layout="constrained")
        panels = figure.subplots(n_layers, n_heads, squeeze=False).ravel()
        for one, axes in zip(motifs, panels, strict=True):
            axes.set_title(_heading(one), fontsize=7, loc="left")
            if one.pwm is None:
                axes.text(
                    0.5, 0.5, "no motif\n" + _wrapped(one.reason), ha="center", va="center", fontsize=6, color="#777777"
                )
                axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
                axes.spines[["left", "bottom"]].set_visible(False)
            else:
                _logo(axes, one)
                axes.tick_params(labelsize=6, length=2)
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, "logo_sheet")


def _heading(one: HeadMotif) -> str:
    return one.head + (f" at {one.offsets[0]:+d}, {one.n_sites} sites" if one.pwm is not None else "")


def _wrapped(text: str, width: int = 28) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


def draw_letters(axes: Axes, heights: pd.DataFrame) -> None:
    """Draw stacks of letters: a row per position, a column per letter; below the line where a height is negative."""
    import logomaker

    logomaker.Logo(heights, ax=axes, color_scheme=_LETTER_COLORS, show_spines=False)
    axes.spines[["left", "bottom"]].set_visible(True)


def _logo(axes: Axes, one: HeadMotif) -> None:
    pwm = one.pwm
    assert pwm is not None
    offsets = one.offsets[0] + pwm.first + np.arange(len(pwm))
    heights = pd.DataFrame(pwm.shares * pwm.bits[:, None], index=offsets, columns=list("ACGT"))
    draw_letters(axes, heights)
    highest = float(np.log2(1 / pwm.background.min()))
    axes.set(ylim=(0, 1.02 * highest), xlim=(offsets[0] - 0.6, offsets[-1] + 0.6))
    axes.set_xticks(offsets[:: max(1, len(offsets) // _MOST_TICKS)])


def draw_spacing(spacings: pd.DataFrame, starts: pd.DataFrame, folder: Path, title: str) -> list[Path]:
    """Draw ``spacing.svg`` and ``.png``: bases between -35 and -10, and where each hexamer begins.

    Parameters
    ----------
    spacings, starts : DataFrame
        From `promoter.spacing_table` and `promoter.offset_table`.
    folder : Path
        Where to write.
    title : str
        Above the panels.
    """
    from matplotlib.figure import Figure

    with figure_style():
        figure = Figure(figsize=(10.5, 2.9), layout="constrained")
        middle, *others = figure.subplots(1, 3)
        _shares(middle, spacings, "spacing", "bases between −35 and −10")
        middle.axvline(CANONICAL_SPACING_BP, color="#999999", linewidth=0.8, linestyle=":")
        middle.set_ylabel("% of those with both")
        for axes, (name, rows) in zip(others, starts.groupby("element", sort=False), strict=True):
            _shares(axes, rows, "tssOffset", f"offset of the first base of the {str(name).replace('-', '−')} hexamer")
            axes.set_ylabel("% of those with it")
        middle.legend(fontsize=7, frameon=False)
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, "spacing")


def _shares(axes: Any, table: pd.DataFrame, column: str, label: str) -> None:
    for name, color, offset in (("tss", css(BLUE), -0.2), ("control", css(GREY), 0.2)):
        total = int(table[name].sum())
        shares = 100 * table[name] / max(total, 1)
        says = f"{'TSS' if name == 'tss' else 'low model output'} ({total:,})"
        axes.bar(table[column] + offset, shares, width=0.4, color=color, label=says)
    axes.set_xlabel(label)
    axes.xaxis.get_major_locator().set_params(integer=True)


@dataclass(frozen=True)
class ElementRow:
    """A row of `draw_elements`.

    Parameters
    ----------
    title : str
        What the row shows.
    heights : mapping of str to ndarray, shape (width, 4)
        Heights of A, C, G, T at each place of an element, by its name; below the line where they are negative.
    label : str
        What a height is.
    distances : mapping of int to float
        A value for each number of bases between two elements.
    distance_label : str
        What this value is.
    """

    title: str
    heights: Mapping[str, Float64]
    label: str
    distances: Mapping[int, float]
    distance_label: str


def draw_elements(rows: Sequence[ElementRow], folder: Path, name: str) -> list[Path]:
    """Draw ``<name>.svg`` and ``.png``: in each row a logo of each element, and bars of the distance between them."""
    from matplotlib.figure import Figure

    with figure_style():
        columns = 1 + max(len(row.heights) for row in rows)
        figure = Figure(figsize=(2.5 * columns, 2.3 * len(rows)), layout="constrained")
        for part, row in zip(figure.subfigures(len(rows), 1, squeeze=False).ravel(), rows, strict=True):
            part.suptitle(row.title, fontsize=9)
            *panels, last = part.subplots(1, columns)
            letters = {
                element: pd.DataFrame(heights, columns=list("ACGT"), index=np.arange(1, len(heights) + 1))
                for element, heights in row.heights.items()
            }
            lowest = min(float(one.clip(upper=0).sum(axis=1).min()) for one in letters.values())
            highest = max(float(one.clip(lower=0).sum(axis=1).max()) for one in letters.values())
            for (element, heights), axes in zip(letters.items(), panels, strict=True):
                draw_letters(axes, heights)
                axes.set(
                    ylim=(1.05 * lowest, 1.05 * max(highest, 0.1)), ylabel=row.label, xlabel=f"place in the {element}"
                )
            last.bar(list(row.distances), list(row.distances.values()), color=css(BLUE))
            last.axhline(0, color="black", linewidth=0.8)
            last.set(xlabel="bases between them", ylabel=row.distance_label, xticks=list(row.distances))
        return save_figure(figure, folder, name)
