"""A stranded pair of bigWigs, of any program: read as positive values, under the names that a genome has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.formats.input_file import real_path
from tracktools.input_sign import InputSign, pair_notes, pair_record
from tracktools.interval import STRANDS, Strand
from tracktools.names import join_names, listed, name_hint, own_names


class BigWigPair:
    """A stranded pair of bigWigs in plus-strand coordinates; see `open_pair`.

    Attributes
    ----------
    chrom_sizes : dict of str to int
        Length of each sequence that a file has [bp], by its name in the genome.
    left_out : tuple of str
        Sequences of the files that the genome lacks, as the files call them.
    """

    def __init__(
        self,
        readers: Mapping[Strand, BigWigReader],
        names: Mapping[Strand, Mapping[str, str]],
        left_out: tuple[str, ...],
    ) -> None:
        self._readers, self.left_out = readers, left_out
        self._names = {strand: own_names(names[strand], path=readers[strand].path) for strand in STRANDS}
        self.chrom_sizes = {
            chrom: readers[strand].chrom_sizes[name]
            for strand in STRANDS
            for chrom, name in self._names[strand].items()
        }
        self._signs = {strand: InputSign(readers[strand].path, strand) for strand in STRANDS}

    def values(self, strand: Strand, chrom: str, start: int, end: int) -> Float32:
        """Return the values of one strand as positive numbers, shape (end - start,); NaN where there is none.

        Raises
        ------
        InputError
            If a value is infinite, or the file of one strand has values of both signs.
        """
        if chrom not in self._names[strand]:
            return np.full(end - start, np.nan, dtype=np.float32)
        values = self._readers[strand].values(self._names[strand][chrom], start, end)
        return self._signs[strand].positive(values, chrom, start)

    @property
    def notes(self) -> list[str]:
        """What to say on stderr of what was read so far."""
        notes = pair_notes(self._signs["+"], self._signs["-"])
        if self.left_out:
            files = " and ".join(reader.path.name for reader in self._readers.values())
            notes.append(f"{files}: left out sequences that the genome does not have: {listed(self.left_out)}")
        return notes

    @property
    def record(self) -> dict[str, object]:
        """What the provenance says: signs as stored, names as read, sequences left out."""
        renamed = {name: chrom for names in self._names.values() for chrom, name in names.items() if name != chrom}
        record: dict[str, object] = dict(pair_record(self._signs["+"], self._signs["-"]))
        return (
            record
            | ({"renamed": renamed} if renamed else {})
            | ({"left_out": list(self.left_out)} if self.left_out else {})
        )


@contextmanager
def open_pair(
    plus: Path, minus: Path, chrom_sizes: Mapping[str, int] | None = None, *, renames: Mapping[str, str] | None = None
) -> Iterator[BigWigPair]:
    """Open a pair of bigWigs.

    Parameters
    ----------
    plus, minus : Path
        One of them may lack a sequence on which it has no value.
    chrom_sizes : mapping of str to int, optional
        Length of each sequence of the genome [bp]. Without it, the files' own names stay, but for `renames`.
    renames : mapping of str to str, optional
        Name in the files to name in the genome; it wins over the known names.

    Raises
    ------
    InputError
        If a file is no bigWig, both are the same file, or two of its sequences get one name.
    ConfigError
        If a renaming leads to no sequence of the genome.
    GenomeMismatchError
        If the two are of different sequences, or of none of the genome's, or of other lengths.
    """
    if real_path(plus) == real_path(minus):
        raise InputError("is named for both strands", path=plus, hint="name the file of each strand")
    with BigWigReader(plus) as forward, BigWigReader(minus) as reverse:
        readers: dict[Strand, BigWigReader] = {"+": forward, "-": reverse}
        _check_alike(forward, reverse)
        held = {**forward.chrom_sizes, **reverse.chrom_sizes}
        names = {strand: _names(reader, chrom_sizes, renames) for strand, reader in readers.items()}
        if not any(names.values()):
            problem = f"has no sequence of the genome: it has {listed(held)}"
            raise GenomeMismatchError(problem, path=plus, hint=name_hint(next(iter(held), ""), chrom_sizes or ()))
        left_out = tuple(name for name in held if name not in names["+"] and name not in names["-"])
        yield BigWigPair(readers, names, left_out)


def renamed_sizes(sizes: Mapping[str, int], renames: Mapping[str, str] | None) -> dict[str, int]:
    """Return the sequences of a file under the names that the user gives them."""
    return {(renames or {}).get(name, name): size for name, size in sizes.items()}


def _check_alike(forward: BigWigReader, reverse: BigWigReader) -> None:
    """Refuse two files that cannot be of one genome; a sequence without values may be missing from one."""
    both = [name for name in forward.chrom_sizes if name in reverse.chrom_sizes]
    other = next((name for name in both if forward.chrom_sizes[name] != reverse.chrom_sizes[name]), None)
    if other is not None:
        problem = f"has {reverse.chrom_sizes[other]:,} bp of {other}, and {forward.path} {forward.chrom_sizes[other]:,}"
        raise GenomeMismatchError(problem, path=reverse.path, hint="take a pair of one genome")
    if not both:
        problem = f"has other sequences than {forward.path}: {listed(reverse.chrom_sizes)}"
        raise GenomeMismatchError(problem, path=reverse.path, hint="take a pair of one genome")


def _names(
    reader: BigWigReader, chrom_sizes: Mapping[str, int] | None, renames: Mapping[str, str] | None
) -> dict[str, str]:
    """Return what each sequence of a file is called in the genome."""
    if chrom_sizes is None:
        names = {name: (renames or {}).get(name, name) for name in reader.chrom_sizes}
    else:
        names = join_names(reader.chrom_sizes, chrom_sizes, renames=renames, only_genome=True, path=reader.path)
    for name, chrom in names.items() if chrom_sizes is not None else ():
        if chrom_sizes[chrom] != reader.chrom_sizes[name]:  # type: ignore[index]  # not None here
            problem = f"{name} has {reader.chrom_sizes[name]:,} bp, and {chrom_sizes[chrom]:,} in the genome"  # type: ignore[index]
            raise GenomeMismatchError(problem, path=reader.path, hint="was it made on another assembly?")
    return names
