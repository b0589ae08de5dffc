"""Every substitution does what predicting the mutated sequence says, to the base and on both strands."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from runs import NEAR_MODELS, letters
from tracktools import Scorer, mutate_sequence
from tracktools.config import PredictConfig
from tracktools.engine.substitutions import log_odds
from tracktools.errors import InputError
from tracktools.interval import Strand
from tracktools.model.checkpoint import Checkpoint

CONFIG = PredictConfig(block_bp=500, threads=1, engine="torch", device="cpu")
PROMOTER = "GCTAGCGGATCC" + "TTGACA" + "CCGGATCGCTAGCGGCC" + "TATAAT" + "GCGCGCA" + "CGTGCAGGTC" * 4


def brute_force(
    sequence: npt.NDArray[np.uint8], position: int, strand: Strand, model: Checkpoint, circular: bool
) -> npt.NDArray[np.float64]:
    """Predict each mutated sequence as a whole."""
    scorer = Scorer(model, config=CONFIG)

    def output(changed: npt.NDArray[np.uint8]) -> np.float64:
        signals = scorer.predict_sequence(changed, circular=circular)
        return log_odds((signals.plus if strand == "+" else signals.minus)[position])

    effects = np.full((len(sequence), 4), np.nan)
    before = output(sequence)
    for base in np.flatnonzero(np.isin(sequence, np.frombuffer(b"ACGT", np.uint8))):
        for column, letter in enumerate(b"ACGT"):
            changed = sequence.copy()
            changed[base] = letter
            effects[base, column] = output(changed) - before
    return effects


@pytest.mark.parametrize("name", NEAR_MODELS)
@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("length", "position", "circular", "alphabet"),
    [
        (24, 11, False, b"ACGT"),
        (24, 4, False, b"ACGT"),  # near an end: zero padding
        (24, 19, False, b"ACGT"),
        (24, 11, False, b"ACGTACGTN"),
        (24, 0, True, b"ACGT"),  # across the origin
        (24, 23, True, b"ACGT"),
        (11, 3, True, b"ACGT"),  # a circle shorter than the reach: a base is seen more than once
    ],
)
def test_every_substitution_is_the_prediction_of_the_mutant(
    name: str, strand: Strand, length: int, position: int, circular: bool, alphabet: bytes
) -> None:
    sequence, model = letters(length, 4, alphabet), NEAR_MODELS[name]
    sequence[position] = ord("G")
    found = mutate_sequence(sequence, position, strand, model=model, circular=circular, config=CONFIG)
    expected = brute_force(sequence, position, strand, model, circular)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert np.nanmax(np.abs(found)) > 1e-3
    assert np.array_equal(np.isnan(found).all(axis=1), ~np.isin(sequence, np.frombuffer(b"ACGT", np.uint8)))


@pytest.mark.parametrize("name", NEAR_MODELS)
def test_the_reverse_complement_has_mirrored_effects(name: str) -> None:
    sequence = letters(60, 6)
    mirrored = np.frombuffer(sequence.tobytes().translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1], np.uint8)
    plus = mutate_sequence(sequence, 30, "+", model=NEAR_MODELS[name], config=CONFIG)
    minus = mutate_sequence(mirrored, 29, "-", model=NEAR_MODELS[name], config=CONFIG)
    assert np.array_equal(plus, minus[::-1, ::-1])


def test_small_batches_give_the_same() -> None:
    sequence, small = letters(60, 7), PredictConfig(block_bp=64, threads=1, engine="torch", device="cpu")
    one, other = (mutate_sequence(sequence, 30, "+", model=NEAR_MODELS["dilated"], config=c) for c in (CONFIG, small))
    assert np.array_equal(one, other)


def test_a_shipped_model_sees_the_minus_10_and_equals_its_predictions() -> None:
    sequence = (PROMOTER + "ACGTTGCA" * 40)[:300]
    at, tss = sequence.index("TATAAT"), sequence.index("TATAAT") + 12
    model = "ecoli-tss-dilated"
    scorer = Scorer(model)
    effects = mutate_sequence(sequence, tss, "+", model=model)
    assert effects.shape == (300, 4)
    assert (effects[tss + 78 :] == 0).all()  # 77 bases to each side are seen
    for base in (0, at, at + 1, at + 5, tss, tss + 77):
        for column, letter in enumerate("ACGT"):
            changed = sequence[:base] + letter + sequence[base + 1 :]
            after, before = (scorer.predict_sequence(text).plus[tss] for text in (changed, sequence))
            assert effects[base, column] == pytest.approx(log_odds(after) - log_odds(before), abs=1e-5)
    assert effects[at + 1].min() < -1  # A at -11, the most conserved letter
    assert effects[at + 5].min() < -1  # T at -7


def test_log_odds_stay_finite() -> None:
    values = log_odds(np.array([0, 0.5, 1], np.float32))
    assert np.isfinite(values).all()
    assert values[1] == 0
    assert values[0] == pytest.approx(-values[2])


@pytest.mark.parametrize(
    ("sequence", "position", "strand", "words"),
    [
        ("ACGT" * 9, 36, "+", "outside"),
        ("ACGT" * 9, -1, "+", "outside"),
        ("ACGT" * 9, 3, ".", "strand"),
        ("ACGT" * 9, 35, "+", "unscored"),
        ("ACGT" * 9, 3, "-", "unscored"),
        ("ACGTNCGT" * 9, 4, "+", "is N"),
        ("", 0, "+", "empty"),
    ],
)
def test_what_has_no_output_is_refused_in_a_line(sequence: str, position: int, strand: Strand, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        mutate_sequence(sequence, position, strand, model=NEAR_MODELS["transformer"], config=CONFIG)
    assert "\n" not in str(error.value)
