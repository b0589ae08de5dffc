"""Several models, each trained without its own part of the genome, so that every base has one that never saw it."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from tracktools.config import ModelConfig, NetworkConfig, TrainConfig
from tracktools.errors import ConfigError, OutputError
from tracktools.formats.atomic import atomic_file
from tracktools.formats.lock import working_folder
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.files import read_header
from tracktools.splits import Region, Split
from tracktools.tracks import write_provenance
from tracktools.train.fit import resolve_precision
from tracktools.train.run import TrainedModel, train_model
from tracktools.train.soft import SoftLabels
from tracktools.train.task import Task

log = logging.getLogger(__name__)

_VALID_SHARE = 0.1  # of what is not held out; it stands next to the held-out part, so that they share one border
_KEPT = {"model.safetensors": ".safetensors", "log.jsonl": ".log.jsonl", "curves.svg": ".curves.svg"}


@dataclass(frozen=True)
class TrainedFolds:
    """What the trainings made: the folder, and a row a fold: what it held out, and its validation scores."""

    folder: Path
    table: pd.DataFrame


def plan_folds(genome: Genome, folds: int) -> list[Split]:
    """Cut a genome into `folds` parts of equal length, one behind the other; return the split of each fold.

    The contigs count as one line, in their order, joined to a ring. Of fold n, part n is held out (``test``), a tenth
    of the rest, right behind it, validates, and what is left trains.

    Raises
    ------
    ConfigError
        If there are fewer than two folds, or more than bases.
    """
    if not 2 <= folds <= len(genome):
        raise ConfigError(f"{folds} folds of {len(genome):,} bp: at least 2 are needed, each of some bases")
    contigs = {contig.sequence_sha256: len(contig) for contig in genome}  # of equal sequences, one: they are one part
    total = sum(contigs.values())
    borders = [total * number // folds for number in range(folds + 1)]
    splits = []
    for start, end in pairwise(borders):
        rest = end + round(_VALID_SHARE * (total - (end - start)))
        parts = [(start, end, "test"), (end, rest, "valid"), (rest, start + total, "train")]
        splits.append(Split(tuple(region for part in parts for region in _on_contigs(contigs, *part))))
    return splits


def _on_contigs(contigs: Mapping[str, int], start: int, end: int, part: str) -> list[Region]:
    """Return [start, end) of the ring of all contigs as regions of each."""
    total, regions, offset = sum(contigs.values()), [], 0
    for sequence, length in contigs.items():
        for turn in (0, total):
            first, last = max(start - turn, offset), min(end - turn, offset + length)
            if first < last:
                regions.append(Region(sequence, first - offset, last - offset, part))
        offset += length
    return regions


def train_folds(
    genome: Genome,
    labels: Mapping[str, Path],
    output: Path,
    *,
    folds: int,
    name: str,
    species: str = "",
    config: TrainConfig | None = None,
    model_config: NetworkConfig | None = None,
    soft: SoftLabels | None = None,
    init: Checkpoint | None = None,
    restart: bool = False,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> TrainedFolds:
    """Train one model for each part of a genome, without that part; a killed run continues.

    Parameters
    ----------
    genome, labels, species, config, model_config, soft, init, restart, renames, only_genome
        See `train_model`; every fold has the same recipe. A checkpoint to start from, or soft labels, that have seen
        the whole genome would make the held-out parts known: that is the caller's business.
    output : Path
        Folder to make: ``fold1.safetensors`` and on, with the log and the curves of each, ``folds.tsv``,
        ``provenance.json``. Must not exist.
    folds : int
        Number of parts and models, see `plan_folds`.
    name : str
        Of the models; ``-fold1`` and on is added.

    Raises
    ------
    ConfigError, OutputError, InputError
        See `train_model` and `plan_folds`.
    """
    started = time.time()
    splits = plan_folds(genome, folds)
    if output.exists() or output.is_symlink():
        raise OutputError("exists", path=output, mend="choose another folder")
    folder = output.with_name(output.name + ".partial")
    network = init.model.config if init else model_config or ModelConfig()
    config = config or TrainConfig()
    trial = Task(genome, labels, splits[0], config, network, soft, init, renames or {}, only_genome)
    trial.windows()  # what is wrong with the inputs is said before anything is written
    with working_folder(folder, restart=restart):
        config = _planned_precision(folder, config)
        task = replace(trial, config=config)
        _check_plan(folder, task, folds)
        tasks = [replace(task, split=split) for split in splits]
        models = [_trained(one, folder, number, name, species) for number, one in enumerate(tasks, start=1)]
        table = _table(genome, splits, models)
        result = _gathered(folder, models, table)
        identity = {"name": genome.name, "sha256": genome.sha256}
        write_provenance(result, started=started, genome=identity, parameters={"folds": folds, **asdict(config)})
        result.rename(output)
        shutil.rmtree(folder)
    return TrainedFolds(output, table)


def _trained(task: Task, folder: Path, number: int, name: str, species: str) -> TrainedModel:
    """Return the model of a fold; one that an earlier run finished is taken as it is."""
    log.info("fold %d", number)
    fold = folder / f"fold{number}"
    return _finished(fold) or train_model(
        task.genome, task.labels, fold, split=task.split, name=f"{name}-fold{number}", species=species,
        config=task.config, model_config=task.model_config, soft=task.soft, init=task.init,
    )  # fmt: skip


def _check_plan(folder: Path, task: Task, folds: int) -> None:
    """Write down what is trained; refuse a folder in which something else was begun."""
    inputs = {name: value for name, value in task.inputs.items() if name != "split"}
    plan = json.loads(json.dumps({"folds": folds, **inputs, **asdict(task.config)}))
    file = folder / "plan.json"
    if not file.exists():
        with atomic_file(file) as partial:
            partial.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")
        return
    found = json.loads(file.read_text(encoding="utf-8"))
    differ = [name for name in plan if found.get(name) != plan[name]]
    if differ:
        problem = f"unfinished folds from other inputs or settings ({differ[0]})"
        raise OutputError(problem, path=folder, mend="--restart drops them")


def _planned_precision(folder: Path, config: TrainConfig) -> TrainConfig:
    """Return the recipe with the precision that the folds began with, where it is to be chosen."""
    file = folder / "plan.json"
    if config.precision == "auto" and file.exists():
        return replace(config, precision=json.loads(file.read_text(encoding="utf-8"))["precision"])
    return resolve_precision(config, folder)


def _finished(folder: Path) -> TrainedModel | None:
    if not folder.exists():
        return None
    checkpoint = folder / "model.safetensors"
    header = read_header(checkpoint)
    return TrainedModel(folder, checkpoint, header["metrics"]["validation"] | {"step": header["recipe"]["chosen_step"]})


def _table(genome: Genome, splits: list[Split], models: list[TrainedModel]) -> pd.DataFrame:
    """Return a row for each held-out stretch."""
    rows = [
        {
            "fold": number,
            "chrom": contig.name,
            "start": region.start,
            "end": region.end,
            "chosen_step": model.validation["step"],
            "valid_roc_auc": model.validation["roc_auc"],
            "valid_ap": model.validation["average_precision"],
            "valid_prevalence": model.validation["prevalence"],
        }
        for number, (split, model) in enumerate(zip(splits, models, strict=True), start=1)
        for contig in genome
        for region in split.regions_of(contig, "test")
    ]
    return pd.DataFrame(rows)


def _gathered(folder: Path, models: list[TrainedModel], table: pd.DataFrame) -> Path:
    """Put what is kept of every fold into one folder."""
    result = folder / "result"
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir()
    for number, model in enumerate(models, start=1):
        for file, suffix in _KEPT.items():
            shutil.copyfile(model.folder / file, result / f"fold{number}{suffix}")
    text = table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    (result / "folds.tsv").write_text(text, encoding="utf-8")
    return result
