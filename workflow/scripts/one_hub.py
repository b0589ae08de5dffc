"""The hub of one genome, with measured TSS, reads and genes where the sheet has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.config import TssConfig
from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.bed import read_bed
from tracktools.formats.json_file import read_json
from tracktools.genome import load_genome
from tracktools.hub.build import build_hub
from tracktools.metrics import match_calls
from tracktools.reads import AlignmentSignal, make_read_tracks
from tracktools.tracks import TRACKS_FILE, file_sha256
from tracktools.tss.folders import import_folder
from tracktools.tss.importing import ImportRequest

MEASURED, READS = "measured", "reads"  # names of the tracks
ADDITIONS = ("gff3", "tss", "bam")


def hub_one(row: dict[str, str], output: str) -> dict[str, Any]:
    """Build a hub and return how many measured TSS there are, and how many were called; `output` contains all results.

    A hub that was made from the same files is not made again.
    """
    print(f"== {row['name']}", flush=True)
    root, name = Path(output), row["name"]
    predictions = root / "predictions" / name
    stamp = root / "hubs" / f"{name}.made_from.json"
    made_from = {key: file_sha256(Path(row[key])) for key in ("fasta", *ADDITIONS) if key in row}
    made_from |= {"library": row.get("library", ""), "predictions": file_sha256(predictions / TRACKS_FILE)}
    if not _says(stamp, made_from):
        stamp.unlink(missing_ok=True)
        _build(row, root, predictions)
        with atomic_file(stamp) as partial:
            partial.write_text(json.dumps(made_from, indent=2) + "\n")
    if "tss" not in row:
        return {}
    called, measured = predictions / f"{name}.called_tss.bed", root / "tss" / name / f"{MEASURED}.bed"
    return recall(read_bed(called)[0], read_bed(measured)[0])


def _build(row: dict[str, str], root: Path, predictions: Path) -> None:
    name, folders = row["name"], [predictions]
    for kind in ("hubs", *(kind for kind, column in (("tss", "tss"), ("reads", "bam")) if column in row)):
        (root / kind).mkdir(parents=True, exist_ok=True)
    genome = load_genome(Path(row["fasta"]), name=name)
    if "tss" in row:
        folders.append(root / "tss" / name)
        import_folder([Path(row["tss"])], ImportRequest(MEASURED), folders[-1], genome=genome, force=True)
    if "bam" in row:
        folders.append(root / "reads" / name)
        signal = AlignmentSignal([Path(row["bam"])], library=row["library"], chrom_sizes=genome.chrom_sizes)
        make_read_tracks(signal, folders[-1], name=READS, genome=genome, force=True)
    gff = Path(row["gff3"]) if "gff3" in row else None
    build_hub(folders, root / "hubs" / name, genome=Path(row["fasta"]), genes=gff, force=True)


def _says(stamp: Path, made_from: dict[str, str]) -> bool:
    """Return whether a hub was made from the same files; a damaged stamp says nothing."""
    try:
        return read_json(stamp) == made_from
    except (FileNotFoundError, InputError):
        return False


def recall(called: pd.DataFrame, measured: pd.DataFrame) -> dict[str, Any]:
    """Return how many measured TSS there are, and how many a call found: one-to-one, within the window of curation."""
    found = 0
    calls = dict(iter(called.groupby(["chrom", "strand"])))
    for key, part in measured.groupby(["chrom", "strand"]):
        if key in calls:
            tss = np.unique(part["chromStart"].to_numpy(dtype=np.int64))
            at = calls[key]["chromStart"].to_numpy(dtype=np.int64)
            heights = calls[key]["modelOutput"].to_numpy(dtype=np.float64)
            found += int(match_calls(at, heights, tss, TssConfig.window_bp).sum())
    return {"measured_tss": len(measured), "found_tss": found}
