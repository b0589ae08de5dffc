"""The map from model output to probability: fitted on the validation region, kept in the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tracktools.arrays import Bool, Float64, Floating

_KNOTS = 128


def fit_calibration(signal: Floating, is_tss: Bool) -> dict[str, list[float]]:
    """Fit a monotone map from signal to probability (isotonic regression), thinned to at most 128 points.

    They are kept evenly along the rise of the probability and the logarithm of the signal together, because nearly all
    bases have signals near 0.

    Parameters
    ----------
    signal : ndarray
        Values above 0; NaN where there is none.
    is_tss : ndarray of bool
        The truth at each.

    Returns
    -------
    dict
        ``output`` and ``probability``, ascending; between them the map is linear, beyond them constant.
    """
    from sklearn.isotonic import IsotonicRegression  # takes half a second to import; to apply a map needs none of it

    known = ~np.isnan(signal)
    fit = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(signal[known], is_tss[known].astype(float))
    output, probability = np.asarray(fit.X_thresholds_), np.asarray(fit.y_thresholds_)
    if len(output) > _KNOTS:
        along = _normalised(np.log(np.maximum(output, np.finfo(np.float32).tiny))) + _normalised(probability)
        chosen = np.interp(np.linspace(0, along[-1], _KNOTS), along, np.arange(len(output)))
        keep = np.unique(np.rint(chosen).astype(int))
        output, probability = output[keep], probability[keep]
    return {"output": [float(x) for x in output], "probability": [float(p) for p in probability]}


def calibrated(output: Floating, calibration: Mapping[str, Sequence[float]]) -> Float64:
    """Return the probabilities of model outputs, by what `fit_calibration` gave."""
    return np.asarray(np.interp(output, calibration["output"], calibration["probability"]), dtype=np.float64)


def _normalised(values: Floating) -> Floating:
    span = values[-1] - values[0]
    return (values - values[0]) / span if span > 0 else np.linspace(0, 1, len(values))
