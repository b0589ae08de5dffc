"""What a network is told of the composition of a genome: a trial on the genome decides, alike from either strand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tracktools.descriptor import Descriptor
from tracktools.engine import make_engine, told
from tracktools.engine.host import set_to_host
from tracktools.engine.sample import PIECE_BP, PIECES, mean_at_highest, outputs_along, sample_of
from tracktools.engine.told import BP_PER_CALL, LIKE_GC, NEAR, SHARES, Told, best_told
from tracktools.gene_context import GeneContext, GenomeContext
from tracktools.gene_finder import find_genes
from tracktools.genome import COMPLEMENT_OF_CODE, Contig, Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome
from tracktools.model.registry import as_model


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    """The shipped model, not set to a genome."""
    return as_model("bacteria-tss")


def contig(name: str, length: int, seed: int, circular: bool = False) -> Contig:
    """Return random letters."""
    return Contig(name, np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(seed).integers(0, 4, length)], circular)


def reverse_complement(one: Contig) -> Contig:
    """Return a contig as a file of its other strand has it."""
    letters = np.frombuffer(b"ACGTN", np.uint8)[COMPLEMENT_OF_CODE[one.codes[::-1]]]
    return Contig(one.name, letters, one.circular)


def test_the_sample_is_spread_evenly_and_the_same_from_either_strand_in_any_order() -> None:
    genome = Genome("g", tuple(contig(f"c{n}", length, n) for n, length in enumerate((500_000, 70_000, 900_000))))
    sample = list(sample_of(genome, PIECE_BP))
    assert sum(part.end - part.start for part in sample) == PIECES * PIECE_BP
    turned = Genome("g", tuple(map(reverse_complement, reversed(genome.contigs))))
    lengths = [len(one) for one in genome]
    mirror = [(2 - n, lengths[2 - n] - end, lengths[2 - n] - start) for n, start, end in sample_of(turned, PIECE_BP)]
    assert mirror == [tuple(part) for part in sample]


def test_a_small_genome_is_its_own_sample() -> None:
    genome = Genome("g", (contig("a", 120_000, 1), contig("b", 5_000, 2)))
    assert sorted(sample_of(genome, PIECE_BP)) == [(0, 0, 120_000), (1, 0, 5_000)]


@pytest.fixture(scope="module")
def piece(data_dir: Path) -> Genome:
    """A part of an alphaproteobacterium that no training saw."""
    whole = load_genome(data_dir / "multispecies/genomes/Rhodobacter_capsulatus_SB1003.fa.gz")
    return Genome("rca", (Contig("rca", whole.contigs[0].letters[1_000_000:1_105_000], False),))


def height(model: Checkpoint, genome: Genome, told: Told, piece_bp: int = PIECE_BP) -> float:
    """Return what a trial compares, computed by itself."""
    plain = set_to_genome(model, replace(genome.descriptor, told=told.told, like=told.like))
    genes = find_genes(genome)
    assert genes is not None
    context = GenomeContext.of(GeneContext.from_record(model.metadata.gene_context or {}), genome, genes)
    engine = make_engine("auto", plain.parameters, threads=1)
    along = list(outputs_along(engine, plain.config, genome, context, list(sample_of(genome, piece_bp))))
    return mean_at_highest(along, BP_PER_CALL)


def test_a_trial_decides_and_the_descriptor_says_so(model: Checkpoint, piece: Genome) -> None:
    best, known = best_told(model, piece), {name: values for name, _, values in reference_of(model).genomes}
    assert best is not None
    assert abs(known[best.like][0] - piece.descriptor.gc) <= LIKE_GC
    assert height(model, piece, best) > max(height(model, piece, Told(share)) for share in SHARES)
    ready = set_to_host(model, piece)
    assert ready.descriptor is not None
    assert (ready.descriptor.told, ready.descriptor.like) == best
    assert ready.descriptor.values == piece.descriptor.values
    assert ready.descriptor.to_record() == piece.descriptor.to_record() | {"told": 1.0, "like": best.like}
    assert Descriptor.from_record(ready.descriptor.to_record()) == ready.descriptor
    assert set_to_host(model, piece, gene_context=False).descriptor == ready.descriptor  # the same network
    plasmid = Genome("p", (contig("p", 20_000, 3),))
    assert set_to_host(model, plasmid, piece).descriptor == ready.descriptor  # told as its host is


def test_a_genome_and_its_mirror_image_decide_by_the_same_number(model: Checkpoint, piece: Genome) -> None:
    turned = Genome("rca", (reverse_complement(piece.contigs[0]),))
    assert height(model, turned, Told(0.0), 20_000) == height(model, piece, Told(0.0), 20_000) != 0


def test_a_circle_has_a_trial_of_its_own(model: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bool] = []
    monkeypatch.setattr(told, "find_genes", lambda _: ())
    monkeypatch.setattr(told, "_found", lambda _, genome, *__: tried.append(genome["c"].circular) or Told(0.0))
    linear, circle = (Genome("g", (contig("c", 5_000, 11, circular),)) for circular in (False, True))
    for genome in (linear, circle, linear):
        best_told(model, genome)
    assert tried == [False, True]


def test_near_a_training_genome_all_is_told_and_where_no_genes_are_found_the_distance_decides(
    model: Checkpoint, data_dir: Path
) -> None:
    whole = load_genome(data_dir / "multispecies/genomes/Streptococcus_agalactiae_NEM316.fa.gz")
    assert reference_of(model).distances(whole.descriptor)[0][0] <= NEAR
    assert best_told(model, whole) == Told(1.0)
    short = Genome("s", (contig("s", 20_000, 3),))
    assert best_told(model, short) is None
    ready = set_to_host(model, short)
    assert ready.descriptor is not None
    assert ready.descriptor.told is None
    assert "told" not in ready.descriptor.to_record()


def test_the_network_gets_a_share_of_the_dinucleotides(model: Checkpoint) -> None:
    reference, descriptor = reference_of(model), Descriptor(0.4, tuple(0.01 * n for n in range(10)))
    none, half, all_of_it = (reference.features(replace(descriptor, told=share)) for share in SHARES)
    assert none[0] == half[0] == all_of_it[0]
    assert (none[1], half[1], all_of_it[1]) == SHARES
    np.testing.assert_array_equal(half[2:], all_of_it[2:] / 2)
    assert not none[2:].any()


def test_the_network_gets_the_numbers_of_a_genome_that_the_new_one_is_like(model: Checkpoint) -> None:
    reference, descriptor = reference_of(model), Descriptor(0.4, tuple(0.01 * n for n in range(10)))
    name, _, values = reference.genomes[3]
    like = replace(descriptor, told=1.0, like=name)
    theirs = reference.features(Descriptor(values[0], tuple(values[1:])), told=1)
    np.testing.assert_array_equal(reference.features(like), theirs)
    assert reference.distances(like) == reference.distances(descriptor)  # how near it is, does not change
    with pytest.raises(ValueError, match="no training genome"):
        reference.features(replace(like, like="Nobody"))


@pytest.mark.parametrize("told", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(told: float) -> None:
    record = Descriptor(0.5, (0.0,) * 10).to_record() | {"told": told}
    with pytest.raises(ValueError, match="told"):
        Descriptor.from_record(record)
