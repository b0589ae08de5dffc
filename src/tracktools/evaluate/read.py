"""Read what is judged, and what it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracktools.config import EvaluateConfig, PredictConfig
from tracktools.evaluate.signals import MARGIN_BP, LoadedStretch, load_signal, open_pair
from tracktools.evaluate.tss_sets import TssSet, read_tss
from tracktools.evaluate.where import Scope, Wanted, choose_scope, find_genome
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Genome
from tracktools.progress import show_progress
from tracktools.tracks import file_sha256, read_provenance


@dataclass(frozen=True)
class Judged:
    """What is judged: a model, or a pair of bigWigs.

    Parameters
    ----------
    model : str or Path, optional
        A shipped model or a checkpoint file.
    plus, minus : Path, optional
        bigWigs in plus-strand coordinates.
    minus_negative : bool
        The minus file holds negative values, as copies for display do.
    """

    model: str | Path | None = None
    plus: Path | None = None
    minus: Path | None = None
    minus_negative: bool = False

    def __str__(self) -> str:
        return str(self.model) if self.plus is None else self.plus.name.removesuffix(".bw").removesuffix(".plus")


@dataclass(frozen=True)
class Material:
    """A signal in memory, and what it is judged by.

    Parameters
    ----------
    loaded : list of LoadedStretch
        The signal.
    scope : Scope
        The bases to be scored.
    sets : mapping of str to TssSet
        Measured TSS by name.
    genome : Genome or None
        None where bigWigs are of a genome that is not known.
    identity : mapping
        What was judged: names and checksums of the files, or of the model.
    calibration : mapping, optional
        The checkpoint's map from model output to probability.
    """

    loaded: list[LoadedStretch]
    scope: Scope
    sets: Mapping[str, TssSet]
    genome: Genome | None
    identity: dict[str, Any]
    calibration: Mapping[str, list[float]] | None = None


def read_all(
    judged: Judged, tss: Mapping[str, Path], wanted: Wanted, config: EvaluateConfig, predict: PredictConfig
) -> Material:
    """Read sets and signal; the small files first, so that a fault in them is known before the long work."""
    if judged.plus is not None and judged.minus is not None:
        return _read_pair(judged.plus, judged.minus, judged.minus_negative, tss, wanted, config)
    assert judged.model is not None
    return _read_model(judged.model, tss, wanted, config, predict)


def _read_pair(
    plus: Path, minus: Path, minus_negative: bool, tss: Mapping[str, Path], wanted: Wanted, config: EvaluateConfig
) -> Material:
    with BigWigReader(plus) as reader:
        held = reader.chrom_sizes
    genome = find_genome(wanted, held)
    sizes = genome.chrom_sizes if genome else held
    with open_pair(plus, minus, sizes, minus_negative=minus_negative) as pair:
        sets = {name: read_tss(path, sizes) for name, path in tss.items()}
        scope = choose_scope(config.region, wanted, genome, sizes)
        circular = [contig.name for contig in genome if contig.circular] if genome else []
        loaded = load_signal(pair, scope.stretches, circular, absent=config.absent)
        pair.warn_of_sign()
    identity = {"plus": file_identity(plus), "minus": file_identity(minus)}
    model = read_provenance(plus.parent).get("model")
    return Material(loaded, scope, sets, genome, identity | ({"model": model} if model else {}))


def _read_model(
    model: str | Path, tss: Mapping[str, Path], wanted: Wanted, config: EvaluateConfig, predict: PredictConfig
) -> Material:
    from tracktools.evaluate.model_signal import ModelSignal

    genome = find_genome(wanted, None)
    assert genome is not None
    sets = {name: read_tss(path, genome.chrom_sizes) for name, path in tss.items()}
    scope = choose_scope(config.region, wanted, genome, genome.chrom_sizes, model)
    circular = [contig.name for contig in genome if contig.circular]
    total = 2 * sum(len(stretch) + 2 * MARGIN_BP for stretch in scope.stretches)
    with show_progress("predicting", total, "positions") as advance:
        signal = ModelSignal(model, genome, predict, advance)
        loaded = load_signal(signal, scope.stretches, circular, absent=config.absent)
    metadata = signal.checkpoint.metadata
    identity = {"model": {"name": metadata.name, "sha256": signal.checkpoint.sha256}}
    return Material(loaded, scope, sets, genome, identity, metadata.calibration)


def file_identity(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a file."""
    return {"file": path.name, "sha256": file_sha256(path)}
