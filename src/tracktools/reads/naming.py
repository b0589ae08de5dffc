"""What the sequences of a file of reads are called in the genome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.names import join_names


def names_in_genome(
    names: Iterable[str],
    chrom_sizes: Mapping[str, int] | None,
    *,
    renames: Mapping[str, str] | None,
    only_genome: bool,
    path: Path,
) -> dict[str, str]:
    """Return the name in the genome of each sequence of a file, as `tracktools.names.join_names` has it.

    Without a genome, the names of the file are taken, renamed as the user says.

    Raises
    ------
    ConfigError
        If a sequence is renamed to one that the genome lacks.
    GenomeMismatchError
        If the genome lacks a sequence, unless `only_genome`; if it has none of them.
    InputError
        If two sequences of the file are one of the genome.
    """
    own = list(names)
    if chrom_sizes is None:
        joined = {name: (renames or {}).get(name, name) for name in own}
    else:
        try:
            joined = join_names(own, chrom_sizes, renames=renames, only_genome=False, path=path)
        except GenomeMismatchError:
            joined = join_names(own, chrom_sizes, renames=renames, only_genome=True)
            if not joined or not only_genome:
                raise
    (chrom, count), *_ = Counter(joined.values()).most_common(1) or [("", 0)]
    if count > 1:
        twice = " and ".join([name for name in joined if joined[name] == chrom][:2])
        hint = "leave one of them out of the file"
        raise InputError(f"contains {chrom} under two names, {twice}", path=path, hint=hint)
    return joined
