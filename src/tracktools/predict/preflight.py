"""What a command prints before a run: what will run, on what, how long, how much memory, and what to doubt."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tracktools.blocks import Block, window_bp
from tracktools.engine.interface import Engine
from tracktools.engine.speed import bases_per_second
from tracktools.names import listed
from tracktools.predict.manifest import Manifest
from tracktools.progress import format_duration

log = logging.getLogger(__name__)

_BESIDE_BYTES = 32 << 20  # the blocks before and after the one that is computed, and the writing of the files


def announce(manifest: Manifest, engine: Engine, todo: list[Block]) -> None:
    """Log the plan of a run, of which some blocks are still to do, and warn of what its user should doubt."""
    positions, left = sum(map(len, manifest.own_blocks)), sum(map(len, todo))
    bases, contigs = sum(map(len, manifest.contigs)), len(manifest.contigs)
    log.info("genome   %s: %s bp in %s contig%s, %s", manifest.genome_name, f"{bases:,}", f"{contigs:,}",
             "" if contigs == 1 else "s",
             f"circular: {listed(manifest.circular)}" if manifest.circular else "all linear")  # fmt: skip
    log.info("model    %s (sha256 %s)", manifest.model_name, manifest.model_sha256[:12])
    if manifest.genes is not None:
        log.info("genes    %s found by Prodigal (%s)", f"{len(manifest.genes.rows):,}", manifest.genes.finder)
    log.info("engine   %s, %s, %s", engine.name, engine.instruction_set, engine.precision)
    if manifest.regions is not None or manifest.shard is not None:
        log.info("part     %s", _part(manifest))
    log.info("memory   up to about %.0f MB besides the genome", memory_bytes(manifest, engine) / 1e6)
    if left and log.isEnabledFor(logging.INFO):  # to learn the speed takes as long as 20,000 positions
        seconds = sum(sum(_windows_bp(block, manifest)) for block in todo) / bases_per_second(manifest.network, engine)
        done = f", {positions - left:,} of them done by an earlier run" if left < positions else ""
        log.info("work     %s positions on both strands%s: about %s", f"{positions:,}", done, format_duration(seconds))
    for warning in manifest.warnings:
        log.warning("warning: %s", warning)


def memory_bytes(manifest: Manifest, engine: Engine) -> int:
    """Return what a run adds to the memory of the process at most [bytes]: it does not grow with the genome."""
    tile = engine.alignment_bp
    tiles = (sum(-(-bases // tile) for bases in _windows_bp(block, manifest)) for block in manifest.own_blocks)
    return engine.memory_bytes(tile * max(tiles, default=0)) + _BESIDE_BYTES


def _windows_bp(block: Block, manifest: Manifest) -> Iterator[int]:
    """Yield how many bases the network reads for each piece of a block."""
    return (window_bp(piece, manifest.contigs[piece.contig], manifest.network) for piece in block.pieces)


def _part(manifest: Manifest) -> str:
    parts = []
    if manifest.shard is not None:
        parts.append(f"shard {manifest.shard[0]} of {manifest.shard[1]}")
    if manifest.regions is not None:
        bases = sum(end - start for _, start, end, _ in manifest.regions)
        parts.append(f"{bases:,} chosen positions")
    return ", ".join(parts)
