"""The mean contribution around TSS: a table, and a logo of the letters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Int64
from tracktools.contribute.values import SiteContribution
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.genome import ALPHABET
from tracktools.motifs.drawings import draw_letters

_TICKS_EVERY = 10
_INCH_AN_OFFSET = 0.085


def mean_profile(values: Sequence[SiteContribution], offsets: Int64) -> pd.DataFrame:
    """Return the mean contribution by offset.

    Parameters
    ----------
    values : sequence of SiteContribution
        Of some TSS.
    offsets : ndarray of int64, shape (n_offsets,)
        From the TSS, along its strand.

    Returns
    -------
    DataFrame
        ``tssOffset``; ``mean`` over all TSS (0 where there is no A, C, G, T); ``A``, ``C``, ``G``, ``T``: what each
        letter gives to that mean, so that they sum to it.
    """
    codes, numbers = (np.array(column) for column in zip(*values, strict=True))
    present = codes[:, :, None] == np.arange(len(ALPHABET))
    heights = np.where(present, np.nan_to_num(numbers).astype(np.float64)[:, :, None], 0).mean(axis=0)
    table = pd.DataFrame(heights, columns=list(ALPHABET))
    table.insert(0, "tssOffset", offsets)
    table.insert(1, "mean", heights.sum(axis=1))
    return table


def draw_profile(values: Sequence[SiteContribution], offsets: Int64, title: str, folder: Path) -> list[Path]:
    """Draw ``logo.svg``, ``.png`` and ``.pdf``: each letter as high as what it gives to the mean contribution."""
    from matplotlib.figure import Figure

    heights = mean_profile(values, offsets).set_index("tssOffset")[list(ALPHABET)]
    with figure_style():
        figure = Figure(figsize=(1.6 + _INCH_AN_OFFSET * len(offsets), 2.2), layout="constrained")
        axes = figure.subplots()
        if heights.abs().to_numpy().max() > 0:
            draw_letters(axes, heights)
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set(xlabel="offset from the TSS", ylabel="mean contribution\n(log-odds)")
        axes.set_xlim(offsets[0] - 0.5, offsets[-1] + 0.5)
        axes.set_title(title, fontsize=9)
        ticks = [int(one) for one in offsets if one % _TICKS_EVERY == 0]
        axes.set_xticks(ticks, [f"{one:+d}".replace("-", "−") if one else "TSS" for one in ticks])
        return save_figure(figure, folder, "logo", pdf=True)
