"""The values around sites: a row per site, a column per offset from it, along and against its strand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from tracktools.arrays import Float32
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.input_sign import InputSign
from tracktools.names import join_names
from tracktools.tracks import TRACKS_FILE, read_tracks

Absent = Literal["skip", "zero"]


class StrandPair(NamedTuple):
    """The values of both strands of one sequence, in plus-strand order, shapes (length,); NaN where there is none."""

    plus: Float32
    minus: Float32


class SiteMatrix(NamedTuple):
    """Values around sites in the direction of each site's strand; shapes (sites, 2 * flank_bp + 1), NaN: no value."""

    sense: Float32
    antisense: Float32


@dataclass(frozen=True)
class SignalSource:
    """A stranded signal.

    Parameters
    ----------
    name : str
        What tables and figures call it.
    plus, minus : Path
        bigWigs; the minus file may be stored negative.
    """

    name: str
    plus: Path
    minus: Path

    @classmethod
    def parse(cls, text: str) -> SignalSource:
        """Read ``NAME=PLUS.bw,MINUS.bw`` or ``NAME=FOLDER``, a folder with a ``tracks.tsv`` that has one such pair.

        Raises
        ------
        ValueError
            If the text is neither.
        InputError
            If the folder has no pair of bigWigs, or several.
        """
        name, equals, rest = text.partition("=")
        if not (name and equals and rest):
            raise ValueError(f"{text!r} is not NAME=PLUS.bw,MINUS.bw or NAME=FOLDER")
        if Path(rest).is_dir():
            return cls(name, *_pair_of(Path(rest)))
        plus, comma, minus = rest.partition(",")
        if not (plus and comma and minus):
            raise ValueError(f"{rest!r} is no folder and no pair PLUS.bw,MINUS.bw")
        return cls(name, Path(plus), Path(minus))


def _pair_of(folder: Path) -> tuple[Path, Path]:
    tracks = [track for track in read_tracks(folder) if track.format == "bigWig"]
    pairs = [
        (plus.path, minus.path)
        for plus in tracks
        for minus in tracks
        if (plus.strand, minus.strand) == ("+", "-") and plus.group == minus.group
    ]
    if len(pairs) != 1:
        problem = f"has {len(pairs)} pairs of stranded bigWigs, and one is needed"
        raise InputError(problem, path=folder / TRACKS_FILE, hint="name the two files: NAME=PLUS.bw,MINUS.bw")
    return pairs[0]


class OpenSignal:
    """A signal on a genome, read a sequence at a time: 8 bytes per base of the longest one.

    Attributes
    ----------
    signs : tuple of InputSign
        What was seen of the signs, for `tracktools.input_sign.pair_notes`.
    """

    def __init__(self, source: SignalSource, readers: tuple[BigWigReader, BigWigReader], names: Mapping[str, str]):
        self.source = source
        self.signs = (InputSign(source.plus, "+"), InputSign(source.minus, "-"))
        self._readers, self._names = readers, names

    def read(self, chrom: str, length: int, absent: Absent) -> StrandPair:
        """Return both strands of a sequence; a base without a value is NaN, or 0 with `absent` ``"zero"``."""
        strands = []
        for reader, sign in zip(self._readers, self.signs, strict=True):
            name = self._names.get(chrom)
            if name is None:
                values = np.full(length, np.nan, dtype=np.float32)
            else:
                values = sign.positive(reader.values(name, 0, length), chrom)
            strands.append(np.nan_to_num(values, nan=0.0) if absent == "zero" else values)
        return StrandPair(*strands)


@contextmanager
def open_signal(
    source: SignalSource, chrom_sizes: Mapping[str, int], *, renames: Mapping[str, str] | None = None
) -> Iterator[OpenSignal]:
    """Open a signal.

    Raises
    ------
    GenomeMismatchError
        If the files have none of the genome's sequences, or one of another length.
    """
    with ExitStack() as stack:
        plus, minus = (stack.enter_context(BigWigReader(path)) for path in (source.plus, source.minus))
        if plus.chrom_sizes != minus.chrom_sizes:
            hint = "take a pair of one genome"
            raise GenomeMismatchError(f"has other sequences than {source.plus}", path=source.minus, hint=hint)
        joined = join_names(plus.chrom_sizes, chrom_sizes, renames=renames, only_genome=True, path=source.plus)
        for name, chrom in joined.items():
            if plus.chrom_sizes[name] != chrom_sizes[chrom]:
                problem = f"{name} has {plus.chrom_sizes[name]:,} bp, and {chrom_sizes[chrom]:,} in the genome"
                raise GenomeMismatchError(problem, path=source.plus, hint="was it made on another assembly?")
        if not joined:
            join_names(plus.chrom_sizes, chrom_sizes, renames=renames, path=source.plus)  # says which it lacks
        yield OpenSignal(source, (plus, minus), {chrom: name for name, chrom in joined.items()})


def values_around(values: StrandPair, sites: pd.DataFrame, flank_bp: int, *, circular: bool) -> SiteMatrix:
    """Cut the values around the sites of one sequence.

    Parameters
    ----------
    values : StrandPair
        The whole sequence.
    sites : DataFrame
        `position` (0-based) and `strand` of sites on it.
    flank_bp : int
        Bases to each side.
    circular : bool
        Whether a row goes on across the origin; else it is NaN past an end.

    Returns
    -------
    SiteMatrix
        In the order of `sites`; column `flank_bp` is the site, columns after it lie downstream of it on its strand.
    """
    positions = sites["position"].to_numpy(dtype=np.int64)
    forward = (sites["strand"] == "+").to_numpy()
    offsets = np.arange(-flank_bp, flank_bp + 1)
    length = len(values.plus)
    at = positions[:, None] + np.where(forward, 1, -1)[:, None] * offsets
    outside = np.zeros(at.shape, dtype=bool) if circular else (at < 0) | (at >= length)
    at %= max(length, 1)
    along, against = (
        np.where(forward[:, None], one[at], other[at])
        for one, other in ((values.plus, values.minus), (values.minus, values.plus))
    )
    for matrix in (along, against):
        matrix[outside] = np.nan
    return SiteMatrix(along, against)


def gather_matrix(
    signal: OpenSignal,
    sites: pd.DataFrame,
    chrom_sizes: Mapping[str, int],
    flank_bp: int,
    *,
    circular: Collection[str],
    absent: Absent,
) -> SiteMatrix:
    """Return the values around sites of any sequences, in the order of `sites`; see `values_around`."""
    shape = (len(sites), 2 * flank_bp + 1)
    whole = SiteMatrix(*(np.full(shape, np.nan, dtype=np.float32) for _ in range(2)))
    for chrom, rows in sites.groupby("chrom", sort=False):
        values = signal.read(str(chrom), chrom_sizes[str(chrom)], absent)
        part = values_around(values, rows, flank_bp, circular=chrom in circular)
        where = sites.index.get_indexer(rows.index)
        whole.sense[where], whole.antisense[where] = part
    return whole
