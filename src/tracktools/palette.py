"""Colours that people with any colour vision can tell apart (Okabe & Ito 2008, https://jfly.uni-koeln.de/color)."""

from __future__ import annotations

import colorsys

GREEN = "0,158,115"
BLUE = "0,114,178"
VERMILLION = "213,94,0"
PURPLE = "204,121,167"
GREY = "90,90,90"  # beside the eight: for what is known and not to be compared

STRAND_COLORS = {"+": BLUE, "-": VERMILLION, ".": GREY}


def rgb(color: str) -> tuple[int, int, int]:
    """Return the three numbers of ``R,G,B``.

    Raises
    ------
    ValueError
        If they are not three whole numbers from 0 to 255.

    Examples
    --------
    >>> rgb("0,114,178")
    (0, 114, 178)
    """
    red, green, blue = (int(part) for part in color.split(","))
    if not all(0 <= part <= 255 for part in (red, green, blue)):
        raise ValueError(f"a colour is three numbers from 0 to 255, got {color!r}")
    return red, green, blue


def css(color: str) -> str:
    """Return a colour as a web page writes it.

    Examples
    --------
    >>> css("0,114,178")
    '#0072b2'
    """
    return "#{:02x}{:02x}{:02x}".format(*rgb(color))


def pale(color: str) -> str:
    """Return a colour half way to white.

    Examples
    --------
    >>> pale("0,114,178")
    '128,185,217'
    """
    return ",".join(str((part + 256) // 2) for part in rgb(color))


def wheel(count: int) -> list[str]:
    """Return colours for more things than the eight can tell apart: hues all around, neighbours of differing lightness.

    Examples
    --------
    >>> wheel(3)
    ['192,64,41', '61,179,74', '50,66,214']
    """
    shades = ((0.46, 0.65), (0.47, 0.49), (0.52, 0.62))  # lightness and saturation
    colors = []
    for number in range(count):
        parts = colorsys.hls_to_rgb((number / max(count, 1) + 0.025) % 1.0, *shades[number % len(shades)])
        colors.append(",".join(str(round(255 * part)) for part in parts))
    return colors
