"""Names of sequences in data files, against those of the genome of the hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tracktools.aliases import ALIASES
from tracktools.errors import GenomeMismatchError


def check_lengths(
    lengths: Mapping[str, int], names: Mapping[str, str], chrom_sizes: Mapping[str, int], *, path: Path
) -> None:
    """Check that a file gives each sequence the length that the genome gives it.

    Parameters
    ----------
    lengths : mapping of str to int
        What the file says [bp], by its own names.
    names : mapping of str to str
        What each of them is called in the genome; see `join_names`.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    path : Path
        The file, for messages.

    Raises
    ------
    GenomeMismatchError
        At the first sequence of another length.
    """
    for name in names:
        length = lengths[name]
        if length != chrom_sizes[names[name]]:
            raise GenomeMismatchError(
                f"gives {name} {length} bp, the genome has {chrom_sizes[names[name]]}",
                path=path,
                hint="was it made on another assembly?",
            )


def chrom_aliases(
    chrom_sizes: Mapping[str, int], renames: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the other names of each sequence of a genome: the known ones, and those that the user says.

    Browsers find by them the sequences of files that are copied as they are.

    Examples
    --------
    >>> chrom_aliases({"NC_000913.3": 4641652, "plasmid": 9000})
    {'NC_000913.3': ('U00096.3', 'chr', 'Chromosome'), 'plasmid': ()}
    """
    aliases = {}
    for chrom in chrom_sizes:
        known = next((group for group in ALIASES if chrom in group), ())
        said = [old for old, new in (renames or {}).items() if new == chrom and old not in chrom_sizes]
        aliases[chrom] = tuple(name for name in dict.fromkeys([*known, *said]) if name != chrom)
    return aliases
