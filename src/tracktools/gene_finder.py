"""Genes of a genome, found in its sequence alone by Prodigal (Hyatt et al. 2010, BMC Bioinformatics 11:119).

Prodigal learns the start signals and codon usage of the genome first. It reads each contig in one direction, from its
first letter; here, contigs are turned and ordered by their letters before, so that a genome and its reverse complement
have the same genes on swapped strands, whatever the order of the contigs. Circular contigs are read past their origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracktools.arrays import Bool, Codes, Float64, Int64
from tracktools.genome import COMPLEMENT_OF_CODE, Contig, Genome

if TYPE_CHECKING:
    import pyrodigal

LEAST_LEARNT_BP = 100_000  # Prodigal warns below it: fewer bases do not teach it a genome
_PAST_ORIGIN_BP = 20_000  # longer than nearly all genes
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


class FoundGenes(NamedTuple):
    """Genes of one contig, shapes (n,): 0-based, half-open; where one crosses an origin, its end is past the length.

    A gene that leaves a linear contig is cut at its end. `confidence` is that of Prodigal, 50 to 100 [%], 2 decimals.
    """

    starts: Int64
    ends: Int64
    forward: Bool
    confidence: Float64


@lru_cache(maxsize=1)  # a training sets its model to the same genome several times
def find_genes(genome: Genome, host: Genome | None = None) -> tuple[FoundGenes, ...] | None:
    """Return the genes of each contig, in their order; None where there is too little to learn from.

    The same objects give the same answer, found once.

    Parameters
    ----------
    genome : Genome
    host : Genome, optional
        What Prodigal learns from, where `genome` is a part of it, such as a plasmid; by default `genome`.
    """
    taught = genome if host is None else host
    texts = sorted(oriented(contig)[0] for contig in taught)
    if sum(map(len, texts)) < LEAST_LEARNT_BP:
        return None
    finder = _finder(tuple(texts))
    return tuple(_genes_of(contig, finder) for contig in genome)


def finder_name() -> str:
    """Return what found the genes, with its version."""
    return f"pyrodigal {version('pyrodigal')}"


@lru_cache(maxsize=2)
def _finder(texts: tuple[bytes, ...]) -> pyrodigal.GeneFinder:
    import pyrodigal

    finder = pyrodigal.GeneFinder()
    finder.train(*texts)
    return finder


def _genes_of(contig: Contig, finder: pyrodigal.GeneFinder) -> FoundGenes:
    text, turned = oriented(contig)
    length = len(text)
    read = text + text[:_PAST_ORIGIN_BP] if contig.circular else text
    rows = [
        (gene.begin - 1, gene.end, gene.strand > 0, round(gene.confidence(), 2))
        for gene in finder.find_genes(read)
        if gene.begin <= length and not (contig.circular and gene.partial_begin)
    ]
    starts, ends, forward, confidence = _columns(rows)
    if turned:
        starts, ends, forward = length - ends, length - starts, ~forward
        across = starts < 0
        starts[across] += length
        ends[across] += length
    order = np.lexsort((ends, starts))
    return FoundGenes(starts[order], ends[order], forward[order], confidence[order])


def _columns(rows: Iterable[tuple[int, int, bool, float]]) -> tuple[Int64, Int64, Bool, Float64]:
    table = np.array(list(rows), dtype=np.float64).reshape(-1, 4)  # holds every base of a genome exactly
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2] > 0, table[:, 3].copy()


def oriented(contig: Contig) -> tuple[bytes, bool]:
    """Return the letters of the strand that comes first in the alphabet, and whether that is the minus strand.

    So a genome and its reverse complement are read alike.
    """
    codes: Codes = contig.codes
    plus, minus = _LETTERS[codes].tobytes(), _LETTERS[COMPLEMENT_OF_CODE[codes[::-1]]].tobytes()
    return (minus, True) if minus < plus else (plus, False)
