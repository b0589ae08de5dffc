"""What each letter around the best called TSS does, for the report."""

from __future__ import annotations

import logging
from pathlib import Path

from tracktools.config import MutateConfig, PredictConfig
from tracktools.formats.bed import read_bed
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate import mutate_sites
from tracktools.run import is_complete
from tracktools.tracks import read_provenance

log = logging.getLogger(__name__)

CALLED = 100  # the TSS with the highest model output


def mutated_folder(
    predictions: Path, output: Path, *, genome: Genome, model: Checkpoint, predict: PredictConfig | None = None
) -> Path | None:
    """Try all substitutions around the best called TSS.

    Parameters
    ----------
    predictions : Path
        Folder that ``predict`` wrote of the genome.
    output : Path
        Folder to make; what an earlier run has finished with the same model is taken as it is.
    genome, model, predict
        What was predicted, and how.

    Returns
    -------
    Path or None
        `output`; None where nothing is called.
    """
    if is_complete(output) and read_provenance(output).get("model", {}).get("sha256") == model.sha256:
        log.info("%s is complete: taken as it is", output)
        return output
    called = read_bed(predictions / f"{genome.name}.called_tss.bed")[0]
    best = called.sort_values("modelOutput", ascending=False, kind="stable").head(CALLED)
    if not len(best):
        return None
    settings = MutateConfig(drawn=0)
    mutate_sites(genome, best, output, model=model, config=predict, mutate=settings, force=output.exists())
    return output
