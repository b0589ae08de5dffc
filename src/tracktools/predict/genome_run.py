"""The whole-genome run, or a shard of it: score block by block, keep each, join them into tracks."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.registry import as_model
from tracktools.predict.compute import Engines, compute_missing
from tracktools.predict.manifest import Manifest
from tracktools.predict.models import Models, read_folds
from tracktools.predict.prediction import Prediction
from tracktools.predict.result import write_result
from tracktools.predict.selection import Selection
from tracktools.predict.shards import Shard, ShardResult, block_bp_for
from tracktools.predict.store import KEEPS
from tracktools.run import Policy, Run, check_output


def predict_genome(
    genome: Genome | Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Models | Path | str | None = None,
    config: PredictConfig | None = None,
    regions: Selection | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    force: bool = False,
    restart: bool = False,
    keep: bool = False,
) -> Prediction:
    """Score every base of both strands of a genome, or chosen ones, and write the tracks.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way.

    Parameters
    ----------
    genome : Genome, Path or str
        From `load_genome`, or the file: with that, contigs are circular only where it says so. Contigs never see each
        other.
    output : Path or str
        Folder to make: ``<name>.plus.bw``, ``<name>.minus.bw``, ``<name>.called_tss.bed``, ``<name>.split.bed``
        (where the model knows the genome), ``<name>.found_genes.bed`` (the genes that the model took into account),
        ``tracks.tsv``, ``provenance.json``.
    model : Checkpoint, Models, Path or str, optional
        From `load_model`, or the name or file that it takes; by default the shipped model. From `read_folds`: each base
        is scored by the model that never saw it; the `split` column of the called TSS then says ``held_out``, calls and
        calibrated values are by the threshold and the map of each base's own model, and ``<name>.folds.bed`` says which
        model scored what.
    config : PredictConfig, optional
        Block length, engine, precision, device, threads.
    regions : tuple, optional
        From `read_selection`: only these bases are scored, each with its full context, to the same bits as in a whole
        run. The others are absent, and so a call at the border of a region may be none of a whole run.
    host : Genome, Descriptor, Path or str, optional
        What a model that takes a descriptor is set to, where `genome` is a part of it, such as a plasmid; by default
        `genome`, all of it. A path is that of a sequence file, or of a folder of predictions on the host.
    force : bool
        Replace an `output` that is not empty.
    restart : bool
        Drop what an unfinished run left instead of continuing it.
    keep : bool
        Take an `output` that is whole, and made from the same, as it is, instead of refusing it.

    Returns
    -------
    Prediction

    Raises
    ------
    OutputError
        If `output` has files and `force` is not set, cannot be written, or an unfinished run in it had other inputs.
    """
    started, policy = time.time(), Policy(force=force, restart=restart, keep=keep)
    output = check_output(Path(output), force=force, keep=keep, inputs=_files(genome))
    genome = as_genome(genome)
    engines = _engines(genome, model, config, host)
    manifest = Manifest.of(genome, engines.models, engines.of(0), engines.config, regions)
    with Run(output, manifest.identity(), policy=policy, keeps=KEEPS) as run:
        blocks = compute_missing(run, manifest, genome, engines)
        return write_result(run, manifest, blocks.load, started, {"config": asdict(engines.config)})


def predict_shard(
    genome: Genome | Path | str,
    output: Path | str,
    shard: Shard,
    *,
    model: Checkpoint | Models | Path | str | None = None,
    config: PredictConfig | None = None,
    regions: Selection | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    force: bool = False,
    restart: bool = False,
) -> ShardResult:
    """Compute one of several shards of a run; `merge_shards` joins them to the bytes of one run.

    Parameters
    ----------
    shard : Shard
        Which of how many. Shards have equally many positions, to within an eighth or a block of 16 kb.
    genome, output, model, config, regions, host, force, restart
        See `predict_genome`. `output` will hold ``manifest.json``, ``blocks`` and ``provenance.json``.

    Returns
    -------
    ShardResult
    """
    started, policy = time.time(), Policy(force=force, restart=restart)
    output = check_output(Path(output), force=force, inputs=_files(genome))
    genome = as_genome(genome)
    engines = _engines(genome, model, config, host)
    whole = Manifest.of(genome, engines.models, engines.of(0), engines.config, regions)
    manifest = replace(whole, block_bp=block_bp_for(whole, shard), shard=(shard.number, shard.of))
    with Run(output, manifest.identity(), policy=policy, keeps=KEEPS) as run:
        blocks = compute_missing(run, manifest, genome, engines)
        if run.done is None:
            blocks.copy_to(run.result, manifest.own_blocks)
            manifest.write(run.result)
            made_by = {"config": asdict(engines.config), "shard": str(shard)}
            manifest.write_provenance(run.result, started, made_by)
            run.publish()
    return ShardResult(output, shard, sum(map(len, manifest.own_blocks)))


def _files(genome: Genome | Path | str) -> list[Path]:
    """Return the genome's file, where it is given as one: an output must not replace it."""
    return [] if isinstance(genome, Genome) else [Path(genome)]


def predict_out_of_fold(
    genome: Genome | Path | str, folds: Path | str, output: Path | str, **options: Any
) -> Prediction:
    """Score every base of both strands by the model that was trained without it, and write the tracks.

    Parameters
    ----------
    genome : Genome, Path or str
        The one that the folds were trained on, circular contigs as then.
    folds : Path or str
        Folder of `tracktools train --folds`.
    output, **options
        See `predict_genome`, but for `model`.

    Raises
    ------
    InputError, CheckpointError
        If the folds are not of this genome, see `read_folds`.
    OutputError
        See `predict_genome`.
    """
    genome = as_genome(genome)
    return predict_genome(genome, output, model=read_folds(Path(folds), genome), **options)


def _engines(
    genome: Genome,
    model: Checkpoint | Models | Path | str | None,
    config: PredictConfig | None,
    host: Genome | Descriptor | Path | str | None,
) -> Engines:
    models, config = model if isinstance(model, Models) else Models((as_model(model),)), config or PredictConfig()
    return Engines(models.set_to(genome, host, config), config)
