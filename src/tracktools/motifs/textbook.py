"""What the TSS sets and the heads say of the textbook promoter, in tables and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tracktools.config import MotifConfig
from tracktools.genome import Genome
from tracktools.motifs.attention_folder import AttentionFolder
from tracktools.motifs.discover import HeadMotif, background_positions
from tracktools.motifs.promoter import (
    ELEMENTS,
    Element,
    HexamerMatch,
    attended_elements,
    find_promoters,
    offset_table,
    spacing_table,
    usual_start,
)

_NAMED = 6  # heads that a sentence names
_LEAST_FOLD = 1.2  # with thousands of TSS, less can be significant and mean nothing


@dataclass(frozen=True, eq=False)
class Textbook:
    """The -35 and -10 upstream of the TSS of the sets, and in the heads' attention.

    Parameters
    ----------
    n_tss : int
        TSS of all sets, each once.
    spacings, starts : DataFrame
        Histograms, see `promoter`.
    elements : DataFrame
        A row per head and hexamer, see `promoter.attended_elements`.
    found : mapping of str to tuple
        By element: TSS that have it, places of low output that have it, and the offset of its first base most often
        seen at TSS.
    n_control : int
        Places of low output.
    """

    n_tss: int
    spacings: pd.DataFrame
    starts: pd.DataFrame
    elements: pd.DataFrame
    found: Mapping[str, tuple[int, int, int | None]]
    n_control: int


def compare_with_textbook(folder: AttentionFolder, genome: Genome, config: MotifConfig) -> Textbook | None:
    """Return the comparison; None where the folder has no TSS set (``attention --at``)."""
    if folder.sites.empty:
        return None
    keys = ["chrom", "position", "strand"]
    unique = folder.sites.drop_duplicates(["head", *keys]).sort_values(keys, kind="stable")
    by_head = [unique[unique["head"] == head].reset_index(drop=True) for head in folder.heads]
    whole = max(by_head, key=len)
    same = [rows for rows in by_head if len(rows) == len(whole)]
    promoters = find_promoters(whole, genome)
    control = find_promoters(background_positions(folder, config), genome)
    elements = attended_elements(pd.concat(same), promoters, folder.heads)
    found = {
        element.name: (
            int(promoters.clear(element.name).sum()),
            int(control.clear(element.name).sum()),
            usual_start(promoters, element),
        )
        for element in ELEMENTS
    }
    tables = spacing_table(promoters, control), offset_table(promoters, control)
    return Textbook(len(promoters.rows), *tables, elements, found, len(control.rows))


def verdicts(
    motifs: Sequence[HeadMotif],
    textbook: Textbook | None,
    matches: Mapping[tuple[str, str], HexamerMatch],
    q_of_matches: Mapping[tuple[str, str], float],
    config: MotifConfig,
) -> list[str]:
    """Return what can be said of each hexamer, two sentences each: of motifs, and of attention.

    Parameters
    ----------
    motifs : sequence of HeadMotif
        Of all heads.
    textbook : Textbook or None
        From `compare_with_textbook`.
    matches, q_of_matches : mapping
        By head and element: how the head's motif fits, and its q.
    config : MotifConfig
        ``max_q`` is the limit of what is said to be.
    """
    sentences = []
    for element in ELEMENTS:
        keys = {one.head: (one.head, element.name) for one in motifs}
        fitting = [one for one in motifs if keys[one.head] in matches and q_of_matches[keys[one.head]] <= config.max_q]
        sentences.append(_of_motifs(element, fitting, matches, q_of_matches, textbook))
        if textbook is not None:
            sentences.append(_of_attention(element, textbook.elements, config))
    return sentences


def _of_motifs(
    element: Element,
    fitting: Sequence[HeadMotif],
    matches: Mapping[tuple[str, str], HexamerMatch],
    q_of_matches: Mapping[tuple[str, str], float],
    textbook: Textbook | None,
) -> str:
    title = f"{_minus(element.name)} ({element.consensus})"
    if not fitting:
        best = min(matches, key=lambda key: (key[1] != element.name, matches[key].rank), default=None)
        if best is None:
            return f"{title}: no head has a motif, so none has this one."
        rank, q = matches[best].rank, q_of_matches[best]
        nearest = f"the nearest is that of {best[0]}, where it is number {rank:,} of 4,096 hexamers (q = {q:.2g})"
        return f"{title}: no motif fits it; {nearest}."
    named = []
    for one in sorted(fitting, key=lambda one: matches[one.head, element.name].rank)[:_NAMED]:
        match = matches[one.head, element.name]
        begins = one.offsets[0] + match.first
        named.append(f"{one.head} (number {match.rank:,} of 4,096 hexamers; begins at offset {begins:+d})")
    more = f" and {len(fitting) - _NAMED} more" if len(fitting) > _NAMED else ""
    usual = textbook.found[element.name][2] if textbook else None
    measured = f" Upstream of the TSS of the sets it begins most often at {usual:+d}." if usual is not None else ""
    heads = "the motif of one head fits it" if len(fitting) == 1 else f"the motifs of {len(fitting)} heads fit it"
    return f"{title}: {heads}: {', '.join(named)}{more}.{measured}"


def _of_attention(element: Element, elements: pd.DataFrame, config: MotifConfig) -> str:
    title = _minus(element.name)
    rows = elements[elements["element"] == element.name].sort_values("p", kind="stable")
    clear = rows[(rows["q"] <= config.max_q) & (rows["fold"] >= _LEAST_FOLD)]
    if clear.empty and rows["p"].isna().all():
        return f"{title}: too few TSS have it to say whether attention follows it."

    def evidence(row: pd.Series) -> str:
        counts = f"{row['inside']:,} of {row['n']:,} TSS, {row['expected']:.1f} expected"
        return f"{row['head']} ({counts}, {row['fold']:.2f}-fold, q = {row['q']:.2g})"

    if clear.empty:
        return f"{title}: no head follows it to where it is; the nearest is {evidence(rows.iloc[0])}."
    named = ", ".join(evidence(row) for _, row in clear.head(_NAMED).iterrows())
    more = f" and {len(clear) - _NAMED} more" if len(clear) > _NAMED else ""
    heads = "one head follows" if len(clear) == 1 else f"{len(clear)} heads follow"
    return f"{title}: {heads} it to where it is, more often than the offsets alone make likely: {named}{more}."


def _minus(name: str) -> str:
    return name.replace("-", "−")
