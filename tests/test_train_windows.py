"""Training windows: the truth stands where it should, and nothing of validation or test is ever seen."""

from __future__ import annotations

import numpy as np
import pytest

from tracktools.config import ModelConfig, TrainConfig
from tracktools.genome import Contig, Genome
from tracktools.splits import Region, Split
from tracktools.train.windows import LabelArrays, Strand, TrainingWindows, training_stretches

MODEL = ModelConfig(n_layers=1, n_heads=1, d_model=4, d_head=4, attention_window_bp=40, label_shift_bp=7)
HALO = MODEL.halo_upstream_bp + MODEL.halo_downstream_bp + MODEL.label_shift_bp
RECIPE = TrainConfig(window_bp=64, positions_per_step=640, masked_share=0, lead_bp=16, positive_share=0.5)


def circular_genome(length: int = 6007, seed: int = 5) -> Genome:
    letters = np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", dtype=np.uint8), length)
    return Genome("g", (Contig("chr", letters, circular=True),))


def split_of(genome: Genome) -> Split:
    name, end = genome.contigs[0].sequence_sha256, len(genome)
    borders = [(0, 2500, "train"), (2500, 3400, "test"), (3400, 4100, "valid"), (4100, end, "train")]
    return Split(tuple(Region(name, start, stop, part) for start, stop, part in borders))


def labels_of(genome: Genome, every: int) -> LabelArrays:
    strands: tuple[Strand, ...] = ("+", "-")
    length = len(genome)
    return {(0, strand): np.arange(length) % (every + (strand == "-")) == 0 for strand in strands}


def positions_in_genome(genome: Genome, codes: np.ndarray) -> set[int]:
    """Where a window's letters stand: every place where they match one of the strands."""
    contig = genome.contigs[0]
    length = len(codes)
    plus = contig.strand_codes(0, len(contig) + length, "+")
    minus = contig.strand_codes(0, len(contig) + length, "-")
    found: set[int] = set()
    for at in range(len(contig)):
        if np.array_equal(plus[at : at + length], codes):
            found |= {(at + i) % len(contig) for i in range(length)}
        if np.array_equal(minus[at : at + length], codes):
            found |= {(len(contig) - 1 - at - i) % len(contig) for i in range(length)}
    return found


def test_stretches_join_across_the_origin_and_keep_the_gap() -> None:
    genome = circular_genome()
    (stretch,) = training_stretches(genome, split_of(genome), HALO)
    assert (stretch.start, stretch.end) == (4100 + HALO, 6007 + 2500 - HALO)


def test_a_linear_contig_is_not_joined() -> None:
    genome = Genome("g", (Contig("chr", circular_genome().contigs[0].letters),))
    stretches = training_stretches(genome, split_of(genome), HALO)
    assert [(s.start, s.end) for s in stretches] == [(0, 2500 - HALO), (4100 + HALO, 6007)]


def test_no_window_with_its_receptive_field_touches_validation_or_test() -> None:
    genome = circular_genome()
    windows = TrainingWindows(
        genome, [labels_of(genome, 50)], training_stretches(genome, split_of(genome), HALO), MODEL, RECIPE
    )
    seen: set[int] = set()
    for step in range(6):
        for codes in windows.batch(step)[0]:
            seen |= positions_in_genome(genome, codes)
    assert seen, "the windows must be found again in the genome"
    forbidden = set(range(2500 - HALO, 4100 + HALO))
    assert not seen & forbidden
    assert min(seen) < 200, "windows do cross the origin"
    assert max(seen) > 5900


def test_the_truth_stands_label_shift_downstream_of_the_tss() -> None:
    genome = circular_genome()
    tss = {"+": 900, "-": 1200}
    labels: LabelArrays = {(0, "+"): np.zeros(6007, bool), (0, "-"): np.zeros(6007, bool)}
    labels[0, "+"][tss["+"]] = labels[0, "-"][tss["-"]] = True
    windows = TrainingWindows(genome, [labels], training_stretches(genome, split_of(genome), HALO), MODEL, RECIPE)
    contig = genome.contigs[0]
    start = {"+": contig.strand_codes(900, 908, "+"), "-": contig.strand_codes(6006 - 1200, 6006 - 1200 + 8, "-")}
    found = set()
    for step in range(4):
        codes, is_tss = windows.batch(step)
        for row, at in zip(*np.nonzero(is_tss[:, :, 0]), strict=True):
            letters = codes[row, at - MODEL.label_shift_bp : at + 1]  # the TSS to the network position
            found |= {strand for strand, expected in start.items() if np.array_equal(letters, expected)}
            assert any(np.array_equal(letters, expected) for expected in start.values())
    assert found == {"+", "-"}


def test_the_same_seed_and_step_give_the_same_batch_and_others_do_not() -> None:
    genome = circular_genome()
    stretches = training_stretches(genome, split_of(genome), HALO)
    first, second = (TrainingWindows(genome, [labels_of(genome, 50)], stretches, MODEL, RECIPE) for _ in range(2))
    assert np.array_equal(first.batch(4)[0], second.batch(4)[0])
    assert not np.array_equal(first.batch(4)[0], first.batch(7)[0])
    assert first.batch(2)[0].shape == (640 // 128, 128)
    assert first.batch(3)[0].shape == (640 // 64, 64)


def test_a_genome_too_small_to_train_on_is_refused() -> None:
    genome = circular_genome(400)
    with pytest.raises(ValueError, match="no training stretch"):
        TrainingWindows(genome, [labels_of(genome, 50)], [], MODEL, RECIPE)
