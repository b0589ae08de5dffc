"""Read the signal to score and the TSS sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracktools.config import EvaluateConfig, PredictConfig
from tracktools.evaluate.exchanged import exchange_notes
from tracktools.evaluate.scope import Scope, ScopeOptions, choose_scope, find_genome
from tracktools.evaluate.signals import MARGIN_BP, LoadedStretch, PairSignal, load_signal
from tracktools.evaluate.tss_sets import TssSet, read_tss
from tracktools.formats.bigwig import BigWigReader
from tracktools.formats.bigwig_pair import open_pair, renamed_sizes
from tracktools.genome import Genome
from tracktools.progress import show_progress
from tracktools.tracks import file_sha256, read_provenance


@dataclass(frozen=True)
class SignalInput:
    """What is scored: a model, or a pair of bigWigs.

    Parameters
    ----------
    model : str or Path, optional
        A shipped model or a checkpoint file.
    plus, minus : Path, optional
        bigWigs in plus-strand coordinates; the minus file may be stored negative.
    """

    model: str | Path | None = None
    plus: Path | None = None
    minus: Path | None = None

    def __post_init__(self) -> None:
        for strand in ("plus", "minus"):  # a str is a path, too
            path = getattr(self, strand)
            object.__setattr__(self, strand, None if path is None else Path(path))

    def __str__(self) -> str:
        return str(self.model) if self.plus is None else self.plus.name.removesuffix(".bw").removesuffix(".plus")


@dataclass(frozen=True)
class Material:
    """A signal in memory, and what it is scored against.

    Parameters
    ----------
    loaded : list of LoadedStretch
        The signal.
    scope : Scope
        The bases to be scored.
    sets : mapping of str to TssSet
        Measured TSS by name.
    left_out : mapping of str to mapping
        For each set, how many of its rows were left out, by reason.
    genome : Genome or None
        None where bigWigs are of a genome that is not known.
    identity : mapping
        What was scored: names and checksums of the files, or of the model.
    calibration : mapping, optional
        The checkpoint's map from model output to probability.
    notes : list of str
        What looks wrong with the files.
    """

    loaded: list[LoadedStretch]
    scope: Scope
    sets: Mapping[str, TssSet]
    left_out: Mapping[str, Mapping[str, int]]
    genome: Genome | None
    identity: dict[str, Any]
    calibration: Mapping[str, list[float]] | None = None
    notes: list[str] = field(default_factory=list)


def read_all(
    signal: SignalInput, tss: Mapping[str, Path], wanted: ScopeOptions, config: EvaluateConfig, predict: PredictConfig
) -> Material:
    """Read sets and signal; the small files first, so that an error in them is known before the long work."""
    if signal.plus is not None and signal.minus is not None:
        return _read_pair(signal.plus, signal.minus, tss, wanted, config)
    assert signal.model is not None
    return _read_model(signal.model, tss, wanted, config, predict)


def _read_pair(
    plus: Path, minus: Path, tss: Mapping[str, Path], wanted: ScopeOptions, config: EvaluateConfig
) -> Material:
    held: dict[str, int] = {}
    for path in (plus, minus):
        with BigWigReader(path) as reader:
            held |= reader.chrom_sizes
    genome = find_genome(wanted, renamed_sizes(held, wanted.renames))
    with open_pair(plus, minus, genome.chrom_sizes if genome else None, renames=wanted.renames) as pair:
        sizes = genome.chrom_sizes if genome else pair.chrom_sizes
        sets, left_out = _read_sets(tss, sizes, wanted)
        scope = choose_scope(config.region, wanted, genome, sizes)
        circular = [contig.name for contig in genome if contig.circular] if genome else []
        loaded = load_signal(PairSignal(pair), scope.stretches, sizes, circular, absent=config.absent)
        notes, record = pair.notes, pair.record
    identity: dict[str, Any] = {"plus": file_identity(plus), "minus": file_identity(minus), "read": record}
    made = read_provenance(plus.parent)
    identity |= {"model": made["model"]} if made.get("model") else {}
    notes += [*map(str, made.get("warnings", ())), *exchange_notes(sets, loaded)]
    return Material(loaded, scope, sets, left_out, genome, identity, notes=notes)


def _read_model(
    model: str | Path, tss: Mapping[str, Path], wanted: ScopeOptions, config: EvaluateConfig, predict: PredictConfig
) -> Material:
    from tracktools.evaluate.model_signal import ModelSignal, network_of

    genome = find_genome(wanted, None, network_of(model))
    assert genome is not None
    sets, left_out = _read_sets(tss, genome.chrom_sizes, wanted)
    scope = choose_scope(config.region, wanted, genome, genome.chrom_sizes, model)
    circular = [contig.name for contig in genome if contig.circular]
    total = 2 * sum(len(stretch) + 2 * MARGIN_BP for stretch in scope.stretches)
    with show_progress("predicting", total, "positions") as advance:
        signal = ModelSignal(model, genome, predict, advance)
        loaded = load_signal(signal, scope.stretches, scope.sizes, circular, absent=config.absent)
    metadata = signal.checkpoint.metadata
    identity = {"model": {"name": metadata.name, "sha256": signal.checkpoint.sha256}}
    notes = [*scope.notes, *signal.caveats(), *exchange_notes(sets, loaded)]
    return Material(loaded, scope, sets, left_out, genome, identity, signal.calibration, notes)


def _read_sets(
    tss: Mapping[str, Path], sizes: Mapping[str, int], wanted: ScopeOptions
) -> tuple[dict[str, TssSet], dict[str, dict[str, int]]]:
    read = {
        name: read_tss(path, sizes, renames=wanted.renames, only_genome=wanted.only_genome)
        for name, path in tss.items()
    }
    return {name: one for name, (one, _) in read.items()}, {name: out for name, (_, out) in read.items()}


def file_identity(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a file."""
    return {"file": path.name, "sha256": file_sha256(path)}
