"""All substitutions around the TSS of a set: tables, matrices and heat maps."""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.arrays import Codes, Float32, Int64
from tracktools.concise import concise
from tracktools.config import MutateConfig, PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.errors import ConfigError, InputError
from tracktools.formats.tss_bed import read_tss_bed
from tracktools.genome import ALPHABET, Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.drawings import draw_mean, draw_site
from tracktools.mutate.parts import KEEPS, in_parts
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, SiteEffect, seconds_per_site, site_effects, why_not
from tracktools.mutate.site_tables import offsets_of, sites_table, write_tables
from tracktools.progress import show_progress
from tracktools.run import Policy, Run, check_output
from tracktools.tracks import file_sha256, write_provenance

_SITES_A_PART = 16
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")  # in the name of a file


@concise
@dataclass(frozen=True)
class SiteEffects:
    """What was made; letters and offsets are those of the strand of each TSS.

    Parameters
    ----------
    folder : Path
        It contains ``effects.tsv``, ``sites.tsv``, ``effects.npz`` and the figures.
    sites : DataFrame
        ``sites.tsv``: a row per TSS.
    offsets : ndarray of int64, shape (n_offsets,)
        Of the changed bases from the TSS.
    codes : ndarray of uint8, shape (n_sites, n_offsets)
        The letters that are there: A 0, C 1, G 2, T 3, any other 4.
    at_tss, on_best : ndarray of float32, shape (n_sites, n_offsets, 4)
        Change of the log-odds of the output at the TSS, and of the best output near it; see `SiteEffect`.
    left_out : dict of str to int
        TSS that were left out, by reason.
    """

    folder: Path
    sites: pd.DataFrame
    offsets: Int64
    codes: Codes
    at_tss: Float32
    on_best: Float32
    left_out: dict[str, int]


def mutate_sites(
    genome: Genome | Path | str,
    sites: pd.DataFrame | Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Path | str | None = None,
    config: PredictConfig | None = None,
    mutate: MutateConfig | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    force: bool = False,
    restart: bool = False,
) -> SiteEffects:
    """Compute what every substitution around each TSS does to the output there.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way.

    Parameters
    ----------
    genome : Genome, Path or str
        The genome.
    sites : DataFrame, Path or str
        TSS, called or measured: a BED of single bases with a strand, or such a table.
    output : Path or str
        Folder to make: ``effects.tsv`` (a row per substitution), ``sites.tsv`` (a row per TSS), ``effects.npz``,
        ``heat_map`` (the mean) as SVG, PNG and PDF, ``heat_maps/`` (single TSS), ``provenance.json``.
    model, config, host, force, restart
        See `tracktools.predict_genome`.
    mutate : MutateConfig, optional
        Which bases are changed, how near the best output is, how many TSS are drawn.
    renames, only_genome
        See `tracktools.names.join_names`.

    Raises
    ------
    InputError
        If the set is not such a BED, is of another genome, or has no TSS with an output.
    """
    started, settings = time.time(), mutate or MutateConfig()
    if min(settings.upstream_bp, settings.downstream_bp, settings.best_within_bp, settings.drawn) < 0:
        raise ConfigError("a number of bases or figures is negative")
    inputs = [Path(one) for one in (genome, sites) if isinstance(one, Path | str)]
    output = check_output(Path(output), force=force, inputs=inputs)
    loaded = as_genome(genome)
    scoring = Scoring.of(loaded, model, config, host)
    table, left_out = scored_sites(sites, scoring, renames, only_genome)
    places = sites_of(table, loaded)
    made_of = table_sha256(table) if isinstance(sites, pd.DataFrame) else file_sha256(Path(sites))
    chosen = {"mutate": asdict(settings)}
    identity = scoring.identity(
        "mutate --at", sites=made_of, renames=dict(renames or {}), only_genome=only_genome, **chosen
    )
    n_mutants = len(places) * (settings.upstream_bp + settings.downstream_bp + 1) * (len(ALPHABET) - 1)
    seconds = len(places) * seconds_per_site(places[0], scoring, settings)
    scoring.announce(f"{n_mutants:,} substitutions around {len(places):,} TSS", seconds)
    with Run(output, identity, inputs=inputs, policy=Policy(force, restart), keeps=KEEPS) as run:
        effects = _compute(run, places, scoring, settings)
        rows = sites_table(table, effects, settings)
        write_tables(run.result, rows, effects, settings, loaded)
        result = _result(run.output, rows, effects, settings, left_out)
        _write_arrays(run.result, result)
        _draw(run.result, result, effects, settings, scoring.model.metadata.name)
        parameters = chosen | {"inputs": {str(path): file_sha256(path) for path in inputs}}
        write_provenance(run.result, started=started, parameters=parameters, **scoring.provenance())
        run.publish()
    return result


def scored_sites(
    sites: pd.DataFrame | Path | str, scoring: Scoring, renames: Mapping[str, str] | None, only_genome: bool
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the TSS that have an output, and why the others are left out."""
    genome = scoring.genome
    table, left_out = read_tss_bed(sites, genome.chrom_sizes, renames=renames, only_genome=only_genome)
    reasons = [why_not(site, scoring.network.label_shift_bp) for site in sites_of(table, genome)]
    counted = Counter(reason for reason in reasons if reason)
    kept = table[[not reason for reason in reasons]].reset_index(drop=True)
    if not len(kept):
        path = None if isinstance(sites, pd.DataFrame) else sites
        raise InputError(f"contains no TSS with a model output: all are {next(iter(counted))}", path=path)
    return kept, left_out | dict(counted)


def sites_of(table: pd.DataFrame, genome: Genome) -> list[Site]:
    """Return the TSS of a table of `scored_sites`."""
    columns = zip(table["chrom"], table["chromStart"], table["strand"], strict=True)
    return [Site(genome[chrom], int(position), strand) for chrom, position, strand in columns]


def table_sha256(table: pd.DataFrame) -> str:
    """Return what stands for a set of TSS that has no file."""
    import hashlib

    return hashlib.sha256(table.to_csv(sep="\t", index=False).encode()).hexdigest()


def _compute(run: Run, sites: Sequence[Site], scoring: Scoring, settings: MutateConfig) -> list[SiteEffect]:
    def compute(part: Sequence[Site]) -> list[Any]:
        return [_as_record(effect) for effect in site_effects(part, scoring, settings)]

    effects = []
    with show_progress("mutating", len(sites), "TSS") as advance:
        for _, record in in_parts(sites, run.folder, _SITES_A_PART, compute):
            effects.append(_from_record(record))
            advance(1)
    return effects


def _as_record(effect: SiteEffect) -> dict[str, Any]:
    arrays = {name: b64encode(getattr(effect, name).tobytes()).decode() for name in ("codes", "at_tss", "on_best")}
    return arrays | {name: getattr(effect, name) for name in ("output", "best_output", "best_offset")}


def _from_record(record: dict[str, Any]) -> SiteEffect:
    codes = np.frombuffer(b64decode(record["codes"]), dtype=np.uint8)
    at_tss, on_best = (
        np.frombuffer(b64decode(record[name]), dtype=np.float32).reshape(len(codes), len(ALPHABET))
        for name in ("at_tss", "on_best")
    )
    return SiteEffect(codes, at_tss, on_best, record["output"], record["best_output"], record["best_offset"])


def _result(
    folder: Path, rows: pd.DataFrame, effects: Sequence[SiteEffect], settings: MutateConfig, left_out: dict[str, int]
) -> SiteEffects:
    codes, at_tss, on_best = (
        np.array([getattr(effect, name) for effect in effects]) for name in ("codes", "at_tss", "on_best")
    )
    return SiteEffects(folder, rows, offsets_of(settings), codes, at_tss, on_best, left_out)


def _write_arrays(folder: Path, result: SiteEffects) -> None:
    rows = result.sites
    columns = {name: rows[name].to_numpy() for name in ("position", "modelOutput", "bestOutput", "bestOffset")}
    texts = {name: rows[name].to_numpy(dtype=np.str_) for name in ("name", "contig", "strand")}
    arrays = {name: getattr(result, name) for name in ("offsets", "codes", "at_tss", "on_best")}
    np.savez_compressed(
        folder / "effects.npz", allow_pickle=False, letters=np.array(list(ALPHABET)), **arrays, **columns, **texts
    )


def _draw(folder: Path, result: SiteEffects, effects: Sequence[SiteEffect], settings: MutateConfig, model: str) -> None:
    draw_mean(result.codes, result.at_tss, result.offsets, f"{len(effects):,} TSS, {model}", folder)
    if settings.drawn:
        (folder / "heat_maps").mkdir()
    columns = (result.sites[name].head(settings.drawn) for name in ("name", "contig", "position", "strand"))
    for number, (name, contig, position, strand) in enumerate(zip(*columns, strict=True)):
        effect = effects[number]
        title = f"{name}, {contig}:{position} ({strand}), model output {effect.output:.3g}"
        stem = f"{number + 1:03d}_{_FOREIGN.sub('_', str(name))[:60]}"
        draw_site(effect, result.offsets, title, folder / "heat_maps", stem)
