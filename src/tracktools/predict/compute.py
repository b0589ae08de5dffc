"""Score blocks and store them: while one is computed, the one before it is stored and the next one is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from tracktools.arrays import Float32
from tracktools.blocks import Block, RegionMask, blank_others
from tracktools.config import NetworkConfig
from tracktools.engine.grid import place_values, windows_of
from tracktools.engine.interface import Engine
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.gene_context import GenomeContext
from tracktools.genome import Genome
from tracktools.predict.store import BlockStore
from tracktools.progress import show_progress


def compute_blocks(
    todo: Sequence[Block],
    store: BlockStore,
    genome: Genome,
    engine: Engine,
    network: NetworkConfig,
    chosen: RegionMask | None = None,
    context: GenomeContext | None = None,
) -> None:
    """Score blocks, in order, and keep each in the store.

    The thread that calls keeps the engine busy; one more thread encodes and stores. At most one block waits to be
    stored, so that memory stays bounded and a full disk ends the run soon.

    Parameters
    ----------
    todo : sequence of Block
    store : BlockStore
    genome, engine, network
        What is scored, by what.
    chosen : mapping, optional
        The bases that are wanted, see `plan_blocks`; the others stay without a value.
    context : GenomeContext, optional
        See `place_values`.
    """
    try:
        _compute_blocks(todo, store, genome, engine, network, chosen, context)
    finally:
        if isinstance(engine, KeepingEngine):
            engine.close()


def _compute_blocks(
    todo: Sequence[Block],
    store: BlockStore,
    genome: Genome,
    engine: Engine,
    network: NetworkConfig,
    chosen: RegionMask | None,
    context: GenomeContext | None,
) -> None:
    def keep(block: Block, outputs: list[Float32]) -> int:
        values = place_values(block, genome, outputs, context)
        store.save(block, values if chosen is None else blank_others(block, values, chosen))
        return len(block)

    stored: Future[int] | None = None
    with show_progress("predicting", sum(map(len, todo)), "bp") as advance, ThreadPoolExecutor(1) as helper:
        ahead = [helper.submit(windows_of, block, genome, engine, network) for block in todo[:1]]
        for number, block in enumerate(todo):
            windows = ahead.pop().result()
            ahead += [
                helper.submit(windows_of, after, genome, engine, network) for after in todo[number + 1 : number + 2]
            ]
            outputs = engine.probabilities_many(windows)
            if stored is not None:
                advance(stored.result())
            stored = helper.submit(keep, block, outputs)
        if stored is not None:
            advance(stored.result())
