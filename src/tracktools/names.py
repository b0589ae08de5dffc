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
    """Renamings that the user asked for; they remember which names a command looked up.

    A command looks up every name that it reads in its files. So a renaming whose old name was never looked up is of
    no use: most likely the old name is misspelt.

    Parameters
    ----------
    renames : mapping of str to str
        Old name to new name; each one must be used (`--rename`).
    from_file : mapping of str to str, optional
        The same from a file, which may list the names of many genomes: one of them must be used.
    path : Path, optional
        This file, for messages.

    Examples
    --------
    >>> renames = Renames({"p1": "plasmid", "p2": "other"})
    >>> join_names(["p1"], ["plasmid"], renames=renames)
    {'p1': 'plasmid'}
    >>> renames.refuse_unused()
    Traceback (most recent call last):
    tracktools.errors.ConfigError: --rename p2=other: no file has a sequence 'p2' (they have p1)
    """

    def __init__(
        self, renames: Mapping[str, str], from_file: Mapping[str, str] | None = None, path: Path | None = None
    ) -> None:
        super().__init__({**(from_file or {}), **renames})
        self._own, self._from_file, self._path = dict(renames), dict(from_file or {}), path
        self._asked: dict[str, None] = {}

    def __contains__(self, name: object) -> bool:
        self._asked[str(name)] = None
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self._asked[str(name)] = None
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the new name, or `default`."""
        self._asked[str(name)] = None
        return super().get(name, default)

    def refuse_unused(self) -> None:
        """Raise an error if a renaming is of no use for the names that were looked up.

        Raises
        ------
        ConfigError
            If no file has the old name of a `--rename`, or none of the old names of a `--rename-file`.
        """
        there = f"(they have {listed(list(self._asked))})" if self._asked else "(no file that names sequences is given)"
        for old, new in self._own.items():
            if old not in self._asked:
                raise ConfigError(f"--rename {old}={new}: no file has a sequence {old!r} {there}")
        if self._from_file and not self._from_file.keys() & self._asked.keys():
            raise ConfigError(f"--rename-file {self._path}: no file has any of the sequences it renames {there}")


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
            problem = f"contains {chrom} twice, as {turned[chrom]} and as {name}"
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
        Name in a file to its new name, as the user says it.

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
