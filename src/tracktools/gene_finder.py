"""Genes of a genome, found in its sequence alone by Prodigal (Hyatt et al. 2010, BMC Bioinformatics 11:119).

Prodigal learns the start signals and codon usage of the genome first. It reads each contig in one direction, from its
first letter; here, contigs are turned and ordered by their letters before, so that a genome and its reverse complement
have the same genes on swapped strands, whatever the order of the contigs. Circular contigs are read past their origin.

Nearly all bacteria read TGA as a stop (genetic code 11); Mycoplasma and its relatives as tryptophan (code 4), so that
with code 11 their genes would be found in pieces. Code 4 is taken where it makes far more of the genome coding: the
rule of CheckM (Parks et al. 2015, Genome Res 25:1043).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tracktools.arrays import Bool, Codes, Float64, Int64
from tracktools.genome import ALPHABET, COMPLEMENT_OF_CODE, Contig, Genome

if TYPE_CHECKING:
    import pyrodigal

LEAST_LEARNT_BP = 100_000  # Prodigal warns below it: fewer bases (A, C, G, T) do not teach it a genome
GeneticCode = Literal[4, 11]  # numbers of NCBI; in 4, TGA is no stop
USUAL_CODE: GeneticCode = 11
_DENSE = 0.75  # of the bases are in genes: the genetic code is not in doubt
_CODE_GAIN, _LEAST_CODING = 0.05, 0.7  # by how much code 4 must make more of the genome coding, and how much at least
_PAST_ORIGIN_BP = 20_000  # longer than nearly all genes
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


class FoundGenes(NamedTuple):
    """Genes of one contig, shapes (n,): 0-based, half-open; where one crosses an origin, its end is past the length.

    A gene that leaves a linear contig is cut at its end; `begins` says whether its first codon is on the contig.
    `confidence` is that of Prodigal, 50 to 100 [%], 2 decimals. `code` is the genetic code of the genome.
    """

    starts: Int64
    ends: Int64
    forward: Bool
    begins: Bool
    confidence: Float64
    code: GeneticCode = USUAL_CODE


def find_genes(genome: Genome, host: Genome | None = None) -> tuple[FoundGenes, ...] | None:
    """Return the genes of each contig, in their order; None where there is too little to learn from.

    The same objects give the same answer, found once.

    Parameters
    ----------
    genome : Genome
    host : Genome, optional
        What Prodigal learns from, where `genome` is a part of it, such as a plasmid; by default `genome`.
    """
    return _found(genome, None if host is genome else host)


@lru_cache(maxsize=2)  # a training sets its model to the same genome several times
def _found(genome: Genome, host: Genome | None) -> tuple[FoundGenes, ...] | None:
    if host is not None:
        taught = _found(host, None)
        return None if taught is None else _genes_with(_texts(host), taught[0].code, genome)
    if known_bp(genome) < LEAST_LEARNT_BP:
        return None
    texts = _texts(genome)
    usual = _genes_with(texts, USUAL_CODE, genome)
    coding = _coding_share(usual, genome)
    if coding >= _DENSE:
        return usual
    other = _genes_with(texts, 4, genome)
    gained = _coding_share(other, genome)
    return other if gained >= max(coding + _CODE_GAIN, _LEAST_CODING) else usual


def known_bp(genome: Genome) -> int:
    """Return how many letters A, C, G and T a genome has: the others teach nothing."""
    return sum(int(contig.code_counts[: len(ALPHABET)].sum()) for contig in genome)


def finder_name(code: GeneticCode = USUAL_CODE) -> str:
    """Return what found the genes, with its version, and the genetic code where it is another than that of most."""
    return f"pyrodigal {version('pyrodigal')}" + ("" if code == USUAL_CODE else f", genetic code {code}")


def _texts(genome: Genome) -> tuple[bytes, ...]:
    return tuple(sorted(oriented(contig)[0] for contig in genome))


@lru_cache(maxsize=2)
def _finder(texts: tuple[bytes, ...], code: GeneticCode) -> pyrodigal.GeneFinder:
    import pyrodigal

    finder = pyrodigal.GeneFinder()
    finder.train(*texts, translation_table=code)
    return finder


def _genes_with(texts: tuple[bytes, ...], code: GeneticCode, genome: Genome) -> tuple[FoundGenes, ...]:
    finder = _finder(texts, code)
    return tuple(_genes_of(contig, finder)._replace(code=code) for contig in genome)


def _coding_share(genes: Iterable[FoundGenes], genome: Genome) -> float:
    """Return the share of the bases of a genome that are in genes; a base in two genes counts twice."""
    return sum(int((own.ends - own.starts).sum()) for own in genes) / known_bp(genome)


def _genes_of(contig: Contig, finder: pyrodigal.GeneFinder) -> FoundGenes:
    text, turned = oriented(contig)
    length = len(text)
    read = text + text[:_PAST_ORIGIN_BP] if contig.circular else text
    rows = [
        (gene.begin - 1, gene.end, gene.strand > 0, not _leaves_at_start(gene), round(gene.confidence(), 2))
        for gene in finder.find_genes(read)
        if gene.begin <= length and not (contig.circular and (gene.partial_begin or gene.end >= gene.begin + length))
    ]
    starts, ends, forward, begins, confidence = _columns(rows)
    if turned:
        starts, ends, forward = length - ends, length - starts, ~forward
        across = starts < 0
        starts[across] += length
        ends[across] += length
    order = np.lexsort((ends, starts))
    return FoundGenes(starts[order], ends[order], forward[order], begins[order], confidence[order])


def _leaves_at_start(gene: pyrodigal.Gene) -> bool:
    return bool(gene.partial_begin if gene.strand > 0 else gene.partial_end)


def _columns(rows: Iterable[tuple[int, int, bool, bool, float]]) -> tuple[Int64, Int64, Bool, Bool, Float64]:
    table = np.array(list(rows), dtype=np.float64).reshape(-1, 5)  # holds every base of a genome exactly
    starts, ends, forward, begins, confidence = table.T
    return starts.astype(np.int64), ends.astype(np.int64), forward > 0, begins > 0, confidence.copy()


def oriented(contig: Contig) -> tuple[bytes, bool]:
    """Return the letters of the strand that comes first in the alphabet, and whether that is the minus strand.

    So a genome and its reverse complement are read alike.
    """
    codes: Codes = contig.codes
    plus, minus = _LETTERS[codes].tobytes(), _LETTERS[COMPLEMENT_OF_CODE[codes[::-1]]].tobytes()
    return (minus, True) if minus < plus else (plus, False)
