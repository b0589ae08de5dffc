"""``tss import``: tables of any shape become one sorted set of single bases, and nothing is lost silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tracktools.aliases import ALIASES, other_version, resolve_chrom
from tracktools.errors import InputError
from tracktools.genome import Genome
from tracktools.tss.layouts import Layout, detect_layout
from tracktools.tss.rows import RawTss, Refusal, parse_rows
from tracktools.tss.spreadsheet import read_rows
from tracktools.tss.table import make_table


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
    aliases : mapping of str to str
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
    """

    name: str
    layout: Layout | None = None
    chrom: str | None = None
    aliases: Mapping[str, str] | None = None
    shift_plus: int = 0
    shift_minus: int = 0
    swap_strands: bool = False
    feature: str | None = None
    where: Mapping[str, tuple[str, ...]] | None = None
    strict: bool = False


@dataclass(frozen=True)
class ImportedSet:
    """A set that was read.

    Parameters
    ----------
    table : DataFrame
        Columns of `TSS_SOURCE`, sorted, a row a base.
    refused : tuple of Refusal
        Rows that were not taken.
    n_rows : int
        Rows that were taken; more than the table has where several speak of one base.
    formats : tuple of str
        Kind of each file.
    other_assembly : dict of str to str
        Sequences of the set that are another version of one of the genome, by name.
    """

    table: pd.DataFrame
    refused: tuple[Refusal, ...]
    n_rows: int
    formats: tuple[str, ...]
    other_assembly: Mapping[str, str]


def import_tss(paths: Sequence[Path], request: ImportRequest, genome: Genome | None = None) -> ImportedSet:
    """Read TSS tables into one set.

    Parameters
    ----------
    paths : sequence of Path
        The files; a base in several of them becomes one row.
    request : ImportRequest
        How to read them.
    genome : Genome, optional
        Names and lengths of the sequences. Without it names are brought to RefSeq ones and ends are not checked.

    Raises
    ------
    InputError
        If a file cannot be read, no row can be taken, or a row cannot and `request.strict` is set.
    """
    taken: list[RawTss] = []
    refused: list[Refusal] = []
    formats: list[str] = []
    for path in map(Path, paths):
        rows = read_rows(path)
        layout = request.layout or detect_layout(rows, path)
        layout = replace(layout, where={**layout.where, **(request.where or {})})
        formats.append(layout.name)
        parsed = parse_rows(rows, layout, path, swap_strands=request.swap_strands, feature=request.feature)
        text = dict(rows)
        for row in (_place(item, text, path, request, genome) for item in parsed):
            if isinstance(row, RawTss):
                taken.append(row)
                continue
            if request.strict:
                raise InputError(
                    row.reason, path=row.path, line=row.line, mend="without --strict it is listed and left out"
                )
            refused.append(row)
    if not taken:
        _nothing_taken(paths, refused)
    table = make_table(taken, request.name, list(genome.chrom_sizes) if genome else ())
    names = list(genome.chrom_sizes) if genome else []
    others = {name: other for name in table["chrom"].unique() if (other := other_version(name, names)) is not None}
    return ImportedSet(table, tuple(refused), len(taken), tuple(formats), others)


def _nothing_taken(paths: Sequence[Path], refused: Sequence[Refusal]) -> None:
    if not refused:
        raise InputError("no row is left by --where", path=paths[0], mend="look at the values of that column")
    reason, n = Counter(refusal.reason for refusal in refused).most_common(1)[0]
    first = next(refusal for refusal in refused if refusal.reason == reason)
    raise InputError(f"no row could be taken; {n} of {len(refused)}: {reason}", path=first.path, line=first.line)


def _place(
    item: RawTss | Refusal,
    text: Mapping[int, Sequence[str]],
    path: Path,
    request: ImportRequest,
    genome: Genome | None,
) -> RawTss | Refusal:
    """Bring a base to the genome's name of its sequence, shift it, and refuse it where it lies beyond the end."""
    if isinstance(item, Refusal):
        return item
    names = list(genome.chrom_sizes) if genome else []
    try:
        chrom = _chrom(item.chrom or request.chrom or "", names, request.aliases, genome)
        start = item.start + (request.shift_plus if item.strand == "+" else request.shift_minus)
        length = genome.chrom_sizes.get(chrom) if genome else None
        if start < 0 or (length is not None and start >= length):
            raise LookupError(f"base {start + 1} (1-based) is beyond the ends of {chrom}, which has {length or 0}")
    except LookupError as reason:
        return Refusal(str(path), item.line, str(reason.args[0]), "\t".join(text[item.line]))
    return replace(item, chrom=chrom, start=start)


def _chrom(name: str, names: Sequence[str], aliases: Mapping[str, str] | None, genome: Genome | None) -> str:
    if not name and len(names) == 1:
        return names[0]  # the one sequence there is; the caller reports it
    if not name:
        raise LookupError("no column names the sequence: say --chrom NAME")
    canonical = resolve_chrom(name, [group[0] for group in ALIASES], aliases) or (aliases or {}).get(name, name)
    if genome is None:
        return canonical
    found = resolve_chrom(name, names, aliases)
    if found is not None:
        return found
    if other_version(name, names) is not None:
        return canonical
    held = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    raise LookupError(f"sequence {name!r} is not in the genome ({held}): say --alias {name}={names[0]} if it is that")
