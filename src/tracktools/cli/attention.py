"""``tracktools attention``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import circular_option, force_option, only_genome_option, rename_option
from tracktools.config import AttentionConfig, PredictConfig


def _parse_sets(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    sets: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals:
            name, path = Path(value).name.removesuffix(".gz").removesuffix(".bed"), value
        if not (name and path):
            raise click.BadParameter(f"{value!r} is neither a BED nor NAME=BED")
        if name in sets:
            raise click.BadParameter(f"{name!r} is named twice: write NAME=BED, with a name for each")
        sets[name] = Path(path)
    return sets


@click.command()
@click.argument("genome_path", metavar="GENOME", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("-m", "--model", help="A shipped model or a checkpoint file; see `tracktools models list`.")
@click.option(
    "--at", metavar="[NAME=]BED|DIR", multiple=True, callback=_parse_sets,
    help="A TSS set to look at: BED of single bases with a strand, or a folder of `tracktools predict`, of which the "
    "called TSS are taken; repeatable.",
)  # fmt: skip
@click.option(
    "--sample", "sample_share", metavar="SHARE", type=click.FloatRange(0, 1), default=AttentionConfig.sample_share,
    show_default=True, help="Share of all positions in the group random; 0: without random, top and bottom.",
)  # fmt: skip
@click.option("--all", "whole", is_flag=True, help="Also sum over every position of both strands.")
@click.option(
    "--ablate", is_flag=True,
    help="Also score the model's validation part without each head, against the first --at set (as long as --ablate-bp "
    "times the number of heads takes).",
)  # fmt: skip
@click.option(
    "--ablate-bp", type=click.IntRange(1), default=AttentionConfig.ablate_bp, show_default=True,
    help="Bases of the validation part that --ablate scores, at most.",
)  # fmt: skip
@click.option(
    "--attribute", is_flag=True, help="Also hold each head against input x gradient at TSS of the first --at set."
)
@circular_option
@rename_option
@only_genome_option
@click.option(
    "--engine", type=click.Choice(["auto", "native", "torch"]), default=PredictConfig.engine, show_default=True
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default=PredictConfig.device, show_default=True
)
@click.option(
    "-t", "--threads", type=click.IntRange(0), default=PredictConfig.threads, show_default=True, help="0: all cores."
)
@click.option(
    "--block-bp", type=click.IntRange(1), default=PredictConfig.block_bp, show_default=True, help="Bases run at once."
)
@click.option("--seed", type=click.IntRange(0), default=AttentionConfig.seed, show_default=True, help="Of the sample.")
@force_option
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
    """Describe what every attention head looks at, over GENOME, a FASTA (plain, gzip, bgzip) or 2bit file.

    Groups of positions: random (a share of all, 20,000 at most), top and bottom (the 500 with the highest and lowest
    model output), each set of --at, and with --all every position of both strands. With --sample 0 and no --all, only
    the surroundings of the --at sets are computed.

    \b
    Writes in the output folder:
      groups.tsv      the groups
      samples.tsv     their positions, with the model output
      profiles.tsv    per group, head and offset: mean, maximum, Pearson's r and Spearman's rho with the output
      top.tsv         per head, the positions with the highest weights at its best-attended offsets
      sites.tsv       per --at position and head, the offset with the highest weight
      ablation.tsv    with --ablate: per head, the change of average precision and of the output without it
      attribution.tsv, attribution_profile.tsv
                      with --attribute: agreement of each head with input x gradient, and that by offset
      figures/        heat maps and profiles; provenance.json says what made it all

    tssOffset follows the strand: the TSS is 0, upstream is minus.

    \b
    Examples:
      tracktools attention genome.fa.gz -o attention --circular all --at curated=curated.bed --all
      tracktools attention genome.fa.gz -o attention --circular all --at predictions
    """
    from tracktools.attention import attend_genome
    from tracktools.circles import load_joined
    from tracktools.model.registry import ATTENTIVE_MODEL, load_model
    from tracktools.run import check_output

    check_output(output, force=force, inputs=[genome_path])
    checkpoint = load_model(model or ATTENTIVE_MODEL)
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
