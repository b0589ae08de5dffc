"""The whole main job on the embedded *E. coli* genome."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from tracktools.bundle import Bundle, load_bundle
from tracktools.config import PredictConfig
from tracktools.genome import Genome
from tracktools.hub.build import build_hub
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import load_model
from tracktools.palette import BLUE, PURPLE
from tracktools.pipeline.attended import attended_folders
from tracktools.pipeline.measured import find_measured, measured_folders
from tracktools.predict import predict_genome
from tracktools.run import check_output, output_folder
from tracktools.tracks import Track, read_provenance, write_provenance, write_tracks

log = logging.getLogger(__name__)


def run_demo(output: Path, *, data: Path | None = None, config: PredictConfig | None = None) -> Path:
    """Predict the embedded genome, set motifs, genes, measured TSS and reads beside it, and build the hub.

    Parameters
    ----------
    output : Path
        Folder to make: ``predictions``, ``attended``, ``genes``, ``measured`` (with `data`), ``hub``. Steps that an
        earlier, killed run has finished in it are not done again; the hub is always built anew.
    data : Path, optional
        Folder of published TSS tables and reads, see `measured_folders`.
    config : PredictConfig, optional
        How to predict.

    Returns
    -------
    Path
        The hub.
    """
    output = Path(output)
    if data is not None:
        find_measured(Path(data))  # before the long work
    bundle = load_bundle()
    genome, model = bundle.load_genome(), load_model()
    output.mkdir(parents=True, exist_ok=True)
    predictions = _predictions(output / "predictions", genome, model, config)
    motifs = attended_folders(
        predictions, output / "attended", genome=genome, genome_path=bundle.genome_path, model=model, predict=config
    )
    folders = [predictions, *motifs, _genes(output / "genes", bundle, genome)]
    if data is not None:
        folders += measured_folders(Path(data), output / "measured", genome)
    hub = output / "hub"
    build_hub(folders, hub, genome=bundle.genome_path, force=hub.exists())
    return hub


def _predictions(folder: Path, genome: Genome, model: Checkpoint, config: PredictConfig | None) -> Path:
    made_by = read_provenance(folder).get("model", {}) if folder.is_dir() else {}
    if made_by.get("sha256") == model.sha256:
        log.info("%s is complete: taken as it is", folder)
        return folder
    check_output(folder, force=False)
    return predict_genome(genome, folder, model=model, config=config).folder


def _genes(folder: Path, bundle: Bundle, genome: Genome) -> Path:
    if folder.exists():
        return folder
    started = time.time()
    with output_folder(folder) as partial:
        tracks = []
        for kind, color, source in (
            ("genes", BLUE, bundle.genes_path),
            ("pseudogenes", PURPLE, bundle.pseudogenes_path),
        ):
            path = Path(shutil.copyfile(source, partial / source.name))
            tracks.append(
                Track(
                    name=kind,
                    path=path,
                    format="bed",
                    group="annotation",
                    short_label=kind.capitalize(),
                    long_label=f"{kind.capitalize()} of U00096.3 (GenBank)",
                    color=color,
                    visibility="pack",
                    method="Converted from the GenBank annotation of U00096.3.",
                    source="GenBank U00096.3",
                    licence="public domain",
                )
            )
        write_tracks(partial, tracks)
        write_provenance(partial, started=started, genome={"name": genome.name, "sha256": genome.sha256})
    return folder
