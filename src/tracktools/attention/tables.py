"""The tables of an attention folder; docs/attention.md says what each column means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.arrays import Float32, Int64
from tracktools.attention.genome_sums import Everything
from tracktools.attention.groups import Group
from tracktools.attention.places import GenomeKeys
from tracktools.attention.statistics import Profile, profile_of
from tracktools.attention.weight_files import Spool
from tracktools.concise import concise
from tracktools.config import AttentionConfig, ModelConfig

Table = pd.DataFrame


def head_names(config: ModelConfig) -> list[str]:
    """Return the names of all heads, layer after layer.

    Examples
    --------
    >>> head_names(ModelConfig(n_layers=2, n_heads=2))
    ['L1H1', 'L1H2', 'L2H1', 'L2H2']
    """
    return [f"L{layer + 1}H{head + 1}" for layer in range(config.n_layers) for head in range(config.n_heads)]


@dataclass(frozen=True)
class Found:
    """What a run collected.

    Parameters
    ----------
    places : GenomeKeys
    groups : sequence of Group
        Sampled groups, those of ``--at`` last.
    spool : Spool
        Attention of their positions.
    everything : Everything, optional
        Sums over all positions.
    at : sequence of str
        Names of the groups of ``--at``.
    """

    places: GenomeKeys
    groups: Sequence[Group]
    spool: Spool
    everything: Everything | None
    at: Sequence[str]

    @property
    def top_group(self) -> str:
        """Name of the group whose best offsets and positions ``top.tsv`` lists."""
        names = [group.name for group in self.groups]
        return "all" if self.everything else "random" if "random" in names else names[0]


@concise
@dataclass(frozen=True)
class Tables:
    """Every table of the folder."""

    groups: Table
    samples: Table
    profiles: Table
    top: Table
    sites: Table

    def write(self, folder: Path) -> None:
        """Write ``<name>.tsv`` for each."""
        for name in ("groups", "samples", "profiles", "top", "sites"):
            write_table(getattr(self, name), folder / f"{name}.tsv")


def write_table(table: Table, path: Path) -> None:
    """Write a table as all of the folder are written."""
    table.to_csv(path, sep="\t", index=False, float_format="%.7g", lineterminator="\n")


def make_tables(found: Found, config: AttentionConfig) -> Tables:
    """Describe all heads over all groups, a head in memory at a time."""
    keys, outputs, sees = found.spool.keys, found.spool.outputs, found.spool.sees
    order = np.argsort(keys, kind="stable")
    members = [order[np.searchsorted(keys[order], group.keys)] for group in found.groups]
    profiles, tops, sites = [], [], []
    model = found.places.config
    for number, name in enumerate(head_names(model)):
        weights = found.spool.weights(number)
        own = {
            group.name: profile_of(weights[rows], outputs[rows], sees[rows])
            for group, rows in zip(found.groups, members, strict=True)
        }
        if found.everything is not None:
            own["all"] = found.everything.profile(*divmod(number, model.n_heads))
        profiles += [_profile_table(group, name, profile, model) for group, profile in own.items()]
        tops += list(_top_tables(found, number, name, own[found.top_group], (weights, keys, outputs, members), config))
        sites += [
            _site_table(found.places, group, name, weights[rows], outputs[rows])
            for group, rows in zip(found.groups, members, strict=True)
            if group.name in found.at
        ]
    whole = pd.concat(profiles, ignore_index=True)
    ranked = {name: number for number, name in enumerate(dict.fromkeys(whole["group"]))}
    return Tables(
        _group_table(found, [outputs[rows] for rows in members]),
        pd.concat([_sample_table(found, g, outputs[rows]) for g, rows in zip(found.groups, members, strict=True)]),
        whole.sort_values("group", key=lambda names: names.map(ranked), kind="stable"),
        pd.concat(tops),
        pd.concat(sites) if sites else pd.DataFrame(columns=list(_SITE_COLUMNS)),
    )


_SITE_COLUMNS = ("group", "head", "name", "chrom", "position", "strand", "tssOffset", "attention", "output")


def _where(places: GenomeKeys, keys: Int64) -> dict[str, Any]:
    located = places.locate(keys)
    names = np.array([contig.name for contig in places.genome], dtype=object)
    return {"chrom": names[located.contig], "position": located.position, "strand": located.strand}


def _group_table(found: Found, outputs: Sequence[Float32]) -> Table:
    columns = ["group", "n", "outputMin", "outputMean", "outputMax", "description"]
    rows = [
        (g.name, len(o), o.min(), o.mean(dtype=np.float64), o.max(), g.description) if len(o) else
        (g.name, 0, np.nan, np.nan, np.nan, g.description)
        for g, o in zip(found.groups, outputs, strict=True)
    ]  # fmt: skip
    if found.everything is not None:
        whole = found.everything
        rows.append(("all", whole.n, whole.least, whole.mean_output, whole.most, "every position of both strands"))
    return pd.DataFrame(rows, columns=columns)


def _sample_table(found: Found, group: Group, outputs: Float32) -> Table:
    where = _where(found.places, group.keys)
    first = {"group": group.name, "chrom": where["chrom"], "position": where["position"], "strand": where["strand"]}
    return pd.DataFrame(first | {"name": group.names, "output": outputs})


def _profile_table(group: str, head: str, profile: Profile, model: ModelConfig) -> Table:
    columns = {
        "group": group,
        "head": head,
        "tssOffset": model.label_shift_bp - np.arange(model.attention_window_bp),
        "mean": profile.mean,
        "max": profile.largest,
        "pearson": profile.pearson,
        "spearman": profile.spearman,
        "spearmanBound": profile.spearman_bound,
    }
    return pd.DataFrame(columns)


Sampled = tuple[Float32, Int64, Float32, list[npt.NDArray[np.intp]]]  # weights, keys, outputs; rows of each group


def _top_tables(
    found: Found, number: int, head: str, profile: Profile, sampled: Sampled, config: AttentionConfig
) -> Iterator[Table]:
    """Yield the positions with the highest weights at the best-attended distances of a head."""
    model = found.places.config
    layer, within = divmod(number, model.n_heads)
    best = np.argsort(-np.nan_to_num(profile.mean), kind="stable")
    if found.everything is not None:
        best = best[np.isin(best, found.everything.tracked[layer, within])]
    for distance in best[: config.top_offsets]:
        if found.everything is not None:
            weights, keys, outputs = found.everything.top(layer, within, int(distance))
        else:
            all_weights, all_keys, all_outputs, members = sampled
            rows = members[[group.name for group in found.groups].index(found.top_group)]
            own = all_weights[rows, distance]
            rows = rows[np.lexsort((all_keys[rows], -own))[: config.top_positions]]
            weights, keys, outputs = all_weights[rows, distance], all_keys[rows], all_outputs[rows]
        offset = model.label_shift_bp - int(distance)
        columns: dict[str, Any] = {"head": head, "tssOffset": offset, "rank": np.arange(1, len(keys) + 1)}
        yield pd.DataFrame(columns | _where(found.places, keys) | {"attention": weights, "output": outputs})


def _site_table(places: GenomeKeys, group: Group, head: str, weights: Float32, outputs: Float32) -> Table:
    distance = weights.argmax(axis=1) if len(weights) else np.zeros(0, dtype=np.int64)
    columns: dict[str, Any] = {"group": group.name, "head": head, "name": group.names, **_where(places, group.keys)}
    columns["tssOffset"] = places.config.label_shift_bp - distance
    columns["attention"] = weights[np.arange(len(weights)), distance]
    return pd.DataFrame(columns | {"output": outputs})
