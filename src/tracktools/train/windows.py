"""What the network learns from: windows of the training regions, with the TSS in them.

A window is all the network sees while training, so its receptive field is the window itself; still no window comes
nearer to a region of another part than the full receptive field, so that nothing leaks across a border.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tracktools.arrays import Bool, Codes, Float32, Int64
from tracktools.config import NetworkConfig, TrainConfig
from tracktools.genome import UNKNOWN, Contig, Genome
from tracktools.interval import STRANDS, Range, Span, Strand, merge
from tracktools.splits import PARTS, Split

MUTATED_FROM, MUTATED_TO = 0.01, 0.2  # share of letters that are drawn anew in a mutated window

LabelArrays = dict[tuple[int, Strand], Bool]  # (contig number, strand): one value per base
SoftArrays = dict[tuple[int, Strand], Float32]  # the same; NaN where nothing is known


def training_stretches(genome: Genome, split: Split, gap_bp: int) -> list[Span]:
    """Return the training regions, joined where they touch, without what is nearer than `gap_bp` to another part."""
    stretches = []
    for number, contig in enumerate(genome):
        turns = (-len(contig), 0, len(contig)) if contig.circular else (0,)
        forbidden = sorted(
            (region.start - gap_bp + turn, region.end + gap_bp + turn)
            for part in PARTS
            if part != "train"
            for region in split.regions_of(contig, part)
            for turn in turns
        )
        for start, end in _joined_regions(contig, split):
            for first, last in forbidden:
                if start < min(first, end):
                    stretches.append(Span(number, start, min(first, end)))
                start = max(start, last)
            if start < end:
                stretches.append(Span(number, start, end))
    return stretches


def _joined_regions(contig: Contig, split: Split) -> list[Range]:
    """Return start and end of the training regions of a contig; the last may go on beyond the origin of a circle."""
    regions = [(region.start, region.end) for region in split.regions_of(contig, "train")]
    return merge(regions, circle_bp=len(contig) if contig.circular else None)


class Labels(Protocol):
    """A source of soft labels for any sequence, see `tracktools.train.teacher`."""

    reach_bp: int

    def probabilities(self, codes: Int64) -> Float32:
        """Return the soft label of each base but the outer `reach_bp` on both sides."""
        ...


class Batch(NamedTuple):
    """What the network is shown in one step.

    Parameters
    ----------
    codes : ndarray of int64, shape (B, L)
        Letters 5' to 3'; some replaced by N.
    is_tss : ndarray of float32, shape (B, L, outputs)
        1 at network position t where base t - `label_shift_bp` is a TSS; NaN throughout a mutated window, of which
        nothing is measured.
    soft : ndarray of float32, shape (B, L), or None
        The soft label of base t - `label_shift_bp`; NaN where there is none. None without soft labels.
    """

    codes: Int64
    is_tss: Float32
    soft: Float32 | None


class TrainingWindows:
    """Draws batches of windows; the same seed and step always give the same batch.

    Parameters
    ----------
    genome : Genome
    labels : list of LabelArrays
        One for each output that is trained.
    stretches : list of Span
        From `training_stretches`; those shorter than `least_bp` are left out, and the TSS in them (`n_tss_left_out`).
    model_config, config : ModelConfig or DilatedConfig, TrainConfig
    soft : SoftArrays, optional
        Soft labels of the first output.
    teacher : Labels, optional
        What gives the soft labels of each window instead; then `mutated_share` of the windows are mutated.
    """

    def __init__(
        self,
        genome: Genome,
        labels: list[LabelArrays],
        stretches: list[Span],
        model_config: NetworkConfig,
        config: TrainConfig,
        soft: SoftArrays | None = None,
        teacher: Labels | None = None,
    ) -> None:
        self._contigs = genome.contigs
        self._labels, self._soft, self._teacher = labels, soft, teacher
        self._config = config
        self._shift = model_config.label_shift_bp
        self._tail = model_config.halo_downstream_bp
        shortest = config.lead_bp + self._shift + self._tail + 1
        if config.window_bp < shortest:
            raise ValueError(f"window_bp is {config.window_bp}, and a TSS with its context takes {shortest}")
        longest = 2 * config.window_bp
        self.least_bp = 2 * longest
        self._stretches = [stretch for stretch in stretches if stretch.end - stretch.start >= self.least_bp]
        if not self._stretches:
            raise ValueError(
                f"no training stretch of at least {self.least_bp} bp: the genome, its contigs or the training parts of "
                "the split are too short"
            )
        self.n_tss = self._count_tss(self._stretches)
        self.n_tss_left_out = self._count_tss(stretches) - self.n_tss
        self._lengths = np.array([stretch.end - stretch.start for stretch in self._stretches], dtype=float)
        self.tss = self._training_tss(longest)

    def _count_tss(self, stretches: list[Span]) -> int:
        """Return how many TSS there are in stretches; one in several sets counts once."""
        total = 0
        for stretch in stretches:
            at = np.arange(stretch.start, stretch.end) % len(self._contigs[stretch.contig])
            for strand in STRANDS:
                hit = [labels[stretch.contig, strand][at] for labels in self._labels]
                total += int(np.logical_or.reduce(hit).sum())
        return total

    def _training_tss(self, margin: int) -> list[tuple[int, Strand, int]]:
        """Return (stretch, strand, position) of every TSS around which any window fits; positions as in the stretch."""
        found: list[tuple[int, Strand, int]] = []
        for index, stretch in enumerate(self._stretches):
            positions = np.arange(stretch.start + margin, stretch.end - margin)
            for strand in STRANDS:
                arrays = [labels[stretch.contig, strand] for labels in self._labels]
                wrapped = positions % len(arrays[0])
                hit = np.logical_or.reduce([array[wrapped] for array in arrays])
                found += [(index, strand, int(position)) for position in positions[hit]]
        return found

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        config = self._config
        rng = np.random.default_rng((config.seed, step))
        length = config.window_bp * (2 if step % 3 == 2 else 1)
        count = max(config.positions_per_step // length, 1)
        reach = 0 if self._teacher is None else self._teacher.reach_bp
        codes = np.empty((count, length + 2 * reach), dtype=np.int64)
        is_tss = np.zeros((count, length, len(self._labels)), dtype=np.float32)
        soft = None if self._soft is None else np.full((count, length), np.nan, dtype=np.float32)
        for row in range(count):
            contig, strand, start = self._draw(rng, length)
            codes[row] = self._codes(contig, strand, start - reach, length + 2 * reach)
            for output, labels in enumerate(self._labels):
                is_tss[row, self._shift :, output] = self._along(labels[contig, strand], strand, start, length)
            if soft is not None and self._soft is not None:
                soft[row, self._shift :] = self._along(self._soft[contig, strand], strand, start, length)
        if self._teacher is not None:
            is_tss[_mutate(codes, config.mutated_share, rng)] = np.nan
            soft = np.full((count, length), np.nan, dtype=np.float32)
            soft[:, self._shift :] = self._teacher.probabilities(codes)[:, : length - self._shift]
            codes = codes[:, reach : reach + length].copy()
        codes[rng.random(codes.shape) < config.masked_share] = UNKNOWN
        return Batch(codes, is_tss, soft)

    def _draw(self, rng: np.random.Generator, length: int) -> tuple[int, Strand, int]:
        """Draw a window: contig, strand, and first base in plus-strand coordinates (before wrapping)."""
        if self.tss and rng.random() < self._config.positive_share:
            index, strand, position = self.tss[rng.integers(len(self.tss))]
            offset = int(rng.integers(self._config.lead_bp, length - self._tail - self._shift))  # of the TSS, 5' to 3'
            start = position - offset if strand == "+" else position + offset - length + 1
            return self._stretches[index].contig, strand, start
        index = int(rng.choice(len(self._stretches), p=self._lengths / self._lengths.sum()))
        stretch = self._stretches[index]
        return stretch.contig, STRANDS[rng.integers(2)], int(rng.integers(stretch.start, stretch.end - length + 1))

    def _codes(self, number: int, strand: Strand, start: int, length: int) -> Codes:
        contig: Contig = self._contigs[number]
        first = start if strand == "+" else len(contig) - start - length
        codes = np.full(
            length, UNKNOWN, dtype=np.uint8
        )  # beyond the ends of a linear contig: only a teacher looks there
        before = 0 if contig.circular else max(-first, 0)
        found = contig.strand_codes(first, first + length, strand)
        codes[before : before + len(found)] = found
        return codes

    def _along(self, values: npt.NDArray[Any], strand: Strand, start: int, length: int) -> Float32:
        """Return the values of a window, 5' to 3', but for its last `label_shift_bp` bases."""
        inside = values[np.arange(start, start + length) % len(values)].astype(np.float32)
        return (inside if strand == "+" else inside[::-1])[: length - self._shift]


def _mutate(codes: Int64, share: float, rng: np.random.Generator) -> Bool:
    """Draw letters of some windows anew, in place; return which windows."""
    mutated = rng.random(len(codes)) < share
    for row in np.flatnonzero(mutated):
        hit = np.flatnonzero(rng.random(codes.shape[1]) < rng.uniform(MUTATED_FROM, MUTATED_TO))
        codes[row, hit] = rng.integers(0, 4, len(hit))
    return mutated
