"""``tracktools tss confirm``: predictions against measurements, site by site."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from tracktools.answers.reads import describe_reads, read_columns
from tracktools.answers.sets import join_tss, match_rows, read_sets
from tracktools.answers.write import answer_folder, write_tables, write_tsv
from tracktools.arrays import Int64
from tracktools.concise import concise
from tracktools.config import TssConfig
from tracktools.errors import ConfigError
from tracktools.figures.confirmation import draw_confirmation
from tracktools.formats.bed import CONFIRMED_TSS, notes_of, write_bed
from tracktools.genome import Genome, as_genome
from tracktools.palette import GREEN, GREY, PURPLE
from tracktools.profile.matrix import SignalSource
from tracktools.tracks import Track, as_track_name, write_tracks

CONFIRMED, PREDICTED_ONLY, MEASURED_ONLY = STATUSES = ("confirmed", "predicted_only", "measured_only")
STATUS_COLORS = {CONFIRMED: GREEN, PREDICTED_ONLY: PURPLE, MEASURED_ONLY: GREY}
BINS = 10
PREDICTED = "predicted"  # the name of the predicted set in columns

DESCRIPTIONS = {
    "rank": "Place in the list",
    "status": "confirmed, predicted_only or measured_only",
    "contig": "Name of the sequence in the genome",
    "position": "1-based position; of a confirmed TSS, that of the prediction",
    "strand": "+ or -",
    "score": "Score of the prediction; empty: not predicted",
    "distance": "Measured position from the predicted one, along the strand, downstream positive",
    "support": "Number of measured sets that have the TSS",
    "sets": "Their names",
    "best_measured_score": "Highest score in a measured set",
}


@dataclass(frozen=True)
class ConfirmOptions:
    """How sets are compared.

    Parameters
    ----------
    window_bp : int
        Greatest distance of a prediction from the measured TSS that confirms it.
    reads : sequence of SignalSource
        Stranded signals to sum within 5 bases of each TSS.
    circular, renames, only_genome
        See `tracktools.answers.sets.read_sets` and `tracktools.genome.load_genome`.
    """

    window_bp: int = TssConfig.window_bp
    reads: Sequence[SignalSource] = ()
    circular: Collection[str] = ()
    renames: Mapping[str, str] | None = None
    only_genome: bool = False


@concise
@dataclass(frozen=True)
class Confirmation:
    """What was confirmed.

    Parameters
    ----------
    table : DataFrame
        A row per TSS, by position; columns of `DESCRIPTIONS`, and ``reads_<name>`` for each signal.
    bins : DataFrame
        Calls by score, the best first, in ten bins of equal size: `score_from`, `score_to`, `calls`, `confirmed`,
        `precision` with its 95 % interval (Wilson), and `recall` of the measured TSS by this bin and those above.
    taken : dict of str to int
        By set: TSS taken.
    left_out : dict of str to dict of str to int
        By set: rows left out, by reason.
    notes : tuple of str
        What to say of the sets: scores that were left out.
    """

    table: pd.DataFrame
    bins: pd.DataFrame
    taken: dict[str, int]
    left_out: dict[str, dict[str, int]]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many TSS have each status."""
        found = self.table["status"].value_counts()
        return {status: int(found.get(status, 0)) for status in STATUSES}

    def ranked(self, status: str) -> pd.DataFrame:
        """Return the TSS of a status, the strongest first: predictions by score, measured TSS by support and score."""
        rows = self.table[self.table["status"] == status]
        by = ["support", "best_measured_score"] if status == MEASURED_ONLY else ["score"]
        rows = rows.sort_values([*by, "contig", "position"], ascending=[False] * len(by) + [True, True], kind="stable")
        return rows.reset_index(drop=True).assign(rank=np.arange(1, len(rows) + 1))


def confirm_tss(
    predicted: pd.DataFrame | Path | str,
    measured: Mapping[str, pd.DataFrame | Path | str],
    genome: Genome | Path | str,
    options: ConfirmOptions | None = None,
) -> Confirmation:
    """Match predicted and measured TSS one-to-one.

    The measured sets are joined first (`tracktools.answers.sets.join_tss`). Then each prediction, the best score first,
    takes the nearest measured TSS of its strand within the window that no other has taken.

    Parameters
    ----------
    predicted : DataFrame, Path or str
        BED of single bases with scores, such as called TSS, or such a table.
    measured : mapping of str to DataFrame, Path or str
        The same by name of the set.
    genome : Genome, Path or str
        The genome.
    options : ConfirmOptions, optional
        Window, signals, names.

    Raises
    ------
    ConfigError
        If no measured set is given, or one has the name `PREDICTED`.
    InputError
        If a file is no TSS set; as `GenomeMismatchError`, if files are of different genomes.
    """
    options = options or ConfirmOptions()
    if not measured:
        raise ConfigError("name a measured set: a BED of single bases, as tss import writes it")
    if PREDICTED in measured:
        raise ConfigError(f"{PREDICTED!r} is the predicted set: give the measured set another name")
    genome = as_genome(genome, options.circular)
    sizes = genome.chrom_sizes
    tables, left_out = read_sets(
        {PREDICTED: predicted, **measured}, sizes, renames=options.renames, only_genome=options.only_genome
    )
    notes = tuple(notes_of(*tables.values()))
    taken = {name: len(table) for name, table in tables.items()}
    calls = tables.pop(PREDICTED)
    known = join_tss(tables, options.window_bp, sizes)
    table = _table(calls, known, match_rows(calls, known, options.window_bp), list(tables))
    order = {chrom: rank for rank, chrom in enumerate(sizes)}
    table = table.sort_values(
        ["contig", "position", "strand"], key=lambda c: c.map(order) if c.name == "contig" else c, ignore_index=True
    )
    sites = pd.DataFrame({"chrom": table["contig"], "position": table["position"] - 1, "strand": table["strand"]})
    table = table.assign(**read_columns(options.reads, sites, genome, options.renames))
    return Confirmation(table, score_bins(table, len(known)), taken, left_out, notes)


def _table(calls: pd.DataFrame, known: pd.DataFrame, found: Int64, names: list[str]) -> pd.DataFrame:
    """Return the rows of predictions, then those of measured TSS that no prediction found."""
    best = known[[f"{name}_score" for name in names]].max(axis=1)
    missed = known[~known.index.isin(found)]
    hit = found >= 0
    at = np.where(hit, found, 0)

    def of(column: pd.Series, empty: object) -> pd.Series:
        if not len(column):
            return pd.Series([empty] * len(calls))
        return column.iloc[at].reset_index(drop=True).where(pd.Series(hit), empty)

    delta = of(known["position"].astype("Int64"), pd.NA) - calls["position"]
    predicted = pd.DataFrame(
        {
            "status": np.where(hit, CONFIRMED, PREDICTED_ONLY),
            "contig": calls["chrom"],
            "position": calls["position"] + 1,
            "strand": calls["strand"],
            "score": calls["score"],
            "distance": delta.where(calls["strand"] == "+", -delta).astype("Int64"),
            "support": of(known["support"], 0).astype(np.int64),
            "sets": of(known["sets"], ""),
            "best_measured_score": of(best, np.nan).astype(float),
        }
    )
    measured = pd.DataFrame(
        {
            "status": MEASURED_ONLY,
            "contig": missed["chrom"],
            "position": missed["position"] + 1,
            "strand": missed["strand"],
            "score": np.nan,
            "distance": pd.Series(pd.NA, index=missed.index, dtype="Int64"),
            "support": missed["support"].astype(np.int64),
            "sets": missed["sets"],
            "best_measured_score": best[missed.index],
        }
    )
    return pd.concat([part for part in (predicted, measured) if len(part)] or [predicted], ignore_index=True)


def score_bins(table: pd.DataFrame, n_measured: int) -> pd.DataFrame:
    """Return precision and recall of predictions by score, see `Confirmation`; those without a score are left out.

    Equal scores are never cut: a bin goes on to the end of its last score.
    """
    calls = table[(table["status"] != MEASURED_ONLY) & table["score"].notna()].sort_values("score", ascending=False)
    rows, first, n = [], 0, len(calls)
    scores = calls["score"].to_numpy()
    hits = (calls["status"] == CONFIRMED).to_numpy()
    for number in range(1, BINS + 1):
        last = max(first, round(number * n / BINS))
        while 0 < last < n and scores[last] == scores[last - 1]:
            last += 1
        if last == first:
            continue
        found = int(hits[first:last].sum())
        interval = binomtest(found, last - first).proportion_ci(method="wilson")
        recall = hits[:last].sum() / n_measured if n_measured else np.nan
        precision = found / (last - first)
        rows.append(
            (scores[last - 1], scores[first], last - first, found, precision, interval.low, interval.high, recall)
        )
        first = last
    names = ["score_from", "score_to", "calls", "confirmed", "precision", "precision_low", "precision_high", "recall"]
    return pd.DataFrame(rows, columns=names)


def confirm_folder(
    predicted: Path,
    measured: Mapping[str, Path],
    genome: Path,
    output: Path,
    *,
    options: ConfirmOptions | None = None,
    force: bool = False,
) -> Confirmation:
    """Write what `confirm_tss` finds into a new folder.

    Parameters
    ----------
    predicted, measured, genome, options
        See `confirm_tss`.
    output : Path
        Folder: ``tss.tsv``, ``.xlsx``, ``.parquet`` (all TSS), ``candidates.tsv`` (predicted only) and ``missed.tsv``
        (measured only), the strongest first, ``bins.tsv``, ``confirmation`` as SVG and PNG, ``confirmation.bed`` with
        ``tracks.tsv`` for a hub.
    force : bool
        Replace a folder that tracktools made.
    """
    options = options or ConfirmOptions()
    inputs = [Path(predicted), *map(Path, measured.values())]
    inputs += [path for one in options.reads for path in (one.plus, one.minus)]
    with answer_folder(output, Path(genome), inputs, circular=options.circular, force=force) as answer:
        found, folder = confirm_tss(predicted, measured, answer.genome, options), answer.path
        write_tables(folder, "tss", found.table, DESCRIPTIONS | describe_reads(options.reads))
        for name, status in (("candidates", PREDICTED_ONLY), ("missed", MEASURED_ONLY)):
            write_tsv(folder / f"{name}.tsv", found.ranked(status))
        write_tsv(folder / "bins.tsv", found.bins)
        draw_confirmation(found.bins, found.counts(), folder)
        _write_track(folder, found, list(answer.genome.chrom_sizes), ", ".join(measured))
        answer.parameters.update(window_bp=options.window_bp, left_out=found.left_out, warnings=list(found.notes))
    return found


def _write_track(folder: Path, found: Confirmation, chroms: list[str], sets: str) -> None:
    """Write the TSS as BED, coloured by status, and the row of ``tracks.tsv``."""
    table = found.table
    start = table["position"] - 1
    score = table["score"].fillna(0).clip(lower=0)
    score /= max(1.0, score.max() / 1e300)  # so that a thousand times the highest is a number, too
    top = float(score.max()) if len(score) and score.max() > 0 else 1.0
    bed = pd.DataFrame(
        {
            "chrom": table["contig"],
            "chromStart": start,
            "chromEnd": start + 1,
            "name": [f"{s}_{c}_{p}_{'f' if d == '+' else 'r'}" for s, c, p, d in _keys(table)],
            "score": np.round(1000 * score / top).astype(np.int64),
            "strand": table["strand"],
            "thickStart": start,
            "thickEnd": start + 1,
            "itemRgb": table["status"].map(STATUS_COLORS),
            "status": table["status"],
            "predictedScore": table["score"],
            "measuredDistance": table["distance"].fillna(0).astype(np.int64),
            "measuredSupport": table["support"],
            "measuredSets": table["sets"],
        }
    )
    path = folder / "confirmation.bed"
    write_bed(path, bed, CONFIRMED_TSS, chrom_order=chroms)
    counts = found.counts()
    track = Track(
        name=as_track_name("confirmation"),
        path=path,
        format="bed",
        group="tss",
        short_label="Confirmation",
        long_label="Predicted TSS: confirmed (green), predicted only (purple); measured only (grey)",
        visibility="pack",
        method=f"Predictions and measured TSS ({sets}) matched one-to-one: {counts[CONFIRMED]:,} confirmed, "
        f"{counts[PREDICTED_ONLY]:,} predicted only, {counts[MEASURED_ONLY]:,} measured only.",
        source=sets,
    )
    write_tracks(folder, [track])


def _keys(table: pd.DataFrame) -> zip[tuple[str, str, int, str]]:
    return zip(table["status"], table["contig"], table["position"], table["strand"], strict=True)
