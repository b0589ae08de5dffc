"""What ``tracktools attention`` wrote: its tables, checked, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.genome import Genome
from tracktools.tracks import read_provenance

_ON_THE_GENOME = ("top", "samples", "sites")  # tables with positions
_TEXT = ("group", "head", "chrom", "strand", "name", "description")
_WHOLE = ("tssOffset", "rank", "position", "n", "positives")
_COLUMNS = {
    "profiles": "group head tssOffset mean max pearson spearman",
    "top": "head tssOffset rank chrom position strand attention output",
    "samples": "group chrom position strand name output",
    "sites": "group head name chrom position strand tssOffset attention output",
    "ablation": "head n ap apAblated deltaAp deltaApLow deltaApHigh",
    "attribution": "head n pearson spearman",
}
_MOST_HEADS = 4096
_MOST_WHOLE = 2.0**53  # beyond it a float is no exact whole number
DRAWN_GROUPS = ("random", "top", "bottom", "all")  # every other group is a set of --at


@dataclass(frozen=True)
class AttentionFolder:
    """The tables of one run of ``attention``.

    Parameters
    ----------
    path : Path
        The folder.
    heads : tuple of str
        Names such as ``L1H1``, in order of layer and head.
    window_bp : int
        Keys that a head distributes its attention over: an even share is 1 / `window_bp`.
    circular : tuple of str
        Names of circular sequences.
    background : tuple of str
        Sets of ``--at`` that are the background, not TSS; empty where that is ``bottom`` and ``random``.
    profiles, top, samples : DataFrame
        As the files of these names.
    sites : DataFrame
        As ``sites.tsv`` without the sets of the background; no rows where no TSS set was given.
    ablation, attribution : DataFrame or None
        None where they were not asked for.
    provenance : mapping
        ``provenance.json``.
    """

    path: Path
    heads: tuple[str, ...]
    window_bp: int
    circular: tuple[str, ...]
    background: tuple[str, ...]
    profiles: pd.DataFrame
    top: pd.DataFrame
    samples: pd.DataFrame
    sites: pd.DataFrame
    ablation: pd.DataFrame | None
    attribution: pd.DataFrame | None
    provenance: Mapping[str, Any]

    @property
    def top_group(self) -> str:
        """Group whose best offsets and positions ``top`` lists."""
        return str(self.said_of("parameters").get("top_group") or "random")

    @property
    def tss_groups(self) -> tuple[str, ...]:
        """Names of the TSS sets."""
        return tuple(dict.fromkeys(self.sites["group"]))

    def said_of(self, key: str) -> Mapping[str, Any]:
        """Return what ``provenance.json`` says of the model, the genome or the parameters."""
        value = self.provenance.get(key)
        return value if isinstance(value, dict) else {}

    def table_of(self, name: str, head: str) -> pd.DataFrame:
        """Return the rows of one head of a table."""
        table = getattr(self, name)
        assert isinstance(table, pd.DataFrame)
        return table[table["head"] == head]


def read_attention(path: Path, background: Sequence[str] = ()) -> AttentionFolder:
    """Read a folder that ``tracktools attention`` wrote.

    Parameters
    ----------
    path : Path
        The folder.
    background : sequence of str
        Names of sets of ``--at`` that are the background.

    Raises
    ------
    InputError
        If it is no such folder, a table lacks a column or has a value that is no number (names file and column), or
        nothing in it can be the background.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError("no such folder", path=path, hint="name a folder that `tracktools attention` wrote")
    provenance = read_provenance(path)
    parameters: Any = provenance.get("parameters")
    window, heads = _heads(parameters, path)
    tables = {name: _read_table(path / f"{name}.tsv", name) for name in _COLUMNS}
    for name, table in tables.items():
        strange = [] if table is None or "head" not in table else sorted(set(table["head"]) - set(heads))
        if strange:
            problem = f"names the head {strange[0]!r}, and the model has {heads[0]} to {heads[-1]}"
            raise InputError(problem, path=path / f"{name}.tsv")
    samples, sites = _needed(tables, "samples", path), tables["sites"]
    _check_background(set(samples["group"]), background, path)
    sites = pd.DataFrame(columns=_COLUMNS["sites"].split()) if sites is None else sites
    return AttentionFolder(
        path, heads, window, _circular(parameters, path), tuple(background),
        _needed(tables, "profiles", path), _needed(tables, "top", path), samples,
        sites[~sites["group"].isin(background)], tables["ablation"], tables["attribution"], provenance,
    )  # fmt: skip


def _heads(parameters: Any, path: Path) -> tuple[int, tuple[str, ...]]:
    """Return the window of attention and the names of the heads."""
    try:
        window, n_layers, n_heads = (int(parameters[key]) for key in ("attention_window_bp", "n_layers", "n_heads"))
        if min(window, n_layers, n_heads) < 1 or n_layers * n_heads > _MOST_HEADS:
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):
        hint = "name a folder that `tracktools attention` wrote"
        raise InputError("does not say which heads a model has", path=path / "provenance.json", hint=hint) from None
    return window, tuple(f"L{layer}H{head}" for layer in range(1, n_layers + 1) for head in range(1, n_heads + 1))


def _circular(parameters: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    names = parameters.get("circular") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"circular is {names!r}", path=path / "provenance.json", hint="a list of names is needed")
    return tuple(names)


def _check_background(groups: set[str], background: Sequence[str], path: Path) -> None:
    strange = [name for name in background if name not in groups]
    if strange:
        hint = f"it has {', '.join(sorted(groups)) or 'none'}"
        raise InputError(f"has no group {strange[0]!r} for the background", path=path / "samples.tsv", hint=hint)
    if not background and not groups & {"random", "bottom"}:
        hint = "run `attention` with a --sample, or name a set of places that are no TSS with --background"
        raise InputError("has no positions for the background", path=path / "samples.tsv", hint=hint)


def _needed(tables: Mapping[str, pd.DataFrame | None], name: str, path: Path) -> pd.DataFrame:
    table = tables[name]
    if table is None:
        raise InputError("no such file", path=path / f"{name}.tsv", hint="`tracktools attention` writes it")
    return table


def _read_table(path: Path, name: str) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3, encoding="utf-8")
    except (ValueError, OSError) as error:
        raise InputError(f"is no table: {' '.join(str(error).split())}", path=path) from None
    missing = [column for column in _COLUMNS[name].split() if column not in table]
    if missing:
        raise InputError(f"lacks the column {missing[0]!r}", path=path, line=1, hint="make the folder again")
    for column in table.columns:
        if column not in _TEXT:
            table[column] = _numbers(table[column], path, whole=column in _WHOLE)
    if "strand" in table and not table["strand"].isin(["+", "-"]).all():
        row = int(np.argmin(table["strand"].isin(["+", "-"])))
        raise InputError(f"strand is {table['strand'].iloc[row]!r}", path=path, line=row + 2, hint="write + or -")
    return table


def _numbers(texts: pd.Series[str], path: Path, *, whole: bool) -> pd.Series[Any]:
    values = pd.to_numeric(texts, errors="coerce")
    bad: pd.Series[bool] = values.abs() == np.inf
    bad |= values.isna() & ~texts.str.lower().isin(["nan", "" if not whole else "nan"])
    if whole:
        bad |= values.isna() | (values != np.floor(values)) | (values.abs() > _MOST_WHOLE)
    if bad.any():
        row = int(np.argmax(bad.to_numpy()))
        raise InputError(f"{texts.name} is {texts.iloc[row]!r}", path=path, line=row + 2, hint="a number is needed")
    return values.astype(np.int64) if whole else values.astype(np.float64)


def check_genome(
    folder: AttentionFolder, genome: Genome, path: Path | None = None, renames: Mapping[str, str] | None = None
) -> AttentionFolder:
    """Refuse a genome that is not the one that the folder was made on; return the folder with the genome's names.

    Parameters
    ----------
    folder : AttentionFolder
        From `read_attention`.
    genome : Genome
        The same sequences, in the same order.
    path : Path, optional
        Its file, for messages.
    renames : mapping of str to str, optional
        Name in the folder to name in the genome.

    Raises
    ------
    GenomeMismatchError
        Naming both.
    """
    renames = renames or {}
    old_names = {new: old for old, new in renames.items()}
    as_named_there = replace(
        genome, contigs=tuple(replace(contig, name=old_names.get(contig.name, contig.name)) for contig in genome)
    )
    made_on = folder.said_of("genome")
    if made_on.get("sha256") not in (None, as_named_there.sha256):
        problem = f"was made on {made_on.get('name')} ({str(made_on.get('sha256'))[:12]}…), not on {genome.name}"
        hint = "give --genome the file it was made from; if only the names of sequences differ, say --rename OLD=NEW"
        raise GenomeMismatchError(problem, path=path or folder.path, hint=hint)
    tables = {}
    for name in _ON_THE_GENOME:
        table, file = getattr(folder, name), folder.path / f"{name}.tsv"
        names = {chrom: renames.get(chrom, chrom) for chrom in dict.fromkeys(table["chrom"])}
        strange = sorted(set(names.values()) - set(genome.chrom_sizes))
        if strange:
            raise GenomeMismatchError(f"contains {strange[0]!r}, which is not in {genome.name}", path=file)
        tables[name] = table.assign(chrom=table["chrom"].map(names))
        beyond = table["position"].to_numpy() >= tables[name]["chrom"].map(genome.chrom_sizes).to_numpy(np.float64)
        if beyond.any() or (table["position"] < 0).any():
            raise GenomeMismatchError(f"has positions past the end of {genome.name}", path=file)
    circular = tuple(renames.get(chrom, chrom) for chrom in folder.circular)
    return replace(folder, circular=circular, **tables)
