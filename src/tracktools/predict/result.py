"""Join finished blocks into the files of a predict folder, a block in memory at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.calls import call_tss
from tracktools.engine.grid import STRANDS, Block, Piece
from tracktools.formats.bed import BED9, CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.palette import GREEN, GREY, PURPLE, STRAND_COLORS
from tracktools.predict.store import BlockStore
from tracktools.splits import Split
from tracktools.tracks import Track, as_track_name, write_tracks

STRAND_NAMES = {"+": "plus", "-": "minus"}
PART_COLORS = {"train": GREY, "valid": GREEN, "test": PURPLE}
DEFAULT_THRESHOLD = 0.5  # of a model that stores none

Called = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


def write_result(folder: Path, genome: Genome, model: Checkpoint, blocks: list[Block], store: BlockStore) -> int:
    """Write the bigWig pair, the called TSS and ``tracks.tsv``; return the number of called TSS."""
    threshold = model.metadata.call_threshold
    threshold = DEFAULT_THRESHOLD if threshold is None else threshold
    tables: list[pd.DataFrame] = []
    for strand in STRANDS:
        high: dict[int, list[Called]] = defaultdict(list)
        with BigWigWriter(folder / f"{genome.name}.{STRAND_NAMES[strand]}.bw", genome.chrom_sizes) as writer:
            for piece, values in _pieces_of(strand, blocks, store):
                writer.add(genome.contigs[piece.contig].name, piece.start, values)
                above = np.flatnonzero(values >= threshold)
                high[piece.contig].append((piece.start + above, values[above]))
        tables.extend(
            called_table(genome.contigs[number], strand, *_joined(parts), metadata=model.metadata)
            for number, parts in high.items()
        )
    calls = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))
    write_bed(folder / f"{genome.name}.called_tss.bed", calls, CALLED_TSS)
    tracks = _tracks(folder, genome, model, threshold)
    parts = split_table(genome, model.metadata)
    if len(parts):
        write_bed(folder / f"{genome.name}.split.bed", parts, BED9)
        tracks.append(_split_track(folder / f"{genome.name}.split.bed", genome, model))
    write_tracks(folder, tracks)
    return len(calls)


def _pieces_of(
    strand: Literal["+", "-"], blocks: list[Block], store: BlockStore
) -> Iterator[tuple[Piece, npt.NDArray[np.float32]]]:
    for block in blocks:
        if block.pieces[0].strand == strand:
            values = store.load(block)
            for piece in block.pieces:
                yield piece, values[: piece.end - piece.start]
                values = values[piece.end - piece.start :]


def _joined(parts: list[Called]) -> Called:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def called_table(
    contig: Contig,
    strand: Literal["+", "-"],
    positions: npt.NDArray[np.int64],
    values: npt.NDArray[np.float32],
    *,
    metadata: Metadata,
) -> pd.DataFrame:
    """Call TSS among the positions at or above the threshold; a row a call, columns as `CALLED_TSS`."""
    chosen = call_tss(positions, values, strand, length=len(contig), circular=contig.circular)
    tss, output = positions[chosen], values[chosen]
    letter = "f" if strand == "+" else "r"
    if metadata.calibration is None:
        calibrated = np.full(len(tss), np.nan)
    else:
        calibrated = np.interp(output, metadata.calibration["output"], metadata.calibration["probability"])
    return pd.DataFrame(
        {
            "chrom": contig.name,
            "chromStart": tss,
            "chromEnd": tss + 1,
            "name": [f"pTSS_{contig.name}_{position + 1}_{letter}" for position in tss],
            "score": np.rint(1000 * output).astype(np.int64).clip(0, 1000),
            "strand": strand,
            "modelOutput": output,
            "calibrated": calibrated,
            "split": Split.from_records(metadata.split).part_of(contig, tss),
        }
    )


def split_table(genome: Genome, metadata: Metadata) -> pd.DataFrame:
    """Return the regions of the model's split that lie on this genome, as BED9; none on a genome it never saw."""
    split = Split.from_records(metadata.split)
    rows = [
        (contig.name, region.start, region.end, region.part, 0, ".", region.start, region.end, PART_COLORS[region.part])
        for contig in genome
        for region in split.regions_of(contig)
    ]
    return pd.DataFrame(rows, columns=list(BED9.columns))


def _split_track(path: Path, genome: Genome, model: Checkpoint) -> Track:
    return Track(
        name=as_track_name(f"{genome.name}_split"),
        path=path,
        format="bed",
        group="predictions",
        short_label="Model split",
        long_label="Parts of the genome that trained, validated and tested the model",
        color=GREY,
        visibility="dense",
        method="From the checkpoint: grey train (optimistic there), green validation, purple test.",
        source=model.metadata.name,
        licence="CC BY 4.0",
    )


def _tracks(folder: Path, genome: Genome, model: Checkpoint, threshold: float) -> list[Track]:
    name = model.metadata.name
    method = f"tracktools predict, model {name} (sha256 {model.sha256[:12]}); raw model output at every base"
    signals = [
        Track(
            name=as_track_name(f"{genome.name}_{STRAND_NAMES[strand]}"),
            path=folder / f"{genome.name}.{STRAND_NAMES[strand]}.bw",
            format="bigWig",
            strand=strand,
            group="predictions",
            short_label=f"TSS model ({strand})",
            long_label=f"Model output: transcription starts here, {STRAND_NAMES[strand]} strand",
            color=STRAND_COLORS[strand],
            view_min=0,
            view_max=1,
            visibility="full",
            method=method,
            source=name,
            licence="CC BY 4.0",
        )
        for strand in STRANDS
    ]
    called = Track(
        name=as_track_name(f"{genome.name}_called_tss"),
        path=folder / f"{genome.name}.called_tss.bed",
        format="bed",
        group="predictions",
        short_label="Called TSS",
        long_label=f"TSS called from the model output: local maxima at or above {threshold:.3g}",
        color="0,0,0",
        visibility="pack",
        method=f"{method}; local maxima at or above {threshold:.3g}, at least 6 bp apart",
        source=name,
        licence="CC BY 4.0",
    )
    return [*signals, called]
