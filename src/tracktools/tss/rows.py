"""From the cells of a table to single bases: every row becomes a TSS or is refused with the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.tss.layouts import Base, Layout, find_header, is_comment
from tracktools.tss.spreadsheet import Rows


@dataclass(frozen=True, slots=True)
class RawTss:
    """One TSS as its row says it: 0-based position, the sequence still under the name that the file uses."""

    line: int
    chrom: str
    start: int
    strand: str
    name: str = ""
    score: float = math.nan
    conditions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    sigma: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken."""

    path: str
    line: int
    reason: str
    text: str


_STRANDS = dict.fromkeys(("+", "forward", "plus", "f", "fwd", "for", "1", "+1", "top", "sense"), "+") | dict.fromkeys(
    ("-", "reverse", "minus", "r", "rev", "-1", "\N{MINUS SIGN}", "\N{EN DASH}", "bottom", "antisense"), "-"
)
_OPPOSITE = {"+": "-", "-": "+"}
_WHOLE = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.0*)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[- ][A-Za-z]{3,9}([- ]\d{2,4})?|[A-Za-z]{3,9}[- ]\d{1,4}")
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_NO_VALUE = ("", ".", "na", "nan", "none", "null", "-")
_GFF_NAME = re.compile(r"(?:^|;)\s*(?:Name|ID|gene_id|transcript_id)[= ]\"?([^;\"]+)")


class _RefusedError(ValueError):
    """Why a row is not taken; never leaves this module."""


def parse_rows(
    rows: Rows, layout: Layout, path: Path, *, swap_strands: bool = False, feature: str | None = None
) -> Iterator[RawTss | Refusal]:
    """Yield a TSS or a refusal for every data row.

    Parameters
    ----------
    rows : Rows
        Cells by line.
    layout : Layout
        Where the columns are.
    path : Path
        The file, for messages.
    swap_strands : bool
        Read ``+`` as ``-`` and the reverse.
    feature : str, optional
        GFF3 and GTF: the type to take. Needed where a file holds several.

    Raises
    ------
    InputError
        If a column is missing or stands twice, or there is no row.
    """
    header, data = _columns(rows, layout, path)
    if layout.header and "type" in layout.header:
        data = _of_feature(data, feature, path)
    if not data:
        raise InputError("holds no row of data", path=path, mend="is it the right file, and complete?")
    for line, row in data:
        try:
            cells = _cells(header, row, layout)
            if cells is not None:
                yield _tss(cells, layout, line, swap_strands)
        except _RefusedError as reason:
            yield Refusal(str(path), line, str(reason), "\t".join(row))


def _columns(rows: Rows, layout: Layout, path: Path) -> tuple[list[str], Rows]:
    needed = [
        name for name in (layout.position, layout.end, layout.strand, layout.chrom, layout.score) if name is not None
    ]
    needed += [*layout.conditions, *layout.evidence, *layout.where]
    if layout.header is not None:
        header = list(layout.header)
        if rows[0][1][:1] == ["#chrom"]:
            header = [rows[0][1][0].removeprefix("#"), *rows[0][1][1:]]
        return header, [(line, row) for line, row in rows if not is_comment(row)]
    index = find_header(rows, (layout.position, layout.strand))
    if index is None:
        _missing_column(rows, layout, path)
    line, cells = rows[index or 0]
    header = [cell.removeprefix("#").strip() for cell in cells]
    for name in needed:
        if header.count(name) == 0:
            raise InputError(f"has no column {name!r}", path=path, line=line, mend=f"it has {', '.join(header)}")
        if header.count(name) > 1:
            raise InputError(f"the column {name!r} stands twice", path=path, line=line, mend="rename or remove one")
    return header, [(line, row) for line, row in rows[(index or 0) + 1 :] if not is_comment(row)]


def _missing_column(rows: Rows, layout: Layout, path: Path) -> None:
    line, cells = next(((line, row) for line, row in rows if not is_comment(row)), rows[0])
    missing = next((name for name in (layout.position, layout.strand) if name not in cells), layout.position)
    raise InputError(f"has no column {missing!r}", path=path, line=line, mend=f"it has {', '.join(cells)}")


def _of_feature(data: Rows, feature: str | None, path: Path) -> Rows:
    types = sorted({row[2] for _, row in data if len(row) == 9})
    if feature is None and len(types) > 1:
        listed = ", ".join(types[:6]) + (", …" if len(types) > 6 else "")
        raise InputError(
            f"holds features of {len(types)} types: {listed}", path=path, mend="choose with --feature TYPE"
        )
    if feature is not None and feature not in types:
        raise InputError(f"holds no feature of type {feature!r}", path=path, mend=f"it holds {', '.join(types[:6])}")
    return [(line, row) for line, row in data if len(row) != 9 or feature is None or row[2] == feature]


def _cells(header: Sequence[str], row: Sequence[str], layout: Layout) -> Mapping[str, str] | None:
    """Return the row by column name; None where a filter leaves it out."""
    if len(row) > len(header) and layout.name != "bed":
        raise _RefusedError(f"has {len(row)} columns, the header {len(header)}")
    cells = dict(zip(header, row, strict=False))
    for name in filter(None, (layout.chrom, layout.position, layout.end, layout.strand)):
        if name not in cells:
            raise _RefusedError(f"has only {len(row)} columns, none for {name!r}")
    return cells if all(cells.get(name) in values for name, values in layout.where.items()) else None


def _tss(cells: Mapping[str, str], layout: Layout, line: int, swap_strands: bool) -> RawTss:
    strand = _strand(cells[layout.strand])
    strand = _OPPOSITE[strand] if swap_strands else strand
    start = five_prime_base(
        _whole(cells[layout.position], layout.position),
        None if layout.end is None else _whole(cells[layout.end], layout.end),
        strand,
        layout.base,
    )
    chrom = cells[layout.chrom] if layout.chrom else layout.default_chrom or ""
    score = "" if layout.score is None else cells.get("sourceScore", cells.get(layout.score, ""))
    values = {name: _split_list(cells.get(name, "")) for name in ("condition", "evidence", "sigma")}
    return RawTss(
        line,
        chrom,
        start,
        strand,
        _label(cells.get(layout.label or "", ""), layout),
        _score(score),
        tuple(_condition(cells[name]) for name in layout.conditions if cells.get(name)) or values["condition"],
        tuple(filter(None, (_evidence(cells.get(name, ""), layout) for name in layout.evidence))) or values["evidence"],
        tuple(_split_list(cells.get(layout.sigma, ""))) if layout.sigma else values["sigma"],
    )


def five_prime_base(position: int, end: int | None, strand: str, base: Base) -> int:
    """Return the 0-based base that a position, or the 5' end of an interval, stands for.

    Examples
    --------
    >>> [five_prime_base(100, None, strand, "border") for strand in "+-"]
    [100, 99]
    >>> [five_prime_base(100, 200, strand, "1") for strand in "+-"]  # GFF: closed
    [99, 199]
    >>> [five_prime_base(100, 200, strand, "0") for strand in "+-"]  # BED: half-open
    [100, 199]
    """
    if end is not None and end - position < (0 if base == "1" else 1):
        raise _RefusedError(f"the interval {position}-{end} is empty or runs backwards")
    right = position if end is None else end
    if base == "border" or (base == "0" and end is not None):
        start = position if strand == "+" else right - 1
    else:
        start = (position if strand == "+" else right) - int(base)
    if start < 0:
        raise _RefusedError(f"position {position} is before the first base")
    return start


def _strand(text: str) -> str:
    strand = _STRANDS.get(text.lower())
    if strand is None:
        raise _RefusedError(f"strand is {text!r}, neither + nor -" if text not in ("", ".") else "has no strand")
    return strand


def _whole(text: str, column: str) -> int:
    if not text or text.lower() in _NO_VALUE:
        raise _RefusedError(f"has no {column}")
    if _WHOLE.fullmatch(text):
        return int(text.split(".")[0].replace(",", ""))
    if _ROUNDED.fullmatch(text):
        raise _RefusedError(f"{column} is {text!r}: a spreadsheet has rounded it")
    if _DATE.fullmatch(text):
        raise _RefusedError(f"{column} is {text!r}: a spreadsheet has made a date of it")
    raise _RefusedError(f"{column} is {text!r}, not a whole number")


def _score(text: str) -> float:
    if text.lower() in _NO_VALUE:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise _RefusedError(f"score is {text!r}, not a number") from None
    if math.isinf(value):
        raise _RefusedError(f"score is {text!r}, not a finite number")
    return value


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in re.split(r"[;,]", text) if item.strip() and item.strip() != ".")


def _condition(text: str) -> str:
    return text.removeprefix("TSS-").replace(",", " ")


def _evidence(text: str, layout: Layout) -> str:
    if layout.name == "cappable":  # gi|…|_<position>_<relative read score>_<strand>_<enrichment>
        return f"enrichment={text.rsplit('_', 1)[-1]}"
    return text.replace(",", " ")


def _label(text: str, layout: Layout) -> str:
    if layout.name == "gff":
        found = _GFF_NAME.search(text)
        text = found[1].strip() if found else ""
    return "" if text == "." else re.sub(r"[\s:,]+", "_", text)
