"""Numbers in the forms that people, spreadsheets and programs write: decimal commas, thousands, bounds, infinity."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ",", "?"]  # of a table; "?": it has both

NO_VALUE = ("", ".", "na", "n/a", "#n/a", "nan", "none", "null", "-", "\N{EN DASH}", "\N{EM DASH}")
DROPPED = "dropped"  # remark on a score that is no finite number
HIGHEST = 3.4028234663852886e38  # more is infinite in float32, in which bigBed, bigWig and numpy files are read
_GROUPED = re.compile(
    r"[1-9]\d{0,2}([.,'\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE} ]\d{3})+"
)
_BOUND = re.compile(r"(?:>=?|<=?|\N{GREATER-THAN OR EQUAL TO}|\N{LESS-THAN OR EQUAL TO}|~)\s*(.+)")
_MOST_DIGITS = 18
_WHOLE = re.compile(r"\d{1,18}(\.0*)?")  # more digits are no place, and no 64 bits hold them
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_whole(text: str) -> bool:
    """Return whether a text is a whole number, without a sign, that 64 bits hold.

    Examples
    --------
    >>> is_whole("12"), is_whole("-1"), is_whole("9" * 19), is_whole("\N{ARABIC-INDIC DIGIT ONE}")
    (True, False, False, False)
    """
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def decimal_of(texts: Iterable[str]) -> Decimal | None:
    """Return the decimal mark of the numbers of a table; None where no number tells.

    A comma in front of anything but three digits is a decimal mark, and so is a point; of both in one number the last
    one is. ``1,234`` alone tells nothing: it is 1234 to some and 1.234 to others.

    Examples
    --------
    >>> decimal_of(["12", "2,5"]), decimal_of(["1,234", "0.5"]), decimal_of(["1,234"]), decimal_of(["2,5", "2.5"])
    (',', '.', None, '?')
    """
    marks = {mark for mark in map(_mark_of, texts) if mark}
    return None if not marks else "?" if len(marks) > 1 else "," if "," in marks else "."


def _mark_of(text: str) -> str:
    last = max(text.rfind("."), text.rfind(","))
    if last < 0 or not re.fullmatch(r"\D{0,2}[\d.,]+([eE][+-]?\d+)?", text):
        return ""
    mark, other = text[last], "," if text[last] == "." else "."
    if other in text and text.count(mark) == 1:
        return mark
    return "" if text.count(mark) > 1 or _GROUPED.fullmatch(text) else mark


@dataclass(frozen=True)
class Score:
    """A score as it was read.

    Parameters
    ----------
    value : float
        nan where there is none, or none that can be taken.
    remark : str
        Empty; or why the value is not just what is written: ``without a value``, ``read as a bound``, ``read with a
        decimal comma`` (where others have points), ``dropped``.
    """

    value: float
    remark: str = ""


def read_score(text: str, decimal: Decimal = ".") -> Score:
    """Return a score; a text that is no finite number of float32 gives nan, never an error.

    Parameters
    ----------
    text : str
        As written.
    decimal : {".", ",", "?"}
        Decimal mark of the table (`decimal_of`).

    Examples
    --------
    >>> read_score(">100"), read_score("2,5"), read_score("infinity")
    (Score(value=100.0, remark='read as a bound'), Score(value=2.5, remark=''), Score(value=nan, remark='dropped'))
    >>> read_score("1,234", ","), read_score("1,234", "?")
    (Score(value=1.234, remark=''), Score(value=nan, remark='dropped'))
    """
    text = text.strip()
    if text.lower() in NO_VALUE:
        return Score(math.nan, "without a value")
    bound = _BOUND.fullmatch(text)
    plain = _in_points((bound[1] if bound else text).removesuffix("%").strip(), decimal)
    if plain is None or not _NUMBER.fullmatch(plain) or abs(float(plain)) > HIGHEST:
        return Score(math.nan, DROPPED)
    comma = decimal == "?" and _mark_of(text) == ","
    return Score(float(plain), "read as a bound" if bound else "read with a decimal comma" if comma else "")


def whole_number(text: str, decimal: Decimal = ".") -> int | None:
    """Return a whole number, without or with marks of thousands and empty decimals; None if it is none.

    Examples
    --------
    >>> [whole_number(text) for text in ("1000", "1,000", "1000.0", "12.5", "1e+05", "4.64E+06")]
    [1000, 1000, 1000, None, 100000, None]
    >>> whole_number("1.000", ","), whole_number("1,000", ",")
    (1000, None)
    """
    if re.fullmatch(r"\d(\.\d+)?e\+\d\d", text):
        value = float(text)  # R writes 100000 as 1e+05: all digits, where that is no longer; others round
        return int(value) if value.is_integer() and value < 1e18 and len(text) <= len(str(int(value))) else None
    if decimal == "," and re.fullmatch(r"\d{1,3},\d{3}", text):
        return None  # three decimals, or a mark of thousands that the other numbers do not have
    plain = _in_points(text, decimal)
    return int(plain.split(".")[0]) if plain is not None and _WHOLE.fullmatch(plain) else None


def _in_points(text: str, decimal: Decimal) -> str | None:
    """Return a number with a decimal point and without marks of thousands; None where the marks may mean either."""
    mark = _mark_of(text)
    if not mark and ("," in text or "." in text):  # groups of three digits
        if decimal == "?" and text.count(",") + text.count(".") == 1:
            return None
        mark = "" if text.count(",") + text.count(".") > 1 else decimal
    other = "" if not mark else "," if mark == "." else "."
    for thousands in (other or ",.") + "'\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE} ":
        text = text.replace(thousands, "") if _GROUPED.match(text.lstrip("+-")) else text
    return text.replace(",", ".") if mark == "," else text
