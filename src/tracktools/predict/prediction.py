"""The result of a run, for a notebook: its values, its calls, a picture of a region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tracktools.arrays import Float32
from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.figures.region import draw_region
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.interval import STRANDS, Interval, Strand
from tracktools.predict.found_genes import FOUND_GENES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@concise
@dataclass(frozen=True)
class Prediction:
    """What a run made.

    Unscored bases are NaN in its arrays and absent in its bigWigs, never zero: letters other than A, C, G, T, and the
    last `label_shift_bp` bases of each strand of a linear contig (20 of ``ecoli-tss``, none of ``ecoli-tss-dilated``).

    Parameters
    ----------
    folder : Path
        The output folder, with ``tracks.tsv``.
    plus, minus : Path
        The bigWig pair: raw model output, positive on both strands.
    called_tss : Path
        BED of the called TSS.
    n_calls : int
        Number of called TSS.
    found_genes : Path, optional
        BED of the genes that Prodigal found, where the model took genes into account.
    """

    folder: Path
    plus: Path
    minus: Path
    called_tss: Path
    n_calls: int
    found_genes: Path | None = None

    def signal(self, chrom: str, strand: Strand = "+", start: int = 0, end: int | None = None) -> Float32:
        """Return the model output of one strand in plus-strand order, shape (end - start,); NaN where unscored.

        Parameters
        ----------
        chrom : str
            Name of a contig.
        strand : {"+", "-"}
        start, end : int
            0-based and half-open; by default the whole contig.

        Raises
        ------
        InputError
            If there is no such contig, or the range is not within it.
        """
        if strand not in STRANDS:
            raise InputError(f"there is no strand {strand!r}", path=self.folder, hint="say '+' or '-'")
        with BigWigReader(self.plus if strand == "+" else self.minus) as reader:
            length = reader.chrom_sizes.get(chrom)
            if length is None:
                held = ", ".join(list(reader.chrom_sizes)[:3])
                raise InputError(f"has no contig {chrom!r}", path=self.folder, hint=f"it has {held}")
            end = length if end is None else end
            if not 0 <= start <= end <= length:
                problem = f"[{start}, {end}) is not within {chrom} ({length} bp)"
                raise InputError(problem, path=self.folder, hint="start is 0-based, end the base after the last")
            return reader.values(chrom, start, end)

    def calls(self) -> pd.DataFrame:
        """Return the called TSS: a row per call, columns of the BED file (0-based `chromStart`, `modelOutput`, …)."""
        return read_bed(self.called_tss)[0]

    def plot(self, region: Interval | str) -> Figure:
        """Draw the model output and the called TSS of a region; a notebook shows the figure.

        Parameters
        ----------
        region : Interval or str
            Where; as text a browser position, 1-based and closed: ``NC_000913.3:1,001-2,000``.

        Raises
        ------
        InputError
            If the region is no position, or not within a contig.
        """
        try:
            where = Interval.from_ucsc(region) if isinstance(region, str) else region
        except ValueError as error:
            raise InputError(str(error)) from None
        plus, minus = (self.signal(where.chrom, strand, where.start, where.end) for strand in STRANDS)
        calls = self.calls()
        inside = (calls["chrom"] == where.chrom) & calls["chromStart"].between(where.start, where.end - 1)
        return draw_region(where, plus, minus, calls[inside])


def load_prediction(folder: Path | str) -> Prediction:
    """Return what an earlier `predict_genome`, `merge_shards` or ``tracktools predict`` wrote into a folder.

    Raises
    ------
    InputError
        If it is no such folder.
    """
    folder = Path(folder)
    called = sorted(folder.glob("*.called_tss.bed"))
    if len(called) != 1:
        raise InputError("is not a folder of predictions", path=folder, hint="name one that tracktools predict wrote")
    return prediction_in(folder, called[0].name.removesuffix(".called_tss.bed"))


def prediction_in(folder: Path, stem: str) -> Prediction:
    """Return the prediction whose files in a folder have names that begin with `stem`."""
    called, genes = folder / f"{stem}.called_tss.bed", folder / f"{stem}.{FOUND_GENES}.bed"
    with called.open() as rows:
        n_calls = sum(not row.startswith("#") for row in rows)
    pair = folder / f"{stem}.plus.bw", folder / f"{stem}.minus.bw"
    return Prediction(folder, *pair, called, n_calls, genes if genes.is_file() else None)
