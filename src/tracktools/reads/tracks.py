"""A folder of read tracks, and whether their strands agree with the genes."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tracktools.arrays import Bool
from tracktools.errors import ConfigError
from tracktools.formats.bigwig import BigWigReader, BigWigWriter
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.palette import STRAND_COLORS
from tracktools.reads.alignment_signal import WINDOW_BP, Window
from tracktools.regions import check_on_genome, split_parts
from tracktools.run import output_folder
from tracktools.tracks import Track, write_provenance, write_tracks

logger = logging.getLogger(__name__)

_FLIPPED_BELOW = 0.5  # share of the signal inside genes that is on their strand
_STRAND_WORDS = {"+": "plus", "-": "minus", ".": "both"}


class SignalReader(Protocol):
    """Where values come from: `AlignmentSignal` or `ValueSignal`."""

    paths: tuple[Path, ...]
    strands: tuple[str, ...]
    sizes: dict[str, int]

    @property
    def method(self) -> str:
        """One sentence on how the values were made."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What goes into the provenance."""

    @property
    def counts(self) -> str:
        """One line on what was read, taken and left out, once the windows were made."""

    @property
    def notes(self) -> list[str]:
        """What to warn of, once the windows were made."""

    def windows(self) -> Iterator[Window]:
        """Yield chrom, first base and the values of each strand, in the order of `sizes`."""


def make_read_tracks(
    signal: SignalReader,
    output: Path,
    *,
    name: str,
    genome: Genome | None = None,
    genes: pd.DataFrame | None = None,
    force: bool = False,
) -> list[Track]:
    """Write a signal as a folder of tracks.

    Parameters
    ----------
    signal : AlignmentSignal or ValueSignal
        What to write.
    output : Path
        Folder that appears complete or not at all: ``<name>.plus.bw`` and ``<name>.minus.bw``, or ``<name>.bw`` for an
        unstranded signal; ``tracks.tsv``; ``provenance.json``.
    name : str
        Name of the tracks: letters, digits, ``_``, ``-`` and ``.``.
    genome : Genome, optional
        Goes into the provenance.
    genes : DataFrame, optional
        See `tracktools.regions`. Makes the log say, and the provenance keep, the `strand_agreement`; below one half
        there is a warning.
    force : bool
        Replace a folder that contains files.

    Returns
    -------
    list of Track
        The rows of ``tracks.tsv``.

    Raises
    ------
    ConfigError
        If the name contains other characters.
    OutputError
        If the folder contains files and `force` is not set.
    InputError
        As the signal raises while it is read.
    """
    started = time.time()
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, flags=re.ASCII):
        raise ConfigError(f"a track name has letters, digits, '_', '-' and '.', got {name!r}")
    if genes is not None:
        genes = check_on_genome(genes, signal.sizes, circular=signal.sizes)
    with output_folder(output, force=force, inputs=signal.paths) as folder:
        files = _write_bigwigs(folder, name, signal)
        parameters = {"inputs": [str(path) for path in signal.paths], **signal.parameters}
        notes = signal.notes
        if genes is not None and signal.strands == STRANDS:
            share = _agreement(files[0], files[1], genes, signal.sizes)
            parameters["strand_agreement"] = share
            notes = notes + _doubts(share)
        for note in notes:
            logger.warning("warning: %s", note)
        tracks = [_track(path, strand, name, signal) for path, strand in zip(files, signal.strands, strict=True)]
        write_tracks(folder, tracks)
        known = {} if genome is None else {"name": genome.name, "sha256": genome.sha256}
        write_provenance(folder, started=started, genome=known, parameters=parameters, warnings=notes)
    logger.info("%s", signal.counts)
    return [replace(track, path=output / track.path.name) for track in tracks]


def _write_bigwigs(folder: Path, name: str, signal: SignalReader) -> list[Path]:
    endings = {"+": ".plus.bw", "-": ".minus.bw", ".": ".bw"}
    paths = [folder / f"{name}{endings[strand]}" for strand in signal.strands]
    with ExitStack() as stack:
        writers = [stack.enter_context(BigWigWriter(path, signal.sizes)) for path in paths]
        for chrom, start, values in signal.windows():
            for writer, strand_values in zip(writers, values, strict=True):
                writer.add(chrom, start, strand_values)
    return paths


def _track(path: Path, strand: str, name: str, signal: SignalReader) -> Track:
    word = _STRAND_WORDS[strand]
    inputs = ", ".join(path.name for path in signal.paths)
    return Track(
        name=re.sub(r"\W", "_", f"{name}_{word}"),
        path=path,
        format="bigWig",
        strand=strand,
        group="reads",
        short_label=f"{name[:11]} {word}",
        long_label=f"Reads {name}, {word} strand{'s' if strand == '.' else ''}"[:76],
        color=STRAND_COLORS[strand],
        visibility="full",
        method=signal.method,
        source=inputs,
    )


def _agreement(plus: Path, minus: Path, genes: pd.DataFrame, sizes: Mapping[str, int]) -> float | None:
    share = strand_agreement(plus, minus, genes, sizes)
    if np.isnan(share):
        return None
    if share >= _FLIPPED_BELOW:
        logger.info("%.1f %% of the signal inside genes is on their strand", 100 * share)
    return round(share, 4)


def _doubts(share: float | None) -> list[str]:
    if share is None:
        return ["no signal lies inside genes: the strands cannot be checked"]
    if share < _FLIPPED_BELOW:
        return [
            f"only {100 * share:.1f} % of the signal inside genes is on their strand: are the strands flipped? "
            "(try the other --library, or exchange --plus and --minus)"
        ]
    return []


def strand_agreement(plus: Path, minus: Path, genes: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> float:
    """Return the share of the signal inside genes that is on the strand of the gene.

    Near 1 for a well-made stranded library of any kind, since antisense transcription is weak; near 0 for one whose
    strands are flipped; near 0.5 for one that is unstranded. Bases in genes of both strands count for neither.

    Parameters
    ----------
    plus, minus : Path
        bigWigs of the strands.
    genes : DataFrame
        See `tracktools.regions`; on the genome of `chrom_sizes`.
    chrom_sizes : mapping of str to int
        Lengths of the sequences [bp].

    Returns
    -------
    float
        NaN where no signal lies in genes.
    """
    parts = split_parts(genes, chrom_sizes)
    sense = total = 0.0
    with BigWigReader(plus) as plus_reader, BigWigReader(minus) as minus_reader:
        for chrom, rows in parts.groupby("chrom", sort=False):
            for start in range(0, chrom_sizes[str(chrom)], WINDOW_BP):
                end = min(start + WINDOW_BP, chrom_sizes[str(chrom)])
                on_plus, on_minus = (_covered(rows[rows["strand"] == strand], start, end) for strand in STRANDS)
                for reader, gene, other in ((plus_reader, on_plus, on_minus), (minus_reader, on_minus, on_plus)):
                    values = reader.values(str(chrom), start, end)
                    sense += float(np.nansum(values[gene & ~other], dtype=np.float64))
                    total += float(np.nansum(values[gene ^ other], dtype=np.float64))
    return sense / total if total else float("nan")


def _covered(rows: pd.DataFrame, start: int, end: int) -> Bool:
    """Return which bases of [start, end) lie in a row."""
    covered = np.zeros(end - start, dtype=bool)
    near = rows[(rows["start"] < end) & (rows["end"] > start)]
    for low, high in zip(near["start"], near["end"], strict=True):
        covered[max(low - start, 0) : high - start] = True
    return covered
