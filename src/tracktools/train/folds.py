"""Several models, each trained without its own part of the genome, so that every base has one that never saw it."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from tracktools.concise import concise
from tracktools.config import ModelConfig, NetworkConfig, TrainConfig
from tracktools.engine.host import set_to_host
from tracktools.errors import ConfigError, InputError
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.run import Policy, Run, check_output, is_complete
from tracktools.splits import Region, Split
from tracktools.tracks import write_provenance
from tracktools.train.fit import identity_of, resolve_precision
from tracktools.train.run import TrainedModel, finished_model, train_model
from tracktools.train.seen import warn_of_start
from tracktools.train.soft import SoftLabels
from tracktools.train.task import Task

log = logging.getLogger(__name__)

_VALID_SHARE = 0.1  # of what is not held out; it is next to the held-out part, so that they share one border
_TABLE = "folds.tsv"
_KEPT = {"model.safetensors": ".safetensors", "log.jsonl": ".log.jsonl", "curves.svg": ".curves.svg"}


@concise
@dataclass(frozen=True)
class TrainedFolds:
    """What the trainings made: the folder, and a row per fold: what it held out, and its validation scores."""

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
    genome: Genome | Path | str,
    labels: Mapping[str, Path | str],
    output: Path | str,
    *,
    folds: int,
    name: str,
    species: str = "",
    config: TrainConfig | None = None,
    model_config: NetworkConfig | None = None,
    soft: SoftLabels | None = None,
    init: Checkpoint | Path | str | None = None,
    keep_labels: bool = False,
    force: bool = False,
    restart: bool = False,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
) -> TrainedFolds:
    """Train one model for each part of a genome, without that part; a killed run continues.

    Parameters
    ----------
    genome, labels, species, config, model_config, soft, init, keep_labels, force, restart, renames, only_genome
        See `train_model`; every fold has the same recipe. A checkpoint to start from that has seen the
        genome makes the held-out parts known: a warning. Soft labels that have seen it: that is the caller's business.
    output : Path
        Folder to make: ``fold1.safetensors`` and on, with the log and the curves of each, ``folds.tsv``,
        ``provenance.json``.
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
    genome, output = as_genome(genome), Path(output)
    sets = {label: Path(path) for label, path in labels.items()}
    init = None if init is None else as_model(init)
    splits = plan_folds(genome, folds)
    check_output(output, force=force, inputs=sets.values())
    config = resolve_precision(config or TrainConfig(), output, restart=restart)
    init = None if init is None else set_to_host(init, genome, threads=config.threads)
    network = init.model.config if init else model_config or ModelConfig()
    trial = Task(genome, sets, splits[0], config, network, soft, init, renames or {}, only_genome)
    trial.windows()  # what is wrong with the inputs is said before anything is written
    identity = identity_of(config, trial.inputs, folds=folds, name=name, species=species)
    policy = Policy(force=force, restart=restart)
    with Run(output, identity, inputs=sets.values(), policy=policy, keeps=("fold*",)) as run:
        if run.done:
            return TrainedFolds(run.done, pd.read_csv(run.done / _TABLE, sep="\t"))
        tasks = [replace(trial, split=split) for split in splits]
        models = [_trained(one, run.folder, number, name, species) for number, one in enumerate(tasks, start=1)]
        table = _table(genome, splits, models)
        _gather(run.result, models, table)
        for path in sets.values() if keep_labels else ():
            shutil.copyfile(path, run.result / path.name)
        trained_on = {"name": genome.name, "sha256": genome.sha256}
        parameters, doubts = {"folds": folds, **asdict(config)}, [] if init is None else _doubts(init, genome, splits)
        write_provenance(run.result, started=started, genome=trained_on, parameters=parameters, warnings=doubts)
        run.publish()
    return TrainedFolds(output, table)


def _trained(task: Task, folder: Path, number: int, name: str, species: str) -> TrainedModel:
    """Return the model of a fold; one that an earlier run finished is taken as it is."""
    log.info("fold %d", number)
    fold = folder / f"fold{number}"
    if fold.exists():
        if not is_complete(fold):
            raise InputError("was changed since it was trained", path=fold, hint="--restart drops all folds")
        return finished_model(fold)
    return train_model(
        task.genome, task.labels, fold, split=task.split, name=f"{name}-fold{number}", species=species,
        config=task.config, model_config=task.model_config, soft=task.soft, init=task.init, renames=task.renames,
        only_genome=task.only_genome,
    )  # fmt: skip


def _doubts(init: Checkpoint, genome: Genome, splits: list[Split]) -> list[str]:
    return list(dict.fromkeys(doubt for split in splits for doubt in warn_of_start(init, genome, split)))


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


def _gather(result: Path, models: list[TrainedModel], table: pd.DataFrame) -> None:
    """Put what is kept of every fold into one folder."""
    for number, model in enumerate(models, start=1):
        for file, suffix in _KEPT.items():
            shutil.copyfile(model.folder / file, result / f"fold{number}{suffix}")
    text = table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    (result / _TABLE).write_text(text, encoding="utf-8")
