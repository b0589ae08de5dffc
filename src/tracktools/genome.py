"""Genomes: named sequences, linear or circular, as letters and as network codes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from tracktools.arrays import Codes, Int64, Letters
from tracktools.concise import concise
from tracktools.descriptor import Descriptor, count_pairs, describe_pairs
from tracktools.errors import ConfigError, InputError
from tracktools.formats.fasta import read_fasta
from tracktools.formats.genbank import flat_sequences, is_flat_file, read_flat_file
from tracktools.formats.gff3 import is_circle, is_gff3, read_gff3
from tracktools.formats.twobit import LONGEST_NAME_BYTES, is_twobit, read_twobit
from tracktools.interval import CHROM_NAME, Strand

ALPHABET = "ACGT"
UNKNOWN = 4  # code of every letter but A, C, G, T
_CODE_OF_LETTER = bytearray([UNKNOWN]) * 256  # for bytes.translate: indexing an array makes eight bytes of each index
for _code, _letter in enumerate(ALPHABET):
    _CODE_OF_LETTER[ord(_letter)] = _CODE_OF_LETTER[ord(_letter.lower())] = _code
COMPLEMENT_OF_CODE = np.array([3, 2, 1, 0, UNKNOWN], dtype=np.uint8)
_SUFFIXES = (".fa", ".fasta", ".fna", ".fas", ".2bit", ".gb", ".gbk", ".gbff", ".genbank", ".embl", ".gff", ".gff3")
_PART_BP = 1 << 20  # what is done with a whole contig is done in parts, so that it takes no memory of its size


@concise
@dataclass(frozen=True, eq=False)
class Contig:
    """One sequence of a genome.

    Parameters
    ----------
    name : str
        Its name, the first word of the FASTA header.
    letters : ndarray of uint8, shape (length,)
        ASCII codes; lower case (soft-masked) is kept.
    circular : bool
        Whether its end is joined to its start.
    """

    name: str
    letters: Letters
    circular: bool = False

    def __len__(self) -> int:
        return len(self.letters)

    @property
    def codes(self) -> Codes:
        """Codes of the plus strand, shape (length,): A 0, C 1, G 2, T 3, every other letter 4; made anew each time."""
        return codes_of_letters(self.letters)

    @cached_property
    def code_counts(self) -> Int64:
        """Number of A, C, G, T and other letters, shape (5,)."""
        counts = np.zeros(UNKNOWN + 1, dtype=np.int64)
        for part in self._parts():
            counts += np.bincount(codes_of_letters(part), minlength=UNKNOWN + 1)
        return counts

    @cached_property
    def pair_counts(self) -> Int64:
        """Number of each pair of letters A, C, G, T in a row, shape (4, 4), see `count_pairs`."""
        return count_pairs([self.codes])

    @cached_property
    def sequence_sha256(self) -> str:
        """SHA-256 of the upper-case letters, whatever the contig is called."""
        digest = hashlib.sha256()
        for part in self._parts():
            digest.update(part.tobytes().upper())
        return digest.hexdigest()

    @cached_property
    def sequence_md5(self) -> str:
        """MD5 of the upper-case letters, as the headers of BAM and CRAM files have it (``M5``)."""
        digest = hashlib.md5(usedforsecurity=False)
        for part in self._parts():
            digest.update(part.tobytes().upper())
        return digest.hexdigest()

    def _parts(self) -> Iterator[Letters]:
        return (self.letters[at : at + _PART_BP] for at in range(0, len(self), _PART_BP))

    def strand_codes(self, start: int, end: int, strand: Strand) -> Codes:
        """Return codes in the direction of a strand, 5' to 3'.

        Parameters
        ----------
        start, end : int
            Half-open range in *strand* coordinates: 0 is the 5' end of the strand, which on ``-`` is the last base of
            the contig. A circular contig wraps, as often as the range asks for; a linear one is clipped at its ends.
        strand : {"+", "-"}
            Which strand to read.

        Returns
        -------
        ndarray of uint8, shape (at most end - start,)
        """
        length = len(self)
        if not self.circular:
            start, end = max(start, 0), min(end, length)
        if strand == "+":
            return self._plus_codes(start, end)
        return COMPLEMENT_OF_CODE[self._plus_codes(length - end, length - start)[::-1]]

    def codes_at(self, positions: Int64) -> Codes:
        """Return the codes of bases of the plus strand, 0-based, in any order; modulo the length, as on a circle."""
        return codes_of_letters(self.letters[positions % len(self)])

    def unchanged_bases(self, positions: Int64, _strand: Strand) -> Int64:
        """Return the bases themselves: what `ChangedContig.unchanged_bases` is where nothing changed."""
        return positions

    def _plus_codes(self, start: int, end: int) -> Codes:
        if 0 <= start <= end <= len(self):
            return codes_of_letters(self.letters[start:end])
        return codes_of_letters(self.letters[np.arange(start, end) % len(self)])


def codes_of_letters(letters: Letters) -> Codes:
    """Return the codes of letters, ASCII in any case: A 0, C 1, G 2, T 3, every other letter 4."""
    return np.frombuffer(
        bytearray(letters.tobytes()).translate(_CODE_OF_LETTER), dtype=np.uint8
    )  # may be written to, as torch wants it


@concise
@dataclass(frozen=True, eq=False)
class Genome:
    """The sequences of one assembly, in file order.

    Parameters
    ----------
    name : str
        Name of the genome: the stem of files made from it.
    contigs : tuple of Contig
        Its sequences; names are unique.
    """

    name: str
    contigs: tuple[Contig, ...]

    def __iter__(self) -> Iterator[Contig]:
        return iter(self.contigs)

    def __len__(self) -> int:
        """Return the number of bases of all contigs."""
        return sum(len(contig) for contig in self.contigs)

    def __getitem__(self, name: str) -> Contig:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Contig]:
        return {contig.name: contig for contig in self.contigs}

    @property
    def chrom_sizes(self) -> dict[str, int]:
        """Length of each contig [bp], in file order."""
        return {contig.name: len(contig) for contig in self.contigs}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of names and upper-case sequences: equal however the file was wrapped, masked or compressed."""
        digest = hashlib.sha256()
        for contig in self.contigs:
            digest.update(f">{contig.name}\n".encode())
            for part in contig._parts():
                digest.update(part.tobytes().upper())
            digest.update(b"\n")
        return digest.hexdigest()

    def with_circular(self, names: Collection[str]) -> Genome:
        """Return the same genome with the contigs of these names circular, too."""
        return replace(self, contigs=tuple(replace(c, circular=c.circular or c.name in names) for c in self.contigs))

    @property
    def pair_counts(self) -> Int64:
        """Number of each pair of letters A, C, G, T in a row, shape (4, 4), in all contigs."""
        return sum((contig.pair_counts for contig in self.contigs), np.zeros((4, 4), dtype=np.int64))

    @property
    def described_bp(self) -> int:
        """Pairs of the letters A, C, G, T: what `descriptor` is counted over."""
        return int(self.pair_counts.sum())

    @cached_property
    def descriptor(self) -> Descriptor:
        """What the genome looks like as a whole, for models that are set to a genome; see `describe_sequences`."""
        return describe_pairs(self.pair_counts)

    @cached_property
    def gc_content(self) -> float:
        """Share of G and C among the bases A, C, G, T; 0 where there are none."""
        counts = sum((contig.code_counts for contig in self.contigs), np.zeros(UNKNOWN + 1, dtype=np.int64))
        known = int(counts[:4].sum())
        return float(counts[1] + counts[2]) / known if known else 0.0


def genome_name(path: Path) -> str:
    """Return the stem of a sequence file's name.

    Examples
    --------
    >>> genome_name(Path("data/NC_000913.3.fa.gz"))
    'NC_000913.3'
    """
    name = path.name.removesuffix(".gz").removesuffix(".bgz")
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name


def _check_names(contigs: Collection[Contig], path: Path) -> None:
    """Refuse names that a BED or a 2bit file could not hold, before any work is done."""
    for contig in contigs:
        if not CHROM_NAME.fullmatch(contig.name):
            hint = "rename it: no spaces, no leading #, not the word track or browser"
            raise InputError(
                f"the sequence name {contig.name[:40]!r} is not possible in a BED file", path=path, hint=hint
            )
        if len(contig.name.encode()) > LONGEST_NAME_BYTES:
            hint = f"2bit allows {LONGEST_NAME_BYTES}: rename it"
            problem = f"the sequence name {contig.name[:40]!r}… has {len(contig.name.encode())} bytes"
            raise InputError(problem, path=path, hint=hint)


def _is_plain(name: str) -> bool:
    return name.isprintable() and "/" not in name


def _read(path: Path) -> tuple[Iterable[tuple[str, Letters]], set[str]]:
    """Return the sequences of a file of any kind, and the names of those that it calls circular."""
    if is_twobit(path):
        return read_twobit(path), set()
    if is_flat_file(path):
        records = read_flat_file(path)
        return flat_sequences(records, path), {record.name for record in records if record.circular}
    if is_gff3(path):
        return read_fasta(path, after_gff3=True), {row.chrom for row in read_gff3(path) if is_circle(row)}
    return read_fasta(path), set()


def as_genome(genome: Genome | Path | str, circular: Collection[str] = ()) -> Genome:
    """Return a genome, read from its file where a path is given, then with these contigs circular."""
    return genome if isinstance(genome, Genome) else load_genome(genome, circular=circular)


def load_genome(path: Path | str, *, circular: Collection[str] = (), name: str | None = None) -> Genome:
    """Read a genome from FASTA (plain, gzip, bgzip), 2bit, GenBank, EMBL, or GFF3 with a ``##FASTA`` section.

    Parameters
    ----------
    path : Path or str
        The file; recognised by its content.
    circular : collection of str
        Names of circular contigs; ``"all"`` means every contig. Others are circular only where the file says so:
        ``circular`` in the LOCUS line of GenBank, ``Is_circular=true`` in GFF3.
    name : str, optional
        Name of the genome; by default the file's stem.

    Raises
    ------
    InputError
        If the file is not a sequence file, a sequence has a name that BED or 2bit cannot hold, or `circular` names a
        contig that there is not.
    ConfigError
        If `name` could not begin the name of a file.
    """
    path = Path(path)
    if name is not None and (not name or name.startswith(".") or len(name.encode()) > 200 or not _is_plain(name)):
        raise ConfigError(f"the name {name[:40]!r} cannot begin the names of files (use letters, digits, _, - and .)")
    sequences, declared = _read(path)
    everything = "all" in circular
    contigs = tuple(
        Contig(name, letters, everything or name in circular or name in declared) for name, letters in sequences
    )
    _check_names(contigs, path)
    unknown = sorted(set(circular) - {"all"} - {contig.name for contig in contigs})
    if unknown:
        known = ", ".join(contig.name for contig in contigs[:3]) + (", …" if len(contigs) > 3 else "")
        raise InputError(f"has no contig {unknown[0]!r} to make circular", path=path, hint=f"it contains {known}")
    return Genome(name or genome_name(path), contigs)
