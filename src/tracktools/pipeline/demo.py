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
from tracktools.model.registry import ATTENTIVE_MODEL, as_model
from tracktools.palette import BLUE, PURPLE
from tracktools.pipeline.attended import attended_folders
from tracktools.pipeline.measured import find_measured, measured_folders
from tracktools.pipeline.mutated import mutated_folder
from tracktools.predict import predict_genome
from tracktools.report import report_text
from tracktools.run import Policy, Run, check_output, output_folder
from tracktools.tracks import Track, file_sha256, write_provenance, write_tracks
from tracktools.versions import tracktools_version

log = logging.getLogger(__name__)

_HUB = "hub"
_ALL_STEPS = "result/*"


def run_demo(
    output: Path,
    *,
    data: Path | None = None,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> Path:
    """Predict the embedded genome, add motifs, genes, measured TSS and reads, and build the hub.

    Parameters
    ----------
    output : Path
        Folder to make: ``predictions``, ``attended``, ``genes``, ``measured`` (with `data`), ``mutated``, ``hub``.
        Steps that an earlier, killed run has finished are not done again. One that is complete, and made from the
        same, is taken as it is.
    data : Path, optional
        Folder of published TSS tables and reads, see `measured_folders`.
    config : PredictConfig, optional
        How to predict.
    force, restart
        See `tracktools.run.Policy`.

    Returns
    -------
    Path
        The hub.
    """
    started, output = time.time(), Path(output)
    found = {} if data is None else find_measured(Path(data))  # before the long work
    policy = Policy(force=force, restart=restart, keep=True)
    check_output(output, force=force, inputs=found.values(), keep=True)
    bundle = load_bundle()
    genome, model, attentive = bundle.load_genome(), as_model(), as_model(ATTENTIVE_MODEL)
    identity = {
        "verb": "demo",
        "version": tracktools_version(),
        "genome": genome.sha256,
        "model": model.sha256,
        "attentive_model": attentive.sha256,
        "data": {name: file_sha256(path) for name, path in found.items()},
    }
    with Run(output, identity, inputs=found.values(), policy=policy, keeps=[_ALL_STEPS]) as run:
        if run.done is None:
            folders = _folders(run.result, bundle, genome, (model, attentive), config)
            if data is not None:
                log.info("demo     measured TSS and reads")
                folders += measured_folders(Path(data), run.result / "measured", genome)
            log.info("demo     what each letter around the best called TSS does")
            mutated = mutated_folder(folders[0], run.result / "mutated", genome=genome, model=model, predict=config)
            hub = run.result / _HUB
            log.info("demo     the hub")
            report = report_text([*folders, *([] if mutated is None else [mutated])])
            build_hub(folders, hub, genome=genome, report=report, force=hub.exists())
            made_of = {"name": genome.name, "sha256": genome.sha256}
            made_by = {"name": model.metadata.name, "sha256": model.sha256}
            write_provenance(run.result, started=started, genome=made_of, model=made_by, parameters=identity)
            run.publish()
    return output / _HUB


def _folders(
    home: Path, bundle: Bundle, genome: Genome, models: tuple[Checkpoint, Checkpoint], config: PredictConfig | None
) -> list[Path]:
    """Make the folders of tracks that need no data but the bundle's; those that are complete stay.

    One model predicts; the other, whose heads can be looked into, reads the places that the first one calls.
    """
    model, attentive = models
    log.info("demo     both strands by %s, called TSS", model.metadata.name)
    predictions = predict_genome(genome, home / "predictions", model=model, config=config, keep=True).folder
    log.info("demo     attention of %s at called TSS, motifs", attentive.metadata.name)
    motifs = attended_folders(predictions, home / "attended", genome=genome, model=attentive, predict=config)
    return [predictions, *motifs, _genes(home / "genes", bundle, genome)]


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
