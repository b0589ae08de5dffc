"""What each model of a run was trained on, or scored: a column of the called TSS, and a track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.arrays import Int64
from tracktools.formats.bed import BED9, write_bed
from tracktools.palette import GREEN, GREY, PURPLE
from tracktools.predict.manifest import Manifest
from tracktools.splits import NO_PART
from tracktools.tracks import Track, as_track_name

HELD_OUT = "held_out"  # in the split column: the model that scored this base never saw it
PART_COLORS = {"train": GREY, "valid": GREEN, "test": PURPLE}


def parts_of(chrom: str, positions: Int64, manifest: Manifest) -> npt.NDArray[np.str_]:
    """Return the part of the split in which positions of a contig are, or `HELD_OUT`; shape as `positions`."""
    if manifest.out_of_fold:
        return np.full(len(positions), HELD_OUT)
    parts = np.full(len(positions), NO_PART, dtype="<U5")
    for name, start, end, part in manifest.models[0].split:
        if name == chrom:
            parts[(positions >= start) & (positions < end)] = part
    return parts


def write_parts(folder: Path, manifest: Manifest) -> Track | None:
    """Write which model scored what, or the parts that the model knows; return the track, None where it knows none."""
    if manifest.held is not None:
        kind, short, long = "folds", "Folds", "Which model scored which part: the one that was trained without it"
        method = manifest.method
        rows = [  # neighbours differ in colour
            (manifest.chrom_sizes[contig][0], start, end, manifest.models[model].name, (GREY, PURPLE)[model % 2])
            for contig, parts in sorted(manifest.held.items())
            for start, end, model in parts
        ]
    elif manifest.models[0].split:
        kind, short = "split", "Model split"
        long = "Parts of the genome that trained, validated and tested the model"
        method = "From the checkpoint: grey train (optimistic there), green validation, purple test."
        rows = [(chrom, start, end, part, PART_COLORS[part]) for chrom, start, end, part in manifest.models[0].split]
    else:
        return None
    path = folder / f"{manifest.genome_name}.{kind}.bed"
    table = [(chrom, start, end, name, 0, ".", start, end, color) for chrom, start, end, name, color in rows]
    write_bed(path, pd.DataFrame(table, columns=list(BED9.columns)), BED9)
    return Track(
        name=as_track_name(f"{manifest.genome_name}_{kind}"),
        path=path,
        format="bed",
        short_label=short,
        long_label=long,
        color=GREY,
        visibility="dense",
        method=method,
        group="predictions",
        source=manifest.model_name,
        licence="CC BY 4.0",
    )
