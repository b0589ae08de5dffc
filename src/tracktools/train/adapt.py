"""A shipped model adapted to one genome and its measured TSS, and the gain in score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracktools.config import ADAPTATION, ADAPTATION_PARTS
from tracktools.engine.host import set_to_host
from tracktools.errors import ConfigError
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.dilated import Dilated
from tracktools.model.registry import as_model
from tracktools.train.folds import TrainedFolds, train_folds
from tracktools.train.run import TrainedModel, train_model
from tracktools.train.split_options import choose_split


def adapt_model(
    genome: Genome | Path | str,
    tss: Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Path | str,
    name: str = "adapted",
    species: str = "",
    folds: int | None = None,
    steps: int = ADAPTATION.steps,
    seed: int = ADAPTATION.seed,
    threads: int = 1,
    force: bool = False,
    restart: bool = False,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    keep_tss: bool = False,
) -> TrainedModel | TrainedFolds:
    """Train a convolutional model on from its weights, on one genome.

    Parameters
    ----------
    genome : Genome, Path or str
        From `load_genome`, or the file.
    tss : Path or str
        BED file of its measured TSS.
    output : Path or str
        Folder to make, as of `train_model`; the checkpoint's `metrics` hold what the model reached on the held-out
        fifth of the genome before and after (``held_out``).
    model : Checkpoint, Path or str
        What to start from; one that is set to a genome is set to this one.
    name, species : str
        For the checkpoint's header.
    folds : int, optional
        Adapt this many models instead, each without its own part of the genome (`train_folds`), so that
        `predict_out_of_fold` can score each base by one that never saw it.
    steps, seed, threads
        See `TrainConfig`; other settings are those of `tracktools.config.ADAPTATION`.
    force, restart, renames, only_genome
        See `train_model`.
    keep_tss : bool
        Copy the BED file into the folder, too.

    Raises
    ------
    ConfigError
        If the model is no convolutional network, or a part of the genome contains no TSS.
    """
    genome, model = as_genome(genome), as_model(model)
    read_tss_bed(Path(tss), genome.chrom_sizes, renames=renames, only_genome=only_genome)  # its errors come at once
    start = set_to_host(model, genome, threads=threads)
    if not isinstance(start.model, Dilated):
        raise ConfigError(
            f"{model.metadata.name} is no convolutional network: `tracktools train --init` continues others"
        )
    config = replace(ADAPTATION, steps=steps, validate_every=min(ADAPTATION.validate_every, steps), seed=seed,
                     threads=threads)  # fmt: skip
    labels = {Path(tss).stem: tss}
    settings: dict[str, Any] = {
        "name": name, "species": species, "config": config, "init": start, "force": force, "restart": restart,
        "renames": renames, "only_genome": only_genome, "keep_labels": keep_tss,
    }  # fmt: skip
    if folds is not None:
        return train_folds(genome, labels, output, folds=folds, **settings)
    split = choose_split(genome, fractions=ADAPTATION_PARTS, seed=seed, network=start.model.config)
    return train_model(genome, labels, output, split=split, measure=True, **settings)
