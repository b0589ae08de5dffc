"""The tracks of a run over every substitution: four bigWigs and their ``tracks.tsv``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.formats.bigwig import BigWigWriter
from tracktools.mutate.all_effects import PLANES
from tracktools.palette import GREEN, PURPLE
from tracktools.predict.manifest import Manifest
from tracktools.tracks import Track, as_track_name, write_tracks

_SHORT = {"gain": "Gain", "loss": "Loss", "mean_gain": "Mean gain", "mean_loss": "Mean loss"}
_LONG = {
    "gain": "Mutation: largest gain of TSS output by a substitution of this base",
    "loss": "Mutation: largest loss of TSS output by a substitution of this base",
    "mean_gain": "Mutation: gain of TSS output, mean of three substitutions",
    "mean_loss": "Mutation: loss of TSS output, mean of three substitutions",
}


def write_mutation_tracks(folder: Path, manifest: Manifest, load: Callable[[Block], Float32]) -> None:
    """Write the bigWigs, a block in memory at a time, and ``tracks.tsv``."""
    tracks = []
    for number, plane in enumerate(PLANES):
        path = folder / f"{manifest.genome_name}.{plane}.bw"
        with BigWigWriter(path, dict(manifest.chrom_sizes)) as writer:
            for block in manifest.blocks:
                values = load(block).reshape(len(PLANES), len(block))[number]
                signed = np.where(values == 0, np.float32(0), -values) if plane.endswith("loss") else values
                for piece, own in block.split(signed):
                    writer.add(manifest.chrom_sizes[piece.contig][0], piece.start, own)
        tracks.append(_track(path, plane, manifest))
    write_tracks(folder, tracks)


def _track(path: Path, plane: str, manifest: Manifest) -> Track:
    losses = plane.endswith("loss")
    return Track(
        name=as_track_name(f"{manifest.genome_name}_{plane}"),
        path=path,
        format="bigWig",
        group="mutations",
        short_label=_SHORT[plane],
        long_label=_LONG[plane],
        color=PURPLE if losses else GREEN,
        view_min=-1 if losses else 0,
        view_max=0 if losses else 1,
        visibility="hide" if plane.startswith("mean") else "full",
        method=f"tracktools mutate --all, model {manifest.model_name} (sha256 {manifest.model_sha256[:12]}): change of "
        "the model output, 0 to 1, over the outputs of both strands that see the base",
        source=manifest.model_name,
        licence="CC BY 4.0",
    )
