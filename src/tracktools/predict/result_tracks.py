"""The rows of ``tracks.tsv`` of a prediction: what each track is called, looks like, and was made by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tracktools.interval import STRANDS
from tracktools.palette import GREY, STRAND_COLORS
from tracktools.predict.manifest import Manifest
from tracktools.tracks import Track, as_track_name

STRAND_NAMES = {"+": "plus", "-": "minus"}


def result_tracks(folder: Path, manifest: Manifest, calls: int) -> list[Track]:
    """Return the tracks of a folder of predictions: the bigWig pair, the called TSS, and what the model knows."""
    name, apart = manifest.genome_name, "_out_of_fold" if manifest.out_of_fold else ""
    shared: dict[str, Any] = {"group": "predictions", "source": manifest.model_name, "licence": "CC BY 4.0"}
    tracks = [
        Track(
            name=as_track_name(f"{name}{apart}_{word}"),
            path=folder / f"{name}.{word}.bw",
            format="bigWig",
            strand=strand,
            short_label=f"TSS {'out of fold' if apart else 'model'} ({strand})",
            long_label=f"Model output{', out of fold' if apart else ''}: transcription starts here, {word} strand",
            color=STRAND_COLORS[strand],
            view_min=0,
            view_max=1,
            visibility="full",
            method=_method(manifest),
            **shared,
        )
        for strand, word in ((strand, STRAND_NAMES[strand]) for strand in STRANDS)
    ]
    if calls:  # no browser draws a track without items; the file says that there are none
        tracks.append(_called(folder, manifest, shared))
    if manifest.out_of_fold:
        tracks.append(_folds(folder, manifest, shared))
    elif manifest.models[0].split:
        tracks.append(_split(folder, manifest, shared))
    return tracks


def _method(manifest: Manifest) -> str:
    where = "at every base" if manifest.regions is None else "in chosen regions"
    if manifest.out_of_fold:
        return (
            f"tracktools predict --out-of-fold, {len(manifest.models)} models; raw model output {where}, each base by "
            "one that was trained without it"
        )
    model = f"{manifest.model_name} (sha256 {manifest.model_sha256[:12]})"
    return f"tracktools predict, model {model}; raw model output {where}"


def _called(folder: Path, manifest: Manifest, shared: dict[str, Any]) -> Track:
    name = manifest.genome_name
    if manifest.out_of_fold:
        threshold, named, label = "local maxima at or above each model's threshold", "_out_of_fold", " (out of fold)"
    else:
        threshold, named, label = f"local maxima at or above {manifest.models[0].call_threshold:.3g}", "", ""
    return Track(
        name=as_track_name(f"{name}{named}_called_tss"),
        path=folder / f"{name}.called_tss.bed",
        format="bed",
        short_label=f"Called TSS{label}",
        long_label=f"TSS called from the {'out-of-fold' if label else 'model'} output: {threshold}",
        color="0,0,0",
        visibility="pack",
        method=f"{_method(manifest)}; {threshold}, at least 6 bp apart",
        **shared,
    )


def _split(folder: Path, manifest: Manifest, shared: dict[str, Any]) -> Track:
    return Track(
        name=as_track_name(f"{manifest.genome_name}_split"),
        path=folder / f"{manifest.genome_name}.split.bed",
        format="bed",
        short_label="Model split",
        long_label="Parts of the genome that trained, validated and tested the model",
        color=GREY,
        visibility="dense",
        method="From the checkpoint: grey train (optimistic there), green validation, purple test.",
        **shared,
    )


def _folds(folder: Path, manifest: Manifest, shared: dict[str, Any]) -> Track:
    return Track(
        name=as_track_name(f"{manifest.genome_name}_folds"),
        path=folder / f"{manifest.genome_name}.folds.bed",
        format="bed",
        short_label="Folds",
        long_label="Which model scored which part: the one that was trained without it",
        color=GREY,
        visibility="dense",
        method=_method(manifest),
        **shared,
    )
