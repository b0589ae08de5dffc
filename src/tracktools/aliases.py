"""Names of one sequence: GenBank, RefSeq, Ensembl and home-made, each version apart.

A GFF3 of *E. coli* says ``U00096.3`` or ``NC_000913.3``, Ensembl says ``Chromosome``, wet-lab bedGraphs say ``chr``.
Names of **different versions** are never joined: a TSS of ``U00096.2`` is up to 1,978 bp off on ``U00096.3``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

# Groups of names of one sequence. "chr" and "Chromosome" say neither species nor version; they are taken for the
# current E. coli assembly only where the genome at hand is that one, and for nothing else.
ALIASES: tuple[tuple[str, ...], ...] = (
    ("NC_000913.3", "U00096.3", "chr", "Chromosome"),
    ("NC_000913.2", "U00096.2"),
    ("NC_000962.3", "AL123456.3"),
    ("NC_000922.1", "AE001363.1"),
)

_NCBI_BAR_NAME = re.compile(r"(?:gi\|\d+\|)?(?:gb|ref|emb|dbj)\|([^|]+)\|.*")


def resolve_chrom(name: str, chrom_names: Collection[str], extra: Mapping[str, str] | None = None) -> str | None:
    """Return what the sequence `name` is called in a genome.

    Parameters
    ----------
    name : str
        Name in some file; the bar form ``gi|48994873|gb|U00096.2|`` means its accession, with the version.
    chrom_names : collection of str
        Names in the genome.
    extra : mapping of str to str, optional
        Renamings the user asked for, name in the file to name in the genome; they win.

    Returns
    -------
    str or None
        A member of `chrom_names`; None where the genome has no such sequence, another version of it included.

    Examples
    --------
    >>> resolve_chrom("U00096.3", ["NC_000913.3"])
    'NC_000913.3'
    >>> resolve_chrom("gi|48994873|gb|U00096.2|", ["NC_000913.3"]) is None
    True
    >>> resolve_chrom("contig1", ["NC_000913.3"], {"contig1": "NC_000913.3"})
    'NC_000913.3'
    """
    name = (extra or {}).get(name, name)
    bars = _NCBI_BAR_NAME.fullmatch(name)
    for candidate in (name, bars[1]) if bars else (name,):
        if candidate in chrom_names:
            return candidate
        for group in ALIASES:
            if candidate in group:
                return next((alias for alias in group if alias in chrom_names), None)
    return None


def other_version(name: str, chrom_names: Collection[str]) -> str | None:
    """Return the sequence of a genome that is another version of `name`, if any.

    Examples
    --------
    >>> other_version("gi|48994873|gb|U00096.2|", ["NC_000913.3"])
    'NC_000913.3'
    >>> other_version("NC_000922.1", ["NC_000913.3"]) is None
    True
    """
    if resolve_chrom(name, chrom_names) is not None:
        return None
    bars = _NCBI_BAR_NAME.fullmatch(name)
    accession = _unversioned(bars[1] if bars else name)
    alike = {accession}
    for group in ALIASES:
        accessions = {_unversioned(alias) for alias in group if "." in alias}
        if accession in accessions:
            alike |= accessions
    return next((chrom for chrom in chrom_names if _unversioned(chrom) in alike), None)


def _unversioned(accession: str) -> str:
    return re.sub(r"\.\d+$", "", accession)
