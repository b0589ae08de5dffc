"""Windows that are homologous to what a model is judged on."""

from __future__ import annotations

import numpy as np

from tracktools.train.homologues import LEAST_SCORE, homologous


def letters(length: int, seed: int) -> np.ndarray:
    """Return random letters."""
    return np.random.default_rng(seed).integers(0, 4, length).astype(np.uint8)


def mutated(codes: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return letters of which a share was replaced by others."""
    rng = np.random.default_rng(seed)
    changed = rng.random(len(codes)) < share
    return np.where(changed, (codes + rng.integers(1, 4, len(codes))) % 4, codes).astype(np.uint8)


def test_relatives_of_four_letters_in_five_are_found_on_both_strands_and_strangers_are_not() -> None:
    judged = letters(20_000, 1)
    windows = np.stack(
        [mutated(judged[at : at + 240], 0.2, at) for at in range(0, 10_000, 500)]
        + [3 - mutated(judged[at : at + 240], 0.2, at)[::-1] for at in range(0, 10_000, 500)]
        + [letters(240, 1000 + at) for at in range(40)]
    )
    found = homologous(windows, [judged])
    assert found[:40].mean() > 0.9
    assert not found[40:].any()


def test_half_a_window_is_enough_and_the_ends_of_the_region_count() -> None:
    judged = letters(5_000, 2)
    inside = np.concatenate([letters(100, 5), judged[2_000:2_100]])
    before = np.concatenate([letters(150, 6), judged[:50]])
    after = np.concatenate([judged[-50:], letters(150, 7)])
    assert homologous(np.stack([inside, before, after]), [judged]).all()


def test_the_least_score_is_matches_less_mismatches_along_one_diagonal() -> None:
    judged = letters(3_000, 3)
    window = (judged[1_000:1_200] + 1) % 4  # no letter is right ...
    window[80 : 80 + LEAST_SCORE] = judged[1_080 : 1_080 + LEAST_SCORE]  # ... but so many in a row
    shorter = window.copy()
    shorter[80] = (judged[1_080] + 1) % 4
    assert homologous(np.stack([window, shorter]).astype(np.uint8), [judged]).tolist() == [True, False]


def test_unknown_letters_match_nothing() -> None:
    assert not homologous(np.full((2, 100), 4, np.uint8), [np.full(500, 4, np.uint8)]).any()
    assert not homologous(np.zeros((2, 5), np.uint8), [letters(500, 1)]).any()  # shorter than a word
    assert homologous(np.zeros((0, 100), np.uint8), [letters(500, 1)]).shape == (0,)
