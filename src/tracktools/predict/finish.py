"""From finished blocks to a published folder; the end of a run and of a merge."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.predict.manifest import Manifest
from tracktools.predict.prediction import Prediction, prediction_in
from tracktools.predict.result import write_result
from tracktools.run import Run
from tracktools.tracks import write_provenance

log = logging.getLogger(__name__)


def finish(
    run: Run, manifest: Manifest, load: Callable[[Block], Float32], started: float, parameters: Mapping[str, Any]
) -> Prediction:
    """Write the files of a run and publish them; or return what is complete already."""
    if run.done is None:
        written = write_result(run.result, manifest, load)
        if not manifest.out_of_fold and np.isfinite(written.cut):
            parameters = {**parameters, "called_at": written.cut}
        write_run_provenance(run.result, manifest, started, parameters, written.warnings)
        for warning in written.warnings:
            log.warning("warning: %s", warning)
        return prediction_in(run.publish(), manifest.genome_name, written.calls)
    return prediction_in(run.done, manifest.genome_name)


def write_run_provenance(
    folder: Path, manifest: Manifest, started: float, parameters: Mapping[str, Any], warnings: Sequence[str] = ()
) -> None:
    """Write what made the files of a folder, and what to doubt besides the warnings of the run."""
    bases = sum(size for _, size in manifest.chrom_sizes)
    write_provenance(
        folder,
        started=started,
        genome={"name": manifest.genome_name, "sha256": manifest.genome_sha256, "bases": bases},
        model={"name": manifest.model_name, "sha256": manifest.model_sha256},
        parameters={**parameters, **manifest.summary()},
        warnings=(*manifest.warnings, *warnings),
    )
