"""The table of heads, ``motifs.tsv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tracktools.config import MotifConfig
from tracktools.motifs.discover import HeadMotif
from tracktools.motifs.sites import SiteBed


def head_table(
    motifs: Sequence[HeadMotif], matches: pd.DataFrame, beds: Mapping[str, SiteBed], config: MotifConfig
) -> pd.DataFrame:
    """Return a row per head.

    Returns
    -------
    DataFrame
        `head`, `status`, `reason`, `bestOffset`, `offsets` (best-attended, the best first), `nSites`, `consensus`,
        `motifStart`, `motifEnd` (offsets from the TSS of the first base and of the base after the last, at the best
        offset), `bits` (of all columns), `hits`, `n`, `backgroundHits`, `backgroundN`, `enrichment`, `p`, `q`,
        `bestMatch`, `bestMatchCollection`, `bestMatchQ` (empty above ``match_q``), `bedSites`, `bedFaint`,
        `bedUnlike`, `bedOutside`.
    """
    best = matches[matches["q"].astype(float) <= config.match_q].sort_values("p", kind="stable")
    best_of = best.drop_duplicates("head").set_index("head").to_dict("index")
    return pd.DataFrame([_row(one, best_of.get(one.head), beds.get(one.head)) for one in motifs])


def _row(one: HeadMotif, match: Mapping[Any, Any] | None, bed: SiteBed | None) -> dict[str, object]:
    offset = one.offsets[0] if one.offsets else None
    row: dict[str, object] = {"head": one.head, "status": one.status, "reason": one.reason}
    row |= {"bestOffset": offset, "offsets": ",".join(map(str, one.offsets)), "nSites": one.n_sites}
    has = one.pwm is not None and offset is not None
    row["consensus"] = one.pwm.consensus if one.pwm is not None else ""
    row["motifStart"] = offset + one.pwm.first if has and one.pwm is not None and offset is not None else None
    row["motifEnd"] = offset + one.pwm.last if has and one.pwm is not None and offset is not None else None
    row["bits"] = float(one.pwm.bits.sum()) if one.pwm is not None else np.nan
    tested = one.enrichment
    row |= {"hits": tested.hits if tested else None, "n": tested.n if tested else None}
    row |= {"backgroundHits": tested.background_hits if tested else None}
    row |= {"backgroundN": tested.background_n if tested else None}
    row |= {name: getattr(tested, field) if tested else np.nan for name, field in _TESTED.items()}
    row |= {"bestMatch": match["motif"] if match else "", "bestMatchCollection": match["collection"] if match else ""}
    row["bestMatchQ"] = match["q"] if match else np.nan
    row |= {name: getattr(bed, field) if bed else None for name, field in _BED.items()}
    return row


_TESTED = {"enrichment": "fold", "p": "p", "q": "q"}
_BED = {"bedSites": "kept", "bedFaint": "faint", "bedUnlike": "unlike", "bedOutside": "outside"}


def as_tsv(table: pd.DataFrame) -> str:
    """Return a table as text, tab-separated with a header; six digits, whole numbers whole, empty where nothing is."""
    whole = {name: table[name].astype("Int64") for name in _WHOLE if name in table}
    clean = table.assign(**whole)
    for name in clean.select_dtypes(include=["object", "string"]).columns:
        clean[name] = clean[name].astype(str).str.replace(r"[\t\r\n]+", " ", regex=True)
    text: str = clean.to_csv(
        sep="\t", index=False, float_format="%.6g", lineterminator="\n", quoting=3, escapechar=None
    )
    return text


_WHOLE = (
    "bestOffset", "nSites", "motifStart", "motifEnd", "hits", "n", "backgroundHits", "backgroundN",
    "bedSites", "bedFaint", "bedUnlike", "bedOutside",
)  # fmt: skip
