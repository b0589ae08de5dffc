"""``tracktools adapt``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.config import ADAPTATION
from tracktools.model.files import DEFAULT_MODEL


@click.command()
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@click.argument("tss", type=options.PATH)
@click.argument("minus", type=options.PATH, required=False)
@options.output
@options.model("Start from this shipped model or checkpoint file.", default=DEFAULT_MODEL)
@click.option(
    "--threshold", type=float, metavar="COUNT", help="With bigWigs: lowest count of a TSS, as in `tracktools tss call`."
)
@options.folds("Adapt")
@options.circular
@options.rename
@options.only_genome
@click.option("--name", default="adapted", show_default=True, help="Name of the model.")
@options.species
@click.option("--steps", type=click.IntRange(1), default=ADAPTATION.steps, show_default=True, help="Training steps.")
@options.seed(ADAPTATION.seed)
@options.few_threads
@options.force
@options.restart
def adapt(
    genome_path: Path,
    tss: Path,
    minus: Path | None,
    output: Path,
    model: str | None,
    threshold: float | None,
    folds: int | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    name: str,
    species: str,
    steps: int,
    seed: int,
    threads: int,
    force: bool,
    restart: bool,
) -> None:
    """Adapt a shipped model to GENOME and its measured TSS.

    TSS is a BED file, or the plus-strand bigWig of 5'-end counts, followed by that of the minus strand: TSS are then
    called as by `tracktools tss call`.

    It learns from seven tenths of the genome; one tenth chooses weights, threshold and calibration; two tenths are held
    out. The average precision on these two tenths, before and after, is printed and kept in the checkpoint.

    \b
    Writes in the output folder what `tracktools train` writes; with --folds, fold1.safetensors, fold2.safetensors, …;
    from bigWigs also called.bed, the called TSS

    \b
    Examples:
      tracktools adapt genome.fa tss.bed --circular all -o adapted
      tracktools adapt genome.fa plus.bw minus.bw --threshold 20 --circular all -o adapted
      tracktools predict genome.fa --model adapted/model.safetensors --circular all -o predictions
    """
    if minus is None and tss.suffix.lower() in (".bw", ".bigwig"):
        raise click.UsageError("counts of 5' ends are GENOME PLUS.bw MINUS.bw --threshold COUNT: MINUS.bw is missing")
    if (minus is None) != (threshold is None):
        raise click.UsageError(
            "bigWigs need both: GENOME PLUS.bw MINUS.bw, and --threshold COUNT; a BED file needs neither"
        )
    from tracktools.circles import load_joined
    from tracktools.model.registry import as_model
    from tracktools.pipeline.adapt_to_counts import adapt_to_counts
    from tracktools.train import TrainedFolds, adapt_model

    start = as_model(model) if model else as_model()
    genome = load_joined(genome_path, circular, start.config)
    settings: dict[str, Any] = {
        "model": start, "name": name, "species": species, "folds": folds, "steps": steps, "seed": seed,
        "threads": threads, "force": force, "restart": restart, "renames": renames, "only_genome": only_genome,
    }  # fmt: skip
    if minus is not None and threshold is not None:
        made = adapt_to_counts(genome, tss, minus, threshold, output, circular=circular, **settings)
    else:
        made = adapt_model(genome, tss, output, **settings)
    if isinstance(made, TrainedFolds):
        click.echo(f"{made.folder}: {folds} models; validation AP {made.table['valid_ap'].mean():.4f} on average")
        return
    held = as_model(made.checkpoint).metadata.metrics["held_out"]
    before, after = (held[when]["average_precision"] for when in ("before", "after"))
    tss_there = f"{held['after']['positives']:,} TSS"
    click.echo(f"{made.checkpoint}: AP on the held-out fifth ({tss_there}) {before:.4f} before, {after:.4f} after")
