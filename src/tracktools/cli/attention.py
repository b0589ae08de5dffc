"""``tracktools attention``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import AttentionConfig, PredictConfig
from tracktools.model.files import ATTENTIVE_MODEL


@click.command()
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@options.output
@options.model("Model with attention heads: shipped, or a checkpoint file.", default=ATTENTIVE_MODEL)
@options.sets(
    "--at",
    "TSS to look at: a BED of single bases with a strand, or a folder of `tracktools predict` (its called TSS); "
    "repeatable.",
    needs_name=False,
    metavar="[NAME=]BED|DIR",
)
@click.option(
    "--sample", "sample_share", metavar="SHARE", type=click.FloatRange(0, 1), default=AttentionConfig.sample_share,
    show_default=True, help="Share of all positions that the group random gets; 0: no groups random, top and bottom.",
)  # fmt: skip
@click.option("--all", "whole", is_flag=True, help="Also sum over every position of both strands.")
@click.option(
    "--ablate", is_flag=True,
    help="Also score the model's validation part without each head, against the first --at set. Takes as long as "
    "predicting --ablate-bp once per head.",
)  # fmt: skip
@click.option(
    "--ablate-bp", type=click.IntRange(1), default=AttentionConfig.ablate_bp, show_default=True,
    help="--ablate scores at most this many bases of the validation part [bp].",
)  # fmt: skip
@click.option(
    "--attribute", is_flag=True, help="Also compare each head with input x gradient at TSS of the first --at set."
)
@options.circular
@options.rename
@options.only_genome
@options.engine
@options.device
@options.threads
@options.block
@options.seed(AttentionConfig.seed, "Seed of the random sample.")
@options.force
def attention(
    genome_path: Path,
    output: Path,
    model: str | None,
    at: dict[str, Path],
    sample_share: float,
    whole: bool,
    ablate: bool,
    ablate_bp: int,
    attribute: bool,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    seed: int,
    force: bool,
    **settings: str | int,
) -> None:
    """Describe what each attention head looks at, over GENOME: FASTA (plain, gzip, bgzip), 2bit or GenBank.

    Groups of positions: random (a share of all, at most 20,000), top and bottom (the 500 with the highest and lowest
    model output), each set of --at, and with --all every position of both strands. With --sample 0 and without --all,
    only the surroundings of the --at sets are computed.

    \b
    Writes in the output folder:
      groups.tsv      the groups
      samples.tsv     their positions, with the model output
      profiles.tsv    per group, head and offset: mean, maximum, Pearson's r and Spearman's rho with the output
      top.tsv         per head, the positions with the highest weights at its best-attended offsets
      sites.tsv       per --at position and head, the offset with the highest weight
      ablation.tsv    with --ablate: how average precision and output change without each head
      attribution.tsv, attribution_profile.tsv
                      with --attribute: agreement of each head with input x gradient, and the gradient by offset
      figures/        heat maps and profiles; provenance.json records how it was made

    tssOffset follows the strand: the TSS is 0, upstream is negative.

    \b
    Examples:
      tracktools attention genome.fa.gz -o attention --circular all --at curated=curated.bed --all
      tracktools attention genome.fa.gz -o attention --circular all --at predictions
    """
    from tracktools.attention import attend_genome
    from tracktools.circles import load_joined
    from tracktools.model.registry import ATTENTIVE_MODEL, as_model
    from tracktools.run import check_output

    check_output(output, force=force, inputs=[genome_path])
    checkpoint = as_model(model or ATTENTIVE_MODEL)
    run = attend_genome(
        load_joined(genome_path, circular, checkpoint.config),
        output,
        model=checkpoint,
        at=at,
        renames=renames,
        only_genome=only_genome,
        config=AttentionConfig(
            sample_share=sample_share,
            whole=whole,
            ablate=ablate,
            ablate_bp=ablate_bp,
            attribute=attribute,
            seed=seed,
        ),
        predict=PredictConfig(**settings),  # type: ignore[arg-type]  # click has checked the types
        force=force,
    )
    groups = run.tables.groups
    click.echo(f"{run.folder}: " + ", ".join(f"{row.group} {row.n:,}" for row in groups.itertuples()))
