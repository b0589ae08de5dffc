"""Names of sequences in data files, against those of the genome of the hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tracktools.aliases import ALIASES, other_version, resolve_chrom
from tracktools.errors import GenomeMismatchError


def rename_chroms(names: Iterable[str], chrom_sizes: Mapping[str, int], *, path: Path) -> dict[str, str]:
    """Return what each sequence of a file is called in the genome.

    Parameters
    ----------
    names : iterable of str
        Names in the file.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    path : Path
        The file, for messages.

    Raises
    ------
    GenomeMismatchError
        If a name is of no sequence of the genome, or of another version of one.

    Examples
    --------
    >>> rename_chroms(["U00096.3"], {"NC_000913.3": 4641652}, path=Path("a.gff"))
    {'U00096.3': 'NC_000913.3'}
    """
    renamed = {}
    for name in names:
        chrom = resolve_chrom(name, chrom_sizes)
        if chrom is None:
            other = other_version(name, chrom_sizes)
            known = ", ".join(list(chrom_sizes)[:3]) + (", …" if len(chrom_sizes) > 3 else "")
            raise GenomeMismatchError(
                f"speaks of {name!r}, which the genome does not hold",
                path=path,
                mend=f"it holds another version, {other}: lift the file over" if other else f"it holds {known}",
            )
        renamed[name] = chrom
    return renamed


def check_lengths(
    lengths: Mapping[str, int], names: Mapping[str, str], chrom_sizes: Mapping[str, int], *, path: Path
) -> None:
    """Check that a file gives each sequence the length that the genome gives it.

    Parameters
    ----------
    lengths : mapping of str to int
        What the file says [bp], by its own names.
    names : mapping of str to str
        What each of them is called in the genome; see `rename_chroms`.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    path : Path
        The file, for messages.

    Raises
    ------
    GenomeMismatchError
        At the first sequence of another length.
    """
    for name, length in lengths.items():
        if length != chrom_sizes[names[name]]:
            raise GenomeMismatchError(
                f"gives {name} {length} bp, the genome has {chrom_sizes[names[name]]}",
                path=path,
                mend="was it made on another assembly?",
            )


def chrom_aliases(chrom_sizes: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return the other names of each sequence of a genome.

    Examples
    --------
    >>> chrom_aliases({"NC_000913.3": 4641652, "plasmid": 9000})
    {'NC_000913.3': ('U00096.3', 'chr', 'Chromosome'), 'plasmid': ()}
    """
    return {
        chrom: next((tuple(name for name in group if name != chrom) for group in ALIASES if chrom in group), ())
        for chrom in chrom_sizes
    }
