"""Items of a bigBed against the settings of their track: columns, filters, labels, search."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tracktools.hub.check.families import is_bigbed_type
from tracktools.hub.check.items import BedItems, read_items
from tracktools.hub.check.model import Track
from tracktools.hub.check.places import HubFiles
from tracktools.hub.check.ra import split_words
from tracktools.hub.check.report import Findings
from tracktools.hub.check.trix import check_trix
from tracktools.hub.check.zooms import check_zooms

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|<(\w+)>|([A-Za-z_]\w*))")
_LEAST_COLUMNS = {  # of UCSC's own schemas
    "bigBarChart": 9,
    "bigChain": 11,
    "bigGenePred": 20,
    "bigInteract": 18,
    "bigMaf": 4,
    "bigNarrowPeak": 10,
    "bigPsl": 25,
}
_COLUMN_OF_URL = re.compile(r'\b(\w++)="')  # without \b and ++, a long word would take hours
_BY_COLUMN = re.compile(r"(filter|highlight)(Values|ValuesDefault|ByRange|Limits|Text|Type|Label|Priority)?\.(\w+)")
_NUMERIC_FILTERS = ("", "ByRange", "Limits")
_COLUMN_LISTS = ("labelFields", "defaultLabelFields", "searchIndex", "skipFields", "sepFields")


def check_features(path: Path, track: Track, places: HubFiles, findings: Findings) -> Mapping[str, int]:
    """Hold a bigBed against the settings of its track; return the lengths of its sequences [bp].

    Raises
    ------
    InputError
        If the file is damaged.
    """
    items = read_items(path)
    value = track.find("bigDataUrl")
    check_zooms(path, items.header, track, findings)
    if not items.rows:
        findings.warning(track.stanza, "bigDataUrl", "empty", f"{value} contains no item", "remove the track")
    _check_type(track, items, findings)
    _check_columns(track, items, findings)
    if not items.complete:
        problem = f"{value} has more items than are looked at: its filters and name index were not checked"
        findings.note(track.stanza, "bigDataUrl", "large-file", problem, "check them by eye")
    _check_index(track, items, findings)
    _check_needs(track, items, findings)
    if items.complete and items.rows:
        _check_filters(track, items, findings)
    if track.get("searchTrix") and items.rows and items.complete:
        columns = [items.column_of(name) for name in _list(track.find("searchIndex")) or ["name"]]
        names = set().union(*(items.values(column) for column in columns if column is not None))
        check_trix(track, names, places, findings)
    return items.chroms


def _check_type(track: Track, items: BedItems, findings: Findings) -> None:
    """Hold the type against the file: how many columns are standard, and whether there are more."""
    words, fields = track.type_words, items.header.fields
    least = _LEAST_COLUMNS.get(track.kind, 0)
    value = track.find("bigDataUrl")
    if fields < least:
        problem = f"{track.kind} has {least} columns or more, {value} has {fields}"
        findings.error(track.stanza, "type", "type-columns", problem, "correct the type or the file")
    if track.kind != "bigBed" or not is_bigbed_type(track):
        return
    defined = items.n_defined
    right = f"bigBed {defined}" + (" +" if fields > defined else "")
    problem = f"type {track.find('type')!r} for a file of {defined} standard columns and {fields - defined} more"
    number = int(words[1]) if len(words) > 1 else 0
    if number > max(defined, items.n_standard):
        findings.error(track.stanza, "type", "type-columns", problem, f"write: type {right}")
    elif number != defined or (words[2:] == ["+"]) != (fields > number):
        findings.note(track.stanza, "type", "type-columns", problem, f"better: type {right}")


def _check_columns(track: Track, items: BedItems, findings: Findings) -> None:
    for key, used in _columns_used(track):
        missing = [name for name in used if items.column_of(name) is None]
        if missing:
            add = findings.warning if key in ("skipFields", "sepFields") else findings.error
            problem = f"{key} names the column {missing[0]}, which {track.find('bigDataUrl')} does not have"
            add(track.stanza, key, "unknown-column", problem, f"it has {', '.join(items.names)}")


def _columns_used(track: Track) -> Iterator[tuple[str, list[str]]]:
    """Yield each setting that names columns, and the names."""
    for setting in track.stanza.settings:
        key, value = setting.key, setting.value or ""
        by_column = _BY_COLUMN.fullmatch(key)
        if by_column:
            yield key, [by_column[3]]
        elif key in _COLUMN_LISTS:
            yield key, [name for name in _list(value) if name != "none"]
        elif key == "mouseOverField":
            yield key, split_words(value)[:1]
        elif key == "mouseOver":
            yield key, ["".join(found) for found in _VARIABLE.findall(value)]
        elif key == "urls":
            yield key, _COLUMN_OF_URL.findall(value)


def _list(value: str) -> list[str]:
    return split_words(value.replace(",", " "))


def _check_filters(track: Track, items: BedItems, findings: Findings) -> None:
    for setting in track.stanza.settings:
        by_column = _BY_COLUMN.fullmatch(setting.key)
        column = items.column_of(by_column[3]) if by_column else None
        if by_column is None or column is None:
            continue
        what = by_column[2] or ""
        if what in _NUMERIC_FILTERS and items.is_text(column):
            problem = (
                f"{setting.key} needs numbers, and the column {by_column[3]} of {track.find('bigDataUrl')} is text"
            )
            fix = f"use {by_column[1]}Text.{by_column[3]} or {by_column[1]}Values.{by_column[3]}"
            findings.error(track.stanza, setting.key, "filter-type", problem, fix)
        elif what in ("Values", "ValuesDefault"):
            _check_filter_values(track, setting.key, setting.value or "", column, items, findings)
        elif by_column[1] == "filter" and not what:
            _check_filter_range(track, setting.key, setting.value or "", column, items, findings)


def _check_filter_range(track: Track, key: str, value: str, column: int, items: BedItems, findings: Findings) -> None:
    """Say where a filter hides every item, until a user widens it."""
    least, _, most = value.partition(":")
    try:
        numbers = [float(text) for text in items.values(column)]
        low, high = float(least), float(most or "inf")
    except ValueError:
        return  # no numbers: the table of values says so of the setting
    if low <= high and not any(low <= number <= high for number in numbers):
        data = f"whose values are {min(numbers):g} to {max(numbers):g}"
        problem = f"{key} {value} hides every item of {track.find('bigDataUrl')}, {data}"
        findings.error(track.stanza, key, "filter-values", problem, "widen it")


def _check_filter_values(track: Track, key: str, value: str, column: int, items: BedItems, findings: Findings) -> None:
    """Say where none of the values that a filter offers is in the data."""
    offered = [part.partition("|")[0].strip() for part in value.split(",")]
    there = {part.strip() for text in items.values(column) for part in (text, *text.split(","))}
    absent = [part for part in offered if part and part not in there]
    if len(absent) == len(offered):
        problem = f"{key} offers {value}, and {track.find('bigDataUrl')} has none of it"
        findings.error(track.stanza, key, "filter-values", problem, f"it has {', '.join(sorted(there)[:5])}")
    elif absent:
        problem = f"{key} offers {absent[0]}, which {track.find('bigDataUrl')} does not have"
        findings.note(track.stanza, key, "filter-values", problem, "remove it, where no update will bring it")


def _check_index(track: Track, items: BedItems, findings: Findings) -> None:
    if "searchTrix" in track and not track.find("searchIndex"):
        problem = "searchTrix without searchIndex: UCSC does not search the track"
        findings.warning(track.stanza, "searchTrix", "no-index", problem, "add a line: searchIndex name")
    for name in _list(track.get("searchIndex")):
        column = items.column_of(name)
        if column is not None and column not in items.indexed:
            problem = f"searchIndex {name}, but {track.find('bigDataUrl')} has no index of it"
            fix = "make the bigBed with an index, or remove the line"
            findings.error(track.stanza, "searchIndex", "no-index", problem, fix)


def _check_needs(track: Track, items: BedItems, findings: Findings) -> None:
    """Check settings that need a number of standard columns."""
    n_standard = items.n_defined
    if track.get("itemRgb").lower() == "on" and n_standard < 9:
        problem = f"itemRgb needs 9 standard columns, {track.find('bigDataUrl')} has {n_standard}"
        findings.warning(track.stanza, "itemRgb", "item-rgb", problem, "write BED9, or remove the line")
    if "mouseOver" in track and n_standard < 8:
        problem = f"mouseOver needs more than 8 columns, {track.find('bigDataUrl')} has {n_standard} standard ones"
        findings.warning(track.stanza, "mouseOver", "mouse-over", problem, "write BED9, or remove the line")
