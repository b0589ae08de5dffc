"""``tracktools predict``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli.options import circular_option, force_option, only_genome_option, rename_option, restart_option
from tracktools.config import PredictConfig
from tracktools.errors import ConfigError


@click.command()
@click.argument("genome_path", metavar="GENOME", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--name", help="Stem of the output files; by default that of GENOME.")
@click.option("-m", "--model", default=None, help="A shipped model or a checkpoint file; see `tracktools models list`.")
@circular_option
@click.option(
    "--annotation",
    type=click.Path(path_type=Path),
    help="GFF3, GTF or GenBank: says which contigs are circular, and brings the hub its genes.  [default: GENOME, if "
    "it is GenBank]",
)
@rename_option
@only_genome_option
@click.option(
    "--regions", type=click.Path(path_type=Path), metavar="BED", help="Score only these bases; the others are absent."
)
@click.option(
    "--descriptor-of", type=click.Path(path_type=Path), metavar="FASTA|DIR",
    help="The genome that GENOME is a part of (as a plasmid is), or a folder of its predictions, for a model that is "
    "set to a genome by its composition.",
)  # fmt: skip
@click.option("--shard", metavar="I/N", help="Compute shard I of N; `tracktools merge` joins them.")
@click.option(
    "--out-of-fold", type=click.Path(path_type=Path), metavar="DIR",
    help="Score each base by the model that never saw it: DIR is a folder of `tracktools train --folds`.",
)  # fmt: skip
@click.option("--hub", type=click.Path(path_type=Path), help="Build a track hub of the result in this folder, too.")
@click.option(
    "--engine", type=click.Choice(["auto", "native", "torch"]), default=PredictConfig.engine, show_default=True
)
@click.option("--precision", type=click.Choice(["exact", "fast"]), default=PredictConfig.precision, show_default=True)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default=PredictConfig.device, show_default=True
)
@click.option(
    "-t", "--threads", type=click.IntRange(0), default=PredictConfig.threads, show_default=True, help="0: all cores."
)
@click.option(
    "--block-bp",
    type=click.IntRange(1),
    default=PredictConfig.block_bp,
    show_default=True,
    help="Bases scored at once.",
)
@click.option(
    "--cache", default=PredictConfig.cache, metavar="DIR", show_default="none",
    help="Keep answers by sequence in this folder: the next strain costs only what differs.",
)  # fmt: skip
@force_option
@restart_option
def predict(
    genome_path: Path,
    output: Path,
    name: str | None,
    model: str | None,
    circular: tuple[str, ...],
    annotation: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    out_of_fold: Path | None,
    regions: Path | None,
    descriptor_of: Path | None,
    shard: str | None,
    hub: Path | None,
    force: bool,
    restart: bool,
    **settings: str | int,
) -> None:
    """Score every base of both strands of GENOME: FASTA (plain, gzip, bgzip), 2bit, GenBank or EMBL.

    GenBank brings the genes of the hub, and says which contigs are circular; so does GFF3 with its sequence.

    \b
    Writes in the output folder:
      NAME.plus.bw, NAME.minus.bw   raw model output, 0 to 1; unscored bases are absent
      NAME.called_tss.bed           called transcription start sites
      NAME.split.bed                what the model was trained on, where this genome is known to it
      NAME.folds.bed                with --out-of-fold: which model scored what
      tracks.tsv, provenance.json   what `tracktools hub build` reads, and what made it

    With --shard, a folder for `tracktools merge` instead: manifest.json, blocks, provenance.json.

    Contigs are linear unless --circular, --annotation or GENOME says otherwise. A killed run continues when the same
    command is given again. --regions takes both strands unless the BED's strand column says + or -. --rename and
    --only-genome are for the sequences of --annotation.

    \b
    Example:
      tracktools predict genome.fa.gz -o predictions --circular all --hub hub
    """
    from tracktools.pipeline.predict_hub import Inputs, predict_and_build, predict_one_shard
    from tracktools.predict import Shard

    if out_of_fold is not None and model is not None:
        raise ConfigError("--out-of-fold brings its own models: leave out --model")
    inputs = Inputs(
        genome_path, name, model, circular, annotation, regions, renames, only_genome, descriptor_of, out_of_fold
    )
    config = PredictConfig(**settings)  # type: ignore[arg-type]  # click has checked the types
    if shard is not None:
        part = Shard.parse(shard)
        if hub is not None:
            raise ConfigError("--hub needs the whole, not --shard (join the shards, then `tracktools hub build`)")
        made = predict_one_shard(inputs, output, part, config=config, force=force, restart=restart)
        click.echo(f"{made.folder}: shard {part}, {made.positions:,} positions; join all with `tracktools merge`")
        return
    prediction = predict_and_build(inputs, output, hub=hub, config=config, force=force, restart=restart)
    apart = "" if out_of_fold is None else ", each base by a model that never saw it"
    click.echo(f"{prediction.folder}: {prediction.calls:,} TSS called{apart}")
    if hub is not None:
        click.echo(f"{hub}: open it with `tracktools hub serve {hub}`")
