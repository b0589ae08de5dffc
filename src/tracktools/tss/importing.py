"""``tss import``: tables of any shape become one sorted set of single bases, and nothing is lost silently."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from tracktools.aliases import ALIASES, other_version, resolve_chrom
from tracktools.bundle import CHROM, load_bundle
from tracktools.concise import concise
from tracktools.counting import count_line
from tracktools.errors import ConfigError, InputError
from tracktools.genome import Genome, as_genome
from tracktools.interval import CHROM_NAME
from tracktools.tss.layouts import Layout
from tracktools.tss.row_parser import Aside, RawTss, Refusal, parse_rows
from tracktools.tss.sheets import ChosenSheet, choose_sheets
from tracktools.tss.table import check_name, make_table


@concise
@dataclass(frozen=True)
class ImportRequest:
    """How to read the files of one set.

    Parameters
    ----------
    name : str
        Name of the set.
    layout : Layout, optional
        Where the columns are; by default told by the content.
    chrom : str, optional
        Sequence of files that name none.
    renames : mapping of str to str
        Names in the files to names in the genome; they win over the built-in ones.
    shift_plus, shift_minus : int
        Bases to add on each strand, in plus-strand direction.
    swap_strands : bool
        Read ``+`` as ``-`` and the reverse.
    feature : str, optional
        GFF3 and GTF: the type to take.
    where : mapping of str to tuple of str
        Rows are kept whose columns hold one of the values.
    strict : bool
        Stop at the first row that would be refused.
    sheet : str, optional
        Sheet of a workbook, or ``all`` that hold such a table; by default the first.
    """

    name: str
    layout: Layout | None = None
    chrom: str | None = None
    renames: Mapping[str, str] | None = None
    shift_plus: int = 0
    shift_minus: int = 0
    swap_strands: bool = False
    feature: str | None = None
    where: Mapping[str, tuple[str, ...]] | None = None
    strict: bool = False
    sheet: str | None = None


@concise
@dataclass(frozen=True)
class ImportedSet:
    """A set that was read.

    Parameters
    ----------
    table : DataFrame
        Columns of `TSS_SOURCE`, sorted, a row per base.
    refused : tuple of Refusal
        Rows that were not taken.
    n_rows : int
        Rows that were taken; more than the table has if several rows name one base.
    layouts : tuple of Layout
        How each file was read.
    genome : Genome or None
        Whose names the sequences have; the embedded *E. coli* where no genome was given and the files name it.
    aside : mapping of str to int
        Rows that were not asked for, by reason.
    scores : mapping of str to int
        Scores that are not just what is written, by what became of them.
    sheets : mapping of str to mapping
        For each workbook, the sheets ``read`` and ``not_read``.
    notes : tuple of str
        What to say of the files.
    """

    table: pd.DataFrame
    refused: tuple[Refusal, ...]
    n_rows: int
    layouts: tuple[Layout, ...]
    genome: Genome | None
    aside: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, int] = field(default_factory=dict)
    sheets: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> str:
        """The line that tells what was read, taken and left out."""
        kinds = Counter(refusal.kind for refusal in self.refused)
        return count_line(self.n_rows, {**kinds, **self.aside})

    @property
    def formats(self) -> tuple[str, ...]:
        """Kinds of the files, each once."""
        return tuple(dict.fromkeys(layout.name for layout in self.layouts))

    @property
    def other_assembly(self) -> dict[str, str]:
        """Sequences of the set that are another version of one of the genome, by name."""
        names = [] if self.genome is None else list(self.genome.chrom_sizes)
        versions = {name: other_version(name, names) for name in self.table["chrom"].unique()}
        return {name: other for name, other in versions.items() if other is not None}


def import_tss(
    paths: Sequence[Path | str], request: ImportRequest | str, genome: Genome | Path | str | None = None
) -> ImportedSet:
    """Read TSS tables into one set.

    Parameters
    ----------
    paths : sequence of Path or str
        The files; a base in several of them becomes one row.
    request : ImportRequest or str
        How to read them; or only the name of the set, where their content tells the rest.
    genome : Genome, Path or str, optional
        Names and lengths of the sequences. By default the embedded *E. coli* K-12 MG1655, where the files name one of
        its assemblies; otherwise names are kept and ends are not checked.

    Raises
    ------
    ConfigError
        If the name is not made of letters, digits, ``_``, ``-`` and ``.``; if both `request.chrom` and a column of
        sequence names are given.
    InputError
        If a file cannot be read, no row can be taken, or a row cannot and `request.strict` is set.
    """
    request = ImportRequest(request) if isinstance(request, str) else request
    genome = None if genome is None else as_genome(genome)
    check_name(request.name)
    if request.chrom and request.layout is not None and request.layout.name == "table" and request.layout.chrom:
        raise ConfigError(
            f"--chrom and --chrom-column {request.layout.chrom} together: --chrom is for files that name no sequence "
            "(leave out --chrom; --fill-down fills empty cells from the row above)"
        )
    tables, parsed, sheets = [], [], {}
    for path in map(Path, paths):
        chosen, sheets[str(path)] = choose_sheets(path, request.sheet, request.layout)
        for table in chosen:
            layout = replace(table.layout, where={**table.layout.where, **(request.where or {})})
            tables.append(replace(table, layout=layout))
            text = {line: "\t".join(row) for line, row in table.sheet.rows}
            items = parse_rows(
                table.sheet, layout, table.path, swap_strands=request.swap_strands, feature=request.feature
            )
            parsed += [(item, table.path, "" if isinstance(item, Aside) else text[item.line]) for item in items]
    aside = Counter(item.reason for item, _, _ in parsed if isinstance(item, Aside))
    named = {item.chrom for item, _, _ in parsed if isinstance(item, RawTss)}
    genome = genome or _embedded_genome(named, request)
    taken, refused = _place_all(parsed, _Placing(request, genome))
    if not taken:
        _refuse_all(list(map(Path, paths)), refused, aside)
    set_table = make_table(taken, request.name, list(genome.chrom_sizes) if genome else ())
    return ImportedSet(
        set_table,
        tuple(refused),
        len(taken),
        tuple(table.layout for table in tables),
        genome,
        aside,
        Counter(row.remark for row in taken if row.remark),
        {path: names for path, names in sheets.items() if names},
        tuple(_notes(tables, sheets, request)),
    )


def _place_all(
    parsed: Sequence[tuple[RawTss | Refusal | Aside, str, str]], place: _Placing
) -> tuple[list[RawTss], list[Refusal]]:
    taken, refused = [], []
    for item, path, line in parsed:
        if isinstance(item, Aside):
            continue
        row = place(item, path, line)
        if isinstance(row, RawTss):
            taken.append(row)
        elif place.request.strict:
            raise InputError(
                row.reason, path=row.path, line=row.line, hint="without --strict it is listed and left out"
            )
        else:
            refused.append(row)
    return taken, refused


def _notes(
    tables: Sequence[ChosenSheet], sheets: Mapping[str, Mapping[str, Sequence[str]]], request: ImportRequest
) -> list[str]:
    notes = []
    for path, names in sheets.items():
        if names.get("not_read"):
            read, unread = (", ".join(map(repr, names[key])) for key in ("read", "not_read"))
            which = f"say --sheet {shlex.quote(names['not_read'][0])}, or --sheet all for all that hold such a table"
            how = "" if request.sheet == "all" else f" ({which})"
            notes.append(f"{path}: read the sheet {read}, not {unread}{how}")
    for table in tables:
        if request.chrom and table.layout.chrom:
            notes.append(f"{table.path}: names its sequences; --chrom {request.chrom} is not used")
    return notes


def _embedded_genome(chroms: Collection[str], request: ImportRequest) -> Genome | None:
    """Return the embedded genome where each sequence is, by accession, one of its assemblies'."""
    names = {(request.renames or {}).get(chrom, chrom) for chrom in (name or request.chrom or "" for name in chroms)}
    known = [resolve_chrom(name, [CHROM]) or other_version(name, [CHROM]) for name in names]
    if all(known) and all("." in name for name in names):  # "chr" names no species
        return load_bundle().load_genome()
    return None


def _refuse_all(paths: Sequence[Path], refused: Sequence[Refusal], aside: Mapping[str, int]) -> None:
    if not refused:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in aside.items())
        raise InputError(f"no row is left: {reasons}", path=paths[0], hint="look at the values of that column")
    reason, n = Counter(refusal.reason for refusal in refused).most_common(1)[0]
    first = next(refusal for refusal in refused if refusal.reason == reason)
    raise InputError(f"no row could be taken; {n} of {len(refused)}: {reason}", path=first.path, line=first.line)


_MOST_BASES = 2**32 - 1  # of a sequence, in BED and bigWig


class _MisplacedError(LookupError):
    """Why a base is not on the genome, and in which kind it is counted; never leaves this module."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class _Placing:
    """Bring a base to the genome's name of its sequence, shift it, and refuse it where it lies beyond an end."""

    request: ImportRequest
    genome: Genome | None

    def __call__(self, item: RawTss | Refusal, path: str, text: str) -> RawTss | Refusal:
        if isinstance(item, Refusal):
            return item
        try:
            chrom = self._chrom(item.chrom or self.request.chrom or "")
            if not CHROM_NAME.fullmatch(chrom):
                plain = re.sub(r"[^\w.-]+", "_", chrom)
                hint = f"say --rename {shlex.quote(f'{chrom}={plain}')}" if item.chrom else f"say --chrom {plain}"
                raise _MisplacedError(f"{chrom!r} is no name for a sequence: {hint}", "under a name that is none")
            start = item.start + (self.request.shift_plus if item.strand == "+" else self.request.shift_minus)
            length = self.genome.chrom_sizes.get(chrom, 0) if self.genome else 0
            length = length or _MOST_BASES
            if not 0 <= start < length:
                most = f"which has {length}" if self.genome else "and of any sequence"
                beyond = f"base {start + 1} (1-based) is beyond the ends of {chrom}, {most}"
                raise _MisplacedError(beyond, "beyond the ends of their sequence")
        except _MisplacedError as reason:
            return Refusal(path, item.line, str(reason), text, reason.kind)
        return replace(item, chrom=chrom, start=start)

    def _chrom(self, name: str) -> str:
        names = [] if self.genome is None else list(self.genome.chrom_sizes)
        renames = self.request.renames or {}
        if not name and len(names) == 1:
            return names[0]  # the only one there is
        if not name:
            first = names[0] if names else "NAME"
            raise _MisplacedError(f"no column names the sequence: say --chrom {first}", "without a sequence name")
        found = resolve_chrom(name, names, renames)
        if found is not None:
            return found
        if self.genome is None or other_version(name, names) is not None:
            return resolve_chrom(name, [group[0] for group in ALIASES], renames) or renames.get(name, name)
        held = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        hint = f"say --rename {name}={names[0]} if it is that"
        raise _MisplacedError(f"sequence {name!r} is not in the genome, which has {held}: {hint}", "on other sequences")
