"""``tracktools models``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.cli.suggesting import SuggestingGroup
from tracktools.config import ConditionedConfig
from tracktools.errors import InputError


@click.group(cls=SuggestingGroup)
def models() -> None:
    """List, show, verify and average models: shipped ones or checkpoint files."""


@models.command("list")
def list_models() -> None:
    """Print a line per shipped model: name, species, validation figures, threshold, and what it is used for.

    \b
    Example:
      tracktools models list
    """
    from tracktools.model.registry import USES, as_model, shipped_models

    click.echo("name\tspecies\tvalidation_roc_auc\tvalidation_ap\tprevalence\tcall_threshold\tsha256\tuse")
    for name in shipped_models():
        checkpoint = as_model(name)
        metadata = checkpoint.metadata
        scores = metadata.metrics.get("validation", {})
        figures = [
            f"{scores[key]:.4g}" if key in scores else "" for key in ("roc_auc", "average_precision", "prevalence")
        ]
        threshold = "" if metadata.call_threshold is None else f"{metadata.call_threshold:.3g}"
        click.echo(
            "\t".join([metadata.name, metadata.species, *figures, threshold, checkpoint.sha256, USES.get(name, "")])
        )


@models.command("show")
@click.argument("model")
def show_model(model: str) -> None:
    """Print the header of MODEL as JSON: network, training data, recipe, split, scores, threshold.

    For a model with members for one genome, recipe.composition says which members compute where.

    \b
    Example:
      tracktools models show ecoli-tss
    """
    from tracktools.model.registry import as_model

    checkpoint = as_model(model)
    header = {"sha256": checkpoint.sha256, "config": asdict(checkpoint.config), **asdict(checkpoint.metadata)}
    click.echo(json.dumps(header, indent=2))


@models.command("verify")
@click.argument("model", nargs=-1)
def verify_models(model: tuple[str, ...]) -> None:
    """Check that MODEL (default: every shipped model) still gives the predictions that were recorded with it.

    \b
    Example:
      tracktools models verify
    """
    from tracktools.model.golden import GOLDEN_TOLERANCE, verify_golden
    from tracktools.model.registry import as_model, shipped_models

    for name in model or shipped_models():
        difference = verify_golden(as_model(name))
        click.echo(f"{name}: golden predictions within {difference:.1e} (allowed: {GOLDEN_TOLERANCE:.0e})")


@models.command("average")
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@click.argument("tss", type=options.PATH)
@click.option("-m", "--model", "members", metavar="MODEL", multiple=True, help="A model to average; repeatable.")
@options.output
@options.circular
@options.rename
@options.only_genome
@click.option(
    "--specialist", "specialists", metavar="MODEL[:N]", multiple=True,
    help="For models that are set to a genome: a convolutional model, or member N of it (from 1), set to GENOME and "
    "used only on genomes near GENOME (see --within); repeatable.  [default: none]",
)  # fmt: skip
@click.option(
    "--at-home", type=click.IntRange(0), default=1, show_default=True, metavar="N",
    help="With --specialist: number of members of -m, the first ones, that are used together with the specialists.",
)  # fmt: skip
@click.option(
    "--within", type=click.FloatRange(0), default=0.25, show_default=True,
    help="With --specialist: greatest distance from GENOME at which the specialists are used.",
)  # fmt: skip
@click.option("--far", type=click.FloatRange(0), help="For models that are set to a genome: as in `tracktools train`.")
@click.option(
    "--expected", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="JSON",
    help="Of models that are set to a genome: expected precision of calls, from held-out species.",
)  # fmt: skip
@click.option(
    "--gene-context", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="JSON",
    help="Of models that are set to a genome: log-odds by place among the genes, from held-out species.",
)  # fmt: skip
@click.option("--name", default="average", show_default=True, help="Name of the model.")
@options.few_threads
@options.force
def average(
    genome_path: Path,
    tss: Path,
    members: tuple[str, ...],
    output: Path,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    specialists: tuple[str, ...],
    at_home: int,
    within: float,
    far: float | None,
    expected: Path | None,
    gene_context: Path | None,
    name: str,
    threads: int,
    force: bool,
) -> None:
    """Join models of the dilated architecture, trained alike on GENOME, into one: the mean of their log-odds.

    Threshold and calibration are chosen anew, on the validation part of their split and the TSS of a BED file. The
    average of trainings that differ in --seed alone mostly ranks better than each of them.

    \b
    Writes in the output folder:
      model.safetensors   the average, as large as its members together
      provenance.json     what made it

    \b
    Examples:
      tracktools models average genome.fa tss.bed -m a/model.safetensors -m b/model.safetensors -o average
      tracktools models average genome.fa tss.bed -m a/model.safetensors -m b/model.safetensors --at-home 0 \\
          --specialist c/model.safetensors --specialist ecoli-tss-dilated:2 -o average
    """
    from tracktools.circles import load_joined
    from tracktools.genome import load_genome
    from tracktools.model.registry import as_model
    from tracktools.train import average_models, average_species_models, read_specialist

    checkpoints = [as_model(member) for member in members]
    genome = load_joined(genome_path, circular, checkpoints[0].config) if checkpoints else load_genome(genome_path)
    if checkpoints and isinstance(checkpoints[0].config, ConditionedConfig):
        own = [read_specialist(text) for text in specialists]
        joined = average_species_models(
            checkpoints, genome, tss, output, name=name, specialists=own, at_home=at_home, within=within, far=far,
            expected=_taught(expected, "expected_precision"), gene_context=_taught(gene_context, "gene_context"),
            threads=threads, force=force,
        )  # fmt: skip
        click.echo(f"{joined.checkpoint}: validation AP {joined.validation['average_precision']:.4f}")
        return
    for flag, value in (("--specialist", specialists or None), ("--far", far), ("--expected", expected),
                        ("--gene-context", gene_context)):  # fmt: skip
        if value is not None:
            raise click.UsageError(f"{flag} is only for models that are set to a genome, and these are not")
    names: dict[str, Any] = {"renames": renames, "only_genome": only_genome}
    made = average_models(checkpoints, genome, tss, output, name=name, threads=threads, force=force, **names)
    click.echo(f"{made.checkpoint}: validation AP {made.validation['average_precision']:.4f}")


def _taught(path: Path | None, field: str) -> dict[str, Any] | None:
    """Return what a file says for a field of a checkpoint's header; refuse what the header could not have."""
    from tracktools.formats.json_file import read_json
    from tracktools.model.header import check_header

    hint = "benchmarks/held_out.py makes such a file"
    record = None if path is None else read_json(path, hint=hint)
    try:
        check_header({field: record})
    except (AttributeError, ValueError) as error:
        raise InputError(str(error), path=path, hint=hint) from None
    return record
