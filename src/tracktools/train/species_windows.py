"""Windows of many species, from tables: their letters, where the TSS are, and of which genome they are."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Bool, Codes, Int64
from tracktools.descriptor import Descriptor, describe_sequences
from tracktools.errors import ConfigError, InputError
from tracktools.formats.text_file import open_text
from tracktools.interval import STRANDS
from tracktools.train.sheet import WindowsRow

PAD = 4  # after the end of a shorter window: a letter like N, where nothing is scored
_CODES = np.full(256, PAD, dtype=np.uint8)
for _code, _letter in enumerate("ACGT"):
    _CODES[ord(_letter)] = _CODES[ord(_letter.lower())] = _code


@dataclass(frozen=True, eq=False)
class SpeciesWindows:
    """The windows of one species.

    Parameters
    ----------
    species, lineage, phylum : str
    codes : ndarray of uint8, shape (N, L)
        Letters 5' to 3', padded.
    lengths : ndarray of int, shape (N,)
    is_tss : ndarray of bool, shape (N, L)
        At the TSS of the window, and at others of the table that lie in it.
    around_tss : ndarray of bool, shape (N,)
        Whether the window was cut around a TSS, and not around a random position.
    descriptor : Descriptor
        Of the windows around random positions, which are a sample of the genome.
    """

    species: str
    lineage: str
    phylum: str
    codes: Codes
    lengths: Int64
    is_tss: Bool
    around_tss: Bool
    descriptor: Descriptor

    @property
    def names(self) -> frozenset[str]:
        """All by which it can be left out."""
        return frozenset((self.species, self.species.split()[0], self.lineage, self.phylum))

    def only(self, keep: Bool) -> SpeciesWindows:
        """Return some of the windows; the descriptor stays that of all."""
        return SpeciesWindows(
            self.species, self.lineage, self.phylum,
            self.codes[keep], self.lengths[keep], self.is_tss[keep], self.around_tss[keep], self.descriptor,
        )  # fmt: skip


def read_species_windows(row: WindowsRow, leave_out: Collection[str] = ()) -> list[SpeciesWindows]:
    """Read the tables; species or lineages of `leave_out`, or that the sheet leaves out, are skipped.

    Raises
    ------
    InputError
        If a column is missing, a species has no line in the table of species, or an index lies outside its sequence.
    """
    names = species_names(row)
    around: dict[str, list[tuple[int, str, int, str]]] = {}
    for line, one in _rows(row.tss, ("species", "position", "strand", "tss_index", "sequence")):
        at, sequence = _whole(one, "tss_index", row.tss, line), one["sequence"]
        if not 0 <= at < len(sequence):
            raise InputError(f"tss_index {at} is outside the sequence", path=row.tss, line=line)
        if one["strand"] not in STRANDS:
            raise InputError(f"the strand is {one['strand']!r}", path=row.tss, line=line, hint="it is + or -")
        around.setdefault(one["species"], []).append(
            (_whole(one, "position", row.tss, line), one["strand"], at, sequence)
        )
    elsewhere: dict[str, list[str]] = {}
    for _, one in _rows(row.random, ("species", "sequence")):
        elsewhere.setdefault(one["species"], []).append(one["sequence"])
    skipped = {*row.leave_out, *leave_out}
    found = []
    for species, rows in around.items():
        if species not in names:
            raise InputError(f"{species} has no line", path=row.species)
        _, _, lineage, phylum = names[species]
        if not skipped.intersection(names[species]):
            found.append(_of_species(species, lineage, phylum, rows, elsewhere.get(species, []), row.random))
    return found


def species_names(row: WindowsRow) -> dict[str, tuple[str, str, str, str]]:
    """Return, of each species of a table, all by which it can be left out: itself, genus, lineage and phylum.

    Raises
    ------
    InputError
        If a column or a value is missing.
    """
    lineages = {one["species"]: one["lineage"] for _, one in _rows(row.species, ("species", "lineage"))}
    return {
        species: (species, species.split()[0], lineage, row.phyla.get(lineage, lineage))
        for species, lineage in lineages.items()
    }


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows of a table with their lines; each has a value in each of the columns."""
    with open_text(path) as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"has no column {missing[0]}", path=path, line=1)
        try:
            for row in reader:
                empty = next((name for name in columns if not (row[name] or "").strip()), None)
                if empty is not None:
                    raise InputError(f"has no {empty}", path=path, line=reader.line_num)
                yield reader.line_num, row
        except csv.Error as error:
            raise InputError(f"is no table: {error}", path=path, line=reader.line_num) from None


def _whole(row: Mapping[str, str], name: str, path: Path, line: int) -> int:
    try:
        return int(row[name])
    except (TypeError, ValueError):
        raise InputError(f"{name} {row[name]!r} is no number", path=path, line=line) from None


def _of_species(
    species: str, lineage: str, phylum: str, rows: list[tuple[int, str, int, str]], elsewhere: list[str], path: Path
) -> SpeciesWindows:
    if not elsewhere:
        raise InputError(f"{species} has no windows around random positions", path=path)
    sequences = [row[3] for row in rows] + elsewhere
    length = max(len(sequence) for sequence in sequences)
    codes = np.full((len(sequences), length), PAD, dtype=np.uint8)
    for number, sequence in enumerate(sequences):
        codes[number, : len(sequence)] = _CODES[np.frombuffer(sequence.encode("ascii", "replace"), dtype=np.uint8)]
    try:
        descriptor = describe_sequences([codes[len(rows) :].ravel()])
    except ConfigError:
        problem = f"the windows of {species} around random positions have too few letters to describe its genome"
        raise InputError(problem, path=path) from None
    is_tss = np.zeros(codes.shape, dtype=bool)
    for number, (_, _, at, _) in enumerate(rows):
        is_tss[number, at] = True
    _mark_neighbours(rows, is_tss)
    return SpeciesWindows(
        species, lineage, phylum, codes, np.array([len(sequence) for sequence in sequences]), is_tss,
        np.arange(len(sequences)) < len(rows), descriptor,
    )  # fmt: skip


def _mark_neighbours(rows: list[tuple[int, str, int, str]], is_tss: Bool) -> None:
    """Mark in each window the TSS of other rows, where the letters of both agree that the distance is right."""
    order = sorted(range(len(rows)), key=lambda number: (rows[number][1], rows[number][0]))
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            gap = rows[other][0] - rows[one][0]
            if rows[other][1] != rows[one][1] or gap > is_tss.shape[1]:
                break
            gap = gap if rows[one][1] == "+" else -gap
            _mark(rows, is_tss, one, other, gap)
            _mark(rows, is_tss, other, one, -gap)


def _mark(rows: list[tuple[int, str, int, str]], is_tss: Bool, one: int, other: int, gap: int) -> None:
    _, _, at, sequence = rows[one]
    _, _, there, neighbour = rows[other]
    place, flank = at + gap, 10
    if flank <= place < len(sequence) - flank and flank <= there < len(neighbour) - flank:
        same = sequence[place - flank : place + flank] == neighbour[there - flank : there + flank]
        is_tss[one, place] |= same
