"""Values that settings of a track may have: one table of rules, a row per setting."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tracktools.formats.numerals import is_whole
from tracktools.hub.check.model import Track
from tracktools.hub.check.report import Findings, Level

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class ValueRule:
    """What a setting may say.

    Parameters
    ----------
    right : callable
        Whether a value is right.
    expected : str
        What to write instead.
    code : str
        Code of the finding.
    level : Level
        How bad a wrong value is.
    """

    right: Callable[[str], bool]
    expected: str
    code: str = "value"
    level: Level = Level.ERROR


def _words(allowed: str) -> ValueRule:
    """Allow these words, in any case, as UCSC compares them."""
    known = [word.lower() for word in allowed.split()]

    def right(value: str) -> bool:
        return value.lower() in known

    return ValueRule(right, f"write one of {', '.join(allowed.split())}")


def _is_color(value: str) -> bool:
    parts = re.split(r"[, \t]+", value.strip())  # as UCSC splits it
    return len(parts) == 3 and all(is_whole(part) and int(part) <= 255 for part in parts)


def as_limits(value: str) -> tuple[float, float] | None:
    """Return the two numbers of ``low:high``; None if it is no such thing.

    Examples
    --------
    >>> as_limits("0:1."), as_limits("-1.5:.5"), as_limits("0-1")
    ((0.0, 1.0), (-1.5, 0.5), None)
    """
    parts = value.split(":")
    if len(parts) != 2 or not all(NUMBER.fullmatch(part) for part in parts):
        return None
    return float(parts[0]), float(parts[1])


def _is_height(value: str) -> bool:
    parts = value.split(":")
    return 1 <= len(parts) <= 3 and all(is_whole(part) for part in parts)


_SWITCH = _words("on off 0 1 true false")
VALUE_RULES: dict[str, ValueRule] = {
    "visibility": _words("hide dense squish pack full show 0 1 2 3 4"),
    "windowingFunction": _words("mean mean+whiskers maximum minimum sum"),
    "aggregate": _words("transparentOverlay stacked solidOverlay none add subtract"),
    "autoScale": _words("on off group"),
    "alwaysZero": _SWITCH,
    "itemRgb": _SWITCH,
    "negateValues": _SWITCH,
    "yLineOnOff": _SWITCH,
    "exonArrows": _SWITCH,
    "exonNumbers": _SWITCH,
    "skipEmptyFields": _SWITCH,
    "dragAndDrop": _words("on subTracks"),
    "graphTypeDefault": _words("bar points"),
    "transformFunc": _words("NONE LOG"),
    "bamColorMode": _words("strand gray tag off"),
    "container": _words("multiWig"),
    "compositeTrack": _words("on off faceted"),
    "color": ValueRule(_is_color, "write R,G,B, each from 0 to 255", "color"),
    "altColor": ValueRule(_is_color, "write R,G,B, each from 0 to 255", "color"),
    "priority": ValueRule(lambda value: NUMBER.fullmatch(value) is not None, "write a number"),
    "yLineMark": ValueRule(lambda value: NUMBER.fullmatch(value) is not None, "write a number"),
    "maxItems": ValueRule(is_whole, "write a whole number"),
    "smoothingWindow": ValueRule(lambda value: is_whole(value) or value.lower() == "off", "write off, or 2 to 16"),
    "maxHeightPixels": ValueRule(_is_height, "write max:default:min, the greatest first"),
    "superTrack": ValueRule(lambda value: value != "off", "remove the line"),
}
for _hidden in ("idInUrlSql",):
    VALUE_RULES[_hidden] = ValueRule(lambda _: False, "remove the line: UCSC refuses it", "forbidden")
_LIMITS = re.compile(
    r"viewLimits|viewLimitsMax|defaultViewLimits|aliQualRange|baseQualRange"
    r"|(filter|highlight)Limits\.\w+|\w+FilterLimits"
)
_RANGE = re.compile(r"(filter|highlight)\.\w+")


def check_values(track: Track, findings: Findings) -> None:
    """Hold every setting of a track against the rules."""
    for setting in track.stanza.settings:
        value = setting.value
        if not value:
            continue
        rule = VALUE_RULES.get(setting.key)
        if rule is not None and not rule.right(value):
            problem = f"{setting.key} is {value!r}"
            findings.add(rule.level, track.stanza, setting.key, rule.code, problem, rule.expected)
        if _LIMITS.fullmatch(setting.key):
            _check_limits(track, setting.key, value, findings)
        elif _RANGE.fullmatch(setting.key):
            _check_range(track, setting.key, value, findings)
    if track.get("autoScale").lower() == "group" and not track.is_container:
        problem = "autoScale group is on a subtrack, where it does nothing"
        findings.error(track.stanza, "autoScale", "autoscale-group", problem, "put it on the parent")
    heights = [int(part) for part in track.get("maxHeightPixels").split(":") if is_whole(part)]
    if heights != sorted(heights, reverse=True):
        problem = f"maxHeightPixels {track.get('maxHeightPixels')} is upside down"
        findings.warning(track.stanza, "maxHeightPixels", "value", problem, "write max:default:min")
    if "negateValues" in track and track.get("negateValues").lower() == "on":
        problem = "negateValues is known to UCSC alone: IGV and JBrowse draw the values upward"
        findings.note(track.stanza, "negateValues", "negate-values", problem, "store the values negative")


def _check_limits(track: Track, key: str, value: str, findings: Findings) -> None:
    limits = as_limits(value)
    code = "view-limits" if "iewLimits" in key else "limits"
    if limits is None:
        findings.error(track.stanza, key, code, f"{key} is {value!r}", "write low:high")
        return
    low, high = limits
    if low > high:
        findings.error(track.stanza, key, code, f"{key} {value} is upside down", "write low:high")
    elif low == high and code == "view-limits":
        findings.warning(track.stanza, key, code, f"{key} {value} has no height", "write low:high")
    elif key == "viewLimits" and not (low.is_integer() and high.is_integer()):
        problem = f"viewLimits {value} has a fraction, which igv.js cuts off"
        findings.note(track.stanza, key, "fractional-limits", problem, "use whole numbers")


def _check_range(track: Track, key: str, value: str, findings: Findings) -> None:
    """Check what a filter of a number starts with: one number, or low:high."""
    limits = as_limits(value)
    if limits is None and not NUMBER.fullmatch(value):
        findings.error(track.stanza, key, "limits", f"{key} is {value!r}", "write a number, or low:high")
    elif limits is not None and limits[0] > limits[1]:
        findings.error(track.stanza, key, "limits", f"{key} {value} is upside down", "write low:high")
