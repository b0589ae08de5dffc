"""The whole-genome run: score block by block, keep each, join them into tracks."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracktools.config import PredictConfig
from tracktools.engine.grid import Block, plan_blocks, score_block
from tracktools.engine.interface import Engine
from tracktools.errors import OutputError
from tracktools.formats.folder import check_output_folder, publish_folder
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import load_model
from tracktools.predict.preflight import announce, engine_for
from tracktools.predict.result import write_result
from tracktools.predict.store import BlockStore
from tracktools.progress import show_progress
from tracktools.tracks import write_provenance

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prediction:
    """What a run made.

    Parameters
    ----------
    folder : Path
        The output folder, with ``tracks.tsv``.
    plus, minus : Path
        The bigWig pair: raw model output, positive on both strands.
    called_tss : Path
        BED of the called TSS.
    calls : int
        Number of called TSS.
    """

    folder: Path
    plus: Path
    minus: Path
    called_tss: Path
    calls: int


def predict_genome(
    genome: Genome,
    output: Path,
    *,
    model: Checkpoint | None = None,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> Prediction:
    """Score every base of both strands of a genome and write the tracks.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way.

    Parameters
    ----------
    genome : Genome
        From `load_genome`. Contigs never see each other.
    output : Path
        Folder to make: ``<name>.plus.bw``, ``<name>.minus.bw``, ``<name>.called_tss.bed``, ``<name>.split.bed``
        (where the model knows the genome), ``tracks.tsv``, ``provenance.json``.
    model : Checkpoint, optional
        From `load_model`; by default the shipped model.
    config : PredictConfig, optional
        Block length, engine, precision, device, threads.
    force : bool
        Replace an `output` that is not empty.
    restart : bool
        Drop what an unfinished run left instead of continuing it.

    Returns
    -------
    Prediction

    Raises
    ------
    OutputError
        If `output` holds files and `force` is not set, cannot be written, or an unfinished run in it had other inputs.
    """
    started = time.time()
    model = model or load_model()
    config = config or PredictConfig()
    output = check_output(Path(output), force=force)
    engine = engine_for(model, config)
    blocks = plan_blocks(genome, config.block_bp, model.model.config.label_shift_bp)
    identity = _identity(genome, model, config, engine)
    store = BlockStore(output, identity, restart=restart)
    try:
        todo = [block for block in blocks if block not in store]
        announce(genome, model, engine, blocks, todo, config)
        _compute(todo, store, genome, model, engine)
        result = store.folder / "result"
        shutil.rmtree(result, ignore_errors=True)
        result.mkdir()
        calls = write_result(result, genome, model, blocks, store)
        parameters = {"config": asdict(config), **identity}
        write_provenance(
            result,
            started=started,
            genome={"name": genome.name, "sha256": genome.sha256, "bases": len(genome)},
            model={"name": model.metadata.name, "sha256": model.sha256},
            parameters=parameters,
        )
        publish_folder(result, output)
        store.remove()
    except KeyboardInterrupt:
        log.warning("stopped: %s keeps what is done, and the same command continues there", store.folder)
        raise
    finally:
        store.close()
    return Prediction(
        output,
        output / f"{genome.name}.plus.bw",
        output / f"{genome.name}.minus.bw",
        output / f"{genome.name}.called_tss.bed",
        calls,
    )


def check_output(output: Path, *, force: bool, inputs: Iterable[Path] = ()) -> Path:
    """Return where the output folder shall be, before the long work begins.

    Raises
    ------
    OutputError
        As `check_output_folder`, and if the parent folder is missing or cannot be written.
    """
    target = check_output_folder(output, force=force, inputs=inputs)
    if not target.parent.is_dir():
        raise OutputError("its folder does not exist", path=output, mend=f"create {target.parent}")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError("cannot be written: Permission denied", path=output, mend="choose another folder")
    return target


def _identity(genome: Genome, model: Checkpoint, config: PredictConfig, engine: Engine) -> dict[str, Any]:
    """Return all that the values depend on; runs that differ in any of it are never joined."""
    return {
        "genome_name": genome.name,
        "genome_sha256": genome.sha256,
        "circular": [contig.name for contig in genome if contig.circular],
        "model_sha256": model.sha256,
        "block_bp": config.block_bp,
        "engine": engine.name,
        "instruction_set": engine.instruction_set,
        "precision": engine.precision,
    }


def _compute(todo: list[Block], store: BlockStore, genome: Genome, model: Checkpoint, engine: Engine) -> None:
    with show_progress("predicting", sum(map(len, todo)), "bp") as advance:
        for block in todo:
            store.save(block, score_block(block, genome, engine, model.model.config))
            advance(len(block))
