"""Join the pieces that several models scored into one bigWig pair, with calls by each model's own threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.calls import call_tss
from tracktools.formats.bed import BED9, CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.palette import GREY, PURPLE, STRAND_COLORS
from tracktools.tracks import Track, as_track_name, write_tracks

HELD_OUT = "held_out"  # in the split column: the model that scored this base never saw it
_DEFAULT_THRESHOLD = 0.5  # of a model that stores none
_STRAND_NAMES: dict[Literal["+", "-"], str] = {"+": "plus", "-": "minus"}

Floats = npt.NDArray[np.floating]
Pieces = Iterable[tuple[int, dict[Literal["+", "-"], npt.NDArray[np.float32]]]]


class Stretch(Protocol):
    """Bases of a contig, and the model that scores them."""

    @property
    def contig(self) -> int:
        """Number of the contig in the genome."""

    @property
    def start(self) -> int:
        """First base."""

    @property
    def end(self) -> int:
        """The base after the last."""

    @property
    def model(self) -> Checkpoint:
        """What scored them."""


def write_stitched(folder: Path, genome: Genome, held: Sequence[Stretch], load: Callable[[int], Pieces]) -> int:
    """Write the bigWig pair, the called TSS, who scored what, and ``tracks.tsv``; return the number of called TSS.

    Parameters
    ----------
    folder : Path
        Where to write.
    genome : Genome
    held : sequence of Stretch
        In the order of the genome; together every base once.
    load : callable
        Returns the pieces of a stretch, given by its number in `held`, in order.
    """
    tables = [_write_strand(folder, genome, held, load, strand) for strand in _STRAND_NAMES]
    calls = pd.concat(tables, ignore_index=True)
    write_bed(folder / f"{genome.name}.called_tss.bed", calls, CALLED_TSS, made_by=_models_line(held))
    write_bed(folder / f"{genome.name}.folds.bed", _folds_table(genome, held), BED9)
    write_tracks(folder, _tracks(folder, genome, len({one.model.sha256 for one in held})))
    return len(calls)


def _models_line(held: Sequence[Stretch]) -> str:
    names = dict.fromkeys(one.model.metadata.name for one in held)
    return f"each base by the one of {len(names)} models that never saw it: {', '.join(names)}"


def _write_strand(
    folder: Path, genome: Genome, held: Sequence[Stretch], load: Callable[[int], Pieces], strand: Literal["+", "-"]
) -> pd.DataFrame:
    tables = [pd.DataFrame(columns=list(CALLED_TSS.columns))]
    with BigWigWriter(folder / f"{genome.name}.{_STRAND_NAMES[strand]}.bw", genome.chrom_sizes) as writer:
        for contig_number, contig in enumerate(genome):
            high = []  # positions, values, calibrated values at or above each model's threshold
            for number, one in enumerate(held):
                if one.contig == contig_number:
                    for start, values in load(number):
                        writer.add(contig.name, start, values[strand])
                        high.append(_above(start, values[strand], one.model))
            positions, output, calibrated = (np.concatenate(parts) for parts in zip(*high, strict=True))
            chosen = call_tss(positions, output, strand, length=len(contig), circular=contig.circular)
            if len(chosen):
                tables.append(_called(contig.name, strand, positions[chosen], output[chosen], calibrated[chosen]))
    return pd.concat(tables[1:] or tables, ignore_index=True)


def _above(
    start: int, values: npt.NDArray[np.float32], model: Checkpoint
) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    metadata = model.metadata
    threshold = _DEFAULT_THRESHOLD if metadata.call_threshold is None else metadata.call_threshold
    above = np.flatnonzero(values >= threshold)
    output, calibration = values[above], metadata.calibration
    if calibration is None:
        return start + above, output, np.full(len(above), np.nan)
    return start + above, output, np.interp(output, calibration["output"], calibration["probability"])


def _called(
    chrom: str, strand: Literal["+", "-"], tss: npt.NDArray[np.int64], output: Floats, calibrated: Floats
) -> pd.DataFrame:
    letter = "f" if strand == "+" else "r"
    return pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": tss,
            "chromEnd": tss + 1,
            "name": [f"pTSS_{chrom}_{position + 1}_{letter}" for position in tss],
            "score": np.rint(1000 * output).astype(np.int64).clip(0, 1000),
            "strand": strand,
            "modelOutput": output,
            "calibrated": calibrated,
            "split": HELD_OUT,
        }
    )


def _folds_table(genome: Genome, held: Sequence[Stretch]) -> pd.DataFrame:
    names = list(dict.fromkeys(one.model.metadata.name for one in held))
    rows = [
        (genome.contigs[one.contig].name, one.start, one.end, one.model.metadata.name, 0, ".", one.start, one.end,
         (GREY, PURPLE)[names.index(one.model.metadata.name) % 2])
        for one in held
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BED9.columns))


def _tracks(folder: Path, genome: Genome, models: int) -> list[Track]:
    name = genome.name
    method = (
        f"tracktools predict --out-of-fold, {models} models; every base is scored by one that was trained without it"
    )
    source = f"{models} models out of fold"
    shared: dict[str, Any] = {"group": "predictions", "method": method, "source": source, "licence": "CC BY 4.0"}
    signals = [
        Track(
            name=as_track_name(f"{name}_out_of_fold_{word}"), path=folder / f"{name}.{word}.bw", format="bigWig",
            strand=strand, short_label=f"TSS out of fold ({strand})",
            long_label=f"Model output, out of fold: transcription starts here, {word} strand",
            color=STRAND_COLORS[strand], view_min=0, view_max=1, visibility="full", **shared,
        )
        for strand, word in _STRAND_NAMES.items()
    ]  # fmt: skip
    called = Track(
        name=as_track_name(f"{name}_out_of_fold_called_tss"), path=folder / f"{name}.called_tss.bed", format="bed",
        short_label="Called TSS (out of fold)",
        long_label="TSS called from the out-of-fold output, by each model's threshold", color="0,0,0",
        visibility="pack", **shared,
    )  # fmt: skip
    folds = Track(
        name=as_track_name(f"{name}_folds"), path=folder / f"{name}.folds.bed", format="bed", short_label="Folds",
        long_label="Which model scored which part: the one that was trained without it", color=GREY, visibility="dense",
        **shared,
    )  # fmt: skip
    return [*signals, called, folds]
