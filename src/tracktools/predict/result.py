"""Join finished blocks into the files of a predict folder, a block in memory at a time; needs no genome, no model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.arrays import Float32, Float64, Int64
from tracktools.blocks import Block, Piece
from tracktools.calls import call_positions
from tracktools.formats.bed import BED9, CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.interval import STRANDS, Strand
from tracktools.palette import GREEN, GREY, PURPLE
from tracktools.predict.asked_calls import Heights, cut_of_top
from tracktools.predict.expected import Expected
from tracktools.predict.manifest import Manifest, ModelPart
from tracktools.predict.result_tracks import STRAND_NAMES, result_tracks
from tracktools.splits import NO_PART
from tracktools.tracks import write_tracks

PART_COLORS = {"train": GREY, "valid": GREEN, "test": PURPLE}

_EXPECTED = ("expectedPrecision", "expectedPrecisionLow", "expectedPrecisionHigh")
HELD_OUT = "held_out"  # in the split column: the model that scored this base never saw it


class Called(NamedTuple):
    """Bases of one piece that may be called: their positions, values, and these calibrated; shapes (n,)."""

    positions: Int64
    values: Float32
    calibrated: Float64


@dataclass(frozen=True)
class Written:
    """What was written: the number of called TSS, where they were cut (infinity: none was), and what to doubt."""

    calls: int
    cut: float
    warnings: tuple[str, ...]


def write_result(folder: Path, manifest: Manifest, load: Callable[[Block], Float32]) -> Written:
    """Write the bigWig pair, the called TSS and ``tracks.tsv``."""
    name = manifest.genome_name
    calls = _write_signal(folder, manifest, load)
    manifest, calls, told = _asked(manifest, calls, load) if manifest.asked else _cut(manifest, calls)
    warnings = (*manifest.warnings, *told)
    write_bed(folder / f"{name}.called_tss.bed", calls, CALLED_TSS, made_by=_model_line(manifest), warnings=warnings)
    if manifest.out_of_fold:
        write_bed(folder / f"{name}.folds.bed", _folds_table(manifest), BED9)
    elif manifest.models[0].split:
        write_bed(folder / f"{name}.split.bed", _split_table(manifest.models[0]), BED9)
    write_tracks(folder, result_tracks(folder, manifest, len(calls)))
    return Written(len(calls), manifest.models[0].call_threshold, told)


def _write_signal(folder: Path, manifest: Manifest, load: Callable[[Block], Float32]) -> pd.DataFrame:
    """Write the bigWig pair; return the calls that the model would make."""
    name, sizes = manifest.genome_name, dict(manifest.chrom_sizes)
    tables: list[pd.DataFrame] = []
    for strand in STRANDS:
        high: dict[int, list[Called]] = defaultdict(list)
        with BigWigWriter(folder / f"{name}.{STRAND_NAMES[strand]}.bw", sizes) as writer:
            for piece, values in _pieces_of(strand, manifest.blocks, load):
                writer.add(manifest.chrom_sizes[piece.contig][0], piece.start, values)
                _keep_high(high, piece, values, _lowest(manifest.models[piece.model]), manifest)
        if high:
            tables.append(_called_table(strand, high, manifest))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))


def _asked(
    manifest: Manifest, calls: pd.DataFrame, load: Callable[[Block], Float32]
) -> tuple[Manifest, pd.DataFrame, tuple[str, ...]]:
    """Call what the user asks for, instead of what the model would call; returns what `_cut` does."""
    asked, told, model = manifest.asked, [], manifest.models[0]
    assert asked is not None
    if asked.top is None:
        assert asked.threshold is not None
        cut = asked.threshold
        calls = _calls_from(cut, manifest, load)
    else:
        wanted = asked.count(manifest.blocks)
        for floor in Heights(manifest.blocks, load).floors(wanted):
            calls = _calls_from(floor, manifest, load)
            if len(calls) >= wanted:
                break
        if len(calls) < wanted:
            told.append(f"{wanted:,} calls are asked for, and the output has {len(calls):,} local maxima")
        cut = cut_of_top(calls["modelOutput"].to_numpy(dtype=np.float64), wanted)
        calls = calls[calls["modelOutput"].to_numpy(dtype=np.float64) >= cut].reset_index(drop=True)
    columns: dict[str, Any] = dict.fromkeys(_EXPECTED, np.nan)
    if model.expected is not None and len(calls):
        expected = Expected.from_record(model.expected)
        heights = calls["modelOutput"].to_numpy(dtype=np.float64)
        known = heights >= expected.floor  # of lower ones nothing was learnt
        columns = {
            name: np.where(known, values, np.nan) for name, values in zip(_EXPECTED, expected.of(heights), strict=True)
        }
    return replace(manifest, models=(replace(model, call_threshold=cut),)), calls.assign(**columns), tuple(told)


def _calls_from(floor: float, manifest: Manifest, load: Callable[[Block], Float32]) -> pd.DataFrame:
    """Return every call at or above a height, from blocks that are kept."""
    tables = []
    for strand in STRANDS:
        high: dict[int, list[Called]] = defaultdict(list)
        for piece, values in _pieces_of(strand, manifest.blocks, load):
            _keep_high(high, piece, values, floor, manifest)
        if high:
            tables.append(_called_table(strand, high, manifest))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))


def _keep_high(high: dict[int, list[Called]], piece: Piece, values: Float32, floor: float, manifest: Manifest) -> None:
    above = np.flatnonzero(values >= floor)
    if len(above):
        calibrated = _calibrated(values[above], manifest.models[piece.model])
        high[piece.contig].append(Called(piece.start + above, values[above], calibrated))


def _lowest(model: ModelPart) -> float:
    """Return the lowest output that may be called: where the cut is chosen in the end, more than what will be."""
    return model.call_threshold if model.expected is None else Expected.from_record(model.expected).floor


def _cut(manifest: Manifest, calls: pd.DataFrame) -> tuple[Manifest, pd.DataFrame, tuple[str, ...]]:
    """Keep the calls that are expected to be right often enough, and say of each how often.

    Returns
    -------
    manifest : Manifest
        With the cut as its threshold.
    calls : DataFrame
        With the columns of expected precision; nan where nothing is known of it.
    told : tuple of str
        What to doubt.
    """
    model = manifest.models[0]
    if manifest.out_of_fold or model.expected is None:
        return manifest, calls.assign(**dict.fromkeys(_EXPECTED, np.nan)), ()
    expected = Expected.from_record(model.expected)
    heights = calls["modelOutput"].to_numpy(dtype=np.float64)
    cut = expected.cut(heights)
    calls = calls[heights >= cut]
    columns = dict(zip(_EXPECTED, expected.of(heights[heights >= cut]), strict=True))
    calls = calls.assign(**columns).reset_index(drop=True)
    manifest = replace(manifest, models=(replace(model, call_threshold=cut),))
    told = []
    if not len(calls):
        told.append(
            f"nothing is called: no output on this genome is so high that {expected.target:.0%} of the calls could be "
            f"expected to be right"
        )
    if manifest.regions is not None:
        told.append("the cut was chosen by the chosen bases alone: another one than that of the whole genome")
    return manifest, calls, tuple(told)


def _model_line(manifest: Manifest) -> str:
    if manifest.out_of_fold:
        names = [model.name for model in manifest.models]
        return f"each base by the one of {len(names)} models that never saw it: {', '.join(names)}"
    (model,) = manifest.models
    asked = f" ({manifest.asked})" if manifest.asked else ""
    return f"model {model.name} (sha256 {model.sha256[:12]}), called at {_shown(model.call_threshold)}{asked}"


def _shown(cut: float) -> str:
    return f"{cut:.4g}" if np.isfinite(cut) else "no output"


def _pieces_of(
    strand: Strand, blocks: list[Block], load: Callable[[Block], Float32]
) -> Iterator[tuple[Piece, Float32]]:
    for block in blocks:
        if block.pieces[0].strand == strand:
            yield from block.split(load(block))


def _calibrated(output: Float32, model: ModelPart) -> Float64:
    if model.calibration is None:
        return np.full(len(output), np.nan)
    return np.asarray(np.interp(output, model.calibration["output"], model.calibration["probability"]), np.float64)


def _called_table(strand: Strand, high: dict[int, list[Called]], manifest: Manifest) -> pd.DataFrame:
    """Call TSS among the positions at or above the threshold; a row per call, columns as `CALLED_TSS`."""
    shapes = manifest.contigs
    contigs, positions, outputs, probabilities, parts = [], [], [], [], []
    for number, pieces in high.items():
        contig = shapes[number]
        at, values, calibrated = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
        chosen = call_positions(at, values, strand, length=len(contig), circular=contig.circular)
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


def _parts_of(chrom: str, positions: Int64, manifest: Manifest) -> npt.NDArray[np.str_]:
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
