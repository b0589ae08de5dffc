"""The bigWig pair of a prediction, from finished blocks, a block in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.formats.bigwig import BigWigWriter
from tracktools.interval import STRAND_NAMES
from tracktools.palette import STRAND_COLORS
from tracktools.predict.manifest import Manifest
from tracktools.tracks import Track, as_track_name


def write_signals(folder: Path, manifest: Manifest, load: Callable[[Block], Float32]) -> Iterator[Track]:
    """Write the model output of each strand, and yield its track."""
    name, apart = manifest.genome_name, "_out_of_fold" if manifest.out_of_fold else ""
    for strand, word in STRAND_NAMES.items():
        path = folder / f"{name}.{word}.bw"
        with BigWigWriter(path, dict(manifest.chrom_sizes)) as writer:
            for piece, values in manifest.pieces(strand, load):
                writer.add(manifest.chrom_sizes[piece.contig][0], piece.start, values)
        yield Track(
            name=as_track_name(f"{name}{apart}_{word}"),
            path=path,
            format="bigWig",
            strand=strand,
            short_label=f"TSS {'out of fold' if apart else 'model'} ({strand})",
            long_label=f"Model output{', out of fold' if apart else ''}: transcription starts here, {word} strand",
            color=STRAND_COLORS[strand],
            view_min=0,
            view_max=1,
            visibility="full",
            method=manifest.method,
            group="predictions",
            source=manifest.model_name,
            licence="CC BY 4.0",
        )
