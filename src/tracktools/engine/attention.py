"""Attention as every engine gives it: for chosen rows, and reduced over all of them.

Windows are run once, with the hidden states that enter every layer kept (`Engine.trace`). From these, the attention of
a layer is computed again: scores and softmax only, no values. That costs two thirds of the layer at most, needs no
second pass over the genome, and comes when the outputs are known, with which it is to be correlated.

Axes: rows are the asked positions of all windows, window after window; H heads; W distances upstream, 0 to
``attention_window_bp - 1``; C tracked distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Float32, Float64, Int32, Int64

# Bins of a weight for the binned rank correlation: logarithmic, so that they can be read off the bits of a float.
MANTISSA_BITS = 3  # 8 bins an octave
OCTAVES = 64  # weights below 2^-64 share bin 0: a head that looks at one base leaves 1e-14 to the others
BINS = (OCTAVES << MANTISSA_BITS) + 2  # with one for below, and one for exactly 1
BIN_SHIFT = 23 - MANTISSA_BITS  # of the bits of a float32
FIRST_BIN = ((127 - OCTAVES) << MANTISSA_BITS) - 1  # what is taken away from the shifted bits

RANK_BITS = 40  # of the packed cells of a histogram: count << RANK_BITS | sum of 16-bit ranks


@dataclass(frozen=True)
class Reduction:
    """What is to be reduced over the asked rows.

    Parameters
    ----------
    outputs : ndarray of float32, shape (rows,)
        Model output that each row answers with, less a number near its mean; NaN where the row is not to be counted.
    centres : ndarray of float32, shape (layers, H, W)
        Float64 near the mean weights: squares and products are taken of what is left, or rounding would spoil them.
    ranks : ndarray of uint16, shape (rows,)
        Rank of that output, scaled to 0 ... 65,535.
    tracked : ndarray of int64, shape (layers, H, C)
        Distances whose weights are returned row by row.
    """

    outputs: Float32
    centres: Float32
    ranks: npt.NDArray[np.uint16]
    tracked: Int64


class Sums(NamedTuple):
    """A layer's attention reduced over the rows that count; what a row cannot see (before a 5' end) adds nothing.

    `total` of the weights, `with_output` (weight less centre, times output), `squares` (of weight less centre): (H, W),
    summed in float64; `largest` (H, W); `histogram` (H, W, BINS): packed counts and sums of ranks; `tracked` (rows, H,
    C): weights.
    """

    total: Float64
    with_output: Float64
    squares: Float64
    largest: Float64
    histogram: Int64
    tracked: Float32


class Observation(NamedTuple):
    """Attention of one layer: `weights`, shape (chosen rows, H, W), 0 where there is nothing to see; and its sums."""

    weights: Float32
    sums: Sums | None


class Trace(Protocol):
    """Windows that were run, with the states kept."""

    @property
    def probabilities(self) -> list[Float32]:
        """Probabilities at the asked positions of each window, as `Engine.probabilities_many` gives them."""

    def observe(self, layer: int, rows: Int64, reduction: Reduction | None = None) -> Observation:
        """Compute the attention of a layer (counted from 0).

        Parameters
        ----------
        layer : int
            Which.
        rows : ndarray of int64, shape (n,)
            Asked rows, ascending, whose weights are returned.
        reduction : Reduction, optional
            What to reduce over all rows.
        """


def bin_of(weights: Float32) -> Int32:
    """Return the bin of each weight, of the shape of `weights`.

    Examples
    --------
    >>> bin_of(np.float32([0, 2.0**-64, 0.5, 0.999, 1])).tolist()
    [0, 1, 505, 512, 513]
    """
    return ((weights.view(np.int32) >> BIN_SHIFT) - FIRST_BIN).clip(0, BINS - 1)
