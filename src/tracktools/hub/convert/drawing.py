"""How items of a BED are drawn: colour by strand and score, thick or thin by agreement, short labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tracktools.arrays import Bool, Float64
from tracktools.config import HubConfig
from tracktools.formats.bed_schemas import CALLED_COLUMNS, STANDARD_FIELDS, BedField, BedSchema
from tracktools.palette import STRAND_COLORS, item_rgb, shade

SHADES = 6  # steps from the palest to the full colour: more cannot be told apart
_TSS_COLUMNS = {"sourceScore", "support", "modelOutput"}  # of the sets that tracktools makes
_LABEL = BedField("label", "string", "What browsers print next to the item")
_AGREES = BedField("measuredIn", "string", "Measured sets with a TSS within 5 nt on this strand; empty for none")
_MADE_NAME = re.compile(r".+_\d+_[fr]")  # PREFIX_CHROM_POSITION_f: too long to be read next to an item


@dataclass(frozen=True)
class MeasuredSet:
    """Measured TSS of a hub, with which called ones are compared.

    Parameters
    ----------
    label : str
        As browsers print it, without a comma.
    table : DataFrame
        Its items; columns of BED6, names of the genome.
    """

    label: str
    table: pd.DataFrame


def is_tss(table: pd.DataFrame, schema: BedSchema) -> bool:
    """Return whether a table contains TSS: items of one base with a strand, which are no sites of attention heads."""
    if "head" in schema.columns or "strand" not in schema.columns[: schema.defined_fields]:
        return False
    single = bool((table["chromEnd"] - table["chromStart"] == 1).all())
    return single and bool((table["strand"] != ".").any())


def _has_chosen_colors(table: pd.DataFrame, schema: BedSchema) -> bool:
    """Return whether somebody chose the colours: those of the sets that tracktools makes are of the strand."""
    if "itemRgb" not in schema.columns[: schema.defined_fields] or _TSS_COLUMNS & set(schema.columns):
        return False
    return any(map(item_rgb, table["itemRgb"].astype(str).unique()))


def is_called(columns: Collection[str]) -> bool:
    """Return whether columns are those of called TSS."""
    return set(CALLED_COLUMNS) <= set(columns)


def draw(
    table: pd.DataFrame, schema: BedSchema, *, color: str = "", measured: Iterable[MeasuredSet] = ()
) -> tuple[pd.DataFrame, BedSchema, bool]:
    """Give a table all columns of BED9, colours, thick parts and labels.

    TSS have the colour of their strand, the stronger the higher their score; other items the colours of their file, and
    where it has none, that of their strand. UCSC shows ``mouseOver`` and colours only with all columns of BED9.

    Parameters
    ----------
    table : DataFrame
        Rows of `schema`, names of the genome.
    schema : BedSchema
        Its columns.
    color : str
        Colour of items without a strand.
    measured : iterable of MeasuredSet
        Where the table contains called TSS, those with a measured one within `HubConfig.agree_bp` are drawn thick, the
        others thin; a column says which sets have it. Without any set all are thick.

    Returns
    -------
    DataFrame
        The table.
    BedSchema
        Its columns.
    bool
        Whether colours are shaded by score.
    """
    chosen = _has_chosen_colors(table, schema)
    table, schema = _with_standard_columns(table, schema)
    tss = is_tss(table, schema)
    strand_colors = STRAND_COLORS | ({".": color} if color else {})
    hues = table["strand"].map(strand_colors)
    weights = _weights(table["score"].to_numpy(dtype=np.float64)) if tss and not chosen else None
    if weights is not None:
        shades = [shade(hue, weight) for hue, weight in zip(hues, weights.tolist(), strict=True)]
        table = table.assign(itemRgb=shades)
    elif tss and not chosen:
        table = table.assign(itemRgb=hues)
    else:
        own = [item_rgb(value) for value in table["itemRgb"].astype(str)]
        table = table.assign(itemRgb=[mine or hue for mine, hue in zip(own, hues, strict=True)])
    sets = list(measured) if tss and is_called(schema.columns) else []
    if sets:
        table, schema = _with_agreement(table, schema, sets)
    named = tss or "head" in schema.columns
    if named and not schema.columns.count(_LABEL.name) and table["name"].str.fullmatch(_MADE_NAME).any():
        table = table.assign(label=_labels(table, schema))
        schema = schema.with_fields(schema.name, schema.description, (_LABEL,))
    return table, schema, weights is not None


def _with_standard_columns(table: pd.DataFrame, schema: BedSchema) -> tuple[pd.DataFrame, BedSchema]:
    have = schema.columns[: schema.defined_fields]
    if len(have) < 9:
        filled = table.assign(
            name="", score=0, strand=".", thickStart=table["chromStart"], thickEnd=table["chromEnd"], itemRgb="0"
        )
        table = filled.assign(**{name: table[name] for name in have})
        extra = schema.fields[schema.defined_fields :]
        schema = BedSchema(schema.name, schema.description, (*STANDARD_FIELDS[:9], *extra), 9)
    nameless = table["name"].astype(str).isin(["", "."]).to_numpy()
    if nameless.any():
        names = table["name"].astype(str).to_numpy(dtype=object)
        what = "TSS" if is_tss(table, schema) else "item"
        names[nameless] = [f"{what}_{name}" for name in _made_names(table[nameless])]
        table = table.assign(name=names)
    return table, schema


def _made_names(table: pd.DataFrame) -> list[str]:
    """Return names for items without one, by which they can be found: place and strand, as called TSS have them."""
    letters = {"+": "_f", "-": "_r", ".": ""}
    rows = zip(table["chrom"], table["chromStart"].tolist(), table["strand"], strict=True)
    return [f"{chrom}_{start + 1}{letters[strand]}" for chrom, start, strand in rows]


def _weights(scores: Float64) -> Float64 | None:
    """Return how strongly each item is coloured, in `SHADES` steps up to 1; None where all scores are equal."""
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 0.0)
    if low == high:
        return None
    steps = np.rint((scores - low) / (high - low) * (SHADES - 1)) / (SHADES - 1)
    weights: Float64 = HubConfig.palest + (1 - HubConfig.palest) * steps
    return weights


def _with_agreement(
    table: pd.DataFrame, schema: BedSchema, sets: Iterable[MeasuredSet]
) -> tuple[pd.DataFrame, BedSchema]:
    found: list[list[str]] = [[] for _ in range(len(table))]
    for measured in sets:
        for row in np.flatnonzero(near(table, measured.table, HubConfig.agree_bp)).tolist():
            found[row].append(measured.label)
    agrees = np.array([bool(labels) for labels in found], dtype=bool)
    thick = np.where(agrees, table["chromEnd"], table["chromStart"])
    table = table.assign(
        thickStart=table["chromStart"], thickEnd=thick, measuredIn=[",".join(labels) for labels in found]
    )
    return table, schema.with_fields(schema.name, schema.description, (_AGREES,))


def near(table: pd.DataFrame, others: pd.DataFrame, window_bp: int) -> Bool:
    """Return which items start within `window_bp` of the start of another on the same strand of the same sequence.

    Examples
    --------
    >>> mine = pd.DataFrame({"chrom": "c", "chromStart": [10, 10, 16], "strand": ["+", "-", "+"]})
    >>> near(mine, pd.DataFrame({"chrom": ["c"], "chromStart": [5], "strand": ["+"]}), 5).tolist()
    [True, False, False]
    """
    hit = np.zeros(len(table), dtype=bool)
    starts = others["chromStart"].to_numpy()
    theirs = {key: np.sort(starts[rows]) for key, rows in others.groupby(["chrom", "strand"]).indices.items()}
    for key, rows in table.groupby(["chrom", "strand"]).indices.items():
        if key in theirs:
            there, mine = theirs[key], table["chromStart"].to_numpy()[rows]
            first = np.searchsorted(there, mine - window_bp)
            hit[rows] = (first < len(there)) & (there[np.minimum(first, len(there) - 1)] <= mine + window_bp)
    return hit


def _labels(table: pd.DataFrame, schema: BedSchema) -> list[str]:
    """Return short labels: the gene, else a number that tells weak from strong, else nothing; a name that is short.

    Of a site that an attention head reads, where it is from the TSS.
    """
    texts = pd.Series("", index=table.index, dtype=object)
    if "tssOffset" in schema.columns:
        texts = table["tssOffset"].map(lambda offset: f"{int(offset):+d}")
    for name, decimals in (("modelOutput", 2), ("support", 0), ("sourceScore", 1)):
        if name in schema.columns:
            texts = table[name].map(
                lambda value, decimals=decimals: f"{value:.{decimals}f}" if np.isfinite(value) else ""
            )
            break
    if "gene" in schema.columns:
        texts = table["gene"].astype(str).where(table["gene"].astype(str) != "", texts)
    made = table["name"].str.fullmatch(_MADE_NAME)
    return texts.where(made, table["name"]).tolist()
