"""Colours that people with any colour vision can tell apart (Okabe & Ito 2008, https://jfly.uni-koeln.de/color)."""

from __future__ import annotations

GREEN = "0,158,115"
BLUE = "0,114,178"
VERMILLION = "213,94,0"
PURPLE = "204,121,167"
GREY = "90,90,90"  # beside the eight: for what is known and not to be compared

STRAND_COLORS = {"+": BLUE, "-": VERMILLION, ".": GREY}
