"""Pictures of a training: loss and validation scores by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracktools.figures.canvas import figure_style, save_figure
from tracktools.palette import BLUE, GREEN, VERMILLION, css

_PANELS = (
    ("loss", "loss (mean since the last point)", VERMILLION),
    ("average_precision", "validation AP, exact base", BLUE),
    ("roc_auc", "validation ROC AUC", GREEN),
)


def draw_training(records: Sequence[Mapping[str, Any]], folder: Path, title: str) -> list[Path]:
    """Draw ``curves.svg`` and ``curves.png`` into a folder.

    Parameters
    ----------
    records : sequence of mapping
        `step` and `loss`, and `average_precision`, `roc_auc` and `prevalence` where there was a validation. The
        validation with the best average precision is marked.
    folder : Path
        Where to write.
    title : str
        Above the panels.
    """
    from matplotlib.figure import Figure

    validated = [record for record in records if "average_precision" in record]
    with figure_style():
        figure = Figure(figsize=(3.4 * len(_PANELS) + 0.4, 3.2), layout="constrained")
        for (name, label, color), axes in zip(_PANELS, figure.subplots(1, len(_PANELS)), strict=True):
            shown = [record for record in records if name in record]
            steps, values = [record["step"] for record in shown], [record[name] for record in shown]
            marker = "" if name == "loss" else "o"
            axes.plot(steps, values, color=css(color), linewidth=1.2, marker=marker, markersize=3)
            if validated:
                best = max(validated, key=lambda record: record["average_precision"])
                axes.axvline(best["step"], color="#999999", linewidth=0.8, linestyle="--")
            if name == "average_precision" and validated:
                axes.axhline(validated[-1]["prevalence"], color=css(color), linewidth=0.8, linestyle=":")
            axes.set(xlabel="steps", ylabel=label, yscale="log" if name == "loss" else "linear")
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, "curves")
