"""Batches of many species: stretches of genomes as they come, and windows, in shares that balance the species.

TSS are a share of about 0.0005 of a genome's bases, and ten times that of the scored bases of windows cut around them.
So that the output is the log-odds in a genome, the loss of a window is taken of the log-odds plus
``log(odds in windows / odds in the genome)``, which the network itself never gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracktools.arrays import Float32, Float64, Int64
from tracktools.config import MixtureConfig
from tracktools.descriptor import Descriptor, Reference
from tracktools.genome import Genome
from tracktools.interval import STRANDS, Span, Strand
from tracktools.train.species_windows import PAD, SpeciesWindows
from tracktools.train.windows import LabelArrays


@dataclass(frozen=True, eq=False)
class Part:
    """Windows of one length, that are computed together.

    Parameters
    ----------
    codes : ndarray of int64, shape (B, L)
    is_tss : ndarray of float32, shape (B, L - 2 reach, outputs)
        Of the bases that have their full context.
    weight : ndarray of float32, shape (B, L - 2 reach, outputs)
        Of each in the loss; 0 where nothing is known.
    offset : ndarray of float32, shape (B,)
        Added to the log-odds in the loss.
    features : ndarray of float32, shape (B, n_features)
    """

    codes: Int64
    is_tss: Float32
    weight: Float32
    offset: Float32
    features: Float32


@dataclass(frozen=True, eq=False)
class SpeciesGenome:
    """A genome to learn from: its label sets (None where a set is not known of it) and where stretches may be drawn."""

    species: str
    phylum: str
    genome: Genome
    labels: Sequence[LabelArrays | None]
    stretches: Sequence[Span]
    descriptor: Descriptor
    weight: float = 1.0


class Mixture:
    """Draws batches; the same seed and step always give the same.

    Parameters
    ----------
    main : SpeciesGenome
        With side outputs.
    others : sequence of SpeciesGenome
    windows : sequence of (SpeciesWindows, weight, density)
    reference : Reference
        By which genomes are told apart.
    reach_bp : int
        Context of a base, to each side.
    """

    def __init__(
        self,
        main: SpeciesGenome,
        others: Sequence[SpeciesGenome],
        windows: Sequence[tuple[SpeciesWindows, float, float]],
        reference: Reference,
        reach_bp: int,
        config: MixtureConfig,
        seed: int,
    ) -> None:
        self.main, self.others, self.windows, self.config = main, others, windows, config
        self._reference, self._reach, self._seed = reference, reach_bp, seed
        self._outputs = len(main.labels)
        self._genome_shares = _shares([one.weight * np.sqrt(_count(one)) for one in others])
        self._window_shares = _shares([weight * np.sqrt(one.around_tss.sum()) for one, weight, _ in windows])
        self._offsets = [_offset(one, density, reach_bp, config.around_share) for one, _, density in windows]

    def batch(self, step: int) -> list[Part]:
        """Return the parts of the batch of a step."""
        rng = np.random.default_rng((self._seed, step))
        drawn = [self.main] * self.config.main_stretches
        if self.others:
            drawn += [
                self.others[n] for n in rng.choice(len(self.others), self.config.other_stretches, p=self._genome_shares)
            ]
        parts = [self._stretches(rng, drawn)]
        if self.windows and self.config.windows:
            parts.append(self._windows(rng))
        return parts

    def _features(self, rng: np.random.Generator, descriptor: Descriptor) -> Float32:
        rich = bool(rng.random() >= self.config.gc_alone)
        features = self._reference.features(descriptor, told=float(rich))
        noise = self.config.noise * rng.standard_normal(len(features)).astype(np.float32)
        noise[1] = 0
        noise[0] *= 0.5
        features[features != 0] += noise[features != 0]
        return features

    def _stretches(self, rng: np.random.Generator, drawn: Sequence[SpeciesGenome]) -> Part:
        length, reach = self.config.stretch_bp, self._reach
        codes = np.empty((len(drawn), length), dtype=np.int64)
        is_tss = np.zeros((len(drawn), length - 2 * reach, self._outputs), dtype=np.float32)
        weight = np.zeros_like(is_tss)
        for row, one in enumerate(drawn):
            number, strand, start = _draw(rng, one.stretches, length)
            contig = one.genome.contigs[number]
            first = start if strand == "+" else len(contig) - start - length
            codes[row] = contig.strand_codes(first, first + length, strand)
            for output, labels in enumerate(one.labels):
                if labels is None:
                    continue
                values = labels[number, strand]
                inside = values[np.arange(start, start + length) % len(values)]
                is_tss[row, :, output] = (inside if strand == "+" else inside[::-1])[reach : length - reach]
                weight[row, :, output] = 1.0 if output == 0 else self.config.side_weight
        features = np.stack([self._features(rng, one.descriptor) for one in drawn])
        return Part(codes, is_tss, weight, np.zeros(len(drawn), np.float32), features)

    def _windows(self, rng: np.random.Generator) -> Part:
        count, reach = self.config.windows, self._reach
        longest = max(one.codes.shape[1] for one, _, _ in self.windows)
        codes = np.full((count, longest), PAD, dtype=np.int64)
        is_tss = np.zeros((count, longest - 2 * reach, self._outputs), dtype=np.float32)
        weight, offset, features = np.zeros_like(is_tss), np.zeros(count, np.float32), []
        for row, number in enumerate(rng.choice(len(self.windows), count, p=self._window_shares)):
            one = self.windows[number][0]
            around = np.flatnonzero(one.around_tss == (rng.random() < self.config.around_share))
            at = int(around[rng.integers(len(around))])
            length = int(one.lengths[at])
            width = one.codes.shape[1]
            codes[row, :width] = one.codes[at]
            is_tss[row, : max(width - 2 * reach, 0), 0] = one.is_tss[at, reach : width - reach]
            weight[row, : max(length - 2 * reach, 0), 0] = self.config.window_weight
            offset[row] = self._offsets[number]
            features.append(self._features(rng, one.descriptor))
        return Part(codes, is_tss, weight, offset, np.stack(features))


def _shares(weights: Sequence[float]) -> Float64:
    values = np.array(weights, dtype=np.float64)
    return values / values.sum() if len(values) else values


def _count(one: SpeciesGenome) -> int:
    labels = one.labels[0]
    return 0 if labels is None else int(sum(values.sum() for values in labels.values()))


def _offset(one: SpeciesWindows, density: float, reach: int, around_share: float) -> float:
    """Return by how much the log-odds of a TSS are higher in the windows than in the genome."""
    scored = np.maximum(one.lengths - 2 * reach, 0)
    inside = one.is_tss[:, reach : one.is_tss.shape[1] - reach].sum(axis=1)
    around, elsewhere = one.around_tss, (1 - around_share) * scored[~one.around_tss].mean()
    tss = around_share * inside[around].mean() + density * elsewhere
    share = tss / (around_share * scored[around].mean() + elsewhere)
    return float(np.log(share / (1 - share)) - np.log(density / (1 - density)))


def _draw(rng: np.random.Generator, stretches: Sequence[Span], length: int) -> tuple[int, Strand, int]:
    """Draw a window: contig, strand, and first base in plus-strand coordinates (before wrapping)."""
    room = np.array([stretch.end - stretch.start - length + 1 for stretch in stretches], dtype=np.float64).clip(0)
    stretch = stretches[int(rng.choice(len(stretches), p=room / room.sum()))]
    return stretch.contig, STRANDS[rng.integers(2)], int(rng.integers(stretch.start, stretch.end - length + 1))
