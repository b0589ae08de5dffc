"""From the cells of a table to single bases: every row becomes a TSS, is refused, or is left out, with the reason."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from tracktools.concise import concise
from tracktools.errors import InputError, shortened, shown
from tracktools.formats.numerals import NO_VALUE, Decimal, Score, decimal_of, read_score, whole_number
from tracktools.tss.layouts import STRAND_WORDS, Base, Layout, find_header, is_comment
from tracktools.tss.spreadsheet import Rows, Sheet


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
    remark: str = ""  # on the score: see `Score`


@concise
@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken; its kind goes on after "3", in the line of counts."""

    path: str
    line: int
    reason: str
    text: str
    kind: str = "unreadable"


@dataclass(frozen=True, slots=True)
class Aside:
    """One row that was not asked for."""

    reason: str


_OPPOSITE = {"+": "-", "-": "+"}
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[- ][A-Za-z]{3,9}([- ]\d{2,4})?|[A-Za-z]{3,9}[- ]\d{1,4}")
_MOST_DIGITS = 100  # of a position; one of more is no slip of a spreadsheet
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_GFF_NAME = re.compile(r"(?:^|;)\s*(?:Name|ID|gene_id|transcript_id)[= ]\"?([^;\"]+)")
_NOT_LIBRARIES = ("baseMean", "log2FoldChange")  # where DESeq2's columns begin in READemption's tables
_GENE_TYPES = ("gene", "CDS", "mRNA", "exon", "pseudogene", "tRNA", "rRNA", "ncRNA", "region")


class _RefusedError(ValueError):
    """Why a row is not taken, and in which kind it is counted; never leaves this module."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(shortened(reason))
        self.kind = kind


@dataclass(frozen=True)
class _Table:
    """The columns and data rows of one sheet, and how its numbers are written."""

    header: list[str]
    data: Rows
    decimal: Decimal


def parse_rows(
    sheet: Sheet, layout: Layout, path: Path | str, *, swap_strands: bool = False, feature: str | None = None
) -> Iterator[RawTss | Refusal | Aside]:
    """Yield a TSS, a refusal, or a row left aside, for every data row.

    Parameters
    ----------
    sheet : Sheet
        Cells by line.
    layout : Layout
        Where the columns are.
    path : Path or str
        The file, for messages.
    swap_strands : bool
        Read ``+`` as ``-`` and the reverse.
    feature : str, optional
        The type of feature to take, where the file has types. Needed where it contains several, and for genes.

    Raises
    ------
    InputError
        If a column is missing or is there twice, or there is no row.
    """
    table = _table(sheet, layout, path)
    layout = _with_feature(table, layout, feature, path)
    above = ""
    for line, row in table.data:
        try:
            cells = _cells(table.header, row, layout)
            _check_digits(cells, layout, path, line)
            if layout.fill_down and layout.chrom:
                above = cells[layout.chrom] = cells[layout.chrom] or above
            if row == table.header:
                yield Aside("that repeat the header")
                continue
            aside = next((name for name, values in layout.where.items() if cells.get(name) not in values), None)
            if aside is not None:
                yield Aside(f"where {aside} is not {' or '.join(layout.where[aside])}")
            else:
                yield _tss(cells, table, layout, line, swap_strands)
        except _RefusedError as reason:
            yield Refusal(str(path), line, str(reason), "\t".join(row), reason.kind)


def check_columns(sheet: Sheet, layout: Layout, path: Path | str) -> None:
    """Check that a sheet has the columns of a layout; raises what `parse_rows` raises."""
    _table(sheet, layout, path)


def _table(sheet: Sheet, layout: Layout, path: Path | str) -> _Table:
    header, data = _columns(sheet.rows, layout, path)
    if not data:
        raise InputError("contains no row of data", path=path, hint="is it the right file, and complete?")
    numbers = {header.index(name) for name in (layout.position, layout.end, layout.score) if name in header}
    found = decimal_of(row[index] for _, row in data for index in numbers if index < len(row))
    return _Table(header, data, found or ("?" if sheet.separator == ";" else "."))


def _columns(rows: Rows, layout: Layout, path: Path | str) -> tuple[list[str], Rows]:
    if layout.header is not None:
        header = list(layout.header)
        named = rows[0][1][0] in ("#chrom", "chrom")
        if named:
            header = [rows[0][1][0].removeprefix("#"), *rows[0][1][1:]]
        end = next((i for i, (_, row) in enumerate(rows) if row[0] == "##FASTA"), len(rows))  # of GFF3
        return header, [(line, row) for line, row in rows[int(named) : end] if not is_comment(row)]
    index = find_header(rows, (layout.position, layout.strand))
    if index is None:
        _missing_column(rows, layout, path)
    line, cells = rows[index or 0]
    header = [cell.removeprefix("#").strip() for cell in cells]
    needed = (layout.position, layout.end, layout.strand, layout.chrom, layout.score)
    for name in [name for name in needed if name is not None] + [*layout.conditions, *layout.evidence, *layout.where]:
        if header.count(name) == 0:
            raise InputError(f"has no column {name!r}", path=path, line=line, hint=f"it has {', '.join(header)}")
        if header.count(name) > 1:
            raise InputError(f"the column {name!r} is there twice", path=path, line=line, hint="rename or remove one")
    data = [(line, row) for line, row in rows[(index or 0) + 1 :] if not is_comment(row)]
    if data and {len(row) for _, row in data} == {len(header) + 1}:
        header = ["", *header]  # R writes the names of rows without a name for their column
    return header, data


def _missing_column(rows: Rows, layout: Layout, path: Path | str) -> None:
    line, cells = next(((line, row) for line, row in rows if not is_comment(row)), rows[0])
    missing = next((name for name in (layout.position, layout.strand) if name not in cells), layout.position)
    alike = next((cell for cell in cells if cell.lower().strip() == missing.lower().strip()), None)
    option = "--position-column" if missing == layout.position else "--strand-column"
    hint = f"say {option} {shlex.quote(alike)}" if alike else f"it has {', '.join(cells)}"
    raise InputError(f"has no column {missing!r}", path=path, line=line, hint=hint)


def _with_feature(table: _Table, layout: Layout, feature: str | None, path: Path | str) -> Layout:
    """Return a layout that takes the rows of one type of feature, where the file has types."""
    if layout.feature is None:
        return layout
    column = table.header.index(layout.feature)
    types = sorted({row[column] for _, row in table.data if len(row) == len(table.header)})
    listed = ", ".join(types[:6]) + (", …" if len(types) > 6 else "")
    if feature is None and len(types) > 1:
        hint = f"choose one: say --feature {'TSS' if 'TSS' in types else types[0]}"
        raise InputError(f"contains features of {len(types)} types: {listed}", path=path, hint=hint)
    if feature is None and layout.name == "reademption" and types and types[0] in _GENE_TYPES:
        hint = f"if their first bases are the TSS, say --feature {types[0]}"
        raise InputError(f"counts reads of {types[0]}, not of TSS", path=path, hint=hint)
    if feature is not None and feature not in types:
        raise InputError(f"contains no feature of type {feature!r}", path=path, hint=f"it contains {listed}")
    return layout if feature is None else replace(layout, where={**layout.where, layout.feature: (feature,)})


def _cells(header: Sequence[str], row: Sequence[str], layout: Layout) -> dict[str, str]:
    """Return the row by column name."""
    if len(row) > len(header) and layout.name != "bed":
        raise _RefusedError(f"has {len(row)} columns, the header {len(header)}", "with too many columns")
    cells = dict(zip(header, row, strict=False))
    for name in filter(None, (layout.chrom, layout.position, layout.end, layout.strand)):
        if name not in cells:
            raise _RefusedError(f"has only {len(row)} columns, none for {name!r}", "with too few columns")
    return cells


def _check_digits(cells: Mapping[str, str], layout: Layout, path: Path | str, line: int) -> None:
    """Refuse a file with a number that no sequence is long enough for: it is damaged, or was made to do damage."""
    for name in filter(None, (layout.position, layout.end)):
        if len(cells[name]) > _MOST_DIGITS and cells[name].isdecimal():
            problem = f"{name} is {shown(cells[name], 40)}, a number of {len(cells[name]):,} digits"
            raise InputError(problem, path=path, line=line, hint="correct it, or remove the row")


def _tss(cells: Mapping[str, str], table: _Table, layout: Layout, line: int, swap_strands: bool) -> RawTss:
    strand = _strand(cells[layout.strand])
    strand = _OPPOSITE[strand] if swap_strands else strand
    start = five_prime_base(
        _whole(cells[layout.position], layout.position, table.decimal),
        None if layout.end is None else _whole(cells[layout.end], layout.end, table.decimal),
        strand,
        layout.base,
    )
    values = {name: _split_list(cells.get(name, "")) for name in ("condition", "evidence", "sigma")}
    score, libraries = _score(cells, table, layout)
    conditions = tuple(_condition(cells[name]) for name in layout.conditions if cells.get(name)) + libraries
    evidence = tuple(filter(None, (_evidence(cells.get(name, ""), layout) for name in layout.evidence)))
    evidence += tuple(name.lower() for name in layout.classes if cells.get(name) == "1")
    if layout.name == "annogesic":
        conditions, evidence = (_attribute(cells, name) for name in ("libs", "type"))
    return RawTss(
        line,
        _chrom(cells, layout),
        start,
        strand,
        _label(cells.get(layout.label or "", ""), layout),
        score.value,
        conditions or values["condition"],
        evidence or values["evidence"],
        tuple(_split_list(cells.get(layout.sigma, ""))) if layout.sigma else values["sigma"],
        score.remark,
    )


def _chrom(cells: Mapping[str, str], layout: Layout) -> str:
    if layout.chrom is None:
        return layout.default_chrom or ""
    if not cells[layout.chrom]:
        hint = "fill the cells down, or say --fill-down to take each from the row above"
        raise _RefusedError(f"the cell of {layout.chrom!r} is empty: {hint}", "without a sequence name")
    return cells[layout.chrom]


def _score(cells: Mapping[str, str], table: _Table, layout: Layout) -> tuple[Score, tuple[str, ...]]:
    """Return the score, and the libraries that have reads where the columns are libraries."""
    if layout.counts_after is None:
        if layout.score is None:
            return Score(math.nan), ()
        return read_score(cells.get("sourceScore", cells.get(layout.score, "")), table.decimal), ()
    first = table.header.index(layout.counts_after) + 1
    end = next((i for i, name in enumerate(table.header) if i > first and name in _NOT_LIBRARIES), len(table.header))
    counts = {name: read_score(cells.get(name, ""), table.decimal) for name in table.header[first:end]}
    held = {name: count.value for name, count in counts.items() if not math.isnan(count.value)}
    remark = next((count.remark for count in counts.values() if count.remark), "")
    return Score(sum(held.values()) if held else math.nan, remark), tuple(name for name, n in held.items() if n > 0)


def five_prime_base(position: int, end: int | None, strand: str, base: Base) -> int:
    """Return the 0-based base that a position, or the 5' end of an interval, means.

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
        raise _RefusedError(f"the interval {position}-{end} is empty or runs backwards", "with an empty interval")
    right = position if end is None else end
    if base == "border" or (base == "0" and end is not None):
        start = position if strand == "+" else right - 1
    else:
        start = (position if strand == "+" else right) - int(base)
    if start < 0:
        raise _RefusedError(f"position {position} is before the first base", "beyond the ends of their sequence")
    return start


def _strand(text: str) -> str:
    strand = STRAND_WORDS.get(text.lower())
    if strand is None:
        reason = f"strand is {text!r}, neither + nor -" if text not in ("", ".") else "has no strand"
        raise _RefusedError(reason, "without strand")
    return strand


def _whole(text: str, column: str, decimal: Decimal) -> int:
    if text.lower() in NO_VALUE:
        raise _RefusedError(f"has no {column}", "without position")
    number = whole_number(text, decimal)
    if number is not None:
        return number
    if _ROUNDED.fullmatch(text):
        raise _RefusedError(f"{column} is {text!r}: a spreadsheet has rounded it", "rounded by a spreadsheet")
    if _DATE.fullmatch(text):
        raise _RefusedError(
            f"{column} is {text!r}: a spreadsheet has made a date of it", "made a date by a spreadsheet"
        )
    if re.fullmatch(r"\d{1,3}[.,]\d{3}", text):
        raise _RefusedError(f"{column} is {text!r}: thousands or decimals?", "with an unclear position")
    raise _RefusedError(f"{column} is {text!r}, not a whole number", "without position")


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in re.split(r"[;,]", text) if item.strip() and item.strip() != ".")


def _condition(text: str) -> str:
    return text.removeprefix("TSS-").replace(",", " ")


def _evidence(text: str, layout: Layout) -> str:
    if layout.name == "cappable":  # gi|…|_<position>_<relative read score>_<strand>_<enrichment>
        return f"enrichment={text.rsplit('_', 1)[-1]}"
    return text.replace(",", " ")


def _attribute(cells: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the values of an attribute of ANNOgesic, which joins them by ``&``."""
    found = re.search(rf"(?:^|;)\s*{name}=([^;]*)", cells["attributes"])
    return tuple(unquote(value).replace(",", " ").lower() if name == "type" else _condition(unquote(value))
                 for value in (found[1].split("&") if found else ()) if value)  # fmt: skip


def _label(text: str, layout: Layout) -> str:
    if layout.name in ("gff", "annogesic", "reademption"):
        found = _GFF_NAME.search(text)
        text = unquote(found[1]).strip() if found else ""
    return "" if text == "." else re.sub(r"[\s:,]+", "_", text)
