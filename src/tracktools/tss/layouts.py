"""Where each kind of file keeps the position, the strand and the rest, and which base its numbers mean."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.tss.spreadsheet import Rows

Base = Literal["0", "1", "border"]
FORMATS = (
    "auto", "cappable", "sendseq", "smrt", "regulondb", "tsspredator", "annogesic", "reademption",
    "bed", "gff", "table",
)  # fmt: skip

ECOLI = "NC_000913.3"


@concise
@dataclass(frozen=True)
class Layout:
    """How to read one kind of table; columns are named as in its header.

    Parameters
    ----------
    name : str
        One of `FORMATS`.
    position : str
        Column of the position; of the left end, where `end` is given.
    strand : str
        Column of the strand.
    base : {"0", "1", "border"}
        What a number means. ``0``, ``1``: the first base of the sequence is 0, 1; an interval is half-open, closed.
        ``border``: the border left of the base on ``+`` and right of it on ``-``, so the base is ``position`` on ``+``
        and ``position - 1`` on ``-``, 0-based; half-open intervals are borders already.
    end : str, optional
        Column of the right end: the TSS is then the 5' end of the interval.
    chrom, score, label, sigma : str, optional
        Columns of the sequence name, the score, the name of the TSS, the sigma factor.
    conditions, evidence : tuple of str
        Columns whose values are joined.
    where : mapping of str to tuple of str
        Rows are kept whose columns hold one of the values.
    default_chrom : str, optional
        Sequence, where no column names it.
    header : tuple of str, optional
        Names of the columns of files without a header line.
    feature : str, optional
        Column of the type of feature; where a file contains several types, one must be chosen.
    classes : tuple of str
        Columns that hold 1 where the TSS is of the class that the column is called; the names are evidence.
    counts_after : str, optional
        The columns behind this one are libraries: their sum is the score, those above 0 the conditions.
    fill_down : bool
        Take an empty cell of the sequence name from the row above.
    """

    name: str
    position: str
    strand: str
    base: Base
    end: str | None = None
    chrom: str | None = None
    score: str | None = None
    label: str | None = None
    sigma: str | None = None
    conditions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_chrom: str | None = None
    header: tuple[str, ...] | None = None
    feature: str | None = None
    classes: tuple[str, ...] = ()
    counts_after: str | None = None
    fill_down: bool = False


STRAND_WORDS = dict.fromkeys(
    ("+", "(+)", "forward", "plus", "f", "fwd", "for", "1", "+1", "1.0", "top", "sense"), "+"
) | dict.fromkeys(
    ("-", "(-)", "reverse", "minus", "r", "rev", "-1", "-1.0", "\u2212", "\u2013", "bottom", "antisense"),
    "-",
)
_GFF_COLUMNS = ("seqid", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
_BED_COLUMNS = ("chrom", "chromStart", "chromEnd", "name", "score", "strand")

SENDSEQ = Layout(
    "sendseq",
    position="TSS_site",
    strand="TSS_direction",
    base="border",  # by the purine and -10 check; the file's own sequence column is one base off
    conditions=("Detected_in_log_phase", "Detected_in_stationary_phase"),
    default_chrom=ECOLI,
)
SMRT = Layout(
    "smrt",
    position="TU_left_position",
    end="TU_right_position",
    strand="TU_strand",
    base="0",
    conditions=("GCs(Experimental",),  # as the authors write it
    default_chrom=ECOLI,
)
REGULONDB = Layout(
    "regulondb",
    position="posTSS",
    strand="strand",
    base="1",
    label="name",
    sigma="sigmaFactor",
    evidence=("confidenceLevel", "evidence(list)"),
    default_chrom=ECOLI,
)
GFF = Layout(
    "gff",
    position="start",
    end="end",
    strand="strand",
    base="1",
    chrom="seqid",
    score="score",
    label="attributes",
    header=_GFF_COLUMNS,
    feature="type",
)
ANNOGESIC = replace(GFF, name="annogesic")  # libraries and classes are in the attributes
# https://uni-tuebingen.de/en/2144 (TSSpredator): a row per condition ("Genome") and gene; positions are 1-based
TSSPREDATOR = Layout(
    "tsspredator",
    position="Pos",
    strand="Strand",
    base="1",
    score="stepHeight",
    conditions=("Genome",),
    classes=("Primary", "Secondary", "Internal", "Antisense"),
    where={"detected": ("1",)},
)
# https://reademption.readthedocs.io: gene_wise_quantifications_combined.csv, GFF3 columns by their descriptions
READEMPTION = Layout(
    "reademption",
    position="Start",
    end="End",
    strand="Strand",
    base="1",
    chrom="Sequence name",
    label="Attributes",
    feature="Feature",
    counts_after="Attributes",
    where={"Orientation of counted reads relative to the strand location of the annotation": ("sense",)},
)
CAPPABLE = Layout(
    "cappable",
    position="start",
    end="end",
    strand="strand",
    base="1",
    chrom="seqid",
    score="score",
    evidence=("attributes",),
    header=_GFF_COLUMNS,
    feature="type",
)
BED = Layout(
    "bed",
    position="chromStart",
    end="chromEnd",
    strand="strand",
    base="0",
    chrom="chrom",
    score="score",
    label="name",
    header=_BED_COLUMNS,
)
LAYOUTS = {
    layout.name: layout
    for layout in (CAPPABLE, SENDSEQ, SMRT, REGULONDB, TSSPREDATOR, ANNOGESIC, READEMPTION, BED, GFF)
}
_ANNOGESIC_ATTRIBUTES = re.compile(r"(?=.*\bUTR_length=)(?=.*\blibs=)(?=.*\btype=)")


def detect_layout(rows: Rows, path: Path | str) -> Layout:
    """Tell the kind of a file by its content.

    Raises
    ------
    InputError
        If it is none of those that can be told; lists its columns and the options that name them.
    """
    for layout in (SENDSEQ, SMRT, REGULONDB):
        if find_header(rows, (layout.position, layout.strand)) is not None:
            return layout
    for layout in (TSSPREDATOR, READEMPTION):
        names = (layout.position, layout.strand, *layout.where, layout.score or layout.counts_after or "")
        if find_header(rows, names) is not None:
            return layout
    first = next((row for _, row in rows if not is_comment(row)), rows[0][1])
    if len(first) == 9 and first[3].isdigit() and first[4].isdigit():
        own = first[1] == "TSSpredator" or _ANNOGESIC_ATTRIBUTES.match(first[8])
        return CAPPABLE if first[1] == "CAPPABLE_SEQ" else ANNOGESIC if own else GFF
    is_bedgraph = len(first) == 4 and re.fullmatch(r"\d+ \d+ -?[\d.]+(e-?\d+)?", " ".join(first[1:]))
    if [cell.removeprefix("#") for cell in rows[0][1][:3]] == ["chrom", "chromStart", "chromEnd"]:
        return BED
    if len(first) >= 3 and first[1].isdigit() and first[2].isdigit() and not is_bedgraph:
        stranded = len(first) >= 6 and first[5] in ("+", "-", ".")
        if stranded or not first[0].isdigit():
            return BED
    if is_bedgraph:
        hint = "one file per strand: tracktools reads --plus --minus makes bigWigs of them, tracktools tss call a set"
        raise InputError("is bedGraph, a signal without strand", path=path, hint=hint)
    columns = ", ".join(repr(cell) for cell in first[:8]) + (", …" if len(first) > 8 else "")
    if any(map(str.isdigit, first)):
        hint = "name its columns in a first line, and read it with --format table"
        raise InputError(f"has no header line, and no kind that is known: {columns}", path=path, hint=hint)
    hint = f"say --format table {_likely_columns(rows)} --base 1 (or 0, or border)"
    raise InputError(f"cannot tell the kind of table by its first row: {columns}", path=path, hint=hint)


def _likely_columns(rows: Rows) -> str:
    """Return the options that name the columns of position and strand, for a message; ``NAME`` where none looks so."""
    _, header = next(((line, row) for line, row in rows if not is_comment(row)), rows[0])
    data = [row for _, row in rows[1:51] if len(row) == len(header)]

    def named(index: int) -> str:
        return shlex.quote(header[index].removeprefix("#").strip())

    columns = [[row[index].lower() for row in data] for index in range(len(header))] if data else []
    strands = [i for i, cells in enumerate(columns) if set(cells) <= STRAND_WORDS.keys()]
    whole = [i for i, cells in enumerate(columns) if all(cell.isdigit() for cell in cells) and i not in strands]
    likely = [i for i in whole if re.search(r"(?i)pos|tss|start|coord|site|5", header[i])] or whole
    ends = [i for i in whole if re.search(r"(?i)end|stop|right", header[i])]
    options = [("--position-column", likely), *([("--end-column", ends)] if ends else []), ("--strand-column", strands)]
    return " ".join(f"{option} {named(found[0]) if found else 'NAME'}" for option, found in options)


def find_header(rows: Rows, names: Sequence[str]) -> int | None:
    """Return the index of the first row that has all the names, without a leading ``#``; None if no row has."""
    for index, (_, row) in enumerate(rows[:50]):
        cells = {cell.removeprefix("#").strip() for cell in row}
        if all(name in cells for name in names):
            return index
    return None


def is_comment(row: Sequence[str]) -> bool:
    """Return whether a row is a comment, or a line that is meant for a genome browser."""
    return row[0].startswith(("#", "track ", "browser ")) or row[0] in ("track", "browser")
