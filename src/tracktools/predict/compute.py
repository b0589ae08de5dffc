"""Score blocks and store them: while one is computed, the one before it is stored and the next one is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass

from tracktools.arrays import Float32
from tracktools.blocks import Block, blank_others
from tracktools.config import PredictConfig
from tracktools.engine import Engine, engine_for
from tracktools.engine.grid import place_values, windows_of
from tracktools.engine.interface import Window
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.gene_context import GenomeContext
from tracktools.genome import Genome
from tracktools.predict.manifest import Manifest
from tracktools.predict.models import Models
from tracktools.predict.preflight import announce
from tracktools.predict.store import BlockStore
from tracktools.progress import show_progress
from tracktools.run import Run


@dataclass
class Engines:
    """The models of a run, and what computes each: made when it is asked for, and only the last one is kept."""

    models: Models
    config: PredictConfig

    def __post_init__(self) -> None:
        self._last: tuple[int, Engine] | None = None

    def of(self, number: int) -> Engine:
        """Return the engine of one of the models."""
        if self._last is None or self._last[0] != number:
            self._last = number, engine_for(self.models.checkpoints[number], self.config)
        return self._last[1]


def compute_missing(run: Run, manifest: Manifest, genome: Genome, engines: Engines) -> BlockStore:
    """Compute the blocks that an earlier run did not, and return all; none where the output is complete."""
    store = BlockStore(run.folder)
    if run.done is None:
        todo = store.missing(manifest.own_blocks)
        announce(manifest, engines.of(0), todo)
        for number, model in enumerate(engines.models.checkpoints):
            own = [block for block in todo if block.pieces[0].model == number]
            if own:
                _compute(own, store, genome, engines.of(number), manifest, model.context)
    return store


def _compute(
    todo: Sequence[Block],
    store: BlockStore,
    genome: Genome,
    engine: Engine,
    manifest: Manifest,
    context: GenomeContext | None,
) -> None:
    """Score blocks of one model, in order, and keep each in the store.

    The thread that calls keeps the engine busy; one more thread encodes and stores. At most one block waits to be
    stored, so that memory stays bounded and a full disk ends the run soon.
    """
    chosen = manifest.chosen

    def start_to_encode(number: int) -> list[Future[list[Window]]]:
        return [
            helper.submit(windows_of, block, genome, engine, manifest.network) for block in todo[number : number + 1]
        ]

    def keep(block: Block, outputs: list[Float32]) -> int:
        values = place_values(block, genome, outputs, context)
        store.save(block, values if chosen is None else blank_others(block, values, chosen))
        return len(block)

    stored: Future[int] | None = None
    kept = closing(engine) if isinstance(engine, KeepingEngine) else nullcontext()
    with kept, show_progress("predicting", sum(map(len, todo)), "bp") as advance, ThreadPoolExecutor(1) as helper:
        ahead = start_to_encode(0)
        for number, block in enumerate(todo):
            windows = ahead.pop().result()
            ahead += start_to_encode(number + 1)
            outputs = engine.probabilities_many(windows)
            if stored is not None:
                advance(stored.result())
            stored = helper.submit(keep, block, outputs)
        if stored is not None:
            advance(stored.result())
