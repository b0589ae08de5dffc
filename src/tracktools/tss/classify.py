"""``tss classify``: primary, secondary, internal, antisense, orphan.

The words and distances are those of TSSpredator (Dugar et al. 2013, PLoS Genetics 9:e1003495)::

            |--- utr_bp ---|
    +  -----P------S-------[======I=====> gene ]---------O----
    -  ------------------------A-----------------A------------
                                        |antisense_bp|

A TSS is upstream of a gene if it is at most `utr_bp` before its first base, or on it: of the TSS upstream of a
gene the strongest is **primary** (P), the others **secondary** (S). Within a gene, past its first base, it is
**internal** (I); on the other strand, within a gene or at most `antisense_bp` from it, **antisense** (A). It may be
several of these, to different genes; it has the first of them as its class. Else it is an **orphan** (O), listed with
the next gene downstream on its strand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.aliases import other_version, resolve_chrom
from tracktools.arrays import Float64, Int64
from tracktools.config import TssConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError, GenomeMismatchError
from tracktools.formats.bed import notes_of
from tracktools.names import listed
from tracktools.regions import NO_GENE, next_genes, overlapping_genes

MAX_DISTANCE_BP = 1_000_000

CLASSES = ("primary", "secondary", "internal", "antisense", "orphan")


@dataclass(frozen=True)
class ClassifiedSet:
    """A set with its classes.

    Parameters
    ----------
    table : DataFrame
        The set's columns, and `class`, `gene`, `distance`. `distance` is that of the TSS from the first base of the
        gene, along the gene's strand: 0 on it, negative upstream, positive within or past the gene. An orphan with no
        gene downstream on its strand has an empty `gene` and distance 0.
    relations : DataFrame
        A row per TSS and gene: `gene`, `locusTag`, `class`, `distance`, `tss`, `chrom`, `position` (0-based), `strand`,
        `strength`, `support`; genes without a TSS have one row with the class ``none``.
    notes : tuple of str
        What to say: scores that were left out, TSS on sequences that the annotation does not have.
    """

    table: pd.DataFrame
    relations: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> str:
        """The line that tells what was read and taken."""
        return count_line(len(self.table), {}, "TSS")


def classify_tss(
    table: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    utr_bp: int = TssConfig.utr_bp,
    antisense_bp: int = TssConfig.antisense_bp,
    circular_sizes: Mapping[str, int] | None = None,
) -> ClassifiedSet:
    """Give each TSS of a set its class.

    Parameters
    ----------
    table : DataFrame
        A TSS set: measured, curated or called.
    genes : DataFrame
        See `tracktools.regions`; names of sequences are matched by `tracktools.aliases`.
    utr_bp, antisense_bp : int
        Greatest distance upstream of a gene, and of an antisense TSS from a gene [bp].
    circular_sizes : mapping of str to int, optional
        Lengths of circular sequences [bp], under the names that `genes` uses or those of the set.

    Raises
    ------
    ConfigError
        If a distance is negative, or above `MAX_DISTANCE_BP`.
    GenomeMismatchError
        If the genes are on another version of a sequence, or on none of the set's.
    """
    for distance_bp in (utr_bp, antisense_bp):
        if not 0 <= distance_bp <= MAX_DISTANCE_BP:
            raise ConfigError(f"a distance is {distance_bp}: it must be 0 or more, and at most {MAX_DISTANCE_BP:,}")
    chroms = [str(chrom) for chrom in table["chrom"].unique()]
    genes, sizes = _on_chroms(genes, circular_sizes or {}, chroms)
    tss = pd.DataFrame(
        {
            "chrom": table["chrom"],
            "start": table["chromStart"].astype(np.int64),
            "end": table["chromEnd"].astype(np.int64),
            "strand": table["strand"],
        }
    ).reset_index(drop=True)
    strength, support = _strength(table)
    pairs = _candidate_classes(tss, genes, utr_bp, antisense_bp, sizes)
    pairs = pairs.assign(distance=_distance(tss, genes, pairs, sizes))
    pairs = _rank_upstream(pairs, strength, support)
    best = _choose_class(pairs, tss, genes, sizes)
    names = np.append(genes["name"].to_numpy(dtype=object), "")  # index -1: no gene
    classified = table.reset_index(drop=True).assign(
        **{"class": best["class"], "gene": names[best["gene"]], "distance": best["distance"]}
    )
    return ClassifiedSet(classified, _relations(pairs, table, genes, strength, support), _notes(table, genes))


def _notes(table: pd.DataFrame, genes: pd.DataFrame) -> tuple[str, ...]:
    notes = notes_of(table)
    bare = table[~table["chrom"].isin(genes["chrom"].unique())]
    if len(bare):
        where = listed([str(chrom) for chrom in bare["chrom"].unique()])
        notes.append(
            f"{len(bare):,} TSS are on sequences that the annotation does not have, and orphans for that: {where}"
        )
    return tuple(notes)


def _on_chroms(
    genes: pd.DataFrame, circular_sizes: Mapping[str, int], chroms: list[str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the genes the names that the set uses for its sequences; leave out genes of other sequences."""
    names = {str(name): resolve_chrom(str(name), chroms) for name in genes["chrom"].unique()}
    for name, found in names.items():
        version = other_version(name, chroms)
        if found is None and version is not None:
            raise GenomeMismatchError(
                f"the annotation is of {name}, the set on {version}", hint="lift the set, or take the other annotation"
            )
    if chroms and not any(names.values()):
        raise GenomeMismatchError(
            f"the annotation is of {', '.join(list(names)[:3])}, the set on {', '.join(chroms[:3])}",
            hint=f"if they are of one, say --rename {chroms[0]}={next(iter(names))}",
        )
    sizes = {resolve_chrom(name, chroms) or name: size for name, size in circular_sizes.items()}
    placed = genes.assign(chrom=genes["chrom"].map(names))
    return placed[placed["chrom"].notna()].reset_index(drop=True), sizes


def _strength(table: pd.DataFrame) -> tuple[Float64, Int64]:
    """Return how strong each TSS is, nan where nothing tells, and its support, 1 where the set has none."""
    column = next((name for name in ("modelOutput", "sourceScore", "score") if name in table), None)
    strength = np.full(len(table), np.nan) if column is None else table[column].to_numpy(dtype=np.float64)
    support = table["support"].to_numpy(dtype=np.int64) if "support" in table else np.ones(len(table), dtype=np.int64)
    return strength, support


def _first_bases(genes: pd.DataFrame) -> pd.DataFrame:
    start = np.where(genes["strand"] == "-", genes["end"] - 1, genes["start"])
    return pd.DataFrame(
        {"chrom": genes["chrom"], "start": start, "end": start + 1, "strand": genes["strand"]}
    ).reset_index(drop=True)


def _widened(tss: pd.DataFrame, before: int, after: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Widen each TSS, upstream and downstream; on a circle an interval that starts before the origin is moved a lap."""
    minus = (tss["strand"] == "-").to_numpy()
    start = tss["start"].to_numpy() - np.where(minus, after, before)
    end = tss["end"].to_numpy() + np.where(minus, before, after)
    lap = tss["chrom"].map(dict(sizes)).fillna(0).to_numpy(dtype=np.int64) * (start < 0)
    return tss.assign(start=np.maximum(start + lap, 0), end=end + lap)


def _candidate_classes(
    tss: pd.DataFrame, genes: pd.DataFrame, utr_bp: int, antisense_bp: int, sizes: Mapping[str, int]
) -> pd.DataFrame:
    """Return `interval` (row of the TSS), `gene` and `class`; all that is upstream is secondary as yet."""
    upstream = overlapping_genes(
        _widened(tss, 0, utr_bp, sizes), _first_bases(genes), strand="same", circular_sizes=sizes
    )
    internal = overlapping_genes(tss, genes, strand="same", circular_sizes=sizes)
    antisense = overlapping_genes(
        _widened(tss, antisense_bp, antisense_bp, sizes), genes, strand="opposite", circular_sizes=sizes
    )
    kinds = {"secondary": upstream, "internal": internal, "antisense": antisense}
    pairs = pd.concat([found.assign(**{"class": kind}) for kind, found in kinds.items()], ignore_index=True)
    return pairs.drop_duplicates(["interval", "gene"])  # on the first base: upstream, not internal


def _distance(tss: pd.DataFrame, genes: pd.DataFrame, pairs: pd.DataFrame, sizes: Mapping[str, int]) -> Int64:
    """Return how far each TSS is from the first base of its gene, along the gene's strand."""
    gene = pairs["gene"].to_numpy(dtype=np.int64)
    row = pairs["interval"].to_numpy(dtype=np.int64)
    first = _first_bases(genes)["start"].to_numpy(dtype=np.int64)[gene]
    delta = tss["start"].to_numpy(dtype=np.int64)[row] - first
    size = tss["chrom"].map(dict(sizes)).fillna(0).to_numpy(dtype=np.int64)[row]
    lap = np.where(size > 0, size, 1)
    delta = np.where(size > 0, (delta + lap // 2) % lap - lap // 2, delta)  # the short way round a circle
    distance: Int64 = np.where((genes["strand"] == "-").to_numpy()[gene], -delta, delta)
    return distance


def _rank_upstream(pairs: pd.DataFrame, strength: Float64, support: Int64) -> pd.DataFrame:
    """Make the strongest TSS upstream of each gene its primary one: support, then strength, then the nearest."""
    row = pairs["interval"].to_numpy(dtype=np.int64)
    ranked = pairs.assign(
        support=-support[row], strength=-np.nan_to_num(strength[row], nan=-np.inf), near=pairs["distance"].abs()
    )
    upstream = ranked[ranked["class"] == "secondary"]
    primary = upstream.sort_values(["gene", "support", "strength", "near"]).drop_duplicates("gene").index
    pairs = pairs.copy()
    pairs.loc[primary, "class"] = "primary"
    return pairs


def _choose_class(
    pairs: pd.DataFrame, tss: pd.DataFrame, genes: pd.DataFrame, sizes: Mapping[str, int]
) -> dict[str, npt.NDArray[np.generic]]:
    """Choose the class of each TSS: the first of `CLASSES` that it has, with the gene whose start is nearest."""
    rank = pairs["class"].map({name: index for index, name in enumerate(CLASSES)})
    chosen = (
        pairs.assign(rank=rank, near=pairs["distance"].abs())
        .sort_values(["interval", "rank", "near", "gene"])
        .drop_duplicates("interval")
        .set_index("interval")
        .reindex(np.arange(len(tss)))
    )
    orphan = chosen["class"].isna().to_numpy()
    gene = chosen["gene"].fillna(NO_GENE).to_numpy(dtype=np.int64)
    distance = chosen["distance"].fillna(0).to_numpy(dtype=np.int64)
    if orphan.any() and len(genes):
        following = next_genes(tss[orphan].rename(columns={"start": "position"}), genes, sizes)
        gene[orphan], distance[orphan] = following["gene"], -following["distance"]
    return {"class": chosen["class"].fillna("orphan").to_numpy(dtype=object), "gene": gene, "distance": distance}


def _relations(
    pairs: pd.DataFrame,
    table: pd.DataFrame,
    genes: pd.DataFrame,
    strength: Float64,
    support: Int64,
) -> pd.DataFrame:
    missing = pd.DataFrame({"gene": sorted(set(range(len(genes))) - set(pairs["gene"]))})
    rows = pd.concat([pairs, missing.assign(interval=-1, distance=0, **{"class": "none"})], ignore_index=True)
    gene, row = rows["gene"].to_numpy(dtype=np.int64), rows["interval"].to_numpy(dtype=np.int64)
    there = row >= 0
    relations = pd.DataFrame(
        {
            "gene": genes["name"].to_numpy(dtype=object)[gene],
            "locusTag": genes["locus_tag"].to_numpy(dtype=object)[gene],
            "class": rows["class"],
            "distance": rows["distance"].astype("Int64").where(there),
            "tss": np.where(there, table["name"].to_numpy(dtype=object)[row], ""),
            "chrom": genes["chrom"].to_numpy(dtype=object)[gene],
            "position": table["chromStart"].reset_index(drop=True).reindex(row).astype("Int64").array,
            "strand": np.where(there, table["strand"].to_numpy(dtype=object)[row], ""),
            "strength": np.where(there, strength[row], np.nan),
            "support": pd.Series(support[row], dtype="Int64").where(there),
        }
    )
    order = {name: index for index, name in enumerate((*CLASSES, "none"))}
    start = genes["start"].to_numpy(dtype=np.int64)[gene]
    keys = [relations["position"].fillna(-1).to_numpy(), relations["class"].map(order).to_numpy(), gene, start]
    return relations.iloc[np.lexsort([*keys, relations["chrom"].to_numpy(dtype=str)])].reset_index(drop=True)
