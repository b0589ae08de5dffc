"""From finished blocks to a published folder; the end of a run and of a merge."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracktools.errors import TracktoolsError
from tracktools.formats.folder import publish_folder
from tracktools.predict.manifest import Manifest
from tracktools.predict.result import write_result
from tracktools.predict.store import BlockFolder, BlockStore
from tracktools.tracks import file_sha256, read_provenance, read_tracks, write_provenance


@dataclass(frozen=True)
class Prediction:
    """What a run made.

    Parameters
    ----------
    folder : Path
        The output folder, with ``tracks.tsv``.
    plus, minus : Path
        The bigWig pair: raw model output, positive on both strands.
    called_tss : Path
        BED of the called TSS.
    calls : int
        Number of called TSS.
    """

    folder: Path
    plus: Path
    minus: Path
    called_tss: Path
    calls: int


def finish(
    store: BlockStore,
    output: Path,
    manifest: Manifest,
    blocks: BlockFolder,
    started: float,
    parameters: Mapping[str, Any],
) -> Prediction:
    """Write the files of a run beside its blocks, move them to their place, and remove the rest."""
    result = store.folder / "result"
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir()
    calls = write_result(result, manifest, blocks.load)
    write_run_provenance(result, manifest, started, parameters)
    publish_folder(result, output)
    store.remove()
    return _prediction(output, manifest, calls)


def write_run_provenance(folder: Path, manifest: Manifest, started: float, parameters: Mapping[str, Any]) -> None:
    """Write what made the files of a folder."""
    bases = sum(size for _, size in manifest.chrom_sizes)
    write_provenance(
        folder,
        started=started,
        genome={"name": manifest.genome_name, "sha256": manifest.genome_sha256, "bases": bases},
        model={"name": manifest.model_name, "sha256": manifest.model_sha256},
        parameters={**parameters, **manifest.summary()},
    )


def finished_before(output: Path, manifest: Manifest) -> Prediction | None:
    """Return what stands in an output folder if it is whole, and what this run would make; else None.

    So it is after a run that was killed when its files were in their place already.
    """
    try:
        made_by = read_provenance(output).get("parameters", {})
        if made_by.get("manifest_sha256") != manifest.sha256:
            return None
        if any(file_sha256(track.path) != track.sha256 for track in read_tracks(output)):
            return None
    except (TracktoolsError, OSError, AttributeError):
        return None
    with _prediction(output, manifest, 0).called_tss.open() as rows:
        return _prediction(output, manifest, sum(not row.startswith("#") for row in rows))


def _prediction(output: Path, manifest: Manifest, calls: int) -> Prediction:
    stem = manifest.genome_name
    return Prediction(
        output, output / f"{stem}.plus.bw", output / f"{stem}.minus.bw", output / f"{stem}.called_tss.bed", calls
    )
