"""``tss lift``: a TSS set on another assembly, base by base, and a list of what could not be lifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.aliases import resolve_chrom
from tracktools.concise import concise
from tracktools.counting import count_line
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed import sort_bed
from tracktools.tss.assemblies import Chain, load_chain
from tracktools.tss.table import read_tss_set, tss_name, with_source_score

_FLIPPED = {"+": "-", "-": "+"}
_KINDS = {  # first word of a reason: how it goes on after a number
    "ambiguous": "with several counterparts",
    "beyond": "beyond the end of their sequence",
    "the": "without a counterpart",
    "merged": "on the base of a better one",
}


@concise
@dataclass(frozen=True)
class LiftedSet:
    """A set on the target assembly.

    Parameters
    ----------
    table : DataFrame
        The set's columns, sorted; no base twice.
    left_out : DataFrame
        `chrom`, `position` (0-based, where it came from), `strand`, `name`, `reason`: what was not mapped, or was
        joined to another position on the same base.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def counts(self) -> str:
        """The line that tells what was read, taken and left out."""
        reasons = Counter(_KINDS[str(reason).split(":")[0].split(" ")[0]] for reason in self.left_out["reason"])
        return count_line(len(self.table), reasons, "TSS")


def lift_tss(table: pd.DataFrame | Path | str, chain: Chain | Path | str, *, source: str | None = None) -> LiftedSet:
    """Bring a set onto the assembly that a chain leads to.

    Parameters
    ----------
    table : DataFrame, Path or str
        A TSS set: BED, or its columns.
    chain : Chain, Path or str
        From `load_chain`, or the file or bundled name that it takes.
    source : str, optional
        Sequence of the chain that the positions are of, whatever the set calls it.

    Raises
    ------
    GenomeMismatchError
        If the chain does not come from a sequence of the set.
    """
    table = with_source_score(read_tss_set(Path(table))[0] if isinstance(table, str | Path) else table)
    chain = chain if isinstance(chain, Chain) else load_chain(chain)
    if source is not None and source not in chain.sources:
        raise InputError(f"chain {chain.name} does not come from {source!r}", hint=f"it comes from {_names(chain)}")
    parts, reasons = [], []
    for chrom, group in table.groupby("chrom", sort=False):
        found = source or resolve_chrom(str(chrom), list(chain.sources))
        if found is None:
            first = next(iter(chain.sources))
            raise GenomeMismatchError(
                f"chain {chain.name} does not come from {chrom!r}",
                hint=f"it comes from {_names(chain)}; if the set is on that, under a wrong name, say --from {first}",
            )
        part, reason = _lift_sequence(group, chain, found)
        parts.append(part)
        reasons.append(reason)
    lifted = pd.concat(parts) if parts else table
    reason = np.concatenate(reasons) if reasons else np.zeros(0, dtype=object)
    return _without_merged(table.loc[lifted.index], lifted, reason)


def _names(chain: Chain) -> str:
    return ", ".join(list(chain.sources)[:3])


def _lift_sequence(group: pd.DataFrame, chain: Chain, source: str) -> tuple[pd.DataFrame, np.ndarray]:
    places = chain.lift(source, group["chromStart"].to_numpy(dtype=np.int64))
    strands = group["strand"].tolist()
    reasons = np.array(
        [_reason(place, start, chain, source) for place, start in zip(places, group["chromStart"], strict=True)],
        dtype=object,
    )
    start = np.array([place[0][1] if place else -1 for place in places], dtype=np.int64)
    lifted = group.assign(
        chrom=[place[0][0] if place else "" for place in places],
        chromStart=start,
        chromEnd=start + 1,
        strand=[
            _FLIPPED[strand] if place and place[0][2] == "-" else strand
            for place, strand in zip(places, strands, strict=True)
        ],
    )
    lifted["name"] = [
        _renamed(name, old, new) for name, old, new in zip(group["name"], _bases(group), _bases(lifted), strict=True)
    ]
    for thick, value in (("thickStart", start), ("thickEnd", start + 1)):
        if thick in lifted:
            lifted[thick] = value
    return lifted, reasons


def _bases(table: pd.DataFrame) -> Iterator[tuple[str, int, str]]:
    return zip(table["chrom"], table["chromStart"], table["strand"], strict=True)


def _renamed(name: str, old: tuple[str, int, str], new: tuple[str, int, str]) -> str:
    """Return a name made by `tss_name` for the new base; another as it is."""
    ending = tss_name("", *old)
    return name.removesuffix(ending) + tss_name("", *new) if name.endswith(ending) else name


def _reason(place: Sequence[tuple[str, int, str]], start: int, chain: Chain, source: str) -> str:
    if len(place) == 1:
        return ""
    if place:
        return f"ambiguous: {len(place)} places, first {place[0][0]}:{place[0][1] + 1}"
    if start >= chain.sources[source]:
        return f"beyond the end of {source} ({chain.sources[source]} bp)"
    return "the base has no counterpart (between blocks of the chain)"


def _without_merged(before: pd.DataFrame, lifted: pd.DataFrame, reasons: np.ndarray) -> LiftedSet:
    mapped = lifted[reasons == ""]
    best_first = mapped.iloc[np.argsort(-mapped["sourceScore"].fillna(-np.inf).to_numpy(), kind="stable")]
    twice = best_first[best_first.duplicated(["chrom", "chromStart", "strand"])].index
    reason = pd.Series(reasons, index=lifted.index)
    reason.loc[twice] = [
        f"merged: {row.chrom}:{row.chromStart + 1} {row.strand} is taken by a position with a better score"
        for row in lifted.loc[twice].itertuples()
    ]
    out = before[(reason != "").to_numpy()]
    left_out = pd.DataFrame(
        {
            "chrom": out["chrom"],
            "position": out["chromStart"],
            "strand": out["strand"],
            "name": out["name"],
            "reason": reason[reason != ""],
        }
    )
    return LiftedSet(sort_bed(lifted[(reason == "").to_numpy()]).reset_index(drop=True), left_out)
