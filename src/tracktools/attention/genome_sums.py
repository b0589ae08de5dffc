"""Every position of both strands: sums that do not grow with the genome.

Spearman's rho is binned: see `rank_correlation`. The highest weights are kept at a few distances (`Tops`).
"""

from __future__ import annotations

import numpy as np

from tracktools.arrays import Float32, Int64
from tracktools.attention.pilot import Pilot
from tracktools.attention.rank_correlation import RANKS, binned_spearman
from tracktools.attention.statistics import FLAT, TINY, Profile
from tracktools.attention.top_positions import TopPositions, Tops
from tracktools.config import ModelConfig
from tracktools.engine.attention import BINS, RANK_BITS, Reduction, Sums

_LEAST = 3  # positions for a correlation


class Everything:
    """Sums over all positions.

    Parameters
    ----------
    config : ModelConfig
    pilot : Pilot
        Says how outputs are ranked, what means to expect, and at which distances the positions with the highest weights
        are kept.
    n_top : int
        How many of them.
    """

    def __init__(self, config: ModelConfig, pilot: Pilot, n_top: int) -> None:
        shape = (config.n_layers, config.n_heads, config.attention_window_bp)
        self._ranker, self.tracked = pilot.ranker, pilot.tracked
        self._centres, self._output_centre = pilot.means.astype(np.float32), np.float32(pilot.mean_output)
        self._total, self._with_output, self._squares, self._largest = (np.zeros(shape) for _ in range(4))
        self._counts, self._ranks = (np.zeros((*shape, BINS), dtype=np.int64) for _ in range(2))
        self._rank_counts = np.zeros(RANKS, dtype=np.int64)
        self._n, self._output, self._output_squares = (np.zeros(shape[-1]) for _ in range(3))  # of those that see it
        self._top = Tops(pilot.tracked, n_top)
        self.least, self.most = np.inf, -np.inf

    def reduction(self, outputs: Float32) -> Reduction:
        """Return what is to be reduced over rows with these outputs, shape (rows,)."""
        return Reduction(outputs - self._output_centre, self._centres, self._ranker(outputs), self.tracked)

    def add_rows(self, keys: Int64, outputs: Float32, sees: Int64) -> None:
        """Count the rows of a block, whose sums follow."""
        known = ~np.isnan(outputs)
        self._block = keys, outputs
        values, sees = (outputs - self._output_centre)[known].astype(np.float64), sees[known]
        if not len(values):
            return
        self._rank_counts += np.bincount(self._ranker(outputs[known]), minlength=RANKS)
        for sums, weights in ((self._n, None), (self._output, values), (self._output_squares, values**2)):
            by_reach = np.bincount(sees - 1, weights=weights, minlength=len(sums))
            sums += by_reach[::-1].cumsum()[::-1]  # a row sees all distances below its reach
        self.least, self.most = min(self.least, outputs[known].min()), max(self.most, outputs[known].max())

    def add(self, layer: int, sums: Sums) -> None:
        """Add the sums of a layer over the rows of the block."""
        self._total[layer] += sums.total
        self._with_output[layer] += sums.with_output
        self._squares[layer] += sums.squares
        np.maximum(self._largest[layer], sums.largest, out=self._largest[layer])
        self._counts[layer] += sums.histogram >> RANK_BITS
        self._ranks[layer] += sums.histogram & ((1 << RANK_BITS) - 1)
        self._top.add(layer, sums.tracked, *self._block)

    @property
    def n(self) -> int:
        """Number of positions."""
        return int(self._n[0])

    @property
    def mean_output(self) -> float:
        """Mean model output; NaN if there are no positions."""
        return float(self._output[0] / self._n[0]) + float(self._output_centre) if self.n else np.nan

    def top(self, layer: int, head: int, distance: int) -> TopPositions:
        """Return the positions with the highest weights at a tracked distance."""
        return self._top.at(layer, head, distance)

    def profile(self, layer: int, head: int) -> Profile:
        """Describe a head over all positions."""
        n = np.where(self._n > 0, self._n, np.nan)
        mean, output = self._total[layer, head] / n, self._output / n
        left = mean - self._centres[layer, head]  # of the mean, beyond its centre
        spread = np.sqrt(np.maximum(self._squares[layer, head] / n - left**2, 0))
        output_spread = np.sqrt(np.maximum(self._output_squares / n - output**2, 0))
        seen = self._largest[layer, head] > TINY
        defined = seen & (spread > FLAT * mean) & (output_spread > 0) & (self._n >= _LEAST)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = (self._with_output[layer, head] / n - left * output) / (spread * output_spread)
        rho, bound = binned_spearman(self._counts[layer, head], self._ranks[layer, head], self._rank_counts)
        largest = np.where(self._n > 0, self._largest[layer, head], np.nan)
        hide = np.where(defined, 0.0, np.nan)
        return Profile(mean, largest, np.clip(r, -1, 1) + hide, rho + hide, bound + hide)
