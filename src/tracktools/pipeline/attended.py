"""Attention at called TSS, and the motifs there, as tracks."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.attention import attend_genome
from tracktools.config import AttendedConfig, AttentionConfig, MotifConfig, PredictConfig
from tracktools.formats.bed import BED6, read_bed, write_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.motifs import find_motifs
from tracktools.run import is_complete, remove_output
from tracktools.tracks import read_provenance, read_tracks

log = logging.getLogger(__name__)

CALLED, ELSEWHERE = "called", "elsewhere"


def attended_folders(
    predictions: Path,
    output: Path,
    *,
    genome: Genome,
    model: Checkpoint,
    predict: PredictConfig | None = None,
    config: AttendedConfig | None = None,
    motifs: MotifConfig | None = None,
) -> list[Path]:
    """Look at the attention of a model at the best called TSS, and make tracks of the motifs there.

    Parameters
    ----------
    predictions : Path
        Folder that ``predict`` wrote of the genome, with any model.
    output : Path
        Folder in which ``places`` (BED), ``attention`` and ``motifs`` appear; what an earlier run has finished with the
        same model is taken as it is.
    genome : Genome
        The genome.
    model : Checkpoint
        A transformer.
    predict : PredictConfig, optional
        Engine, threads.
    config : AttendedConfig, optional
        How many places, and where the background is.
    motifs : MotifConfig, optional
        How motifs are made.

    Returns
    -------
    list of Path
        The folder ``motifs``, if it contains any track.
    """
    attention, found = output / "attention", output / "motifs"
    if _made_by(attention, model):
        log.info("%s is complete: taken as it is", attention)
    else:
        places = output / "places"
        places.mkdir(parents=True, exist_ok=True)
        at = write_places(predictions, genome.name, places, config or AttendedConfig())
        sampled = AttentionConfig(sample_share=0)  # nothing but the surroundings of the places is computed
        attend_genome(genome, attention, model=model, at=at, config=sampled, predict=predict, force=attention.exists())
        remove_output(found)
    if not _made_by(found, model):
        options = {"background": (ELSEWHERE,), "config": motifs}
        find_motifs(attention, found, genome=genome, force=found.exists(), **options)  # type: ignore[arg-type]
    return [found] if read_tracks(found) else []


def _made_by(folder: Path, model: Checkpoint) -> bool:
    made_by = read_provenance(folder).get("model") or {} if folder.is_dir() else {}
    return bool(made_by.get("sha256") == model.sha256) and is_complete(folder)


def write_places(predictions: Path, name: str, folder: Path, config: AttendedConfig) -> dict[str, Path]:
    """Write the called TSS with the highest output, and a quiet place downstream of each; return both by name.

    The quiet place is the base with the lowest model output of the same strand, `elsewhere_from_bp` to
    `elsewhere_to_bp` (exclusive) downstream; a TSS so near to the end of its contig has none.
    """
    calls, _ = read_bed(predictions / f"{name}.called_tss.bed")
    calls = calls.sort_values("modelOutput", ascending=False, kind="stable").head(config.called)
    quiet = []
    signals = (predictions / f"{name}.{strand}.bw" for strand in ("plus", "minus"))
    with BigWigReader(next(signals)) as plus, BigWigReader(next(signals)) as minus:
        for row in calls.to_dict("records"):
            reader, at = (plus if row["strand"] == "+" else minus), int(row["chromStart"])
            start, end = at + config.elsewhere_from_bp, at + config.elsewhere_to_bp
            if row["strand"] == "-":
                start, end = at - config.elsewhere_to_bp + 1, at - config.elsewhere_from_bp + 1
            if start < 0 or end > reader.chrom_sizes[row["chrom"]]:
                continue
            values = reader.values(row["chrom"], start, end)
            if np.isfinite(values).any():
                lowest = start + int(np.nanargmin(values))
                quiet.append((row["chrom"], lowest, lowest + 1, ".", 0, row["strand"]))
    paths = {CALLED: folder / f"{CALLED}.bed", ELSEWHERE: folder / f"{ELSEWHERE}.bed"}
    write_bed(paths[CALLED], calls[list(BED6.columns)], BED6)
    write_bed(paths[ELSEWHERE], pd.DataFrame(quiet, columns=list(BED6.columns)), BED6)
    return paths
