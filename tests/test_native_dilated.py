"""The native engine of the convolutional network: every kernel, to the equations and bit by bit."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pytest

from dilated_networks import SMALL, exact_probabilities, random_codes, random_dilated
from tracktools import load_model
from tracktools.blocks import plan_blocks
from tracktools.bundle import CHROM, load_bundle
from tracktools.config import DilatedConfig
from tracktools.engine import Window
from tracktools.engine.grid import score_block
from tracktools.engine.interface import TOLERANCE
from tracktools.engine.native.dilated import NativeDilatedEngine, fits_dilated
from tracktools.engine.native.library import Kernel, usable_kernels
from tracktools.genome import Contig, Genome
from tracktools.interval import STRANDS, Strand
from tracktools.model.dilated import Dilated
from tracktools.model.parameters import parameters_of

KERNELS = usable_kernels("dilated")

pytestmark = pytest.mark.skipif(not KERNELS, reason="no native engine here: `tracktools info` says why")

SHAPES = {
    "small": SMALL,
    "members": DilatedConfig(n_channels=40, stem_width_bp=9, dilations_bp=(1, 2, 4, 8), n_members=3),
    "wide": DilatedConfig(n_channels=97, stem_width_bp=1, conv_width_bp=5, dilations_bp=(3, 1), n_members=2),
    "far": DilatedConfig(n_channels=8, stem_width_bp=3, dilations_bp=(200, 1)),
    "pointwise": DilatedConfig(n_channels=33, stem_width_bp=7, conv_width_bp=1, dilations_bp=(1,)),
}


def engine_of(kernel: Kernel, model: Dilated, threads: int = 1) -> NativeDilatedEngine:
    assert fits_dilated(model.config)
    return NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=threads)


@cache
def shaped(name: str) -> Dilated:
    return random_dilated(SHAPES[name], gain=0.7)


@cache
def expected_of(name: str, length: int) -> npt.NDArray[np.float64]:
    return exact_probabilities(shaped(name), random_codes(length, seed=length))


@pytest.fixture(params=KERNELS, ids=lambda kernel: kernel.name)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    found: Kernel = request.param
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_every_kernel_is_the_equations_at_any_length(kernel: Kernel, name: str) -> None:
    engine = engine_of(kernel, shaped(name))
    for length in (1, 2, 3, 12, 13, 14, 31, 64, 65, 66, 67, 131, 600):
        found = engine.probabilities(random_codes(length, seed=length), 0, length)
        np.testing.assert_allclose(
            found, expected_of(name, length), atol=TOLERANCE[kernel.precision], rtol=0, err_msg=f"{length} bases"
        )


def test_no_engine_is_more_exact_than_it_says(kernel: Kernel) -> None:
    error = np.abs(
        engine_of(kernel, shaped("members")).probabilities(random_codes(600, seed=600), 0, 600)
        - expected_of("members", 600)
    ).max()
    assert (error > 1e-5) == (kernel.precision == "fast")  # or bfloat16 was not what multiplied


@cache
def trained() -> tuple[Dilated, npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    model = load_model("ecoli-tss-dilated").model
    assert isinstance(model, Dilated)
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    codes = contig.strand_codes(2_738_785, 2_740_785, "-")
    return model, codes, exact_probabilities(model, codes)


def test_the_shipped_network_on_real_bases(kernel: Kernel) -> None:
    model, codes, expected = trained()
    error = np.abs(engine_of(kernel, model).probabilities(codes, 0, len(codes)) - expected).max()
    assert error < (1e-5 if kernel.precision == "exact" else 1e-2)


@pytest.mark.parametrize("name", ["small", "members", "wide", "far"])
def test_a_part_of_any_beginning_has_the_bits_of_the_whole(kernel: Kernel, name: str) -> None:
    engine, codes = engine_of(kernel, shaped(name)), random_codes(1500)
    whole, halo = engine.probabilities(codes, 0, 1500), engine.config.halo_upstream_bp
    for first, last in [(0, 1), (1, 2), (7, 300), (700, 701), (801, 1117), (1499, 1500)]:
        start = max(first - halo, 0)
        part = engine.probabilities(codes[start : last + halo], first - start, last - start)
        assert part.tobytes() == whole[first:last].tobytes(), (first, last)


def test_threads_and_pieces_change_no_bit(kernel: Kernel) -> None:
    model, codes = shaped("small"), random_codes(40_000)
    one, three = (engine_of(kernel, model, threads).probabilities(codes, 5, 39_990) for threads in (1, 3))
    assert one.tobytes() == three.tobytes()


def test_windows_see_nothing_of_each_other(kernel: Kernel) -> None:
    engine = engine_of(kernel, shaped("members"), threads=2)
    windows = [Window(random_codes(n, seed=n), n // 3, n) for n in (1, 5, 130, 400, 2, 66)]
    windows += [Window(random_codes(0), 0, 0), Window(random_codes(50), 7, 7), Window(random_codes(50), 7, 41)]
    together = engine.probabilities_many(windows)
    assert [len(answer) for answer in together] == [window.last - window.first for window in windows]
    for window, answer in zip(windows, together, strict=True):
        assert engine.probabilities(*window).tobytes() == answer.tobytes()
    assert engine.probabilities_many([]) == []


@cache
def contigs() -> list[Window]:
    lengths = 1 + np.random.default_rng(4).permutation(5000) % 40
    return [Window(random_codes(int(n), seed=i), 0, int(n)) for i, n in enumerate(lengths)]


def test_five_thousand_contigs(kernel: Kernel) -> None:
    model = shaped("small")
    answers = engine_of(kernel, model, threads=2).probabilities_many(contigs())
    for number in range(0, 5000, 250):
        expected = exact_probabilities(model, contigs()[number].codes)
        np.testing.assert_allclose(answers[number], expected, atol=TOLERANCE[kernel.precision], rtol=0)


def test_a_change_of_a_base_is_seen_as_far_as_the_network_reaches(kernel: Kernel) -> None:
    engine, codes = engine_of(kernel, shaped("small")), random_codes(91)
    before, halo = engine.probabilities(codes, 0, 91), SMALL.halo_upstream_bp
    for moved in (12, 40, 66):
        changed = codes.copy()
        changed[moved] = (changed[moved] + 1) % 4
        differs = np.flatnonzero(engine.probabilities(changed, 0, 91) != before)
        assert moved - halo <= differs.min() <= differs.max() <= moved + halo
        if kernel.precision == "exact":  # in bfloat16 a small change may be none
            assert (differs.min(), differs.max()) == (moved - halo, moved + halo)


BLOCK_BP = 97


def contigs_at_the_edges() -> Genome:
    """Contigs of 1 to 600 bases, some circular; unknown letters at ends, at the borders of blocks, and everywhere."""

    def letters(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]

    contigs = [Contig(f"linear{n}", letters(random_codes(n, seed=n))) for n in (1, 2, 8, 9, 10, 64, 97, 98, 600)]
    contigs += [Contig(f"ring{n}", letters(random_codes(n, seed=n)), circular=True) for n in (1, 2, 5, 97, 300)]
    bordered = random_codes(2 * BLOCK_BP + 11, seed=4) % 4
    bordered[[0, BLOCK_BP - 1, BLOCK_BP, -BLOCK_BP, -1]] = 4
    contigs += [Contig("bordered", letters(bordered)), Contig("bordered_ring", letters(bordered), circular=True)]
    return Genome("edges", (*contigs, Contig("unknown", letters(np.full(70, 4, dtype=np.uint8)))))


@cache
def values_at_the_edges(strand: Strand) -> tuple[npt.NDArray[np.float64], ...]:
    model, halo, values = shaped("small"), SMALL.halo_upstream_bp, []
    for contig in contigs_at_the_edges():
        size, around = len(contig), halo if contig.circular else 0
        answers = exact_probabilities(model, contig.strand_codes(-around, size + around, strand))
        answers = answers[around : around + size]
        values.append(np.where(contig.codes == 4, np.nan, answers if strand == "+" else answers[::-1]))
    return tuple(values)


@pytest.mark.parametrize("block_bp", [BLOCK_BP, 131_072])
def test_ends_rings_and_unknown_letters_are_right_to_the_base(kernel: Kernel, block_bp: int) -> None:
    genome, engine = contigs_at_the_edges(), engine_of(kernel, shaped("small"))
    found = {strand: [np.full(len(contig), np.nan) for contig in genome] for strand in STRANDS}
    for block in plan_blocks(genome, block_bp, SMALL):
        for piece, values in block.split(score_block(block, genome, engine, SMALL)):
            found[piece.strand][piece.contig][piece.start : piece.end] = values
    compare = partial(np.testing.assert_allclose, atol=TOLERANCE[kernel.precision], rtol=0, equal_nan=True)
    for strand in STRANDS:
        for contig, expected, values in zip(genome, values_at_the_edges(strand), found[strand], strict=True):
            compare(values, expected, err_msg=f"{contig.name} {strand}")


@pytest.mark.parametrize(("codes", "first", "last"), [([0, 1], -1, 1), ([0, 1], 0, 3), ([0, 1], 2, 1), ([0, 5], 0, 1)])
def test_a_wrong_window_is_refused(kernel: Kernel, codes: list[int], first: int, last: int) -> None:
    with pytest.raises(ValueError, match=r"not within|no letter"):
        engine_of(kernel, shaped("small")).probabilities(np.array(codes, dtype=np.uint8), first, last)


def test_weights_of_any_size_give_probabilities(kernel: Kernel) -> None:
    answers = engine_of(kernel, random_dilated(SMALL, gain=1e4)).probabilities(random_codes(200), 0, 200)
    assert ((answers >= 0) & (answers <= 1)).all()  # no NaN either


def test_memory_does_not_grow_with_states(kernel: Kernel) -> None:
    engine = engine_of(kernel, trained()[0], threads=2)
    assert engine.memory_bytes(262_144) < 8 << 20  # the states of one layer alone would take 128 MB
