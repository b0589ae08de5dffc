"""``attention``: run the network over a genome, watch its heads, and write what they attend to."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tracktools.arrays import Int64
from tracktools.attention.ablation import ablate_heads
from tracktools.attention.attribution import attribute
from tracktools.attention.genome_sums import Everything
from tracktools.attention.groups import Group, TopAndBottom, check_groups, plain_group, read_tss_group, tss_file
from tracktools.attention.pilot import run_pilot
from tracktools.attention.places import GenomeKeys, blocks_around
from tracktools.attention.scan import Collectors, walk
from tracktools.attention.tables import Found, Tables, head_names, make_tables, write_table
from tracktools.attention.weight_files import Spool
from tracktools.blocks import plan_blocks
from tracktools.concise import concise
from tracktools.config import AttentionConfig, PredictConfig
from tracktools.engine import make_attentive_engine
from tracktools.engine.devices import available_threads
from tracktools.engine.interface import AttentiveEngine
from tracktools.errors import ConfigError, InputError
from tracktools.figures.attention import MOST_DRAWN, draw_mean_attention, draw_profiles, draw_spearman, map_of
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.dilated import Dilated
from tracktools.model.registry import ATTENTIVE_MODEL, as_model
from tracktools.run import output_folder
from tracktools.tracks import file_sha256, write_provenance

log = logging.getLogger(__name__)


@concise
@dataclass(frozen=True)
class AttentionRun:
    """What a run made: the folder, and the tables in it."""

    folder: Path
    tables: Tables


def attend_genome(
    genome: Genome | Path | str,
    output: Path | str,
    *,
    model: Checkpoint | Path | str | None = None,
    at: Mapping[str, Path | str] | None = None,
    config: AttentionConfig | None = None,
    predict: PredictConfig | None = None,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    figures: bool = True,
    force: bool = False,
) -> AttentionRun:
    """Describe what every head attends to, over groups of positions of a genome.

    Parameters
    ----------
    genome : Genome, Path or str
        From `load_genome`, or the file.
    output : Path or str
        Folder to make; docs/attention.md says what it holds.
    model : Checkpoint, Path or str, optional
        From `load_model`, or the name or file that it takes; by default the shipped transformer.
    at : mapping of str to Path, optional
        TSS sets by name: BED of single bases with a strand, or a folder of ``predict``, whose called TSS are taken.
    config : AttentionConfig, optional
        Which groups, and how many positions of each.
    predict : PredictConfig, optional
        Block length, engine, device, threads; the precision is always exact.
    renames : mapping of str to str, optional
        Name of a sequence in the TSS sets to its name in the genome.
    only_genome : bool
        Leave out TSS on sequences that the genome lacks, instead of refusing them.
    figures : bool
        Draw ``figures/``.
    force : bool
        Replace an `output` that contains results.

    Raises
    ------
    ConfigError
        If no group is asked for, or more positions than are kept.
    InputError
        If a TSS set is not what it should be, or no base of the genome gets an output.
    """
    started = time.time()
    genome, checkpoint = as_genome(genome), as_model(model, ATTENTIVE_MODEL)
    sites = {name: tss_file(Path(path)) for name, path in (at or {}).items()}
    config, predict = config or AttentionConfig(), predict or PredictConfig()
    network = checkpoint.model
    if isinstance(network, Dilated):
        raise ConfigError(
            f"the model {checkpoint.metadata.name} is convolutional: it has no heads (take a transformer)"
        )
    places = GenomeKeys(genome, network.config)
    inputs = [*sites.values(), *([checkpoint.path] if checkpoint.path else [])]
    with output_folder(Path(output), force=force, inputs=inputs) as folder:
        sets = [
            read_tss_group(name, path, places, renames=renames, only_genome=only_genome) for name, path in sites.items()
        ]
        groups = _known_groups(places, sets, config)
        if (config.ablate or config.attribute) and not sites:
            raise ConfigError("--ablate and --attribute need measured TSS (name a set with --at)")
        threads = min(predict.threads or available_threads(), available_threads())
        engine = make_attentive_engine(predict.engine, network, threads=threads, device=predict.device)
        _announce(places, groups, checkpoint, engine, config)
        spool = Spool(folder, head_names(places.config), places.config.attention_window_bp)
        found = _run(places, groups, list(sites), engine, spool, config, predict.block_bp)
        tables = make_tables(found, config)
        spool.remove()
        tables.write(folder)
        _look_closer(folder, places, groups, checkpoint, engine, config, predict)
        if figures:
            _draw(folder / "figures", tables, found)
        _write_provenance(folder, started, found, checkpoint, engine, (config, predict), sites)
    return AttentionRun(Path(output), tables)


def _known_groups(places: GenomeKeys, sets: Sequence[Group], config: AttentionConfig) -> list[Group]:
    """Return the groups that are known before the outputs: the random one, and those of ``--at``."""
    scored = sum(last - first for first, last in places.scored())
    if not scored:
        raise InputError(f"no base of {places.genome.name} gets an output: its contigs are too short")
    if not (config.sample_share or config.whole or sets):
        raise ConfigError("no group is asked for (name a set with --at, or ask for --all or a --sample)")
    groups = []
    if config.sample_share:
        n = min(max(round(config.sample_share * scored), 1), config.sample_most)
        keys = places.draw(n, config.seed)
        keys = keys[places.has_output(keys)]
        groups.append(plain_group("random", f"{len(keys):,} positions drawn from both strands", keys))
    check_groups([one.name for one in sets], sum(len(group.keys) for group in [*groups, *sets]))
    return [*groups, *sets]


def _announce(
    places: GenomeKeys, groups: list[Group], model: Checkpoint, engine: AttentiveEngine, config: AttentionConfig
) -> None:
    genome = places.genome
    circular = ", ".join(contig.name for contig in genome if contig.circular)
    log.info("genome   %s: %s bp, circular: %s", genome.name, f"{len(genome):,}", circular or "none")
    log.info("model    %s (sha256 %s)", model.metadata.name, model.sha256[:12])
    log.info("engine   %s, %s", engine.name, engine.instruction_set)
    names = [f"{group.name} {len(group.keys):,}" for group in groups]
    names += ["top", "bottom"] if config.sample_share else []
    log.info("groups   %s", ", ".join(names + (["all"] if config.whole else [])))


def _run(
    places: GenomeKeys,
    groups: list[Group],
    at: list[str],
    engine: AttentiveEngine,
    spool: Spool,
    config: AttentionConfig,
    block_bp: int,
) -> Found:
    wanted = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(group.keys for group in groups)]))
    everything = None
    if config.whole:
        everything = Everything(places.config, run_pilot(places, engine), config.top_positions)
    extremes = TopAndBottom(config.extremes) if config.sample_share else None
    if extremes or everything:
        blocks = plan_blocks(places.genome, block_bp, places.config)
    else:
        blocks = blocks_around(wanted, places, block_bp)
    walk(blocks, wanted, places, engine, Collectors(spool, extremes, everything))
    if extremes is not None:
        groups = [groups[0], *_extreme_groups(extremes), *groups[1:]]
    return Found(places, groups, spool, everything, at)


def _look_closer(
    folder: Path,
    places: GenomeKeys,
    groups: list[Group],
    model: Checkpoint,
    engine: AttentiveEngine,
    config: AttentionConfig,
    predict: PredictConfig,
) -> None:
    """Write what ablation and attribution say, where they are asked for: both of the first set of ``--at``."""
    network = model.model
    assert not isinstance(network, Dilated)
    first = next((group for group in groups if group.name != "random"), None)
    if first is None:
        return
    if config.ablate:
        write_table(ablate_heads(places, network, model.metadata, first, config, predict), folder / "ablation.tsv")
    if config.attribute:
        attribution = attribute(places, network, engine, first, config)
        write_table(attribution.heads, folder / "attribution.tsv")
        write_table(attribution.profile, folder / "attribution_profile.tsv")


def _extreme_groups(extremes: TopAndBottom) -> list[Group]:
    def described(keys: Int64, what: str) -> str:
        return f"the {len(keys):,} positions with the {what} model output"

    return [
        plain_group("top", described(extremes.top, "highest"), extremes.top),
        plain_group("bottom", described(extremes.bottom, "lowest"), extremes.bottom),
    ]


def _draw(folder: Path, tables: Tables, found: Found) -> None:
    folder.mkdir()
    sizes = dict(zip(tables.groups["group"], tables.groups["n"], strict=True))
    groups = [name for name, n in sizes.items() if n]
    if found.top_group not in groups:
        return  # nothing to draw
    where = f"{found.places.genome.name}, {sizes[found.top_group]:,} positions ({found.top_group})"
    mean = map_of(tables.profiles, found.top_group, "mean")
    draw_mean_attention(mean, folder, f"Mean attention, scaled per head: {where}")
    spearman = map_of(tables.profiles, found.top_group, "spearman")
    draw_spearman(spearman, folder, f"Spearman's rho of attention and model output: {where}")
    drawn = [name for name in ("random", "top", "bottom", *found.at, "all") if name in groups][:MOST_DRAWN]
    columns, name = found.places.config.n_heads, found.places.genome.name
    draw_profiles(tables.profiles, "mean", drawn, columns, folder, f"Mean attention by offset: {name}")
    draw_profiles(tables.profiles, "max", drawn, columns, folder, f"Largest attention by offset: {name}")


def _write_provenance(
    folder: Path,
    started: float,
    found: Found,
    model: Checkpoint,
    engine: AttentiveEngine,
    configs: tuple[AttentionConfig, PredictConfig],
    at: Mapping[str, Path],
) -> None:
    genome, network = found.places.genome, found.places.config
    groups = [group.name for group in found.groups] + (["all"] if found.everything else [])
    parameters = {
        "circular": [contig.name for contig in genome if contig.circular],
        "label_shift_bp": network.label_shift_bp,
        "attention_window_bp": network.attention_window_bp,
        "n_layers": network.n_layers,
        "n_heads": network.n_heads,
        "engine": engine.name,
        "instruction_set": engine.instruction_set,
        "groups": groups,
        "top_group": found.top_group,
        "config": asdict(configs[0]) | {"block_bp": configs[1].block_bp},
        "at": {name: {"file": path.name, "sha256": file_sha256(path)} for name, path in at.items()},
    }
    write_provenance(
        folder,
        started=started,
        genome={"name": genome.name, "sha256": genome.sha256, "bases": len(genome)},
        model={"name": model.metadata.name, "sha256": model.sha256},
        parameters=parameters,
    )
