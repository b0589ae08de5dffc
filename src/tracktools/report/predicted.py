"""Sections of what was predicted: calls, their confirmation, scores against measured sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Float64
from tracktools.figures.overview import draw_heights
from tracktools.formats.bed import read_bed
from tracktools.report.folders import Folder
from tracktools.report.page import Section, Table
from tracktools.tracks import read_tracks

LISTED = 20  # rows of a ranked list
_SCORES = {  # columns of evaluate, and what they are called here
    "set": "set", "positives": "TSS", "prevalence": "share of TSS", "roc_auc": "ROC AUC", "ap": "AP",
    "ap_low": "AP, 95 % from", "ap_high": "to",
}  # fmt: skip


def predict_section(folder: Folder) -> Section:
    """Return how many TSS are called, and how many of them to expect to be right."""
    section = Section("Called TSS", where=folder.name)
    path = folder.file("*.called_tss.bed")
    assert path is not None
    unknown = "How many of the calls are right is not known."  # a warning at the top says why
    return _calls(section, path, folder.parameters.get("called_at"), "model output", unknown)


def call_section(folder: Folder) -> Section:
    """Return how many TSS are called from a signal."""
    section = Section("TSS called from a signal", where=folder.name)
    tracks = [track for track in read_tracks(folder.path) if track.format == "bed"]
    if not tracks:
        section.see.append("Nothing is called.")
        return section
    unknown = "How many of the calls are right is not known: compare them with measured sets (tracktools tss confirm)."
    return _calls(section, tracks[0].path, folder.parameters.get("threshold"), "value of the signal", unknown)


def _calls(section: Section, path: Path, cut: Any, label: str, unknown: str) -> Section:
    table, _ = read_bed(path)
    if not len(table) or "modelOutput" not in table:
        section.see.append("No TSS is called." if not len(table) else f"{len(table):,} TSS.")
        section.numbers["called_tss"] = len(table)
        return section
    heights = {s: table.loc[table["strand"] == s, "modelOutput"].to_numpy(dtype=np.float64) for s in "+-"}
    section.numbers["called_tss"] = len(table)
    section.see.append(
        f"{len(table):,} TSS are called, {len(heights['+']):,} on the plus strand and {len(heights['-']):,} on the "
        "minus strand. Most genomes have about as many on each: far more on one is a sign of an error."
    )
    section.see += _right(table, section, unknown)
    at = float(cut) if isinstance(cut, int | float) else None
    section.draw(
        lambda home: draw_heights(heights, label, home, "calls", cut=at),
        f"Histogram of the {label} of {len(table):,} called TSS, by strand",
    )
    return section


def _between(table: pd.DataFrame) -> str:
    """Return the interval of the expected precision of all calls together, in words; empty if it is not known."""
    low, high = (_floats(table, f"expectedPrecision{end}") for end in ("Low", "High"))
    if not (np.isfinite(low).any() and np.isfinite(high).any()):
        return ""
    return f" (from {np.nanmean(low):.0%} to {np.nanmean(high):.0%}: species differ)"


def _right(table: pd.DataFrame, section: Section, unknown: str) -> list[str]:
    """Return sentences on the share of calls to expect to be right, and on those that the model was trained on."""
    said = []
    expected, calibrated = (_floats(table, name) for name in ("expectedPrecision", "calibrated"))
    for values, meaning in (
        (expected, f"are expected to be right{_between(table)}, judged by species that the model had not seen"),
        (calibrated, "are expected to be in a set as strict as the one that the model was calibrated on"),
    ):
        known = values[np.isfinite(values)]
        if len(known):
            section.numbers["expected_precision"] = float(known.mean())
            said.append(f"Of {len(known):,} calls about {known.sum():,.0f} ({known.mean():.0%}) {meaning}.")
            said.append("This is what to expect of the calls together; each has its own value in the BED file.")
            break
    else:
        said.append(unknown)
    parts = table["split"].astype(str).value_counts() if "split" in table else pd.Series(dtype=int)
    if parts.get("train", 0):
        said.append(
            f"{parts['train']:,} of the calls ({parts['train'] / len(table):.0%}) lie on sequence that the model was "
            "trained on: there the output looks better than it is on a new genome."
        )
    return said


def confirm_section(folder: Folder) -> Section:
    """Return which predictions measured sets confirm, and the strongest that none does."""
    section = Section("Confirmation by measured TSS", where=folder.name)
    bins = folder.table("bins.tsv", ("calls", "confirmed", "precision", "recall"))
    statuses = folder.table("tss.tsv", ("status",))["status"].value_counts()
    confirmed, alone, missed = (int(statuses.get(name, 0)) for name in ("confirmed", "predicted_only", "measured_only"))
    section.numbers |= {"confirmed": confirmed, "predicted_only": alone, "measured_only": missed}
    calls, measured = confirmed + alone, confirmed + missed
    window = folder.parameters.get("window_bp")
    near = f" within {window} nt" if isinstance(window, int) else ""
    section.see.append(
        f"{confirmed:,} of {calls:,} predictions{_share(confirmed, calls)} have a measured TSS{near} on their "
        f"strand; of {measured:,} measured TSS{_share(confirmed, measured)} are found. A prediction without one is "
        "wrong, or was silent in the conditions of the experiments. One set is enough to confirm, so this share can be "
        "higher than what is expected of the calls above, where a strict set counted."
    )
    if len(bins) > 1:
        first, last = bins.iloc[0], bins.iloc[-1]
        section.see.append(
            f"The tenth with the highest scores is confirmed at {float(first['precision']):.0%}, the lowest at "
            f"{float(last['precision']):.0%}: bars that fall from left to right say that the score can be trusted."
        )
    section.show(
        folder.path / "confirmation.png",
        f"Share of predictions confirmed, by score, and precision against recall: {confirmed:,} confirmed, {alone:,} "
        f"predicted only, {missed:,} measured only",
    )
    for name, title in (
        ("candidates", "Candidates: predicted, in no measured set; the best score first"),
        ("missed", "Measured, not predicted; in most sets first"),
    ):
        section.tables.append(_ranked(folder, name, title))
    return section


def _ranked(folder: Folder, name: str, title: str) -> Table:
    score = "score" if name == "candidates" else "sets"
    table = folder.table(f"{name}.tsv", ("rank", "contig", "position", "strand", score))
    columns = ["rank", "contig", "position", "strand", score]
    rows = [
        [row["rank"], row["contig"], grouped(row["position"]), row["strand"], rounded(row[score].replace(";", ", "))]
        for row in table.head(LISTED).to_dict("records")
    ]
    caption = f"{title} ({min(LISTED, len(table)):,} of {len(table):,}; all in {name}.tsv)"
    return Table(caption, columns, rows, numbers=(0, 2, 4) if name == "candidates" else (0, 2))


def evaluate_section(folder: Folder) -> Section:
    """Return the scores against measured sets."""
    section = Section("Scores against measured TSS", where=folder.name)
    table = folder.table("scores.tsv", ("set", "level", "positives", "ap"))
    base = table[table["level"] == "base"]
    section.see.append(
        "Precision against recall: the higher and the further to the right a curve, the better. Average precision (AP) "
        "is the area under it; a signal that knows nothing has the share of TSS among all bases as its AP."
    )
    section.show(
        folder.path / "pr.png", "Precision against recall of each set, at the exact base and within some bases"
    )
    section.show(
        folder.path / "calibration.png",
        "Share of TSS among bases of like value: on the dashed line the value is the share; above it, the set has more "
        "TSS than the value says",
    )
    known = [(name, title) for name, title in _SCORES.items() if name in base]
    rows = [[grouped(row[name]) for name, _ in known] for row in base.to_dict("records")]
    columns = [title for _, title in known]
    section.tables.append(Table("At the exact base", columns, rows, numbers=range(1, len(columns))))
    for row in base.to_dict("records"):
        if is_number(row["ap"]):
            section.numbers[f"ap_{row['set']}"] = float(row["ap"])
    return section


def is_number(text: str) -> bool:
    """Return whether a text is a finite number."""
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def grouped(text: str) -> str:
    """Return a whole number with its thousands apart, another number to three digits; any other text as it is."""
    if text.isascii() and text.isdigit() and len(text) < 20:
        return f"{int(text):,}"
    return rounded(text) if is_number(text) else text


def rounded(text: str) -> str:
    """Return a number to three digits; a text that is no number as it is."""
    return f"{float(text):.3g}" if is_number(text) else text


def _floats(table: pd.DataFrame, column: str) -> Float64:
    return table[column].to_numpy(dtype=np.float64) if column in table else np.zeros(0)


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""
