"""Display copies of signals: rounded, the minus strand stored negative, with the range that browsers draw.

Only a stored sign is drawn alike by every client: UCSC alone knows ``negateValues``. The copies are for the eye;
whoever computes reads the file that came in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32, Float64
from tracktools.config import HubConfig
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bedgraph import Steps, read_bedgraph
from tracktools.formats.bigwig import BigWigReader, BigWigWriter
from tracktools.hub.convert.chroms import check_lengths
from tracktools.hub.model import Contents
from tracktools.input_sign import InputSign
from tracktools.names import join_names, own_names

_Reader = Callable[[str, int, int], "Float32 | None"]  # of one stretch of one sequence of the genome
_BLOCK_BP = 1 << 20  # values held at once, so that memory does not grow with the genome


@dataclass
class _Tally:
    """Running figures of a signal."""

    count: int = 0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    steps: dict[float, tuple[float, int]] = field(default_factory=dict)  # step of size: the largest in it, and bases

    def add(self, values: Float32) -> None:
        present = values[~np.isnan(values)]
        if present.size:
            self.count += present.size
            self.total += float(present.sum(dtype=np.float64))
            self.minimum = min(self.minimum, float(present.min()))
            self.maximum = max(self.maximum, float(present.max()))
            self._count_sizes(np.abs(present[present != 0]).astype(np.float64))

    def _count_sizes(self, sizes: Float64) -> None:
        """Count sizes in steps of 1 %, each by the largest size in it, so that a signal of few values stays exact."""
        steps, where = np.unique(np.floor(np.log(sizes) / math.log(1.01)), return_inverse=True)
        largest = np.zeros(len(steps))
        np.maximum.at(largest, where, sizes)
        for step, size, count in zip(steps.tolist(), largest.tolist(), np.bincount(where).tolist(), strict=True):
            known, so_far = self.steps.get(step, (0.0, 0))
            self.steps[step] = max(known, size), so_far + count

    def percentile(self, share: float) -> float:
        """Return the size that so many per cent of the bases that are not 0 reach at most; 0 where all are 0."""
        wanted = share / 100 * sum(count for _, count in self.steps.values())
        reached = 0
        for _, (size, count) in sorted(self.steps.items()):
            reached += count
            if reached >= wanted:
                return size
        return 0.0


def write_display_signal(
    source: Path,
    target: Path,
    chrom_sizes: Mapping[str, int],
    strand: str,
    *,
    is_text: bool = False,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> Contents:
    """Write the copy of a signal that a hub shows.

    Parameters
    ----------
    source : Path
        bigWig, or bedGraph, in plus-strand coordinates; on the minus strand all its values have one sign.
    target : Path
        bigWig to write: names of the genome, values rounded to `HubConfig.display_decimals`, not above 0 on the minus
        strand.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    strand : {"+", "-", "."}
        Strand of the signal.
    is_text : bool
        Whether `source` is bedGraph.
    renames : mapping of str to str, optional
        Name of a sequence in the file to its name in the genome.
    only_genome : bool
        Leave out, and count, sequences that the genome does not have, instead of refusing the file.

    Raises
    ------
    GenomeMismatchError
        If a sequence is not of the genome, or of another length.
    InputError
        If the file is not of its format, contains no value, or has values of both signs on one strand.
    """
    tally = _Tally()
    with ExitStack() as stack:
        held: BigWigReader | dict[str, Steps] = (
            read_bedgraph(source) if is_text else stack.enter_context(BigWigReader(source))
        )
        given = held.chrom_sizes if isinstance(held, BigWigReader) else held
        names = join_names(given, chrom_sizes, renames=renames, only_genome=only_genome, path=source)
        if not names:
            hint = "leave it out, or name its sequences with --rename"
            raise InputError("has no sequence of the genome", path=source, hint=hint)
        read = (
            _read_bigwig(held, names, chrom_sizes)
            if isinstance(held, BigWigReader)
            else _read_bedgraph(held, names, chrom_sizes, source)
        )
        writer = stack.enter_context(BigWigWriter(target, dict(chrom_sizes)))
        sign = InputSign(source, strand)
        for chrom, length in chrom_sizes.items():
            for start in range(0, length, _BLOCK_BP):
                values = read(chrom, start, min(start + _BLOCK_BP, length))
                if values is None:
                    continue
                values = sign.positive(np.round(values, HubConfig.display_decimals), chrom, start)
                if strand == "-":
                    values = np.where(values == 0, 0, -values)  # no negative zeros
                tally.add(values)
                writer.add(chrom, start, values)
    if not tally.count:
        raise InputError("contains no value", path=source, hint="an empty signal cannot be drawn: leave it out")
    return Contents(
        count=tally.count,
        minimum=tally.minimum,
        maximum=tally.maximum,
        mean=tally.total / tally.count,
        view=_view(tally, strand),
        sign=sign,
        size_bytes=target.stat().st_size,
        n_chroms=len(names),
        n_foreign=len(given) - len(names),
    )


def _read_bigwig(reader: BigWigReader, names: Mapping[str, str], chrom_sizes: Mapping[str, int]) -> _Reader:
    check_lengths(reader.chrom_sizes, names, chrom_sizes, path=reader.path)
    own = own_names(names, path=reader.path)

    def read(chrom: str, start: int, end: int) -> Float32 | None:
        return reader.values(own[chrom], start, end) if chrom in own else None

    return read


def _read_bedgraph(
    steps: Mapping[str, Steps], names: Mapping[str, str], chrom_sizes: Mapping[str, int], source: Path
) -> _Reader:
    own = {chrom: steps[name] for chrom, name in own_names(names, path=source).items()}
    for chrom, stretches in own.items():
        if stretches.ends[-1] > chrom_sizes[chrom]:
            raise GenomeMismatchError(
                f"has a stretch that ends at {stretches.ends[-1]}, {chrom} has {chrom_sizes[chrom]} bp",
                path=source,
                hint="was it made on another assembly?",
            )

    def read(chrom: str, start: int, end: int) -> Float32 | None:
        return own[chrom].dense(start, end).astype(np.float32) if chrom in own else None

    return read


def _view(tally: _Tally, strand: str) -> tuple[float, float]:
    """Return whole numbers for the range, because igv.js reads ``viewLimits 0:0.5`` as 0 to 0."""
    largest = max(abs(tally.minimum), abs(tally.maximum))
    # of the bases with reads alone: most of a genome has none, and one burst of them must not flatten the rest
    top = 1.0 if largest <= 1 else round_up(tally.percentile(HubConfig.signal_percentile))
    if strand == "-":
        return -top, 0.0
    return (0.0 if tally.minimum >= 0 else -top), top


def round_up(value: float) -> float:
    """Return the next number of the series 1, 2, 5, 10, 20, 50, …, at least 1.

    Examples
    --------
    >>> round_up(0.2), round_up(37), round_up(500)
    (1.0, 50.0, 500.0)
    """
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value)
