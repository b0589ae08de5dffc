"""The effect of a variant is that of predicting both sequences as a whole, on both strands, at ends and origins."""

from __future__ import annotations

import numpy as np
import pytest

from runs import NEAR_MODELS
from tracktools import Contig, Genome, Scorer
from tracktools.calls import call_positions
from tracktools.config import PredictConfig
from tracktools.engine.substitutions import log_odds
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.vcf import VcfLine
from tracktools.interval import STRANDS, Strand
from tracktools.mutate.changed import Change, ChangedContig
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.variant_effect import VariantEffect, variant_effects
from tracktools.mutate.variants import OVERLAPPED, SYMBOLIC, alleles_of, is_notation, line_of_notation

CONFIG = PredictConfig(block_bp=500, threads=1, engine="torch", device="cpu")
LENGTH = 300


def random_text(length: int, seed: int, alphabet: str = "ACGT") -> str:
    return "".join(np.random.default_rng(seed).choice(list(alphabet), length))


def contig_of(text: str, circular: bool = False) -> Contig:
    return Contig("chr", np.frombuffer(text.encode(), dtype=np.uint8), circular)


def changed_text(text: str, change: Change) -> tuple[str, list[int]]:
    """Return the mutated sequence as it is written, and the old base of every new one; -1 for those that came."""
    beyond = max(change.end - len(text), 0)  # bases at the origin that go
    kept = range(beyond, change.start), range(change.end, len(text))
    letters = text[beyond : change.start] + change.letters + text[change.end :]
    came = [-1] * len(change.letters)
    if len(change.letters) == change.end - change.start:
        came = [base % len(text) for base in range(change.start, change.end)]
    return letters, [*kept[0], *came, *kept[1]]


CHANGES = [
    Change(150, 151, "T"),
    Change(150, 151, ""),
    Change(150, 150, "ACGTT"),
    Change(140, 152, "GG"),
    Change(140, 143, "TGA"),
    Change(140, 143, "TNA"),
    Change(0, 1, "T"),
    Change(0, 3, ""),
    Change(0, 0, "TTA"),
    Change(299, 300, "G"),
    Change(296, 300, ""),
    Change(300, 300, "CATG"),
    Change(20, 290, "A"),
    Change(7, 7, random_text(80, 9)),
]
ACROSS = [Change(298, 303, ""), Change(299, 301, "TTATT"), Change(298, 302, "ACGT"), Change(150, 420, "C")]


@pytest.mark.parametrize("circular", [False, True])
def test_a_changed_contig_reads_as_the_sequence_that_is_written(circular: bool) -> None:
    text = random_text(LENGTH, 1, "ACGTacgtN")
    for change in CHANGES + (ACROSS if circular else []):
        made = ChangedContig(contig_of(text, circular), change)
        expected = contig_of(changed_text(text, change)[0], circular)
        assert len(made) == len(expected)
        for strand in STRANDS:
            for start, end in ((0, len(made)), (-7, 31), (len(made) - 40, len(made) + 9), (131, 171)):
                assert np.array_equal(
                    made.strand_codes(start, end, strand), expected.strand_codes(start, end, strand)
                ), (change, strand, start)


def compute(name: str, text: str, changes: list[Change], circular: bool, threshold: float) -> list[VariantEffect]:
    contig = contig_of(text, circular)
    scoring = Scoring.of(Genome("g", (contig,)), NEAR_MODELS[name], CONFIG)
    alleles = [(contig, change) for change in changes]
    return list(variant_effects(alleles, scoring.engine, scoring.network, None, threshold=threshold, batch_bp=500))


def calls(signal: np.ndarray, strand: Strand, threshold: float, circular: bool) -> set[int]:
    high = np.flatnonzero(signal >= threshold)
    return set(high[call_positions(high, signal[high], strand, length=len(signal), circular=circular)].tolist())


@pytest.mark.parametrize("name", NEAR_MODELS)
@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("alphabet", ["ACGT", "ACGTACGTN"])
def test_every_effect_is_that_of_predicting_both_sequences(name: str, circular: bool, alphabet: str) -> None:
    text, scorer = random_text(LENGTH, 5, alphabet), Scorer(NEAR_MODELS[name], config=CONFIG)
    changes = CHANGES + (ACROSS if circular else [])
    before = scorer.predict_sequence(text, circular=circular)
    threshold = float(np.nanquantile(np.concatenate(before), 0.9))
    for change, effect in zip(changes, compute(name, text, changes, circular, threshold), strict=True):
        letters, old_of_new = changed_text(text, change)
        after = scorer.predict_sequence(letters, circular=circular)
        new = np.flatnonzero(np.array(old_of_new) >= 0)
        old = np.array(old_of_new)[new]
        created, destroyed = 0, 0
        for strand, one, other in zip(STRANDS, before, after, strict=True):
            extremes = effect.plus if strand == "+" else effect.minus
            for suffix, scale in (("", np.float64), ("_log_odds", log_odds)):
                difference = scale(other[new]) - scale(one[old])
                for side, value in (("gain", np.nanmax(difference)), ("loss", np.nanmin(difference))):
                    value = max(value, 0) if side == "gain" else min(value, 0)
                    assert getattr(extremes, side + suffix) == pytest.approx(value, abs=1e-5), (change, strand, side)
                    where = getattr(extremes, f"{side}{suffix}_position")
                    if abs(value) > 1e-5:
                        assert difference[list(old).index(where - 1)] == pytest.approx(value, abs=1e-5)
            was = calls(one, strand, threshold, circular)
            mapped = {old_of_new.index(base) for base in was if base in old_of_new}
            becomes = calls(other, strand, threshold, circular)
            destroyed += len(was) - len(mapped & becomes)
            created += len(becomes - mapped)
        assert len(effect.created) + len(effect.moved) == created, change
        assert len(effect.destroyed) + len(effect.moved) == destroyed, change


def test_mirrored_variants_have_mirrored_effects() -> None:
    text = random_text(LENGTH, 8)
    complement = str.maketrans("ACGT", "TGCA")
    for change in CHANGES:
        mirrored = Change(LENGTH - change.end, LENGTH - change.start, change.letters.translate(complement)[::-1])
        (one,) = compute("dilated", text, [change], False, 0.5)
        (other,) = compute("dilated", text.translate(complement)[::-1], [mirrored], False, 0.5)
        assert (one.plus.gain, one.plus.loss) == (other.minus.gain, other.minus.loss)
        for mine, its in ((one.plus, other.minus), (one.minus, other.plus)):
            for name in ("gain_position", "loss_log_odds_position"):
                assert getattr(mine, name) == (LENGTH + 1 - getattr(its, name) if getattr(its, name) else 0)


def test_a_promoter_is_destroyed_created_and_moved() -> None:
    promoter = "TTGACA" + "CCGGATCGCTAGCGGCC" + "TATAAT" + "GCGCGCA" + "CGTGCAGGTC"
    text = random_text(200, 12, "GCCG") + promoter + random_text(200, 13, "GCCG")
    scoring = Scoring.of(Genome("g", (contig_of(text),)), "ecoli-tss-dilated", PredictConfig(threads=1))
    at = 200 + promoter.index("TATAAT")
    weak = text[:at] + "GCTCGC" + text[at + 6 :]
    changes = [Change(at, at + 6, "GCTCGC"), Change(at + 6, at + 6, "GC")]

    def effects(sequence: str, change: Change) -> VariantEffect:
        alleles = [(contig_of(sequence), change)]
        return next(variant_effects(alleles, scoring.engine, scoring.network, None, threshold=0.1, batch_bp=10_000))

    gone, back = effects(text, changes[0]), effects(weak, Change(at, at + 6, "TATAAT"))
    assert len(gone.destroyed) == 1
    assert not gone.created
    assert gone.destroyed[0].strand == "+"
    assert abs(int(gone.destroyed[0].position) - (at + 13)) <= 2
    assert gone.destroyed == back.created
    assert gone.plus.loss == pytest.approx(-back.plus.gain)
    assert gone.plus.loss < -0.1
    assert gone.plus.loss_position == int(gone.destroyed[0].position)


GENOME = Genome("g", (contig_of("ACGTACGTRNacgtTTTT"), Contig("circle", np.frombuffer(b"ACGTTGCA", np.uint8), True)))


def line(chrom: str, position: int, reference: str, alternative: str) -> VcfLine:
    return VcfLine(7, (chrom, str(position), ".", reference, alternative, ".", ".", "."))


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (line("chr", 2, "C", "T"), [Change(1, 2, "T")]),
        (line("chr", 2, "c", "t"), [Change(1, 2, "T")]),
        (line("chr", 2, "CG", "CGG"), [Change(2, 2, "G")]),
        (line("chr", 2, "CGT", "C"), [Change(2, 4, "")]),
        (line("chr", 2, "CGT", "CAT,TGT,*,<DEL>,C]chr:9]"), [Change(2, 3, "A"), Change(1, 2, "T"), None, None, None]),
        (line("chr", 2, "CGT", "CGT"), [Change(2, 2, "")]),
        (line("chr", 9, "A", "T"), [Change(8, 9, "T")]),  # R of the genome, as VCF reduces it
        (line("chr", 10, "N", "T"), [Change(9, 10, "T")]),
        (line("chr", 11, "ACGT", "ACRT"), [Change(12, 13, "R")]),
        (line("chr", 2, "C", "."), []),
        (line("circle", 8, "AAC", "A"), [Change(8, 10, "")]),
        (line("circle", 8, "A", "AG"), [Change(8, 8, "G")]),
    ],
)
def test_alleles_are_trimmed_to_what_changes(variant: VcfLine, expected: list[Change | None]) -> None:
    found = [one.change for one in alleles_of(variant, GENOME[variant.chrom], None)]
    assert [changed_by(GENOME[variant.chrom], one) for one in found] == [
        changed_by(GENOME[variant.chrom], one) for one in expected
    ]


def changed_by(contig: Contig, change: Change | None) -> tuple[int, ...] | None:
    """Return the sequence that a change makes: two changes are the same if they make the same."""
    if change is None:
        return None
    made = ChangedContig(contig, change)
    codes = made.strand_codes(0, len(made), "+").tolist()
    return tuple(min(codes[at:] + codes[:at] for at in range(len(codes)))) if contig.circular else tuple(codes)


def test_what_has_no_letters_says_why() -> None:
    notes = [one.note for one in alleles_of(line("chr", 2, "C", "T,*,<INS>,[chr:9[C,.A"), GENOME["chr"], None)]
    assert notes == ["", OVERLAPPED, SYMBOLIC, SYMBOLIC, SYMBOLIC]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (line("chr", 2, "G", "T"), "REF is G at chr:2, and the genome has C"),
        (line("chr", 2, "CGA", "C"), "REF is CGA at chr:2, and the genome has CGT: base 4 differs"),
        (line("chr", 9, "C", "T"), "the genome has R"),
        (line("chr", 18, "TT", "T"), "not within chr, which has 18 bp"),
        (line("chr", 19, "T", "A"), "not within chr"),
        (line("chr", 0, "T", "A"), "not within chr"),
        (line("chr", 25, "T", "<DEL>"), "POS is 25"),
        (line("circle", 9, "A", "T"), "not within circle"),
        (line("chr", 2, "C", "T,E"), "allele 'E'"),
        (line("chr", 2, "C", "T-"), "allele 'T-'"),
    ],
)
def test_what_is_not_of_the_genome_is_one_line(variant: VcfLine, words: str) -> None:
    with pytest.raises((GenomeMismatchError, InputError), match=words) as error:
        alleles_of(variant, GENOME[variant.chrom], None)
    assert error.value.line == 7 or "REF" not in words
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr:2:C>T", Change(1, 2, "T")),
        ("chr:2:CG>C", Change(2, 3, "")),
        ("chr:g.2C>T", Change(1, 2, "T")),
        ("chr:g.2del", Change(1, 2, "")),
        ("chr:g.2_4del", Change(1, 4, "")),
        ("chr:g.2_4delCGT", Change(1, 4, "")),
        ("chr:g.1_2del", Change(0, 2, "")),
        ("chr:g.2_3insTT", Change(2, 2, "TT")),
        ("chr:g.2_4delinsA", Change(1, 4, "A")),
        ("chr:g.2_3dup", Change(3, 3, "CG")),
        ("chr:g.2_4inv", Change(1, 4, "ACG")),
        ("circle:o.8_1del", Change(7, 9, "")),
        ("circle:m.8dup", Change(8, 8, "A")),
        ("circle:g.1del", Change(0, 1, "")),
    ],
)
def test_notations_say_what_changes(text: str, expected: Change) -> None:
    assert is_notation(text)
    written = line_of_notation(text, GENOME, None)
    (allele,) = alleles_of(written, GENOME[written.chrom], None)
    assert changed_by(allele.contig, allele.change) == changed_by(allele.contig, expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chr:g.2_3C>T", "two positions"),
        ("chr:g.2_4insA", "no insertion"),
        ("chr:g.2ins", "no insertion"),
        ("chr:g.2delins", "what comes instead"),
        ("chr:g.2_4delAAA", "the genome has CGT"),
        ("chr:g.17_19del", "not within chr"),
        ("chr:g.4_2del", "not within chr"),
        ("chr:g.0del", "not within chr"),
        ("other:g.2del", "other"),
        ("chr:c.2del", "no variant"),
        ("nonsense", "no variant"),
    ],
)
def test_notations_that_cannot_be_are_one_line(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        line_of_notation(text, GENOME, None)
