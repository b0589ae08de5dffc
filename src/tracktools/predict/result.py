"""Join finished blocks into the files of a predict folder, a block in memory at a time; needs no genome, no model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.blocks import STRANDS, Block, Piece, PlusOrMinus
from tracktools.calls import call_tss
from tracktools.formats.bed import BED9, CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.palette import GREEN, GREY, PURPLE, STRAND_COLORS
from tracktools.predict.manifest import Manifest
from tracktools.splits import NO_PART
from tracktools.tracks import Track, as_track_name, write_tracks

STRAND_NAMES = {"+": "plus", "-": "minus"}
PART_COLORS = {"train": GREY, "valid": GREEN, "test": PURPLE}

Values = npt.NDArray[np.float32]
Called = tuple[npt.NDArray[np.int64], Values]  # positions and their values


def write_result(folder: Path, manifest: Manifest, load: Callable[[Block], Values]) -> int:
    """Write the bigWig pair, the called TSS and ``tracks.tsv``; return the number of called TSS."""
    name, sizes = manifest.genome_name, dict(manifest.chrom_sizes)
    tables: list[pd.DataFrame] = []
    for strand in STRANDS:
        high: dict[int, list[Called]] = defaultdict(list)
        with BigWigWriter(folder / f"{name}.{STRAND_NAMES[strand]}.bw", sizes) as writer:
            for piece, values in _pieces_of(strand, manifest.blocks, load):
                writer.add(manifest.chrom_sizes[piece.contig][0], piece.start, values)
                above = np.flatnonzero(values >= manifest.call_threshold)
                if len(above):
                    high[piece.contig].append((piece.start + above, values[above]))
        if high:
            tables.append(_called_table(strand, high, manifest))
    calls = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))
    write_bed(
        folder / f"{name}.called_tss.bed", calls, CALLED_TSS, made_by=_model_line(manifest), warnings=manifest.warnings
    )
    tracks = _signal_tracks(folder, manifest)
    if len(calls):  # no browser draws a track without items; the file says that there are none
        tracks.append(_called_track(folder, manifest))
    if manifest.split:
        write_bed(folder / f"{name}.split.bed", _split_table(manifest), BED9)
        tracks.append(_split_track(folder / f"{name}.split.bed", manifest))
    write_tracks(folder, tracks)
    return len(calls)


def _model_line(manifest: Manifest) -> str:
    return f"model {manifest.model_name} (sha256 {manifest.model_sha256[:12]}), called at {manifest.call_threshold:.4g}"


def _pieces_of(
    strand: PlusOrMinus, blocks: list[Block], load: Callable[[Block], Values]
) -> Iterator[tuple[Piece, Values]]:
    for block in blocks:
        if block.pieces[0].strand == strand:
            yield from block.split(load(block))


def _called_table(strand: PlusOrMinus, high: dict[int, list[Called]], manifest: Manifest) -> pd.DataFrame:
    """Call TSS among the positions at or above the threshold; a row a call, columns as `CALLED_TSS`."""
    shapes = manifest.contigs
    contigs, positions, outputs, parts = [], [], [], []
    for number, pairs in high.items():
        contig = shapes[number]
        at, values = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
        chosen = call_tss(at, values, strand, length=len(contig), circular=contig.circular)
        contigs += [contig.name] * len(chosen)
        positions.append(at[chosen])
        outputs.append(values[chosen])
        parts.append(_parts_of(contig.name, at[chosen], manifest))
    tss, output = np.concatenate(positions), np.concatenate(outputs)
    letter = "f" if strand == "+" else "r"
    calibration = manifest.calibration
    return pd.DataFrame(
        {
            "chrom": contigs,
            "chromStart": tss,
            "chromEnd": tss + 1,
            "name": [f"pTSS_{chrom}_{base + 1}_{letter}" for chrom, base in zip(contigs, tss.tolist(), strict=True)],
            "score": np.rint(1000 * output).astype(np.int64).clip(0, 1000),
            "strand": strand,
            "modelOutput": output,
            "calibrated": np.full(len(tss), np.nan)
            if calibration is None
            else np.interp(output, calibration["output"], calibration["probability"]),
            "split": np.concatenate(parts),
        }
    )


def _parts_of(chrom: str, positions: npt.NDArray[np.int64], manifest: Manifest) -> npt.NDArray[np.str_]:
    parts = np.full(len(positions), NO_PART, dtype="<U5")
    for name, start, end, part in manifest.split:
        if name == chrom:
            parts[(positions >= start) & (positions < end)] = part
    return parts


def _split_table(manifest: Manifest) -> pd.DataFrame:
    """Return the parts of the genome that the model knows, as BED9."""
    rows = [
        (chrom, start, end, part, 0, ".", start, end, PART_COLORS[part]) for chrom, start, end, part in manifest.split
    ]
    return pd.DataFrame(rows, columns=list(BED9.columns))


def _split_track(path: Path, manifest: Manifest) -> Track:
    return Track(
        name=as_track_name(f"{manifest.genome_name}_split"),
        path=path,
        format="bed",
        group="predictions",
        short_label="Model split",
        long_label="Parts of the genome that trained, validated and tested the model",
        color=GREY,
        visibility="dense",
        method="From the checkpoint: grey train (optimistic there), green validation, purple test.",
        source=manifest.model_name,
        licence="CC BY 4.0",
    )


def _method(manifest: Manifest) -> str:
    where = "at every base" if manifest.regions is None else "in chosen regions"
    model = f"{manifest.model_name} (sha256 {manifest.model_sha256[:12]})"
    return f"tracktools predict, model {model}; raw model output {where}"


def _signal_tracks(folder: Path, manifest: Manifest) -> list[Track]:
    genome = manifest.genome_name
    return [
        Track(
            name=as_track_name(f"{genome}_{STRAND_NAMES[strand]}"),
            path=folder / f"{genome}.{STRAND_NAMES[strand]}.bw",
            format="bigWig",
            strand=strand,
            group="predictions",
            short_label=f"TSS model ({strand})",
            long_label=f"Model output: transcription starts here, {STRAND_NAMES[strand]} strand",
            color=STRAND_COLORS[strand],
            view_min=0,
            view_max=1,
            visibility="full",
            method=_method(manifest),
            source=manifest.model_name,
            licence="CC BY 4.0",
        )
        for strand in STRANDS
    ]


def _called_track(folder: Path, manifest: Manifest) -> Track:
    genome = manifest.genome_name
    threshold = f"local maxima at or above {manifest.call_threshold:.3g}"
    return Track(
        name=as_track_name(f"{genome}_called_tss"),
        path=folder / f"{genome}.called_tss.bed",
        format="bed",
        group="predictions",
        short_label="Called TSS",
        long_label=f"TSS called from the model output: {threshold}",
        color="0,0,0",
        visibility="pack",
        method=f"{_method(manifest)}; {threshold}, at least 6 bp apart",
        source=manifest.model_name,
        licence="CC BY 4.0",
    )
