"""``tracktools profile``: signals around sites, into tables and figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.concise import concise
from tracktools.config import ProfileConfig
from tracktools.errors import ConfigError
from tracktools.figures.profiles import DrawnProfile, draw_heat_maps, draw_profiles
from tracktools.formats.bigwig import BigWigReader
from tracktools.input_sign import pair_notes, pair_record
from tracktools.interval import Interval
from tracktools.profile.levels import Landmarks, level_table, read_landmarks
from tracktools.profile.matrix import OpenSignal, SignalSource, SiteMatrix, gather_matrix, open_signal
from tracktools.profile.sites import Sites, SiteSource, read_sites
from tracktools.profile.summary import summarise
from tracktools.run import output_folder
from tracktools.tracks import file_sha256, write_provenance

log = logging.getLogger(__name__)

DIRECTIONS = ("sense", "antisense")


@dataclass(frozen=True)
class ProfileOptions:
    """How names are read, and what is looked at.

    Parameters
    ----------
    circular : collection of str
        Circular sequences; ``"all"``: every one.
    renames, only_genome
        See `tracktools.names.join_names`.
    within : collection of Interval
        Only sites, levels and the baseline on these bases; all of them, if none is given.
    annotation, operons : Path, optional
        GFF3, and BED or RegulonDB's table: write ``levels.tsv``, too.
    """

    circular: Collection[str] = ()
    renames: Mapping[str, str] | None = None
    only_genome: bool = False
    within: Collection[Interval] = ()
    annotation: Path | None = None
    operons: Path | None = None


@concise
@dataclass(frozen=True)
class ProfileResult:
    """What was found.

    Parameters
    ----------
    profile : DataFrame
        `signal`, `sites`, `direction`, and the columns of `tracktools.profile.summary.summarise`.
    baseline : DataFrame
        `signal`, `n`, `median`, `mean` over both strands.
    sites : tuple of Sites
        The sets, with what was left out of each.
    levels : DataFrame or None
        `signal` and the columns of `tracktools.profile.levels.level_table`.
    """

    profile: pd.DataFrame
    baseline: pd.DataFrame
    sites: tuple[Sites, ...]
    levels: pd.DataFrame | None = None


def profile_sites(
    signals: Sequence[SignalSource],
    sites: Sequence[SiteSource],
    output: Path | str,
    *,
    options: ProfileOptions | None = None,
    config: ProfileConfig | None = None,
    figures: bool = True,
    force: bool = False,
) -> ProfileResult:
    """Describe stranded signals around sites, in tables and figures.

    Parameters
    ----------
    signals : sequence of SignalSource
        Stranded pairs of bigWigs of one genome.
    sites : sequence of SiteSource
        Sets of sites; none is fine where `options` asks for levels.
    output : Path or str
        Folder: ``profile.tsv``, ``baseline.tsv``, ``levels.tsv`` (with an annotation), ``profile`` and ``heat_map`` as
        SVG, PNG and PDF, ``provenance.json``.
    options, config : optional
        See the types.
    figures : bool
        Draw the figures, which takes a second.
    force : bool
        Replace a folder of results.

    Returns
    -------
    ProfileResult

    Raises
    ------
    ConfigError
        If nothing is asked for, or two signals or sets have one name.
    InputError
        If a file is not what it should be; as `GenomeMismatchError`, if files are of different genomes.
    """
    started = time.time()
    options, config = options or ProfileOptions(), config or ProfileConfig()
    _check(signals, sites, options)
    with BigWigReader(signals[0].plus) as reader:
        chrom_sizes = dict(reader.chrom_sizes)
    circular = set(chrom_sizes) if "all" in options.circular else set(options.circular)
    inputs = [path for one in signals for path in (one.plus, one.minus)] + [one.path for one in sites]
    inputs += [path for path in (options.annotation, options.operons) if path is not None]
    with output_folder(Path(output), force=force, inputs=inputs) as folder:
        sets = [_chosen(_read(one, chrom_sizes, circular, options), options, config) for one in sites]
        empty = [f"the set {one.name} has no site to look at" for one in sets if not len(one.table)]
        for sentence in empty:
            log.warning("warning: %s", sentence)
        landmarks = _landmarks(options, chrom_sizes)
        parts = [_one_signal(one, sets, landmarks, chrom_sizes, circular, options, config) for one in signals]
        result = ProfileResult(
            pd.concat([part.profile for part in parts], ignore_index=True),
            pd.concat([part.baseline for part in parts], ignore_index=True),
            tuple(sets),
            pd.concat([part.levels for part in parts], ignore_index=True) if landmarks else None,
        )
        _write(folder, result, [panel for part in parts for panel in part.panels if figures])
        write_provenance(
            folder,
            started=started,
            parameters={
                "config": asdict(config),
                "within": [str(one.to_ucsc()) for one in options.within],
                "warnings": empty,
                "signs": {one.name: part.signs for one, part in zip(signals, parts, strict=True)},
                "inputs": {str(path): file_sha256(path) for path in dict.fromkeys(inputs)},
            },
        )
    return result


@dataclass(frozen=True)
class _Part:
    """What one signal gives."""

    profile: pd.DataFrame
    baseline: pd.DataFrame
    levels: pd.DataFrame | None
    panels: list[DrawnProfile]
    signs: dict[str, str]


def _check(signals: Sequence[SignalSource], sites: Sequence[SiteSource], options: ProfileOptions) -> None:
    if not signals or not (sites or options.annotation):
        raise ConfigError("name a signal, and sites or an annotation for levels")
    if options.operons is not None and options.annotation is None:
        raise ConfigError("operons need the annotation, too: levels are by genes")
    for kind, names in (("signal", [one.name for one in signals]), ("set of sites", [one.name for one in sites])):
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ConfigError(f"the {kind} {twice[0]!r} is named twice: give each a name of its own")


def _read(source: SiteSource, chrom_sizes: Mapping[str, int], circular: set[str], options: ProfileOptions) -> Sites:
    return read_sites(source, chrom_sizes, circular=circular, renames=options.renames, only_genome=options.only_genome)


def _chosen(sites: Sites, options: ProfileOptions, config: ProfileConfig) -> Sites:
    """Leave out sites outside the bases to look at, and draw from a set that is too large to hold."""
    table, left_out = sites.table, dict(sites.left_out)
    if options.within:
        inside = np.zeros(len(table), dtype=bool)
        for one in options.within:
            inside |= ((table["chrom"] == one.chrom) & table["position"].between(one.start, one.end - 1)).to_numpy()
        left_out["outside the bases to look at"] = int((~inside).sum())
        table = table[inside]
    if len(table) > config.most_sites:
        left_out[f"not drawn: {config.most_sites:,} of them are, at random"] = len(table) - config.most_sites
        table = table.sample(config.most_sites, random_state=config.seed).sort_index()
    return Sites(sites.name, table.reset_index(drop=True), left_out)


def _landmarks(options: ProfileOptions, chrom_sizes: Mapping[str, int]) -> Landmarks | None:
    if options.annotation is None:
        return None
    return read_landmarks(
        options.annotation,
        options.operons,
        chrom_sizes,
        renames=options.renames,
        only_genome=options.only_genome,
    )


def _one_signal(
    source: SignalSource,
    sets: Sequence[Sites],
    landmarks: Landmarks | None,
    chrom_sizes: Mapping[str, int],
    circular: set[str],
    options: ProfileOptions,
    config: ProfileConfig,
) -> _Part:
    with open_signal(source, chrom_sizes, renames=options.renames) as signal:
        base = _baseline(signal, chrom_sizes, options, config)
        tables, panels = [], []
        for one in sets:
            matrix = gather_matrix(
                signal, one.table, chrom_sizes, config.flank_bp, circular=circular, absent=config.absent
            )
            described = {
                direction: summarise(values, confidence=config.confidence)
                for direction, values in zip(DIRECTIONS, matrix, strict=True)
            }
            for direction, table in described.items():
                table.insert(0, "direction", direction)
                table.insert(0, "sites", one.name)
                table.insert(0, "signal", source.name)
                tables.append(table)
            panels.append(_panel(source.name, one, described, matrix, float(base["median"].iloc[0])))
        levels = None
        if landmarks is not None:
            levels = level_table(signal, landmarks, chrom_sizes, within=options.within, absent=config.absent)
            levels.insert(0, "signal", source.name)
        for note in pair_notes(*signal.signs):
            log.warning("warning: %s", note)
        profile = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        return _Part(profile, base, levels, panels, pair_record(*signal.signs))


def _baseline(
    signal: OpenSignal, chrom_sizes: Mapping[str, int], options: ProfileOptions, config: ProfileConfig
) -> pd.DataFrame:
    """Return `signal`, `n`, `median`, `mean` of all values of both strands."""
    nothing = Landmarks((), ())
    table = level_table(signal, nothing, chrom_sizes, within=options.within, absent=config.absent)
    row = table[table["level"] == "all"].iloc[0]
    names = {"signal": signal.source.name, "n": row["n"], "median": row["median"], "mean": row["mean"]}
    return pd.DataFrame([names])


def _panel(
    signal: str, sites: Sites, described: Mapping[str, pd.DataFrame], matrix: SiteMatrix, baseline: float
) -> DrawnProfile:
    return DrawnProfile(
        signal, sites.name, len(sites.table), described["sense"], described["antisense"], matrix, baseline
    )


def _write(folder: Path, result: ProfileResult, panels: Sequence[DrawnProfile]) -> None:
    tables = {"profile": result.profile, "baseline": result.baseline}
    if result.levels is not None:
        tables["levels"] = result.levels
    for name, table in tables.items():
        text = table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    if panels:
        draw_profiles(panels, folder)
        draw_heat_maps(panels, folder)
