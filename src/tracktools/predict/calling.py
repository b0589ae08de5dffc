"""Call TSS in finished blocks: by the thresholds of the models, as the user asks, or by the expected precision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Float64, Int64
from tracktools.blocks import Block
from tracktools.calibration import calibrated
from tracktools.calls import call_positions
from tracktools.formats.bed import CALLED_TSS, write_bed
from tracktools.interval import STRANDS, Strand
from tracktools.predict.asked_calls import Heights, cut_of_top
from tracktools.predict.manifest import Manifest
from tracktools.predict.model_parts import parts_of
from tracktools.tracks import Track, as_track_name

_EXPECTED = ("expectedPrecision", "expectedPrecisionLow", "expectedPrecisionHigh")


class _High(NamedTuple):
    """Bases that may be called: their positions, outputs, and these calibrated (nan without a map); shapes (n,)."""

    positions: Int64
    output: Float32
    probability: Float64


@dataclass(frozen=True)
class Calls:
    """The called TSS of a run.

    Parameters
    ----------
    table : DataFrame
        A row per call, columns as `CALLED_TSS`.
    cut : float, optional
        The lowest model output that is called, infinity where nothing is; None where each model has its own threshold.
    warnings : tuple of str
        What to doubt of them.
    """

    table: pd.DataFrame
    cut: float | None
    warnings: tuple[str, ...] = ()


def call_tss(manifest: Manifest, load: Callable[[Block], Float32]) -> Calls:
    """Call TSS in the blocks of a run; each call is at least 6 bp from a higher one, see `call_positions`.

    Parameters
    ----------
    manifest : Manifest
        Says what decides: what the user asks for; else the expected precision, where no model knows a TSS of this
        genome; else the threshold of each model.
    load : callable
        Returns the values of a block.
    """
    asked, model = manifest.asked, manifest.models[0]
    expected = None if manifest.out_of_fold else model.expected
    wanted = asked.count(manifest.blocks) if asked is not None and asked.top is not None else 0
    for lowest in _lowest_outputs(manifest, load, wanted):
        table = _local_maxima(manifest, load, lowest)
        if len(table) >= wanted:
            break
    outputs, warnings = table["modelOutput"].to_numpy(dtype=np.float32), []
    cut: float | None = model.call_threshold
    if wanted:
        cut = cut_of_top(outputs, wanted)
        if len(table) < wanted:
            warnings.append(f"{wanted:,} calls are asked for, and the output has {len(table):,} local maxima")
    elif asked is not None:
        cut = asked.threshold
    elif expected is not None:
        cut = expected.cut(outputs) if expected.called_at is None else expected.called_at
        if not (outputs >= np.float32(cut)).any():
            where = "on this genome" if manifest.regions is None else "in the chosen regions"
            warnings.append(
                f"nothing is called: no output {where} is so high that {expected.target:.0%} of the calls could be "
                "expected to be right; --top 100 (top= in Python) calls the 100 highest"
            )
        if expected.called_at is None and manifest.regions is not None:
            warnings.append("the cut was chosen by the chosen bases alone: another one than that of the whole genome")
    elif manifest.out_of_fold:
        cut = None
    precisions: Iterable[Any] = (np.nan, np.nan, np.nan)
    if expected is not None and model.finds_promoters:
        precisions = expected.of(outputs)
    table = table.assign(**dict(zip(_EXPECTED, precisions, strict=True)))
    if cut is not None:
        table = table[outputs >= np.float32(cut)].reset_index(drop=True)
    return Calls(table, cut, tuple(warnings))


def _lowest_outputs(manifest: Manifest, load: Callable[[Block], Float32], wanted: int) -> Iterator[Sequence[float]]:
    """Yield from which output of each model on to look for local maxima, lower and lower until enough are found."""
    if wanted:
        for height in Heights(manifest.blocks, load).floors(wanted):
            yield [height]
    elif manifest.asked is not None and manifest.asked.threshold is not None:
        yield [manifest.asked.threshold]
    else:
        yield [model.lowest_output for model in manifest.models]


def _local_maxima(manifest: Manifest, load: Callable[[Block], Float32], lowest: Sequence[float]) -> pd.DataFrame:
    """Return the calls at or above a height, which is one for all models, or one for each."""
    tables = []
    for strand in STRANDS:
        high: dict[int, list[_High]] = defaultdict(list)
        for piece, values in manifest.pieces(strand, load):
            model = manifest.models[piece.model]
            above = np.flatnonzero(values >= lowest[piece.model if len(lowest) > 1 else 0])
            if len(above):
                output = values[above]
                probability = np.full(len(above), np.nan)
                if model.calibration is not None:
                    probability = calibrated(output, model.calibration)
                high[piece.contig].append(_High(piece.start + above, output, probability))
        if high:
            tables.append(_table(strand, high, manifest))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CALLED_TSS.columns))


def _table(strand: Strand, high: Mapping[int, Sequence[_High]], manifest: Manifest) -> pd.DataFrame:
    """Call TSS among the high positions of a strand; columns as `CALLED_TSS`, but for the expected precision."""
    contigs, called, parts = [], [], []
    for number, pieces in high.items():
        contig = manifest.contigs[number]
        found = _joined(pieces)
        at = call_positions(found.positions, found.output, strand, length=len(contig), circular=contig.circular)
        called.append(_High(found.positions[at], found.output[at], found.probability[at]))
        contigs += [contig.name] * len(at)
        parts.append(parts_of(contig.name, found.positions[at], manifest))
    tss, output, probability = _joined(called)
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
            "calibrated": probability,
            "split": np.concatenate(parts),
        }
    )


def _joined(parts: Sequence[_High]) -> _High:
    positions, output, probability = zip(*parts, strict=True)
    return _High(np.concatenate(positions), np.concatenate(output), np.concatenate(probability))


def write_calls(folder: Path, manifest: Manifest, calls: Calls) -> Track | None:
    """Write the called TSS as BED; return their track, None without a call: no browser draws a track without items."""
    name, made_by = manifest.genome_name, _made_by(manifest, calls)
    path = folder / f"{name}.called_tss.bed"
    write_bed(path, calls.table, CALLED_TSS, made_by=made_by, warnings=manifest.warnings + calls.warnings)
    if not len(calls.table):
        return None
    if calls.cut is None:
        threshold, named, label = "local maxima at or above each model's threshold", "_out_of_fold", " (out of fold)"
    else:
        threshold, named, label = f"local maxima at or above {calls.cut:.3g}", "", ""
    return Track(
        name=as_track_name(f"{name}{named}_called_tss"),
        path=path,
        format="bed",
        short_label=f"Called TSS{label}",
        long_label=f"TSS called from the {'out-of-fold' if label else 'model'} output: {threshold}",
        color="0,0,0",
        visibility="pack",
        method=f"{manifest.method}; {threshold}, at least 6 bp apart{expectation(calls.table)}",
        group="predictions",
        source=manifest.model_name,
        licence="CC BY 4.0",
    )


def _made_by(manifest: Manifest, calls: Calls) -> str:
    if calls.cut is None:
        names = [model.name for model in manifest.models]
        return f"each base by the one of {len(names)} models that never saw it: {', '.join(names)}"
    (model,) = manifest.models
    cut = f"{calls.cut:.4g}" if np.isfinite(calls.cut) else "no output"
    asked = f" ({manifest.asked})" if manifest.asked else ""
    return f"model {model.name} (sha256 {model.sha256[:12]}), called at {cut}{asked}{expectation(calls.table)}"


def expectation(table: pd.DataFrame) -> str:
    """Return how many of the calls are expected to be right, where that was learnt on other species."""
    known = table[list(_EXPECTED)].astype(float).dropna()
    if known.empty:
        unknown = len(table) > 0 and table["calibrated"].astype(float).isna().all()
        return "; how many of them are right is not known" if unknown else ""
    precision, low, high = known.mean()
    whom = "them" if len(known) == len(table) else f"the {len(known):,} highest"
    return (
        f"; {precision:.0%} of {whom} expected to be right within 5 bp ({low:.0%} to {high:.0%}: learnt on other "
        f"species, which differ)"
    )
