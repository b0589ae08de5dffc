"""Heat maps of substitutions, with the letters that they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tracktools.arrays import Codes, Float32, Float64, Int64
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.genome import ALPHABET, UNKNOWN
from tracktools.motifs.drawings import draw_letters
from tracktools.mutate.site_effect import SiteEffect, contributions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCH_AN_OFFSET = 0.085
_TICKS_EVERY = 10
_END_OF_COLORS = 99.5  # percentile of the absolute effects


def draw_site(effect: SiteEffect, offsets: Int64, title: str, folder: Path, name: str) -> list[Path]:
    """Draw ``<name>.svg``, ``.png`` and ``.pdf``: the letters of one TSS by what they do, and all substitutions.

    Parameters
    ----------
    effect : SiteEffect
    offsets : ndarray of int64, shape (n_offsets,)
        From the TSS, along its strand.
    title : str
        Above the figure.
    folder, name
        Where to write.
    """
    heights, changes = mean_effects(effect.codes[None], effect.at_tss[None])
    return _draw(heights, changes, effect.codes, offsets, title, folder, name)


def draw_mean(codes: Codes, at_tss: Float32, offsets: Int64, title: str, folder: Path) -> list[Path]:
    """Draw the mean of TSS in the same way; shapes (n_sites, n_offsets) and (n_sites, n_offsets, 4)."""
    return _draw(*mean_effects(codes, at_tss), None, offsets, title, folder, "heat_map")


def mean_effects(codes: Codes, at_tss: Float32) -> tuple[Float64, Float64]:
    """Return what each letter does where it is there, and each substitution, in the mean.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_sites, n_offsets)
    at_tss : ndarray of float32, shape (n_sites, n_offsets, 4)
        See `SiteEffect`.

    Returns
    -------
    heights : ndarray of float64, shape (n_offsets, 4)
        Contribution of each letter times the share of sites that have it: what a logo stacks.
    changes : ndarray of float64, shape (n_offsets, 4)
        Mean effect of the new letter, over the sites that have another one; NaN where all have it.
    """
    present = codes[:, :, None] == np.arange(len(ALPHABET))
    heights = (contributions(at_tss)[:, :, None] * present).mean(axis=0)
    other = (codes != UNKNOWN)[:, :, None] & ~present
    sums, counts = np.where(other, at_tss, 0).sum(axis=0, dtype=np.float64), other.sum(axis=0)
    return heights, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _draw(
    heights: Float64, changes: Float64, codes: Codes | None, offsets: Int64, title: str, folder: Path, name: str
) -> list[Path]:
    from matplotlib.colors import TwoSlopeNorm
    from matplotlib.figure import Figure

    end = float(np.nanpercentile(np.abs(changes), _END_OF_COLORS)) if (~np.isnan(changes)).any() else 0.0
    with figure_style():
        figure = Figure(figsize=(1.6 + _INCH_AN_OFFSET * len(offsets), 2.9), layout="constrained")
        logo, heat = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
        if np.abs(heights).max() > 0:
            draw_letters(logo, pd.DataFrame(heights, index=offsets, columns=list(ALPHABET)))
        logo.axhline(0, color="black", linewidth=0.5)
        logo.set(ylabel="letter: log-odds")
        logo.set_title(title, fontsize=9)
        extent = (offsets[0] - 0.5, offsets[-1] + 0.5, len(ALPHABET) - 0.5, -0.5)
        norm = TwoSlopeNorm(0, -(end or 1.0), end or 1.0)
        image = heat.imshow(changes.T, aspect="auto", cmap="RdBu", norm=norm, extent=extent, interpolation="nearest")
        heat.set_facecolor("#dddddd")
        figure.colorbar(image, ax=heat, fraction=0.05, pad=0.01, label="change")
        heat.set_yticks(range(len(ALPHABET)), list(ALPHABET))
        heat.set(xlabel="offset from the TSS", ylabel="new letter", xlim=extent[:2])
        if codes is not None:
            _mark_present(heat, codes, offsets)
        ticks = [int(one) for one in offsets if one % _TICKS_EVERY == 0]
        heat.set_xticks(ticks, [f"{one:+d}".replace("-", "−") if one else "TSS" for one in ticks])
        return save_figure(figure, folder, name, pdf=True)


def _mark_present(axes: Axes, codes: Codes, offsets: Int64) -> None:
    """Write the letters that are there into their fields."""
    for code, offset in zip(codes, offsets, strict=True):
        if code != UNKNOWN:
            axes.text(offset, int(code), ALPHABET[code], ha="center", va="center", fontsize=4)
