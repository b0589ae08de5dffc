"""Score every base of a genome by a model that never saw it: the models of `tracktools train --folds`, stitched."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tracktools.blocks import STRANDS
from tracktools.config import PredictConfig
from tracktools.engine.grid import score_region
from tracktools.errors import CheckpointError, InputError, OutputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.folder import check_output_folder, publish_folder
from tracktools.formats.lock import working_folder
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint, load_checkpoint
from tracktools.predict.preflight import engine_for
from tracktools.predict.stitch import write_stitched
from tracktools.progress import show_progress
from tracktools.splits import Split
from tracktools.tracks import write_provenance

log = logging.getLogger(__name__)

Values = dict[Literal["+", "-"], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class HeldOut:
    """Bases of one contig that a model never saw; 0-based, half-open. `contig` is its number in the genome."""

    contig: int
    start: int
    end: int
    model: Checkpoint


@dataclass(frozen=True)
class OutOfFold:
    """What a run made: the folder with ``tracks.tsv``, the bigWig pair, the called TSS and their number."""

    folder: Path
    plus: Path
    minus: Path
    called_tss: Path
    calls: int


def read_folds(folder: Path, genome: Genome) -> list[HeldOut]:
    """Return which model scores which bases, in the order of the genome.

    Raises
    ------
    InputError
        If the folder holds no ``fold1.safetensors``.
    CheckpointError
        If the models' held-out parts are not the genome, each base once: a model is missing, or they are of another
        genome.
    """
    paths = sorted(folder.glob("fold*.safetensors"), key=lambda path: (len(path.name), path.name))
    if not paths:
        mend = "tracktools train --folds N makes such a folder"
        raise InputError("holds no fold1.safetensors", path=folder, mend=mend)
    models = [load_checkpoint(path) for path in paths]
    held = sorted(
        (
            HeldOut(number, region.start, region.end, model)
            for model in models
            for number, contig in enumerate(genome)
            for region in Split.from_records(model.metadata.split).regions_of(contig, "test")
        ),
        key=lambda one: (one.contig, one.start),
    )
    for number, contig in enumerate(genome):
        here = [one for one in held if one.contig == number]
        starts, ends = [one.start for one in here], [one.end for one in here]
        if [*starts, len(contig)] != [0, *ends]:
            problem = f"the parts that its {len(models)} models held out are not {contig.name}, each base once"
            raise CheckpointError(problem, path=folder, mend="are all folds there, and is this the genome?")
    return held


def predict_out_of_fold(
    genome: Genome,
    folds: Path,
    output: Path,
    *,
    config: PredictConfig | None = None,
    force: bool = False,
    restart: bool = False,
) -> OutOfFold:
    """Score every base of both strands by the model that was trained without it, and write the tracks.

    Parameters
    ----------
    genome : Genome
        The one that the folds were trained on, circular contigs as then.
    folds : Path
        Folder of `tracktools train --folds`.
    output : Path
        Folder to make: as `predict_genome`, but the `split` column of the called TSS says ``held_out``, calls and
        calibrated values are by the threshold and the map of each base's own model, and ``<name>.folds.bed`` says
        which model scored what. Work goes on in ``<output>.partial``; a killed run continues there.
    config, force, restart
        See `predict_genome`.

    Raises
    ------
    InputError
        If the folds are not of this genome, see `read_folds`.
    OutputError
        If `output` holds files and `force` is not set, or an unfinished run in it had other inputs.
    """
    started, config = time.time(), config or PredictConfig()
    target = check_output_folder(output, force=force, inputs=[folds])
    held = read_folds(folds, genome)
    work = target.with_name(target.name + ".partial")
    identity = _identity(genome, held, config)
    with working_folder(work, restart=restart):
        _check_same(work, identity)
        _compute(work, genome, held, config)
        result = work / "result"
        shutil.rmtree(result, ignore_errors=True)
        result.mkdir()
        calls = write_stitched(result, genome, held, lambda number: _pieces(work, held[number], number, config))
        names = {one.model.metadata.name: one.model.sha256 for one in held}
        model = {"name": f"{len(names)} models out of fold", "sha256": " ".join(names.values())}
        parameters: dict[str, Any] = {"config": asdict(config), **identity}
        bases = {"name": genome.name, "sha256": genome.sha256, "bases": len(genome)}
        write_provenance(result, started=started, genome=bases, model=model, parameters=parameters)
        publish_folder(result, target)
        shutil.rmtree(work)
    stem = target / genome.name
    plus, minus, called = (Path(f"{stem}.{kind}") for kind in ("plus.bw", "minus.bw", "called_tss.bed"))
    return OutOfFold(target, plus, minus, called, calls)


def _identity(genome: Genome, held: list[HeldOut], config: PredictConfig) -> dict[str, Any]:
    engine = engine_for(held[0].model, config)
    return {
        "genome": genome.sha256,
        "circular": [contig.name for contig in genome if contig.circular],
        "folds": [one.model.sha256 for one in held],
        "block_bp": config.block_bp,
        "engine": f"{engine.name} {engine.instruction_set} {engine.precision}",
    }


def _check_same(work: Path, identity: dict[str, Any]) -> None:
    """Write down what is computed; refuse a folder in which something else was begun."""
    manifest = work / "manifest.json"
    if not manifest.exists():
        with atomic_file(manifest) as partial:
            partial.write_text(json.dumps(identity, indent=2) + "\n", encoding="utf-8")
    elif json.loads(manifest.read_text(encoding="utf-8")) != identity:
        raise OutputError("an unfinished run with other inputs", path=work, mend="--restart drops it")


def _blocks(one: HeldOut, config: PredictConfig) -> Iterator[tuple[int, int]]:
    for at in range(one.start, one.end, config.block_bp):
        yield at, min(at + config.block_bp, one.end)


def _compute(work: Path, genome: Genome, held: list[HeldOut], config: PredictConfig) -> None:
    with show_progress("predicting", 2 * sum(one.end - one.start for one in held), "bp") as advance:
        for number, one in enumerate(held):
            engine = engine_for(one.model, config)
            for start, end in _blocks(one, config):
                path = work / f"{number:04d}.{start:012d}.npy"
                if not path.exists():
                    network = one.model.config
                    signals = score_region(genome, one.contig, start, end, engine, network, config.block_bp)
                    with atomic_file(path) as partial, partial.open("wb") as file:
                        np.save(file, np.stack([signals[strand] for strand in STRANDS]))
                advance(2 * (end - start))


def _pieces(work: Path, one: HeldOut, number: int, config: PredictConfig) -> Iterator[tuple[int, Values]]:
    """Yield the finished blocks of a held-out stretch: first base, and the values of both strands."""
    for start, _ in _blocks(one, config):
        values = np.load(work / f"{number:04d}.{start:012d}.npy")
        yield start, dict(zip(STRANDS, values, strict=True))
