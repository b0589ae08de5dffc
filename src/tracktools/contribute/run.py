"""Contributions of the bases around TSS: computed part by part, written as tracks, with their mean profile."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from tracktools.concise import concise
from tracktools.config import ContributeConfig, ModelConfig, MutateConfig, PredictConfig
from tracktools.contribute.profile import draw_profile, mean_profile
from tracktools.contribute.tracks import signal_tracks, write_signals
from tracktools.contribute.values import SiteContribution, site_contributions
from tracktools.descriptor import Descriptor
from tracktools.errors import ConfigError
from tracktools.genome import Genome, as_genome
from tracktools.interval import STRAND_NAMES
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.at import scored_sites, sites_of, table_sha256
from tracktools.mutate.parts import KEEPS, in_parts
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site
from tracktools.mutate.site_tables import offsets_of
from tracktools.predict.prediction import load_prediction
from tracktools.progress import show_progress
from tracktools.run import Policy, Run, check_output
from tracktools.tracks import file_sha256, write_provenance, write_tracks

_SITES_A_PART = 16

_METHODS = {
    "mutation": "log-odds of the output at the TSS, minus their mean over the three substitutions of the base",
    "gradient": "input x gradient of the log-odds of the output at the TSS, against the mean of the other letters",
}


@concise
@dataclass(frozen=True)
class Contributions:
    """What was made.

    Parameters
    ----------
    folder : Path
        It holds the bigWigs, ``profile.tsv``, the logo and ``tracks.tsv``.
    plus, minus : Path or None
        ``<name>.contributions.plus.bw`` and ``.minus.bw``; None for a strand without a TSS.
    profile : DataFrame
        ``profile.tsv``: mean contribution by offset from the TSS.
    n_sites : int
        How many TSS.
    left_out : dict of str to int
        TSS that were left out, by reason.
    """

    folder: Path
    plus: Path | None
    minus: Path | None
    profile: pd.DataFrame
    n_sites: int
    left_out: dict[str, int]


def compute_contributions(
    genome: Genome | Path | str,
    sites: pd.DataFrame | Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Path | str | None = None,
    config: PredictConfig | None = None,
    settings: ContributeConfig | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    force: bool = False,
    restart: bool = False,
) -> Contributions:
    """Compute what each base around TSS contributes to the model output there, and write it as tracks of letters.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way.

    Parameters
    ----------
    genome : Genome, Path or str
        The genome.
    sites : DataFrame, Path or str
        TSS, called or measured: a BED of single bases with a strand, or such a table; or a folder of predictions, whose
        called TSS are taken.
    output : Path or str
        Folder to make: ``<name>.contributions.plus.bw`` and ``.minus.bw`` (log-odds, signed; bases that are near no TSS
        of the strand are absent), ``profile.tsv`` and ``logo`` (means by offset), ``tracks.tsv``,
        ``provenance.json``.
    model, config, host, force, restart
        See `tracktools.predict_genome`.
    settings : ContributeConfig, optional
        Which bases, and how.
    renames, only_genome
        See `tracktools.names.join_names`.

    Raises
    ------
    InputError
        If the set is not such a BED, is of another genome, or has no TSS with an output.
    ConfigError
        If the gradient is asked for of a convolutional network.
    """
    started, settings = time.time(), settings or ContributeConfig()
    if min(settings.upstream_bp, settings.downstream_bp) < 0:
        raise ConfigError("a number of bases is negative")
    if not isinstance(sites, pd.DataFrame) and Path(sites).is_dir():
        sites = load_prediction(sites).called_tss
    inputs = [Path(one) for one in (genome, sites) if isinstance(one, Path | str)]
    output = check_output(Path(output), force=force, inputs=inputs)
    loaded = as_genome(genome)
    alone = replace(config or PredictConfig(), gene_context=False)  # differences of log-odds: the context cancels
    scoring = replace(Scoring.of(loaded, model, alone, host), genes_matter=False)
    method = _method(settings.method, scoring)
    table, left_out = scored_sites(sites, scoring, renames, only_genome)
    places = sites_of(table, loaded)
    made_of = table_sha256(table) if isinstance(sites, pd.DataFrame) else file_sha256(Path(sites))
    chosen = {"contribute": {**asdict(settings), "method": method}}
    named = {"renames": dict(renames or {}), "only_genome": only_genome}
    identity = scoring.identity("contribute", sites=made_of, **named, **chosen)
    scoring.announce(f"bases around {len(places):,} TSS", 0)
    with Run(output, identity, inputs=inputs, policy=Policy(force, restart), keeps=KEEPS) as run:
        values = _compute(run, places, scoring, _around(settings), method)
        offsets = offsets_of(_around(settings))
        paths = write_signals(run.result, loaded.name, loaded.chrom_sizes, places, values, offsets)
        name = scoring.model.metadata.name
        told = f"tracktools contribute, model {name} (sha256 {scoring.model.sha256[:12]}): {_METHODS[method]}"
        write_tracks(run.result, signal_tracks(paths, loaded.name, values, name, told))
        profile = mean_profile(values, offsets)
        profile.to_csv(run.result / "profile.tsv", sep="\t", index=False, float_format="%.6g", lineterminator="\n")
        draw_profile(values, offsets, f"{len(places):,} TSS, {name}", run.result)
        parameters = chosen | {"inputs": {str(path): file_sha256(path) for path in inputs}}
        write_provenance(run.result, started=started, parameters=parameters, **scoring.provenance())
        folder = run.publish()
    plus, minus = (folder / paths[strand].name if strand in paths else None for strand in STRAND_NAMES)
    return Contributions(folder, plus, minus, profile, len(places), left_out)


def _method(asked: Literal["auto", "mutation", "gradient"], scoring: Scoring) -> str:
    long = isinstance(scoring.network, ModelConfig)
    if asked == "gradient" and not long:
        problem = f"the gradient is for transformers, and {scoring.model.metadata.name} is a convolutional network"
        raise ConfigError(problem, hint="--method mutation is exact, and fast there")
    return ("gradient" if long else "mutation") if asked == "auto" else asked


def _around(settings: ContributeConfig) -> MutateConfig:
    return MutateConfig(upstream_bp=settings.upstream_bp, downstream_bp=settings.downstream_bp, best_within_bp=0)


def _compute(
    run: Run, sites: Sequence[Site], scoring: Scoring, around: MutateConfig, method: str
) -> list[SiteContribution]:
    def compute(part: Sequence[Site]) -> list[Any]:
        found = site_contributions(part, scoring, around, method)
        return [[b64encode(array.tobytes()).decode() for array in each] for each in found]

    values = []
    with show_progress("contributing", len(sites), "TSS") as advance:
        for _, (codes, numbers) in in_parts(sites, run.folder, _SITES_A_PART, compute):
            kept = np.frombuffer(b64decode(codes), np.uint8), np.frombuffer(b64decode(numbers), np.float32)
            values.append(SiteContribution(*kept))
            advance(1)
    return values
