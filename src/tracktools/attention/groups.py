"""The groups of positions that heads are described over, and the TSS sets of ``--at``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.attention.places import GenomeKeys
from tracktools.counting import count_line
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import read_bed
from tracktools.formats.bed_schemas import CALLED_COLUMNS
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.tracks import read_tracks

log = logging.getLogger(__name__)

RESERVED = ("random", "top", "bottom", "all")
MOST_POSITIONS = 100_000  # of all groups: their attention takes 7.4 GB on disk while the run lasts


@dataclass(frozen=True, eq=False)
class Group:
    """A group of positions.

    Parameters
    ----------
    name : str
        As in ``groups.tsv``.
    description : str
        Where it comes from.
    keys : ndarray of int64, shape (n,)
        Ascending distinct keys (`GenomeKeys`).
    names : list of str
        Name of each position, ``.`` where it has none.
    """

    name: str
    description: str
    keys: Int64
    names: list[str]


def plain_group(name: str, description: str, keys: Int64) -> Group:
    """Return a group whose positions have no names."""
    return Group(name, description, np.sort(keys), ["."] * len(keys))


def tss_file(path: Path) -> Path:
    """Return the file of a TSS set: a BED itself, or the calls in a folder of ``predict`` or ``tss call``.

    Raises
    ------
    InputError
        If a folder does not hold called TSS, or more than one file of them.
    """
    if not path.is_dir():
        return path
    beds = [track.path for track in read_tracks(path) if track.format == "bed"]
    called = [bed for bed in beds if set(CALLED_COLUMNS) <= set(read_bed(bed)[1].columns)]
    if len(called) == 1:
        return called[0]
    named = ", ".join(bed.name for bed in called or beds[:3])
    problem = f"contains {len(called) or 'no'} files of called TSS" + (f" ({named})" if named else "")
    raise InputError(problem, path=path, hint="name a BED, or a folder that tracktools predict wrote")


def read_tss_group(
    name: str, path: Path, places: GenomeKeys, *, renames: Mapping[str, str] | None = None, only_genome: bool = False
) -> Group:
    """Read the positions of a TSS set that get an output; those that get none are left out, with a warning.

    Raises
    ------
    InputError, GenomeMismatchError
        If it is not a TSS set of this genome (`read_tss_bed`), or none of its TSS gets an output.
    """
    sizes = places.genome.chrom_sizes
    table, left_out = read_tss_bed(path, sizes, renames=renames, only_genome=only_genome)
    numbers = {chrom: number for number, chrom in enumerate(sizes)}
    firsts = [
        places.first_key(numbers[chrom], strand) for chrom, strand in zip(table["chrom"], table["strand"], strict=True)
    ]
    keys, index = np.unique(np.array(firsts) + table["chromStart"].to_numpy(dtype=np.int64), return_index=True)
    answered = places.has_output(keys)
    if not answered.any():
        raise InputError(
            "none of its TSS gets an output", path=path, hint="they are N, or on the last bases of contigs"
        )
    if not answered.all():
        log.warning("warning: %s: %d of %d TSS get no output and are left out", path, (~answered).sum(), len(keys))
    unanswered = int((~answered).sum())
    left_out |= {"on a base that another row names too": len(table) - len(keys), "without an output": unanswered}
    log.info("%s: %s", path, count_line(len(keys) - unanswered, left_out, "TSS"))
    names = table["name"].astype(str).to_numpy()[index]
    kept = [name or "." for name in names[answered]]
    return Group(name, f"TSS of {path.name}", keys[answered], kept)


def check_groups(names: list[str], n_positions: int) -> None:
    """Refuse names that mean something else, and more positions than are kept.

    Raises
    ------
    ConfigError
        Saying which.
    """
    for name in names:
        if name in RESERVED:
            raise ConfigError(f"a set cannot be called {name!r}, which is a group of its own (write NAME=BED)")
        if not name or any(character.isspace() for character in name):
            raise ConfigError(f"{name!r} is no name for a set (write NAME=BED, without spaces)")
    if n_positions > MOST_POSITIONS:
        raise ConfigError(
            f"{n_positions:,} positions are asked for, and at most {MOST_POSITIONS:,} are kept (take fewer, or --all)"
        )


class TopAndBottom:
    """The highest and the lowest outputs of a genome, found block by block.

    Parameters
    ----------
    n : int
        How many of each. Of equal outputs, the positions with the smaller keys are taken.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._found = {sign: (np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)) for sign in (1, -1)}

    def add(self, outputs: Float32, keys: Int64) -> None:
        """Take the outputs of positions; NaN is left out."""
        known = ~np.isnan(outputs)
        outputs, keys = outputs[known], keys[known]
        for sign, (values, their_keys) in self._found.items():
            own = sign * outputs
            if len(own) > self._n:  # what is below the n-th of these alone cannot be among the n of all
                near = own >= np.partition(own, len(own) - self._n)[len(own) - self._n]
            else:
                near = np.ones(len(own), dtype=bool)
            values, their_keys = np.append(values, own[near]), np.append(their_keys, keys[near])
            order = np.lexsort((their_keys, -values))[: self._n]
            self._found[sign] = values[order], their_keys[order]

    @property
    def top(self) -> Int64:
        """Keys of the highest outputs, the highest first."""
        return self._found[1][1]

    @property
    def bottom(self) -> Int64:
        """Keys of the lowest outputs, the lowest first."""
        return self._found[-1][1]
