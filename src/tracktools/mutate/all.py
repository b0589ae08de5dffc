"""Every single substitution of a genome: block by block, each kept, then joined into tracks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Block, Piece
from tracktools.config import DilatedConfig, PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine.changes import changing_engine
from tracktools.errors import ConfigError
from tracktools.genome import Contig, Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.all_effects import block_effects
from tracktools.mutate.all_tracks import write_mutation_tracks
from tracktools.mutate.scoring import Scoring
from tracktools.predict.manifest import MUTATE_ALL, Manifest
from tracktools.predict.merge import join_shards
from tracktools.predict.models import Models
from tracktools.predict.selection import Selection
from tracktools.predict.shards import Shard
from tracktools.predict.store import KEEPS, BlockStore
from tracktools.progress import format_duration, show_progress
from tracktools.run import Policy, Run, check_output

BLOCK_BP = 4096  # bases that are changed between two savings: some seconds of work, 20 MB of outputs
_PROBED_BP = 64  # bases that are changed first, to learn the speed

log = logging.getLogger(__name__)


def mutate_all(
    genome: Genome | Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Path | str | None = None,
    config: PredictConfig | None = None,
    regions: Selection | None = None,
    shard: Shard | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    force: bool = False,
    restart: bool = False,
) -> Path:
    """Compute what every single substitution of a genome does to the model output around it, and write the tracks.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way. The
    values do not depend on threads, shards, or where a run was cut.

    Parameters
    ----------
    genome : Genome, Path or str
        The genome.
    output : Path or str
        Folder to make: ``<name>.gain.bw`` and ``<name>.loss.bw`` (of each base, the largest gain and loss of output by
        a substitution, over the outputs of both strands that see the base), ``<name>.mean_gain.bw`` and
        ``<name>.mean_loss.bw`` (the means of its three substitutions), ``tracks.tsv``, ``provenance.json``. Losses are
        negative. Bases other than A, C, G, T are absent.
    model, config, host, force, restart
        See `tracktools.predict_genome`. A convolutional network is needed.
    regions : tuple, optional
        From `read_selection`: only these bases are changed; strands do not matter.
    shard : Shard, optional
        Compute only this part; `merge_all` joins the parts.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ConfigError
        If the model is a transformer: its reach is too long.
    OutputError
        See `tracktools.predict_genome`.
    """
    started, policy = time.time(), Policy(force=force, restart=restart)
    files = [] if isinstance(genome, Genome) else [Path(genome)]
    output = check_output(Path(output), force=force, inputs=files)
    scoring = Scoring.of(as_genome(genome), model, config, host)
    if not isinstance(scoring.network, DilatedConfig):
        problem = f"--all needs a convolutional network: {scoring.model.metadata.name} sees {_reach(scoring):,} bases"
        raise ConfigError(problem, hint="take another model, or --at or --vcf")
    manifest = _manifest(scoring, regions, shard)
    with Run(output, manifest.identity(), inputs=files, policy=policy, keeps=KEEPS) as run:
        store = _compute(scoring, manifest, run)
        made_by = {"config": asdict(scoring.config)} | ({} if shard is None else {"shard": str(shard)})
        if shard is None:
            return _finish(run, manifest, store.load, started, made_by)
        store.copy_to(run.result, manifest.own_blocks)
        manifest.write(run.result)
        manifest.write_provenance(run.result, started, made_by)
        return run.publish()


def merge_all(folders: Sequence[Path | str], output: Path | str, *, force: bool = False, restart: bool = False) -> Path:
    """Join the shards of one run of `mutate_all`: the bigWigs have the bytes of a run that was never split.

    Parameters
    ----------
    folders : sequence of Path
        Folders of all shards, in any order.
    output, force, restart
        See `mutate_all`.
    """
    started, paths = time.time(), [Path(folder) for folder in folders]
    output = check_output(Path(output), force=force, inputs=paths)
    manifest, load, made_by = join_shards(paths, MUTATE_ALL)
    policy = Policy(force=force, restart=restart)
    with Run(output, manifest.identity(), inputs=paths, policy=policy) as run:
        return _finish(run, manifest, load, started, made_by)


def _reach(scoring: Scoring) -> int:
    return scoring.network.halo_upstream_bp + scoring.network.halo_downstream_bp + 1


def _manifest(scoring: Scoring, regions: Selection | None, shard: Shard | None) -> Manifest:
    config = replace(scoring.config, block_bp=min(scoring.config.block_bp, BLOCK_BP), threshold=None, top="")
    manifest = Manifest.of(scoring.genome, Models((scoring.model,)), scoring.engine, config, regions)
    return replace(manifest, verb=MUTATE_ALL, shard=None if shard is None else (shard.number, shard.of))


def _compute(scoring: Scoring, manifest: Manifest, run: Run) -> BlockStore:
    """Compute the blocks that an earlier run did not, and return all; none where the output is complete."""
    store, blocks = BlockStore(run.folder, manifest.planes), manifest.own_blocks
    todo = store.missing(blocks)
    _announce(scoring, manifest, sum(map(len, blocks)), sum(map(len, todo)))
    with show_progress("mutating", sum(map(len, todo)), "bp") as advance:
        for block in todo:
            store.save(block, block_effects(block, scoring, manifest.chosen))
            advance(len(block))
    return store


def _announce(scoring: Scoring, manifest: Manifest, bases: int, left: int) -> None:
    engine = scoring.engine
    log.info("model    %s (sha256 %s)", manifest.model_name, manifest.model_sha256[:12])
    log.info("engine   %s, %s, %s", engine.name, engine.instruction_set, engine.precision)
    if changing_engine(engine) is None:
        log.warning(
            "warning: %s runs every mutant as a whole, which is slow: the native engine is not used", engine.name
        )
    if left and log.isEnabledFor(logging.INFO):
        done = f", {bases - left:,} of them done by an earlier run" if left < bases else ""
        seconds = left * _seconds_per_base(scoring)
        log.info("work     all substitutions of %s bases%s: about %s", f"{bases:,}", done, format_duration(seconds))
    for warning in manifest.warnings:
        log.warning("warning: %s", warning)


def _seconds_per_base(scoring: Scoring) -> float:
    """Return how long the substitutions of a base take, learnt on random letters; the second try counts."""
    n = _PROBED_BP if changing_engine(scoring.engine) is not None else 1
    letters = np.random.default_rng(0).choice(np.frombuffer(b"ACGT", np.uint8), n + 2 * _reach(scoring))
    probe = replace(
        scoring, genome=Genome("probe", (Contig("probe", letters),)), model=replace(scoring.model, context=None)
    )
    block = Block(0, (Piece(0, "+", _reach(scoring), _reach(scoring) + n),))
    for _ in range(2):
        started = time.perf_counter()
        block_effects(block, probe)
        elapsed = time.perf_counter() - started
    return elapsed / n


def _finish(
    run: Run, manifest: Manifest, load: Callable[[Block], Float32], started: float, parameters: Mapping[str, Any]
) -> Path:
    write_mutation_tracks(run.result, manifest, load)
    manifest.write_provenance(run.result, started, parameters)
    return run.publish()
