"""Colours that people with any colour vision can tell apart (Okabe & Ito 2008, https://jfly.uni-koeln.de/color)."""

from __future__ import annotations

import colorsys

GREEN = "0,158,115"
BLUE = "0,114,178"
VERMILLION = "213,94,0"
PURPLE = "204,121,167"
GREY = "90,90,90"  # besides the eight: for what is known and not to be compared

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


def item_rgb(text: str) -> str:
    """Return the colour that column 9 of a BED file says, as ``R,G,B``; empty for 0, which is no colour of its own.

    Parameters
    ----------
    text : str
        ``R,G,B``, or one number that contains the three in its bytes, red the highest (UCSC takes both).

    Raises
    ------
    ValueError
        If it is no colour.

    Examples
    --------
    >>> item_rgb("255,0,0"), item_rgb("16711680"), item_rgb("0"), item_rgb("0,0,0")
    ('255,0,0', '255,0,0', '', '')
    """
    if "," in text:
        red, green, blue = rgb(text)
    else:
        number = int(text)
        if not 0 <= number < 1 << 24:
            raise ValueError(f"a colour is R,G,B, or a number from 0 to 16777215, got {text!r}")
        red, green, blue = number >> 16, number >> 8 & 255, number & 255
    return f"{red},{green},{blue}" if red or green or blue else ""


def shade(color: str, share: float) -> str:
    """Return a colour mixed with white; the whole of it at a share of 1.

    Examples
    --------
    >>> shade("0,114,178", 1), shade("0,114,178", 0.5)
    ('0,114,178', '128,184,216')
    """
    return ",".join(str(round(255 - share * (255 - part))) for part in rgb(color))


def wheel(count: int) -> list[str]:
    """Return colours for more things than the eight can tell apart: hues all around, neighbours of differing lightness.

    Examples
    --------
    >>> wheel(3)
    ['194,64,41', '61,179,79', '79,57,208']
    """
    shades = ((0.46, 0.65), (0.47, 0.49), (0.52, 0.62))  # lightness and saturation
    colors = []
    for number in range(count):
        parts = colorsys.hls_to_rgb((number / max(count, 1) + 0.025) % 1.0, *shades[number % len(shades)])
        colors.append(",".join(str(round(255 * part)) for part in parts))
    return colors
