"""Join finished blocks into the files of a predict folder, and publish it; needs no genome, no model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.predict.calling import call_tss, write_calls
from tracktools.predict.found_genes import write_found_genes
from tracktools.predict.manifest import Manifest
from tracktools.predict.model_parts import write_parts
from tracktools.predict.prediction import Prediction, prediction_in
from tracktools.predict.signal_tracks import write_signals
from tracktools.run import Run
from tracktools.tracks import write_tracks

log = logging.getLogger(__name__)


def write_result(
    run: Run, manifest: Manifest, load: Callable[[Block], Float32], started: float, parameters: Mapping[str, Any]
) -> Prediction:
    """Write the files of a run or a merge and publish them; or return what is complete already.

    Parameters
    ----------
    run : Run
        Where they are made.
    manifest : Manifest
        What was computed.
    load : callable
        Returns the values of a block.
    started : float
        When, as of ``time.time()``.
    parameters : mapping
        For ``provenance.json``.
    """
    if run.done is None:
        folder = run.result
        signals = list(write_signals(folder, manifest, load))
        calls = call_tss(manifest, load)
        genes = write_found_genes(folder, manifest.genome_name, manifest.genes, manifest.chrom_sizes)
        others = write_calls(folder, manifest, calls), write_parts(folder, manifest), genes
        write_tracks(folder, [*signals, *(track for track in others if track is not None)])
        if calls.cut is not None and np.isfinite(calls.cut):
            parameters = {**parameters, "called_at": calls.cut}
        manifest.write_provenance(folder, started, parameters, calls.warnings)
        for warning in calls.warnings:
            log.warning("warning: %s", warning)
        run.publish()
    return prediction_in(run.output, manifest.genome_name)
