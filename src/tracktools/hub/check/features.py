"""Items of a bigBed against the settings of their track: columns, filters, labels, search."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tracktools.formats.bbi import BIGBED_MAGIC
from tracktools.formats.bbi_read import BbiHeader, read_chroms, read_header, read_indexed_columns
from tracktools.formats.bigbed import read_bigbed
from tracktools.hub.check.model import Track
from tracktools.hub.check.places import Places
from tracktools.hub.check.report import Findings
from tracktools.hub.check.trix import check_trix
from tracktools.hub.check.zooms import check_zooms

_FIELD = re.compile(
    r"^\s*(?P<type>(?:enum|set)\s*\([^)]*\)|[a-z]\w*(?:\s*\[[^\]]*\])?)\s+(?P<name>\w+)[^;\n]*;", re.MULTILINE
)
_TEXT = ("string", "lstring", "char", "enum", "set")
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
_BY_COLUMN = re.compile(r"(filter|highlight)(Values|ValuesDefault|ByRange|Limits|Text|Type|Label|Priority)?\.(\w+)")
_OTHER_NAMES = {"reserved": "itemRgb", "blockStarts": "chromStarts"}  # of the same standard columns
_NUMERIC_FILTERS = ("", "ByRange", "Limits")
_COLUMN_LISTS = ("labelFields", "defaultLabelFields", "searchIndex", "skipFields", "sepFields")


@dataclass(frozen=True)
class _Items:
    """A bigBed as it was read: the names of its columns, with those of its own schema, and its items."""

    value: str
    header: BbiHeader
    table: pd.DataFrame
    columns: tuple[str, ...]
    own_names: Mapping[str, str]  # of its schema, to the standard names of the table
    types: Mapping[str, str]  # by standard name

    def standard(self, name: str) -> str | None:
        """Return the column that a setting means; None where there is none."""
        name = self.own_names.get(name, _OTHER_NAMES.get(name, name))
        return name if name in self.columns else None


def check_features(path: Path, track: Track, places: Places, findings: Findings) -> dict[str, int]:
    """Hold a bigBed against the settings of its track; return the lengths of its sequences [bp].

    Raises
    ------
    InputError, struct.error, ValueError, RecursionError
        If the file is damaged.
    """
    header = read_header(path, BIGBED_MAGIC)
    with path.open("rb") as file:
        chroms = {name: size for name, (_, size) in read_chroms(file, header).items()}
        indexed = read_indexed_columns(file, header)
    table, schema = read_bigbed(path)
    own = [(match["type"], match["name"]) for match in _FIELD.finditer(header.autosql.partition("(")[2])]
    own = own if len(own) == len(schema.columns) else []
    items = _Items(
        track.find("bigDataUrl"),
        header,
        table,
        schema.columns,
        {name: column for (_, name), column in zip(own, schema.columns, strict=False)},
        {column: kind for (kind, _), column in zip(own, schema.columns, strict=False)},
    )
    check_zooms(header, track, findings)
    if table.empty:
        findings.warning(track.stanza, "bigDataUrl", "empty", f"{items.value} holds no item", "remove the track")
    _check_type(track, items, findings)
    _check_columns(track, items, findings)
    _check_filters(track, items, findings)
    _check_index(track, items, indexed, findings)
    _check_needs(track, items, findings)
    if track.get("searchTrix") and not table.empty:
        fields = [items.standard(name) for name in _list(track.find("searchIndex"))] or [items.standard("name")]
        names = {str(value) for field in fields if field for value in table[field]}
        check_trix(track, names, places, findings)
    return chroms


def _check_type(track: Track, items: _Items, findings: Findings) -> None:
    """Hold the type against the file: how many columns are standard, and whether there are more."""
    words, header = track.type_words, items.header
    least = _LEAST_COLUMNS.get(track.kind, 0)
    if header.fields < least:
        problem = f"{track.kind} has {least} columns or more, {items.value} has {header.fields}"
        findings.error(track.stanza, "type", "type-columns", problem, "correct the type or the file")
    if track.kind != "bigBed":
        return
    right = f"bigBed {header.defined_fields}" + (" +" if header.fields > header.defined_fields else "")
    problem = (
        f"type {track.find('type')!r} for a file of {header.defined_fields} standard columns "
        f"and {header.fields - header.defined_fields} more"
    )
    number = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
    if (len(words) > 1 and not number) or words[2:] not in ([], ["+"], ["."]) or number > header.defined_fields:
        findings.error(track.stanza, "type", "type-columns", problem, f"write: type {right}")
    elif not number or number < header.defined_fields or (words[2:] == ["+"]) != (header.fields > number):
        findings.note(track.stanza, "type", "type-columns", problem, f"better: type {right}")


def _check_columns(track: Track, items: _Items, findings: Findings) -> None:
    for key, used in _columns_used(track):
        missing = [name for name in used if items.standard(name) is None]
        if missing:
            problem = f"{key} names the column {missing[0]}, which {items.value} does not have"
            findings.error(track.stanza, key, "unknown-column", problem, f"it has {', '.join(items.columns)}")


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
            yield key, value.split()[:1]
        elif key == "mouseOver":
            yield key, ["".join(found) for found in _VARIABLE.findall(value)]
        elif key == "urls":
            yield key, re.findall(r'(\w+)="', value)


def _list(value: str) -> list[str]:
    return value.replace(",", " ").split()


def _check_filters(track: Track, items: _Items, findings: Findings) -> None:
    for setting in track.stanza.settings:
        by_column = _BY_COLUMN.fullmatch(setting.key)
        column = items.standard(by_column[3]) if by_column else None
        if by_column is None or column is None or column not in items.types:
            continue
        what = by_column[2] or ""
        is_text = items.types[column].startswith(_TEXT) or "[" in items.types[column]
        if what in _NUMERIC_FILTERS and is_text:
            problem = f"{setting.key} needs numbers, and the column {by_column[3]} of {items.value} is text"
            fix = f"use {by_column[1]}Text.{by_column[3]} or {by_column[1]}Values.{by_column[3]}"
            findings.error(track.stanza, setting.key, "filter-type", problem, fix)
        elif what in ("Values", "ValuesDefault") and not items.table.empty:
            _check_filter_values(track, setting.key, setting.value or "", column, items, findings)


def _check_filter_values(track: Track, key: str, value: str, column: str, items: _Items, findings: Findings) -> None:
    """Say where none of the values that a filter offers is in the data."""
    offered = [part.partition("|")[0].strip() for part in value.split(",")]
    there = {part.strip() for text in items.table[column].astype(str).unique() for part in (text, *text.split(","))}
    absent = [part for part in offered if part and part not in there]
    if len(absent) == len(offered):
        problem = f"{key} offers {value}, and {items.value} has none of it"
        findings.error(track.stanza, key, "filter-values", problem, f"it has {', '.join(sorted(there)[:5])}")
    elif absent:
        problem = f"{key} offers {absent[0]}, which {items.value} does not have"
        findings.note(track.stanza, key, "filter-values", problem, "remove it, where no update will bring it")


def _check_index(track: Track, items: _Items, indexed: tuple[int, ...], findings: Findings) -> None:
    for name in _list(track.get("searchIndex")):
        column = items.standard(name)
        if column is not None and items.columns.index(column) not in indexed:
            problem = f"searchIndex {name}, but {items.value} has no index of it"
            fix = "make the bigBed with an index, or remove the line"
            findings.error(track.stanza, "searchIndex", "no-index", problem, fix)


def _check_needs(track: Track, items: _Items, findings: Findings) -> None:
    """Check settings that need a number of standard columns."""
    n_standard = items.header.defined_fields
    if track.get("itemRgb").lower() == "on" and n_standard < 9:
        problem = f"itemRgb needs 9 standard columns, {items.value} has {n_standard}"
        findings.warning(track.stanza, "itemRgb", "item-rgb", problem, "write BED9, or remove the line")
    if "mouseOver" in track and n_standard < 8:
        problem = f"mouseOver needs more than 8 columns, {items.value} has {n_standard} standard ones"
        findings.warning(track.stanza, "mouseOver", "mouse-over", problem, "write BED9, or remove the line")
