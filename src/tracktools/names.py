"""Which sequence of a genome a name in a file means: the one rule that every command follows.

1. What the user says wins (``--rename OLD=NEW``).
2. A name that the genome has means that sequence.
3. Known names of one sequence are joined (`tracktools.aliases`): ``U00096.3`` is ``NC_000913.3``.
4. Nothing else is ever guessed: not from lengths, not from being the only sequence, not across versions.

A command reads names with `join_names`, which says in one line what cannot be joined, or, where the user asked for
``--only-genome``, leaves it out of the mapping, for the command to count (`tracktools.counting.count_line`). Without a
genome, `common_names` joins the names of several files. The options are in `tracktools.cli.options`:
``rename_option`` gives a command ``renames``, ``only_genome_option`` gives it ``only_genome``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tracktools.aliases import ALIASES, other_version, resolve_chrom
from tracktools.errors import ConfigError, GenomeMismatchError, InputError

_LISTED = 3  # names that a message gives


class Renames(dict[str, str]):
    """Renamings that the user asked for, which notice what they were good for.

    A command looks up the names that it reads in its files; a renaming that was never looked up names nothing in them.

    Attributes
    ----------
    used : set of str
        Names that were looked up and are renamed.

    Examples
    --------
    >>> renames = Renames({"p1": "plasmid", "p2": "other"})
    >>> join_names(["p1"], ["plasmid"], renames=renames)
    {'p1': 'plasmid'}
    >>> renames.used
    {'p1'}
    """

    def __init__(self, *renames: Mapping[str, str]) -> None:
        super().__init__(*renames)
        self.used: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return self._noticed(name, super().__contains__(name))

    def __getitem__(self, name: str) -> str:
        new = super().__getitem__(name)
        self._noticed(name, True)
        return new

    def get(self, name: str, default: Any = None) -> Any:
        """Return the new name, or `default`."""
        self._noticed(name, super().__contains__(name))
        return super().get(name, default)

    def _noticed(self, name: object, held: bool) -> bool:
        if held:
            self.used.add(str(name))
        return held


def join_names(
    names: Iterable[str],
    chroms: Collection[str],
    *,
    renames: Mapping[str, str] | None = None,
    only_genome: bool | None = None,
    path: Path | None = None,
) -> dict[str, str]:
    """Return what each sequence of a file is called in the genome.

    Parameters
    ----------
    names : iterable of str
        Names in the file.
    chroms : collection of str
        Names in the genome; a mapping of name to length will do.
    renames : mapping of str to str, optional
        Name in the file to name in the genome, as the user says it.
    only_genome : bool, optional
        Leave out a name that the genome lacks, instead of refusing it; another version of a sequence, too. False: the
        message names the option ``--only-genome``; None: the command has no such option.
    path : Path, optional
        The file, for messages.

    Returns
    -------
    dict of str to str
        In the order of `names`; with `only_genome`, without those that were left out.

    Raises
    ------
    ConfigError
        If a name is renamed to one that the genome lacks.
    GenomeMismatchError
        If the genome lacks a sequence, or has another version of it.

    Examples
    --------
    >>> join_names(["U00096.3", "p1"], ["NC_000913.3", "plasmid"], renames={"p1": "plasmid"})
    {'U00096.3': 'NC_000913.3', 'p1': 'plasmid'}
    >>> join_names(["NC_000913.3", "phiX"], ["NC_000913.3"], only_genome=True)
    {'NC_000913.3': 'NC_000913.3'}
    """
    joined, unknown = {}, []
    for name in dict.fromkeys(names):
        chrom = resolve_chrom(name, chroms, renames)
        if chrom is not None:
            joined[name] = chrom
        elif name in (renames or {}):
            target = (renames or {})[name]
            raise ConfigError(f"--rename {name}={target}: the genome has no {target!r} (it has {listed(chroms)})")
        else:
            unknown.append(name)
    if unknown and not only_genome:
        problem = f"is on {listed(unknown)}, which the genome does not have"
        also = "; --only-genome skips what is on other sequences" if joined and only_genome is not None else ""
        raise GenomeMismatchError(problem, path=path, hint=name_hint(unknown[0], chroms) + also)
    return joined


def own_names(names: Mapping[str, str], *, path: Path) -> dict[str, str]:
    """Return what each sequence of the genome is called in a file of values, which may have it once.

    Parameters
    ----------
    names : mapping of str to str
        From `join_names`.
    path : Path
        The file, for messages.

    Raises
    ------
    InputError
        If two sequences of the file have one name in the genome.

    Examples
    --------
    >>> own_names({"U00096.3": "NC_000913.3"}, path=Path("a.bw"))
    {'NC_000913.3': 'U00096.3'}
    """
    turned: dict[str, str] = {}
    for name, chrom in names.items():
        if chrom in turned:
            problem = f"holds {chrom} twice, as {turned[chrom]} and as {name}"
            raise InputError(problem, path=path, hint="join them, or leave a --rename out")
        turned[chrom] = name
    return turned


def name_hint(name: str, chroms: Collection[str]) -> str:
    """Return what to do about a sequence that a genome lacks.

    Examples
    --------
    >>> name_hint("chrI", ["NC_000913.3"])
    'the genome has NC_000913.3: if it is the same sequence, say --rename chrI=NC_000913.3'
    """
    version = other_version(name, chroms)
    if version is not None:
        return (
            f"the genome has another version of it, {version}: bring the file over (a TSS set with tss lift), or take "
            "the genome of that version"
        )
    return (
        f"the genome has {listed(chroms)}: if it is the same sequence, say --rename {name}={next(iter(chroms), 'NEW')}"
    )


def common_names(names: Iterable[str], *, renames: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return one name for each sequence of several files, where no genome says what it is called.

    Of the known names of one sequence the first of its group in `tracktools.aliases.ALIASES` that occurs is taken, so
    that the order of the files does not matter.

    Parameters
    ----------
    names : iterable of str
        Names in all the files.
    renames : mapping of str to str, optional
        Name in a file to the name it shall have, as the user says it.

    Examples
    --------
    >>> common_names(["chr", "U00096.3", "plasmid"])
    {'chr': 'U00096.3', 'U00096.3': 'U00096.3', 'plasmid': 'plasmid'}
    >>> common_names(["U00096.2", "NC_000913.3"])
    {'U00096.2': 'U00096.2', 'NC_000913.3': 'NC_000913.3'}
    """
    given = list(dict.fromkeys(names))
    said = [(renames or {}).get(name, name) for name in given]
    known = {alias for group in ALIASES for alias in group}
    firsts = [next((alias for alias in group if alias in said), None) for group in ALIASES]
    targets = [first for first in firsts if first is not None]
    targets += [name for name in said if name not in known and "|" not in name]
    targets += [name for name in said if name not in known and resolve_chrom(name, targets) is None]  # gi|…|gb|…|
    return {name: resolve_chrom(name, targets, renames) or wanted for name, wanted in zip(given, said, strict=True)}


def listed(names: Collection[str]) -> str:
    """Return the first names, for a message.

    Examples
    --------
    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    first = ", ".join(list(names)[:_LISTED])
    return first + (f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else "")
