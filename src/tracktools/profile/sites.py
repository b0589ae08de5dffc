"""Sites: a base and a strand each, from BED or from the rows of one type of an annotation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Int64
from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.formats.annotation_rows import read_annotation_rows
from tracktools.formats.bed import read_bed
from tracktools.names import join_names

ENDS = ("5prime", "3prime")
_ANNOTATIONS = (".gff", ".gff3", ".gtf", ".gb", ".gbk", ".gbff", ".genbank", ".embl")


@dataclass(frozen=True)
class SiteSource:
    """Where a set of sites is read.

    Parameters
    ----------
    name : str
        What tables and figures call the set.
    path : Path
        BED, or an annotation: GFF3, GTF or GenBank.
    feature_type : str, optional
        Of an annotation: rows of this type alone.
    end : {"5prime", "3prime"}
        The base that is used of an item longer than one base.
    """

    name: str
    path: Path
    feature_type: str | None = None
    end: str = "5prime"

    @classmethod
    def parse(cls, text: str) -> SiteSource:
        """Read ``NAME=FILE[:TYPE][:3prime]``.

        Raises
        ------
        ValueError
            If the text has no name or no file.

        Examples
        --------
        >>> SiteSource.parse("ends=genes.gff3:gene:3prime")
        SiteSource(name='ends', path=PosixPath('genes.gff3'), feature_type='gene', end='3prime')
        """
        name, equals, rest = text.partition("=")
        if not (name and equals and rest):
            raise ValueError(f"{text!r} is not NAME=FILE")
        end = next((one for one in ENDS if rest.endswith(f":{one}")), None)
        rest = rest.removesuffix(f":{end}")
        path, colon, kind = rest.rpartition(":")
        if not colon or "/" in kind:
            path, kind = rest, ""
        return cls(name, Path(path), kind or None, end or "5prime")


@concise
@dataclass(frozen=True)
class Sites:
    """A set of sites on a genome.

    Parameters
    ----------
    name : str
        The set.
    table : DataFrame
        A row per site: `chrom` (the genome's name), `position` (0-based), `strand` (``+`` or ``-``); each site once.
    left_out : dict of str to int
        Items that are no site, by reason.
    """

    name: str
    table: pd.DataFrame
    left_out: dict[str, int]


def read_sites(
    source: SiteSource,
    chrom_sizes: Mapping[str, int],
    *,
    circular: Collection[str] = (),
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> Sites:
    """Read a set of sites.

    Parameters
    ----------
    source : SiteSource
        The file and what of it.
    chrom_sizes : mapping of str to int
        Sequences of the genome.
    circular : collection of str
        Sequences on which a position past the end goes on across the origin.
    renames, only_genome
        See `tracktools.names.join_names`.

    Returns
    -------
    Sites
        Items without a strand, and second items of one site, are left out and counted.

    Raises
    ------
    InputError
        If the file cannot be read, contains no row of the type, or an item lies past the end of a linear sequence; as
        `GenomeMismatchError`, if the genome lacks a sequence.
    """
    raw = _gff3_items(source) if _is_gff3(source.path) else _bed_items(source)
    names = join_names(raw["chrom"], chrom_sizes, renames=renames, only_genome=only_genome, path=source.path)
    here = raw["chrom"].isin(list(names)).to_numpy()
    stranded = raw["strand"].isin(["+", "-"]).to_numpy()
    table = raw[here & stranded].copy()
    table["chrom"] = [names[name] for name in table["chrom"]]
    table["position"] = _positions(table, source, chrom_sizes, circular)
    table = table[["chrom", "position", "strand"]]
    once = table.drop_duplicates()
    left_out = {
        "on other sequences": int((~here).sum()),
        "without a strand": int((here & ~stranded).sum()),
        "at a site that another row has": len(table) - len(once),
    }
    return Sites(source.name, once.reset_index(drop=True), left_out)


def _is_gff3(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(_ANNOTATIONS)


def _bed_items(source: SiteSource) -> pd.DataFrame:
    if source.feature_type is not None:
        raise InputError(
            f"is BED, which has no types such as {source.feature_type!r}", path=source.path, hint="leave the type out"
        )
    table, schema = read_bed(source.path)
    strand = table["strand"] if schema.defined_fields >= 6 else "."
    return pd.DataFrame(
        {"chrom": table["chrom"].astype(str), "start": table["chromStart"], "end": table["chromEnd"], "strand": strand}
    ).astype({"strand": str})


def _gff3_items(source: SiteSource) -> pd.DataFrame:
    rows, types = [], set()
    for row in read_annotation_rows(source.path).features:
        types.add(row.type)
        if row.type == source.feature_type:
            rows.append((row.chrom, row.start, row.end, row.strand))
    if not rows:
        known = ", ".join(sorted(types)[:8])
        problem = (
            f"has no row of the type {source.feature_type!r}" if source.feature_type else "is GFF3, without a type"
        )
        raise InputError(problem, path=source.path, hint=f"write NAME=FILE:TYPE; it has the types {known}")
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])


def _positions(
    table: pd.DataFrame, source: SiteSource, chrom_sizes: Mapping[str, int], circular: Collection[str]
) -> Int64:
    """Return the base that is used of each item, on the sequence itself."""
    first = (table["strand"] == "+").to_numpy() == (source.end == "5prime")
    positions = np.where(first, table["start"], table["end"] - 1).astype(np.int64)
    sizes = np.array([chrom_sizes[chrom] for chrom in table["chrom"]], dtype=np.int64)
    past = (positions >= sizes) | (positions < 0)
    linear = past & ~table["chrom"].isin(list(circular)).to_numpy()
    if linear.any():
        row = table[linear].iloc[0]
        problem = f"an item of {row.chrom} lies past its {chrom_sizes[row.chrom]:,} bp ({row.start + 1}-{row.end})"
        raise InputError(problem, path=source.path, hint=f"is it circular? --circular {row.chrom}")
    return np.asarray(positions % np.maximum(sizes, 1))
