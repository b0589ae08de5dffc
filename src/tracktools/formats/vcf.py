"""VCF as lines of text: what other tools wrote in them is kept as it is.

Format: https://samtools.github.io/hts-specs/VCFv4.5.pdf. Only the columns that say what changes are read;
samples, filters and the INFO of others pass through.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from tracktools.errors import InputError
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.text_file import open_text

FIRST_LINE = "##fileformat=VCFv4.2"
FIXED_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
MISSING = "."
_INFO = 7
_CONTIG = re.compile(r"##contig=<.*\bID=([^,>]+)")
_CONTIG_LENGTH = re.compile(r"##contig=<.*\blength=([0-9]{1,18})[,>]")
_INFO_ID = re.compile(r"##INFO=<ID=([^,>]+)")
_POSITION = re.compile(r"[0-9]{1,18}")
_REFERENCE = re.compile(r"[A-Za-z]+")


class VcfLine(NamedTuple):
    """A variant of a file.

    Parameters
    ----------
    number : int
        Line of the file, counted from 1.
    columns : tuple of str
        As they are in the file: eight fixed ones, then FORMAT and samples.
    """

    number: int
    columns: tuple[str, ...]

    @property
    def chrom(self) -> str:
        """Name of the sequence, as the file has it."""
        return self.columns[0]

    @property
    def position(self) -> int:
        """POS: 1-based."""
        return int(self.columns[1])

    @property
    def reference(self) -> str:
        """REF."""
        return self.columns[3]

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The alleles of ALT; none where it is ``.``."""
        return () if self.columns[4] == MISSING else tuple(self.columns[4].split(","))


@dataclass(frozen=True)
class VcfHeader:
    """Everything before the variants.

    Parameters
    ----------
    meta : tuple of str
        The lines that begin with ``##``.
    columns : str
        The line ``#CHROM …``.
    contigs : dict of str to (int, int or None)
        The sequences that it declares: line, and length [bp] where it says one.
    """

    meta: tuple[str, ...]
    columns: str
    contigs: dict[str, tuple[int, int | None]]


@contextmanager
def open_vcf(path: Path) -> Iterator[tuple[VcfHeader, Iterator[VcfLine]]]:
    """Open a VCF file, plain, gzip or bgzip: its header, and its lines in their order, which need not be sorted.

    Raises
    ------
    InputError
        If it is no VCF file; later, at a line that is no variant.
    """
    with open_maybe_gzip(path) as probe:
        if probe.read(3) == b"BCF":
            raise InputError("is BCF", path=path, hint="bcftools view -Ov -o variants.vcf FILE")
    with open_text(path) as file:
        rows = ((number, line.rstrip("\r\n")) for number, line in enumerate(file, 1))
        header = _read_header(rows, path)
        yield header, _lines(rows, path)


def _read_header(rows: Iterator[tuple[int, str]], path: Path) -> VcfHeader:
    meta: list[str] = []
    contigs: dict[str, tuple[int, int | None]] = {}
    for number, line in rows:
        if line.startswith("##"):
            meta.append(line)
            if name := _CONTIG.match(line):
                length = _CONTIG_LENGTH.match(line)
                contigs[name[1]] = number, None if length is None else int(length[1])
            continue
        if tuple(line.split("\t")[: len(FIXED_COLUMNS)]) != FIXED_COLUMNS:
            hint = f"a VCF file has a line {' '.join(FIXED_COLUMNS)}, with tabs, before its variants"
            raise InputError("is not the header of a VCF file", path=path, line=number, hint=hint)
        if not (meta and meta[0].startswith("##fileformat=VCF")):
            meta.insert(0, FIRST_LINE)
        return VcfHeader(tuple(meta), line, contigs)
    raise InputError("has no line #CHROM …", path=path, hint="is it a VCF file?")


def _lines(rows: Iterator[tuple[int, str]], path: Path) -> Iterator[VcfLine]:
    for number, line in rows:
        if not line:
            continue
        columns = tuple(line.split("\t"))
        if len(columns) < len(FIXED_COLUMNS):
            problem = f"has {len(columns)} columns, and a variant has {len(FIXED_COLUMNS)} or more"
            raise InputError(problem, path=path, line=number, hint="are they separated by tabs?")
        check_columns(columns, path, number)
        yield VcfLine(number, columns)


def check_columns(columns: Sequence[str], path: Path | None, number: int | None) -> None:
    """Refuse a position or a REF that is none."""
    if not _POSITION.fullmatch(columns[1]):
        raise InputError(f"POS is {columns[1]!r}", path=path, line=number, hint="write a whole number, 1-based")
    if not _REFERENCE.fullmatch(columns[3]):
        raise InputError(f"REF is {columns[3]!r}", path=path, line=number, hint="write the letters of the genome")
    if not all(columns[4].split(",")):
        raise InputError(f"ALT is {columns[4]!r}", path=path, line=number, hint="write letters, or . for none")


class InfoField(NamedTuple):
    """What an INFO field contains, a value for each allele of ALT."""

    name: str
    kind: str
    description: str

    def line(self) -> str:
        """Return the line of the header that says so."""
        return f'##INFO=<ID={self.name},Number=A,Type={self.kind},Description="{self.description}">'


def write_header(file: TextIO, header: VcfHeader, fields: Sequence[InfoField], made_by: str) -> None:
    """Write the lines of a header, and those of new INFO fields; older lines of these fields go."""
    names = {field.name for field in fields}
    for line in header.meta:
        own = _INFO_ID.match(line)
        if not (own and own[1] in names):
            file.write(f"{line}\n")
    for field in fields:
        file.write(f"{field.line()}\n")
    file.write(f"{made_by}\n{header.columns}\n")


def write_line(file: TextIO, line: VcfLine, info: dict[str, str], names: Collection[str]) -> None:
    """Write a variant as it is, with these values in its INFO instead of older ones of these names."""
    columns = list(line.columns)
    kept = [] if columns[_INFO] == MISSING else columns[_INFO].split(";")
    kept = [entry for entry in kept if entry.partition("=")[0] not in names]
    columns[_INFO] = ";".join([*kept, *(f"{name}={value}" for name, value in info.items())]) or MISSING
    file.write("\t".join(columns) + "\n")
