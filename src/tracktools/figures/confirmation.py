"""Picture of how many predictions measurements confirm, by score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, GREEN, css


def draw_confirmation(bins: pd.DataFrame, counts: Mapping[str, int], folder: Path) -> list[Path]:
    """Draw ``confirmation.svg`` and ``.png``: precision by score with its interval, and precision against recall.

    Parameters
    ----------
    bins : DataFrame
        See `tracktools.answers.confirm.Confirmation`; may be empty.
    counts : mapping of str to int
        TSS by status, for the title.
    folder : Path
        Where to write.
    """
    from matplotlib.figure import Figure

    with figure_style():
        figure = Figure(figsize=(7.4, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        middles = np.arange(len(bins))
        errors = np.abs(
            bins[["precision_low", "precision_high"]].to_numpy(dtype=float).T - bins["precision"].to_numpy()
        )
        left.bar(middles, bins["precision"], color=css(GREEN), yerr=errors if len(bins) else None, ecolor="#555555")
        labels = [f"{low:.2g}" for low in bins["score_from"]]
        left.set_xticks(middles, labels, rotation=45, ha="right")
        left.set(xlabel="lowest score in the bin", ylabel="share confirmed (95 % interval)", ylim=(0, 1))
        so_far = bins["confirmed"].cumsum() / bins["calls"].cumsum()
        right.plot(bins["recall"], so_far, color=css(BLUE), marker="o", markersize=3)
        right.set(xlabel="share of measured TSS found", ylabel="share of calls confirmed", xlim=(0, 1), ylim=(0, 1))
        totals = ", ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in counts.items())
        figure.suptitle(totals, fontsize=10)
        return save_figure(figure, folder, "confirmation")
