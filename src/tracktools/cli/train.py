"""``tracktools train``."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from tracktools.cli import options
from tracktools.config import ARCHITECTURES, RECIPES, TrainConfig, architecture_of

_OF_GENOMES = (  # what a sheet says itself, or has no place for
    *("tss", "also", "keep_sides", "split_path", "fractions", "folds", "soft", "teacher", "architecture", "circular"),
    *("species", "window_bp", "positions_per_step", "positive_share", "masked_share", "focal_gamma", "soft_weight"),
    *("mutated_share", "lead_bp"),
)

_RECIPE_HELP = {  # of each setting of `TrainConfig`: what it does, with its unit
    "steps": "Training steps.",
    "window_bp": "Length of the windows [bp]; every third step has windows twice as long.",
    "positions_per_step": "Positions (bases of one strand) per step.",
    "learning_rate": "Highest learning rate, after the warm-up; it then falls to 0 as a cosine.",
    "warmup_steps": "Steps in which the learning rate rises from 0.",
    "weight_decay": "Weight decay of AdamW.",
    "dropout": "Share of activations that are dropped, 0 to 1.",
    "masked_share": "Share of letters that are replaced by N, 0 to 1.",
    "positive_share": "Share of windows that are drawn around a TSS, 0 to 1.",
    "focal_gamma": "Gamma of the focal loss; 0: cross-entropy.",
    "soft_weight": "With --soft or --teacher: weight of the soft labels in the loss, 0 to 1; 1 learns from them alone.",
    "mutated_share": "With --teacher: share of windows with mutated letters, which the teacher alone labels, 0 to 1.",
    "clip_norm": "Greatest norm of the gradient.",
    "ema_decay": "Decay of the moving average of the weights, per step; the average is what is kept.",
    "lead_bp": "Bases at the 5' end of a window that are context only [bp].",
    "validate_every": "Steps between validations.",
    "precision": "Arithmetic of training; auto: bf16 if the CPU multiplies bf16 itself, else fp32.",
    "seed": "Seed of everything random.",
    "threads": "CPU threads.",
}


def _recipe_options(command: Any) -> Any:
    """Add one option for every setting of `TrainConfig`; its help names the architectures with another default."""
    for item in reversed(fields(TrainConfig)):
        flag = f"--{item.name.replace('_', '-')}"
        choices = get_args(get_type_hints(TrainConfig)[item.name])
        choice = click.Choice(choices) if choices else click.IntRange(0) if item.name == "seed" else type(item.default)
        told = {"dilated": "dilated"} if item.name in _OF_GENOMES else {"dilated": "dilated", "conditioned": "sheet"}
        others = {told[name]: getattr(recipe, item.name) for name, recipe in RECIPES.items() if name in told}
        differing = ", ".join(f"{name}: {value:g}" for name, value in others.items() if value != item.default)
        said = f"{_RECIPE_HELP[item.name]} ({differing})" if differing else _RECIPE_HELP[item.name]
        command = click.option(flag, item.name, type=choice, default=item.default, show_default=True, help=said)(
            command
        )
    return command


def _labels(tss: Path, also: dict[str, Path]) -> dict[str, Path]:
    """Return the TSS sets by name, the one that is kept first."""
    if tss.stem in also:
        problem = f"{tss.stem!r} is named twice: give each set a name of its own, NAME=BED"
        raise click.BadParameter(problem, param_hint="--also")
    return {tss.stem: tss, **also}


def _fractions(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    try:
        return None if value is None else tuple(float(share) for share in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not like 0.7,0.1,0.2") from None


def _recipe(architecture: str, options: dict[str, Any]) -> TrainConfig:
    """Return the recipe of an architecture, with what the command line or the configuration file says in its place."""
    context, default = click.get_current_context(), click.core.ParameterSource.DEFAULT
    names = (item.name for item in fields(TrainConfig))
    said = {name: options[name] for name in names if context.get_parameter_source(name) is not default}
    return replace(RECIPES[architecture], **said)


def _given(*names: str) -> list[str]:
    """Return those parameters that the command line or the configuration file says, as a user writes them."""
    context, default = click.get_current_context(), click.core.ParameterSource.DEFAULT
    written = {param.name: param.opts[0] for param in context.command.params}
    said = [name for name in names if context.get_parameter_source(name) is not default]
    return [written[name].upper() if name == "tss" else written[name] for name in said]


def _only_of_sheets(*names: str) -> None:
    given = _given(*names)
    if given:
        raise click.UsageError(
            f"{given[0]} is for a training on many species: give a sheet (NAME.toml) instead of GENOME"
        )


def _train_sheet(path: Path, output: Path, options: dict[str, Any]) -> None:
    """Train on the species of a sheet."""
    from tracktools.model.registry import as_model
    from tracktools.train import read_sheet, train_species

    given = _given(*_OF_GENOMES)
    if given:
        raise click.UsageError(f"{given[0]} has no place in a training on many species: the sheet says what is learnt")
    settings = {name: options[name] for name in ("name", "init_member", "leave_out", "far", "force", "restart")}
    start = as_model(options["init"]) if options["init"] else None
    trained = train_species(read_sheet(path), output, config=_recipe("conditioned", options), init=start, **settings)
    click.echo(f"{trained.checkpoint}: validation AP {trained.validation['average_precision']:.4f}")


def _train_genome(genome_path: Path, labels: dict[str, Path], output: Path, options: dict[str, Any]) -> None:
    """Train on one genome, or on each of its folds."""
    from tracktools.circles import load_joined
    from tracktools.engine.host import set_to_host
    from tracktools.model.registry import as_model
    from tracktools.train import SoftLabels, choose_split, train_folds, train_model

    start = as_model(options["init"]) if options["init"] else None
    network = start.config if start else ARCHITECTURES[options["architecture"]]()
    genome = load_joined(genome_path, options["circular"], network)
    if start:
        start = set_to_host(start, genome)
        network = start.config
    config = _recipe(architecture_of(network), options)
    inputs = {name: options[name] for name in ("name", "species", "force", "restart", "renames", "only_genome")}
    inputs["soft"] = SoftLabels(*options["soft"]) if options["soft"] else None
    inputs |= {"config": config, "model_config": network, "init": start}
    bed, fractions, folds = options["split_path"], options["fractions"], options["folds"]
    if folds is not None:
        if bed is not None or fractions is not None:
            raise click.UsageError("--folds cuts the genome itself: leave out --split and --fractions")
        if options["keep_sides"]:
            raise click.UsageError("--folds keeps one output a fold: leave out --keep-sides")
        if options["teacher"]:
            raise click.UsageError("--folds holds out parts that a --teacher may have learnt from: leave out --teacher")
        made = train_folds(genome, labels, output, folds=folds, **inputs)
        click.echo(f"{made.folder}: {folds} models; validation AP {made.table['valid_ap'].mean():.4f} on average")
        return
    split = choose_split(
        genome, bed=bed, fractions=fractions, seed=config.seed, network=network, renames=options["renames"]
    )
    inputs |= {"keep_sides": options["keep_sides"], "teacher": options["teacher"]}
    trained = train_model(genome, labels, output, split=split, **inputs)
    click.echo(f"{trained.checkpoint}: validation AP {trained.validation['average_precision']:.4f}")


@click.command()
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@click.argument("tss", type=options.PATH, required=False)
@options.output
@options.sets("--also", "Another TSS set to learn from, as a side output; repeatable.  [default: none]")
@click.option("--keep-sides", is_flag=True, help="Also keep the output of each --also set, as NAME.safetensors.")
@click.option(
    "--split", "split_path", metavar="BED", type=options.PATH,
    help="Parts of the genome: a BED file whose name column says train, valid or test.  [default: the paper's parts, "
    "for NC_000913.3 only]",
)  # fmt: skip
@click.option(
    "--fractions", metavar="TRAIN,VALID,TEST", callback=_fractions,
    help="Instead of --split: draw the parts at random (--seed), with these shares, such as 0.7,0.1,0.2.",
)  # fmt: skip
@options.folds("Train")
@click.option(
    "--soft", nargs=2, metavar="PLUS.bw MINUS.bw", type=options.PATH,
    help="Signal between 0 and 1 to learn from as well as TSS, such as another model's track; see --soft-weight.",
)  # fmt: skip
@click.option(
    "--teacher", metavar="MODEL",
    help="Learn what this convolutional model says of every base as well as TSS, also in mutated windows; see "
    "--soft-weight.",
)  # fmt: skip
@click.option(
    "--architecture", type=click.Choice(("clauwaert2021", "dilated")), default="clauwaert2021", show_default=True,
    help="clauwaert2021: the transformer of the paper. dilated: residual dilated convolutions, which learn faster but "
    "have no attention heads. Each has its own recipe (the options below).",
)  # fmt: skip
@click.option(
    "--init",
    metavar="MODEL",
    help="Start from the weights of a shipped model or a checkpoint file.  [default: random weights]",
)
@click.option(
    "--init-member", type=click.IntRange(1), default=1, show_default=True, metavar="N",
    help="With a sheet: start from this member of --init.",
)  # fmt: skip
@click.option(
    "--leave-out", multiple=True, metavar="NAME",
    help="With a sheet: do not learn from this species, genus, class or phylum; repeatable.",
)  # fmt: skip
@click.option(
    "--far", type=click.FloatRange(0), metavar="DISTANCE",
    help="With a sheet: beyond this distance from all training genomes, the network gets the GC content alone.",
)  # fmt: skip
@options.circular
@options.rename
@options.only_genome
@click.option("--name", default="model", show_default=True, help="Name of the model.")
@options.species
@options.force
@options.restart
@_recipe_options
def train(genome_path: Path, tss: Path | None, output: Path, also: dict[str, Path], **options: Any) -> None:
    """Train a network on GENOME and the measured TSS of a BED file, or on many species listed in a sheet.

    The best weights are chosen on a validation part; the test part is never read. For NC_000913.3 the parts are those
    of the paper; for another genome, give --split or --fractions. Next to another part, training leaves out a gap as
    long as the network's receptive field.

    \b
    Writes in the output folder:
      model.safetensors   the weights with the best average precision on the validation region
      log.jsonl           loss and validation scores; curves.svg, curves.png: the same as a figure
      NAME.safetensors    with --keep-sides: the output of each --also set
      provenance.json     how it was made

    With --folds N, it writes fold1.safetensors, fold2.safetensors, …, a log and curves of each, and folds.tsv instead.

    After a kill, give the same command again: it continues.

    Instead of GENOME and TSS, give a sheet (NAME.toml): genomes and tables of windows of many species. The network is
    then set to each genome by its composition.

    \b
    Examples:
      tracktools train genome.fa tss.bed --circular all --fractions 0.7,0.1,0.2 --init ecoli-tss -o model
      tracktools train species.toml --leave-out Firmicutes -o model
    """
    if genome_path.suffix == ".toml":
        _train_sheet(genome_path, output, options)
        return
    if tss is None:
        raise click.UsageError("Missing argument 'TSS': a BED file; only a sheet (NAME.toml) needs none.")
    _only_of_sheets("init_member", "leave_out", "far")
    _train_genome(genome_path, _labels(tss, also), output, options)
