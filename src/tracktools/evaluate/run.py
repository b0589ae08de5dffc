"""``evaluate``: score a model or a pair of bigWigs, and write the results."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Bool
from tracktools.concise import concise
from tracktools.config import EvaluateConfig, PredictConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError
from tracktools.evaluate.calibration_table import calibration_table
from tracktools.evaluate.inputs import Material, SignalInput, file_identity, read_all
from tracktools.evaluate.logbook import append_log, check_log
from tracktools.evaluate.near_copies import find_near_copies
from tracktools.evaluate.near_copy_scores import add_apart
from tracktools.evaluate.scope import Scope, ScopeOptions
from tracktools.evaluate.scoring import Curve, Ground, list_peaks, prepare, score_set, score_table
from tracktools.evaluate.stretches import positions_in
from tracktools.evaluate.tss_sets import check_set_names
from tracktools.figures.scores import DrawnCurve, draw_calibration, draw_precision_recall
from tracktools.run import output_folder
from tracktools.tracks import write_provenance

log = logging.getLogger(__name__)

NearCopies = Sequence[Bool]

_NOTED_SHARE = 0.01  # of bases without a value


@concise
@dataclass(frozen=True)
class Evaluation:
    """What was found.

    Parameters
    ----------
    table : DataFrame
        A row per set, level and tolerance; see docs/evaluate.md.
    peaks : DataFrame
        The highest calls, and the TSS that each found.
    calibration : DataFrame
        Share of TSS by value.
    curves : tuple of Curve
        Precision by recall, in the order of `table`.
    scope : Scope
        The bases that were scored.
    """

    table: pd.DataFrame
    peaks: pd.DataFrame
    calibration: pd.DataFrame
    curves: tuple[Curve, ...]
    scope: Scope


def evaluate_tracks(
    signal: SignalInput,
    tss: Mapping[str, Path | str],
    output: Path | str,
    *,
    wanted: ScopeOptions | None = None,
    test_log: Path | str | None = None,
    config: EvaluateConfig | None = None,
    predict: PredictConfig | None = None,
    force: bool = False,
) -> Evaluation:
    """Judge a signal by measured TSS and write tables and pictures into a new folder.

    Parameters
    ----------
    signal : SignalInput
        The model or the bigWigs.
    tss : mapping of str to Path
        TSS sets by name: BED of single bases with a strand, as ``tss import`` writes them.
    output : Path
        Folder: ``scores.tsv``, ``peaks.tsv``, ``calibration.tsv``, ``pr`` and ``calibration`` as SVG and PNG,
        ``provenance.json``.
    wanted : ScopeOptions, optional
        The genome and the bases to score.
    test_log : Path or str, optional
        Markdown file to which a line per set is appended; only where bases of the test region are scored.
    config : EvaluateConfig, optional
        Region, tolerances, bootstrap.
    predict : PredictConfig, optional
        How a model is run.
    force : bool
        Replace an `output` that contains files.

    Returns
    -------
    Evaluation

    Raises
    ------
    ConfigError
        If there is no split for the region asked for, or for near-copies; or `test_log` is given and no base of the
        test region is scored.
    InputError
        If a file is not what it should be; as `GenomeMismatchError`, if files are of different genomes.
    """
    started = time.time()
    config, predict = config or EvaluateConfig(), predict or PredictConfig()
    check_set_names(list(tss))
    sets = {name: Path(path) for name, path in tss.items()}
    test_log = None if test_log is None else Path(test_log)
    if test_log is not None:
        check_log(test_log)
    with output_folder(Path(output), force=force) as folder:
        read = read_all(signal, sets, wanted or ScopeOptions(), config, predict)
        near = _near_copies(read) if config.near_copies else None
        _remind(read.scope, test_log)
        evaluation = score_material(read, config, near)
        counts = _counts(read, evaluation.table)
        _write(folder, evaluation, signal)
        parameters: dict[str, Any] = {
            "region": read.scope.label,
            "stretches": [str(one) for one in read.scope.stretches],
        }
        parameters |= {"config": asdict(config) | {"region": read.scope.label}, "judged": read.identity}
        write_provenance(
            folder,
            started=started,
            genome={"name": read.genome.name, "sha256": read.genome.sha256} if read.genome else {},
            model=read.identity.get("model"),
            parameters=parameters
            | {"tss": {name: file_identity(path) for name, path in sets.items()}}
            | {"counts": counts, "warnings": read.notes},
        )
    for note in read.notes:
        log.warning("warning: %s", note)
    for name, line in counts.items():
        log.info("%s: %s", name, line)
    if test_log is not None:
        append_log(test_log, evaluation.table, _log_name(read.identity), read.scope.label)
    return evaluation


def score_material(material: Material, config: EvaluateConfig, near: NearCopies | None = None) -> Evaluation:
    """Score a signal in memory against every set; see `evaluate_tracks`; `near` has the near-copies of each stretch."""
    ground = prepare(material.loaded, config)
    scores = {name: score_set(name, tss_set, ground, config) for name, tss_set in material.sets.items()}
    truths = {name: one.truths for name, one in scores.items()}
    table = score_table(list(scores.values()), config)
    if near is not None:
        table = add_apart(table, ground, scores, near, config)
    _note_gaps(ground, table)
    return Evaluation(
        table,
        list_peaks(ground, scores, config),
        calibration_table(ground, truths, config, material.calibration),
        tuple(curve for one in scores.values() for curve in one.curves),
        material.scope,
    )


def _near_copies(material: Material) -> NearCopies:
    """Return which scored bases are near-copies of training sequence.

    Raises
    ------
    ConfigError
        If it is not known what the training sequence is, or training sequence itself is scored.
    """
    scope, genome = material.scope, material.genome
    if genome is None or not any(scope.split.regions_of(contig, "train") for contig in genome):
        raise ConfigError(
            "--near-copies needs to know what was trained on: name a model with --split-of, or its genome"
        )
    for stretch in scope.stretches:
        parts = scope.split.part_of(
            genome[stretch.chrom], positions_in(stretch, np.arange(len(stretch)), scope.sizes[stretch.chrom])
        )
        if (parts == "train").any():
            raise ConfigError(
                "--near-copies is for held-out sequence, and bases that trained the model are scored, too"
            )
    return find_near_copies(genome, scope.split, scope.stretches)


def _remind(scope: Scope, test_log: Path | None) -> None:
    if scope.test_bases:
        where = f"it is written to {test_log}" if test_log else "append it with --log docs/test-log.md"
        log.warning(
            "note: %s bp of the test region are scored. The test region is for the last word on a finished model, not "
            "for choosing: each scoring is a line in docs/test-log.md (%s)",
            f"{scope.test_bases:,}",
            where,
        )
    elif test_log is not None:
        raise ConfigError(f"no base of the test region is scored: there is nothing to add to {test_log}")


def _note_gaps(ground: Ground, table: pd.DataFrame) -> None:
    """Say what was left out, where it could change the scores."""
    bases = sum(len(line.signal) for line in ground.lines)
    missing = bases - ground.positions
    if missing > _NOTED_SHARE * bases:
        log.warning(
            "warning: %s of %s positions have no value and are left out, with the TSS on them (column unscored); if "
            "the file means 0 there, as sparse files of counts do, say --absent zero",
            f"{missing:,}",
            f"{bases:,}",
        )
    for row in table[table["level"] == "base"].itertuples():
        if row.positives == 0:
            log.warning("warning: %s has no TSS in the scored bases: it has no scores", row.set)


def _counts(read: Material, table: pd.DataFrame) -> dict[str, str]:
    """Return, for each set, the line that tells what was read and taken."""
    rows = {row["set"]: row for row in table.to_dict("records") if row["level"] == "base"}
    lines = {}
    for name, tss in read.sets.items():
        scored, unscored = int(rows[name]["positives"]), int(rows[name]["unscored"])
        outside = sum(map(len, tss.values())) - scored - unscored
        left_out = {"outside the scored bases": outside, "on a base without a value": unscored}
        lines[name] = count_line(scored, {**read.left_out[name], **left_out}, "TSS")
    return lines


def _write(folder: Path, evaluation: Evaluation, signal: SignalInput) -> None:
    for name, table in (
        ("scores", evaluation.table),
        ("peaks", evaluation.peaks),
        ("calibration", evaluation.calibration),
    ):
        (folder / f"{name}.tsv").write_text(as_tsv(table), encoding="utf-8")
    label = evaluation.scope.label
    title = f"{signal}, {'all bases' if label == 'all' else label}"
    draw_precision_recall(_drawn(evaluation), folder, title)
    draw_calibration(evaluation.calibration, folder, title)


def as_tsv(table: pd.DataFrame) -> str:
    """Return a table as text, tab-separated with a header; six digits, empty if there is nothing."""
    text: str = table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    return text


def _drawn(evaluation: Evaluation) -> list[DrawnCurve]:
    """Return one panel with the bases of all sets, then one a set with its peaks at each tolerance."""
    bases, peaks = [], []
    for row, curve in zip(evaluation.table.to_dict("records"), evaluation.curves, strict=True):
        if curve.tolerance_bp is None:
            label = f"{curve.set_name} {row['ap']:.3f}"
            bases.append(DrawnCurve("exact base (AP)", label, curve.precision, curve.recall, row["prevalence"]))
        else:
            label = f"within {curve.tolerance_bp} nt {row['ap']:.3f}"
            peaks.append(DrawnCurve(f"peaks: {curve.set_name} (AP)", label, curve.precision, curve.recall))
    return bases + peaks


def _log_name(identity: dict[str, Any]) -> str:
    """Return the SHA-256 of the model, or that of the plus file where the model is not known."""
    model = identity.get("model") or {}
    return str(model.get("sha256") or f"{identity['plus']['file']} {identity['plus']['sha256']}")
