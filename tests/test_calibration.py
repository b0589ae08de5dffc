"""The map from model output to probability."""

from __future__ import annotations

import numpy as np
import pytest

from tracktools.calibration import calibrated, fit_calibration


def test_calibration_is_monotone_and_right_on_average() -> None:
    rng = np.random.default_rng(3)
    signal = rng.random(20_000)
    is_tss = rng.random(20_000) < signal**2
    fitted = fit_calibration(signal, is_tss)
    assert len(fitted["output"]) <= 128
    assert (np.diff(fitted["output"]) > 0).all()
    assert (np.diff(fitted["probability"]) >= 0).all()
    at = np.array([0.2, 0.5, 0.9])
    assert calibrated(at, fitted) == pytest.approx(at**2, abs=0.06)


def test_calibration_is_right_where_nearly_all_bases_are() -> None:
    rng = np.random.default_rng(4)
    signal = 10 ** rng.uniform(-6, 0, 400_000)
    is_tss = rng.random(len(signal)) < signal / 5
    fitted = fit_calibration(signal, is_tss)
    for low, high in ((1e-3, 1e-2), (1e-2, 1e-1), (1e-1, 1)):
        inside = (signal >= low) & (signal < high)
        expected = calibrated(signal[inside], fitted).mean()
        assert expected == pytest.approx(is_tss[inside].mean(), rel=0.1)
