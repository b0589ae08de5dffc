"""What a command prints before a run: what will run, on what, how long, how much memory, and what to doubt."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from tracktools.blocks import Block, window_bp
from tracktools.config import NetworkConfig, PredictConfig
from tracktools.engine import make_engine
from tracktools.engine.devices import available_threads
from tracktools.engine.interface import Engine
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.errors import ConfigError
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.predict.manifest import Manifest
from tracktools.progress import format_duration

log = logging.getLogger(__name__)

_BESIDE_BYTES = 32 << 20  # the blocks before and after the one that is computed, and the writing of the files
_PROBE_BP = 4096  # scored once to learn the speed; two runs, the first warms the engine up


def announce(
    genome: Genome, model: Checkpoint, engine: Engine, manifest: Manifest, blocks: list[Block], todo: list[Block]
) -> None:
    """Log the plan of a run, and warn of what its user should doubt."""
    network = manifest.network
    positions, left = sum(map(len, blocks)), sum(map(len, todo))
    circular = [contig.name for contig in genome if contig.circular]
    log.info("genome   %s: %s bp in %s, %s", genome.name, f"{len(genome):,}", _count(len(genome.contigs), "contig"),
             f"circular: {_some(circular)}" if circular else "all linear")  # fmt: skip
    log.info("model    %s (sha256 %s)", manifest.model_name, manifest.model_sha256[:12])
    log.info("engine   %s, %s, %s", engine.name, engine.instruction_set, engine.precision)
    if manifest.regions is not None or manifest.shard is not None:
        log.info("part     %s", _part(manifest))
    log.info("memory   up to about %.0f MB besides the genome", memory_bytes(genome, engine, blocks, network) / 1e6)
    if left and log.isEnabledFor(logging.INFO):  # to learn the speed takes as long as 20,000 positions
        reads = sum(window_bp(piece, genome.contigs[piece.contig], network) for block in todo for piece in block.pieces)
        seconds = reads / bases_per_second(model, engine)
        done = f", {positions - left:,} of them done by an earlier run" if left < positions else ""
        log.info("work     %s positions on both strands%s: about %s", f"{positions:,}", done, format_duration(seconds))
    for warning in manifest.warnings:
        log.warning("warning: %s", warning)


def memory_bytes(genome: Genome, engine: Engine, blocks: list[Block], network: NetworkConfig) -> int:
    """Return what a run adds to the memory of the process at most [bytes]: it does not grow with the genome."""
    tile = engine.alignment_bp
    largest = max(
        (
            sum(-(-window_bp(piece, genome.contigs[piece.contig], network) // tile) * tile for piece in block.pieces)
            for block in blocks
        ),
        default=0,
    )
    return engine.memory_bytes(largest) + _BESIDE_BYTES


def engine_for(model: Checkpoint, config: PredictConfig) -> Engine:
    """Return the engine that the settings ask for."""
    available = available_threads()
    if config.threads < 0:
        raise ConfigError(f"threads is {config.threads} (0 takes all, or write how many)")
    if config.threads > available:
        log.warning(
            "warning: %d threads are asked for, and this process has %d: taking those", config.threads, available
        )
    engine = make_engine(
        config.engine,
        model.parameters,
        threads=min(config.threads or available, available),
        precision=config.precision,
        device=config.device,
    )
    if not config.cache:
        return engine
    return KeepingEngine(engine, model.config, Path(config.cache), model.parameters.sha256)


def bases_per_second(model: Checkpoint, engine: Engine) -> float:
    """Return how many bases of DNA the engine reads in a second, found by trying."""
    halo = model.config.halo_upstream_bp
    engine = engine.computes if isinstance(engine, KeepingEngine) else engine  # random letters are not kept
    codes = np.random.default_rng(0).integers(0, 4, halo + _PROBE_BP, dtype=np.uint8)
    for _ in range(2):
        started = time.perf_counter()
        engine.probabilities(codes, halo, len(codes))
        elapsed = time.perf_counter() - started
    return len(codes) / elapsed


def _part(manifest: Manifest) -> str:
    parts = []
    if manifest.shard is not None:
        parts.append(f"shard {manifest.shard[0]} of {manifest.shard[1]}")
    if manifest.regions is not None:
        bases = sum(end - start for _, start, end, _ in manifest.regions)
        parts.append(f"{bases:,} chosen positions")
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
