"""``tss compare``: how far TSS sets agree, pair by pair and all together.

Distances are to the nearest position of the other set on the same strand; two positions at distance d are the same
TSS at every tolerance of d and above. The literature counts in two ways, both given here: the share of a
set's positions near a position of another set (Yan et al. 2018), and the number of curated positions, groups of
positions, by support.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Int64
from tracktools.config import TssConfig
from tracktools.errors import ConfigError
from tracktools.metrics import match_calls
from tracktools.tss.curate import CuratedSet, curate_tss, load_sets
from tracktools.tss.line import Line, PlacedSet, join_sets
from tracktools.tss.table import check_name

TOLERANCES_BP = tuple(range(11))
HISTOGRAM_BP = 50
AGREEMENT_TOLERANCES_BP = (0, 5)


@dataclass(frozen=True)
class Comparison:
    """What sets have in common.

    Parameters
    ----------
    shares : DataFrame
        `set`, `other`, `tolerance`, `positions`, `shared`, `share`: positions of `set` at most `tolerance` bp from
        one of `other`; `other` is ``any`` for all other sets together.
    distances : DataFrame
        `set`, `other`, `distance`, `positions`: signed distance from each position of `set` to the nearest of `other`,
        downstream positive, up to `HISTOGRAM_BP`; of two equally near, the upstream one.
    memberships : DataFrame
        `sets`, `curated`: curated positions by the sets that have them, the greatest number first.
    agreement : DataFrame
        `prediction`, `truth`, `tolerance`, `scored`, `found`, `average_precision`: positions of one set, the best score
        first, as calls of the other; each finds one position at most.
    curated : CuratedSet
        All groups, those of one set included.
    """

    shares: pd.DataFrame
    distances: pd.DataFrame
    memberships: pd.DataFrame
    agreement: pd.DataFrame
    curated: CuratedSet


def compare_tss(
    sources: Mapping[str, pd.DataFrame | Path | str],
    *,
    window_bp: int = TssConfig.window_bp,
    renames: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare TSS sets.

    Parameters
    ----------
    sources : mapping of str to DataFrame or path
        Two sets or more, as for `curate_tss`.
    window_bp : int
        Window of the groups.
    renames : mapping of str to str, optional
        See `curate_tss`.

    Raises
    ------
    ConfigError
        If there are fewer than two sets, or the window is negative.
    GenomeMismatchError
        If sets are on different versions of a sequence.
    """
    if len(sources) < 2:
        raise ConfigError("one set alone has nothing to compare with: name two or more")
    for name in sources:
        check_name(name)
    tables, notes = load_sets(sources, renames)
    line = join_sets(tables, 2 * max(HISTOGRAM_BP, *TOLERANCES_BP) + 1)
    curated = replace(curate_tss(tables, window_bp=window_bp, min_support=1), notes=notes)
    pairs = [(one, other) for one in line.sources for other in line.sources if one is not other]
    distances = {(one.name, other.name): _nearest(line, one, other.index) for one, other in pairs}
    return Comparison(
        _shares(line, distances),
        pd.concat([_histogram(*names, found) for names, found in distances.items()], ignore_index=True),
        _memberships(curated),
        pd.DataFrame([_agreement(line, *pair, bp) for pair in pairs for bp in AGREEMENT_TOLERANCES_BP]),
        curated,
    )


def _nearest(line: Line, source: PlacedSet, others: Int64) -> Int64:
    """Return the signed distance along the strand to the nearest other position; huge where there is none."""
    at, targets = line.at[source.index], line.at[others]
    far = np.iinfo(np.int64).max // 4
    padded = np.concatenate(([-far], targets, [far]))
    after = np.searchsorted(padded, at, side="left")
    down, up = padded[after] - at, padded[after - 1] - at
    nearest: Int64 = np.where(down < -up, down, up)
    return np.where(down == 0, 0, nearest)


def _shares(line: Line, distances: Mapping[tuple[str, str], Int64]) -> pd.DataFrame:
    everything = dict(distances)
    for source in line.sources:
        found = [np.abs(values) for (name, _), values in distances.items() if name == source.name]
        everything[source.name, "any"] = np.minimum.reduce(found)
    rows = []
    for (name, other), values in everything.items():
        size = np.abs(values)
        for tolerance in TOLERANCES_BP:
            shared = int(np.count_nonzero(size <= tolerance))
            rows.append((name, other, tolerance, len(size), shared, shared / len(size) if len(size) else 0.0))
    return pd.DataFrame(rows, columns=["set", "other", "tolerance", "positions", "shared", "share"])


def _histogram(name: str, other: str, distances: Int64) -> pd.DataFrame:
    near = distances[np.abs(distances) <= HISTOGRAM_BP]
    counts = np.bincount(near + HISTOGRAM_BP, minlength=2 * HISTOGRAM_BP + 1)
    span = np.arange(-HISTOGRAM_BP, HISTOGRAM_BP + 1)
    return pd.DataFrame({"set": name, "other": other, "distance": span, "positions": counts})


def _memberships(curated: CuratedSet) -> pd.DataFrame:
    counts = curated.table["sources"].value_counts()
    table = pd.DataFrame({"sets": counts.index.astype(str), "curated": counts.to_numpy(dtype=np.int64)})
    return table.sort_values(["curated", "sets"], ascending=[False, True], ignore_index=True)


def _agreement(line: Line, prediction: PlacedSet, truth: PlacedSet, tolerance_bp: int) -> dict[str, object]:
    heights = np.where(np.isnan(prediction.score), -np.inf, prediction.score)
    found = match_calls(line.at[prediction.index], heights, line.at[truth.index], tolerance_bp)
    return {
        "prediction": prediction.name,
        "truth": truth.name,
        "tolerance": tolerance_bp,
        "scored": int(np.count_nonzero(~np.isnan(prediction.score))),
        "found": int(found.sum()),
        "average_precision": average_precision(heights, found, len(truth.index)),
    }


def average_precision(heights: np.ndarray, found: np.ndarray, n_truth: int) -> float:
    """Return the area under precision by recall of calls, equal heights taken together; 0 without calls or truth.

    What is never called adds nothing, so that a set without scores has its precision times its recall.

    Examples
    --------
    >>> average_precision(np.array([3.0, 2.0]), np.array([True, True]), 4)
    0.5
    """
    if not len(heights) or not n_truth:
        return 0.0
    order = np.argsort(-heights, kind="stable")
    last = np.flatnonzero(np.append(heights[order][1:] != heights[order][:-1], True))
    true = np.cumsum(found[order])[last]
    return float(np.sum(np.diff(true, prepend=0) / n_truth * true / (last + 1)))
