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
from tracktools.palette import GREEN, GREY, PURPLE
from tracktools.predict.manifest import Manifest, ModelPart
from tracktools.predict.result_tracks import STRAND_NAMES, result_tracks
from tracktools.splits import NO_PART
from tracktools.tracks import write_tracks

PART_COLORS = {"train": GREY, "valid": GREEN, "test": PURPLE}

HELD_OUT = "held_out"  # in the split column: the model that scored this base never saw it

Values = npt.NDArray[np.float32]
Called = tuple[npt.NDArray[np.int64], Values, npt.NDArray[np.float64]]  # positions, their values, and these calibrated


def write_result(folder: Path, manifest: Manifest, load: Callable[[Block], Values]) -> int:
    """Write the bigWig pair, the called TSS and ``tracks.tsv``; return the number of called TSS."""
    name, sizes = manifest.genome_name, dict(manifest.chrom_sizes)
    tables: list[pd.DataFrame] = []
    for strand in STRANDS:
        high: dict[int, list[Called]] = defaultdict(list)
        with BigWigWriter(folder / f"{name}.{STRAND_NAMES[strand]}.bw", sizes) as writer:
            for piece, values in _pieces_of(strand, manifest.blocks, load):
                writer.add(manifest.chrom_sizes[piece.contig][0], piece.start, values)
                model = manifest.models[piece.model]
                above = np.flatnonzero(values >= model.call_threshold)
                if len(above):
                    high[piece.contig].append((piece.start + above, values[above], _calibrated(values[above], model)))
        if high:
            tables.append(_called_table(strand, high, manifest))
    calls = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))
    write_bed(
        folder / f"{name}.called_tss.bed", calls, CALLED_TSS, made_by=_model_line(manifest), warnings=manifest.warnings
    )
    if manifest.out_of_fold:
        write_bed(folder / f"{name}.folds.bed", _folds_table(manifest), BED9)
    elif manifest.models[0].split:
        write_bed(folder / f"{name}.split.bed", _split_table(manifest.models[0]), BED9)
    write_tracks(folder, result_tracks(folder, manifest, len(calls)))
    return len(calls)


def _model_line(manifest: Manifest) -> str:
    if manifest.out_of_fold:
        names = [model.name for model in manifest.models]
        return f"each base by the one of {len(names)} models that never saw it: {', '.join(names)}"
    (model,) = manifest.models
    return f"model {model.name} (sha256 {model.sha256[:12]}), called at {model.call_threshold:.4g}"


def _pieces_of(
    strand: PlusOrMinus, blocks: list[Block], load: Callable[[Block], Values]
) -> Iterator[tuple[Piece, Values]]:
    for block in blocks:
        if block.pieces[0].strand == strand:
            yield from block.split(load(block))


def _calibrated(output: Values, model: ModelPart) -> npt.NDArray[np.float64]:
    if model.calibration is None:
        return np.full(len(output), np.nan)
    return np.asarray(np.interp(output, model.calibration["output"], model.calibration["probability"]), np.float64)


def _called_table(strand: PlusOrMinus, high: dict[int, list[Called]], manifest: Manifest) -> pd.DataFrame:
    """Call TSS among the positions at or above the threshold; a row a call, columns as `CALLED_TSS`."""
    shapes = manifest.contigs
    contigs, positions, outputs, probabilities, parts = [], [], [], [], []
    for number, pieces in high.items():
        contig = shapes[number]
        at, values, calibrated = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
        chosen = call_tss(at, values, strand, length=len(contig), circular=contig.circular)
        contigs += [contig.name] * len(chosen)
        positions.append(at[chosen])
        outputs.append(values[chosen])
        probabilities.append(calibrated[chosen])
        parts.append(_parts_of(contig.name, at[chosen], manifest))
    tss, output = np.concatenate(positions), np.concatenate(outputs)
    letter = "f" if strand == "+" else "r"
    return pd.DataFrame(
        {
            "chrom": contigs,
            "chromStart": tss,
            "chromEnd": tss + 1,
            "name": [f"pTSS_{chrom}_{base + 1}_{letter}" for chrom, base in zip(contigs, tss.tolist(), strict=True)],
            "score": np.rint(1000 * output).astype(np.int64).clip(0, 1000),
            "strand": strand,
            "modelOutput": output,
            "calibrated": np.concatenate(probabilities),
            "split": np.concatenate(parts),
        }
    )


def _parts_of(chrom: str, positions: npt.NDArray[np.int64], manifest: Manifest) -> npt.NDArray[np.str_]:
    if manifest.out_of_fold:
        return np.full(len(positions), HELD_OUT)
    parts = np.full(len(positions), NO_PART, dtype="<U5")
    for name, start, end, part in manifest.models[0].split:
        if name == chrom:
            parts[(positions >= start) & (positions < end)] = part
    return parts


def _split_table(model: ModelPart) -> pd.DataFrame:
    """Return the parts of the genome that the model knows, as BED9."""
    rows = [(chrom, start, end, part, 0, ".", start, end, PART_COLORS[part]) for chrom, start, end, part in model.split]
    return pd.DataFrame(rows, columns=list(BED9.columns))


def _folds_table(manifest: Manifest) -> pd.DataFrame:
    """Return which model scored what, as BED9; neighbours differ in colour."""
    rows = [
        (manifest.chrom_sizes[contig][0], start, end, manifest.models[model].name, 0, ".", start, end,
         (GREY, PURPLE)[model % 2])
        for contig, parts in sorted((manifest.held or {}).items())
        for start, end, model in parts
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BED9.columns))
