"""Outputs around places of a window that are changed one at a time: by the native engine, or mutant by mutant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol, cast

import numpy as np

from tracktools.arrays import Float32
from tracktools.config import NetworkConfig
from tracktools.engine.interface import Changes, Engine, Window
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.genome import ALPHABET


class ChangingEngine(Engine, Protocol):
    """An engine that computes again only what a change reaches."""

    def changed(self, changes: Sequence[Changes]) -> list[Float32]:
        """Return what `changed_outputs` returns."""


def changing_engine(engine: Engine) -> ChangingEngine | None:
    """Return the engine itself, without its memory of earlier answers, if it can compute changes; else None."""
    computes = engine.computes if isinstance(engine, KeepingEngine) else engine
    return cast(ChangingEngine, computes) if hasattr(computes, "changed") else None


def changed_outputs(changes: Sequence[Changes], engine: Engine, network: NetworkConfig, batch_bp: int) -> list[Float32]:
    """Return the outputs with each letter in places of windows, one place at a time; the bits of a run over the mutant.

    Parameters
    ----------
    changes : sequence of Changes
        Each place contains A, C, G or T and is within reach of its outputs; their windows have full context.
    engine, network
        What scores.
    batch_bp : int
        Bases of mutants per engine call, where every mutant is run.

    Returns
    -------
    list of ndarray of float32, shape (4 * (lasts - firsts).sum(),)
        Of each item, place after place: with A, C, G and T there, the model output at firsts ... lasts - 1.
    """
    able = changing_engine(engine)
    if able is not None:
        return able.changed(changes)
    return [_by_mutants(each, engine, network, batch_bp) for each in changes]


def _by_mutants(changes: Changes, engine: Engine, network: NetworkConfig, batch_bp: int) -> Float32:
    mutants = (
        _mutant(changes, place, letter, network, engine.alignment_bp)
        for place in range(len(changes.offsets))
        for letter in range(len(ALPHABET))
    )
    outputs = [np.empty(0, dtype=np.float32)]
    longest = (
        int((changes.lasts - changes.firsts).max(initial=0)) + network.halo_upstream_bp + network.halo_downstream_bp
    )
    n_at_once = max(1, batch_bp // (longest + 2 * engine.alignment_bp))
    while batch := list(islice(mutants, n_at_once)):
        outputs += engine.probabilities_many(batch)
    return np.concatenate(outputs)


def _mutant(changes: Changes, place: int, letter: int, network: NetworkConfig, alignment_bp: int) -> Window:
    offset, first, last = (int(column[place]) for column in changes[1:])
    start = max(first - network.halo_upstream_bp, 0) // alignment_bp * alignment_bp
    codes = changes.codes[start : last + network.halo_downstream_bp].copy()
    codes[offset - start] = letter
    return Window(codes, first - start, last - start)
