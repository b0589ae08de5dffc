"""Mean attention by offset, as a small drawing inside a page."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from tracktools.motifs.attention_folder import DRAWN_GROUPS, AttentionFolder
from tracktools.palette import BLUE, GREEN, GREY, PURPLE, VERMILLION, css

_WIDTH, _HEIGHT, _FOOT = 260, 54, 12  # pixels
_KNOWN = {"random": GREY, "bottom": PURPLE, "top": VERMILLION, "all": BLUE}
_SETS = (GREEN, "230,159,0", "86,180,233", "0,0,0")  # of TSS sets, in turn


def group_colors(folder: AttentionFolder) -> dict[str, str]:
    """Return the colour ``R,G,B`` of each group of the profiles."""
    groups = list(dict.fromkeys(folder.profiles["group"]))
    sets = [group for group in groups if group not in DRAWN_GROUPS]
    return {group: _KNOWN.get(group) or _SETS[sets.index(group) % len(_SETS)] for group in groups}


def profile_svg(folder: AttentionFolder, head: str) -> Markup:
    """Draw the mean attention of a head at each offset, a line per group; of neighbouring offsets the highest is drawn.

    Returns
    -------
    Markup
        An ``svg`` element, upstream on the left; empty where the head has no profile.
    """
    rows = folder.table_of("profiles", head)
    if rows.empty or not rows["mean"].max() > 0:
        return Markup("")
    first, last, top = int(rows["tssOffset"].min()), int(rows["tssOffset"].max()), float(rows["mean"].max())
    bins = min(_WIDTH, last - first + 1)
    lines = []
    for group, color in group_colors(folder).items():
        own = rows[rows["group"] == group]
        place = (own["tssOffset"].to_numpy() - first) * bins // (last - first + 1)
        height = np.zeros(bins)
        np.maximum.at(height, place, np.nan_to_num(own["mean"].to_numpy()))
        x = (np.arange(bins) + 0.5) * _WIDTH / bins
        points = " ".join(f"{a:.1f},{_HEIGHT * (1 - b / top):.1f}" for a, b in zip(x, height, strict=True))
        line = Markup('<polyline fill="none" stroke="{}" stroke-width="1" points="{}"/>')
        lines.append(line.format(css(color), points))
    return _frame(first, last, top, Markup("").join(lines), head)


def _frame(first: int, last: int, top: float, lines: Markup, head: str) -> Markup:
    zero = (0 - first + 0.5) * _WIDTH / (last - first + 1)
    tss = Markup('<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}" stroke="#bbbbbb" stroke-dasharray="2,2"/>').format(
        zero, _HEIGHT
    )
    text = Markup('<text x="{}" y="{}" font-size="9" fill="#57606a" text-anchor="{}">{}</text>')
    ends = text.format(0, _HEIGHT + 10, "start", first) + text.format(_WIDTH, _HEIGHT + 10, "end", f"{last:+d}")
    peak = text.format(0, 9, "start", f"{top:.2g}")
    label = f"mean attention of {head} from offset {first} to {last:+d}, at most {top:.2g}"
    frame = Markup('<svg role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">{}{}{}{}</svg>')
    return frame.format(label, _WIDTH, _HEIGHT + _FOOT, _WIDTH, _HEIGHT + _FOOT, tss, lines, ends, peak)
