"""Splits: read from BED, drawn at random, and kept apart by gaps wherever two parts meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.genome import Contig, Genome
from tracktools.splits import PARTS, Region, Split, draw_split, read_split
from tracktools.train import choose_split
from tracktools.train.windows import training_stretches

GAP = 30


def genome_of(*lengths: int, circular: bool = False) -> Genome:
    rng = np.random.default_rng(sum(lengths))
    letters = (rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), length) for length in lengths)
    return Genome("g", tuple(Contig(f"c{n}", each, circular=circular) for n, each in enumerate(letters)))


def split_of(genome: Genome, *rows: tuple[int, int, int, str]) -> Split:
    return Split(tuple(Region(genome.contigs[n].sequence_sha256, *rest) for n, *rest in rows))  # type: ignore[arg-type]


def test_a_bed_of_parts_is_read_on_several_contigs(tmp_path: Path) -> None:
    genome = genome_of(500, 320)
    bed = tmp_path / "parts.bed"
    bed.write_text("# parts\nc0\t0\t300\ttrain\nc1\t10\t320\tvalid\nc0\t300\t500\ttest\n")
    split = read_split(bed, genome)
    first, second = genome.contigs
    assert split.part_of(first, [0, 299, 300, 499]).tolist() == ["train", "train", "test", "test"]
    assert split.part_of(second, [9, 10, 319]).tolist() == ["none", "valid", "valid"]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("c0\t0\t300\ttrain\n\nc0\t299\t400\tvalid\n", InputError, r"p\.bed:3: overlaps line 1"),
        ("c0\t200\t400\tvalid\nc0\t0\t201\ttrain\n", InputError, r"p\.bed:2: overlaps line 1"),
        ("c0\t0\t300\ttraining\n", InputError, r"p\.bed:1: the part is 'training' \(name it train, valid or test\)"),
        ("c0\t0\t300\n", InputError, r"p\.bed:1: the part is ''"),
        ("c0\t0\t300\ttrain\nc0\t300\t300\tvalid\n", InputError, r"p\.bed:2: contains no base"),
        ("c0\t0\t300\ttrain\n", InputError, "has no part 'valid'"),
        ("c0\t0\t900\ttrain\n", GenomeMismatchError, "end past the end"),
        ("cX\t0\t9\ttrain\n", GenomeMismatchError, "on cX, which the genome does not have"),
    ],
)
def test_a_bed_that_is_no_split_is_refused_with_its_line(tmp_path: Path, text: str, kind: type, words: str) -> None:
    (tmp_path / "p.bed").write_text(text)
    with pytest.raises(kind, match=words):
        read_split(tmp_path / "p.bed", genome_of(500, 320))


@pytest.mark.parametrize("lengths", [(40_000,), (17_000, 9_000, 3_000, 400, 11_000)])
def test_drawn_parts_have_their_shares_cover_all_and_depend_on_the_seed(lengths: tuple[int, ...]) -> None:
    genome, fractions = genome_of(*lengths), (0.6, 0.15, 0.25)
    split = draw_split(genome, fractions, seed=3, gap_bp=GAP)
    parts = np.concatenate([split.part_of(contig, np.arange(len(contig))) for contig in genome])
    for part, share in zip(PARTS, fractions, strict=True):
        assert abs((parts == part).mean() - share) < 0.05
    assert split == draw_split(genome, fractions, seed=3, gap_bp=GAP)
    assert split != draw_split(genome, fractions, seed=4, gap_bp=GAP)
    shortest = min(region.end - region.start for region in split.regions)
    assert shortest >= min(4 * GAP, *lengths) - 1


@pytest.mark.parametrize(("blocks", "expected"), [(7.25, 7), (7.75, 8)])
def test_a_drawn_block_belongs_to_the_part_in_which_its_middle_lies(blocks: float, expected: int) -> None:
    genome, share = genome_of(1_500), blocks / 30  # 30 blocks of 50 bp; the border of test lies within the eighth
    split = draw_split(genome, (0.9 - share, 0.1, share), seed=3, gap_bp=5)
    assert sum(region.end - region.start for region in split.regions if region.part == "test") == expected * 50


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.1), (0.7, 0.1, 0.1), (1.2, -0.4, 0.2), (0.8, 0.0, 0.2), (float("nan"),) * 3]
)
def test_shares_that_are_none_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="three shares of train, valid and test"):
        draw_split(genome_of(9000), fractions, seed=0, gap_bp=GAP)


def test_a_genome_too_short_to_be_cut_is_refused() -> None:
    with pytest.raises(ConfigError, match="too short to draw a part"):
        draw_split(genome_of(150), (0.7, 0.1, 0.2), seed=0, gap_bp=GAP)


def test_another_genome_needs_a_split(tmp_path: Path) -> None:
    genome = genome_of(9000)
    with pytest.raises(ConfigError, match="no split is known for g: name its parts with --split BED"):
        choose_split(genome)
    with pytest.raises(ConfigError, match="give one of them"):
        choose_split(genome, bed=tmp_path / "p.bed", fractions=(0.7, 0.1, 0.2))


def test_every_border_has_its_gap() -> None:
    genome = genome_of(1000, 700)
    rows = [(0, 0, 200, "train"), (0, 200, 300, "valid"), (0, 300, 500, "test"), (0, 500, 600, "train")]
    rows += [(0, 610, 700, "train"), (0, 720, 800, "test"), (0, 800, 1000, "train"), (1, 0, 700, "train")]
    stretches = training_stretches(genome, split_of(genome, *rows), GAP)
    expected = [(0, 0, 170), (0, 530, 600), (0, 610, 690), (0, 830, 1000), (1, 0, 700)]
    assert [(one.contig, one.start, one.end) for one in stretches] == expected


def test_the_gap_goes_on_across_the_origin_of_a_circle_and_not_at_the_end_of_a_line() -> None:
    rows = [(0, 0, 400, "train"), (0, 400, 500, "valid"), (0, 500, 990, "train"), (0, 990, 1000, "test")]
    for circular, first in ((True, GAP), (False, 0)):
        genome = genome_of(1000, circular=circular)
        stretches = training_stretches(genome, split_of(genome, *rows), GAP)
        assert [(one.start, one.end) for one in stretches] == [(first, 370), (530, 960)]


def test_training_on_both_sides_of_the_origin_is_one_stretch_with_gaps_that_wrap() -> None:
    genome = genome_of(1000, circular=True)
    rows = [(0, 0, 10, "train"), (0, 10, 300, "test"), (0, 300, 420, "valid"), (0, 420, 700, "train")]
    (stretch,) = training_stretches(genome, split_of(genome, *rows, (0, 700, 1000, "train")), GAP)
    assert (stretch.start, stretch.end) == (450, 980)  # the gap before test reaches back across the origin


def test_a_part_that_is_all_gap_is_not_trained_on() -> None:
    genome = genome_of(1000)
    rows = [(0, 0, 400, "valid"), (0, 400, 440, "train"), (0, 440, 600, "test"), (0, 600, 1000, "train")]
    (stretch,) = training_stretches(genome, split_of(genome, *rows), GAP)
    assert (stretch.start, stretch.end) == (630, 1000)
